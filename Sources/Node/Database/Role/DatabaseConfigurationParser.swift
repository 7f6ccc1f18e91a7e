import Database
import Diagnostics
import Languages

extension DatabaseConfiguration {
    /// Reads the file's text; with an error among the diagnostics it cannot be used.
    public static func parse(_ text: String, file: String) -> (DatabaseConfiguration, [Diagnostic]) {
        let (document, diagnostics) = INIDocument.parse(text, file: file)
        var parser = Parser(file: file, diagnostics: diagnostics)
        for section in document.sections { parser.read(section) }
        parser.check()
        return (parser.result, parser.diagnostics)
    }

    private struct Parser {
        let file: String
        var diagnostics: [Diagnostic]
        var result = DatabaseConfiguration()

        private static let keys = [
            "node", "version", "programs", "data", "port", "log", "socket_folder", "account", "durability",
            "health_port", "folder", "control_socket", "password_file", "certificate", "certificate_key",
            "adopt",
        ]

        init(file: String, diagnostics: [Diagnostic]) {
            self.file = file
            self.diagnostics = diagnostics
        }

        mutating func complain(_ line: Int, _ problem: String, _ advice: String) {
            diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
        }

        mutating func read(_ section: INIDocument.Section) {
            switch (section.kind, section.name.isEmpty) {
            case ("postgresql", true): readMain(section)
            case ("node", false): readNode(section)
            case ("access", true):
                know(section, ["networks"])
                result.networks = words(section["networks"]?.value ?? "")
                for network in result.networks where !isNetwork(network) {
                    complain(
                        section["networks"]?.line ?? section.line, "\(network) is no network",
                        "Write 192.0.2.0/24, for example")
                }
            case ("parameters", true): readParameters(section)
            case ("backup", true): readBackup(section)
            case ("role", false): readRole(section)
            case ("database", false): readDatabase(section)
            default:
                complain(
                    section.line, "there is no section [\(section.kind)] of that form",
                    "There are [postgresql], [node NAME], [access], [parameters], [backup], [role NAME] and [database NAME]"
                )
            }
        }

        private mutating func know(_ section: INIDocument.Section, _ known: [String]) {
            for setting in section.settings where !known.contains(setting.key) {
                let nearest = nearestWord(to: setting.key, among: known)
                complain(
                    setting.line, "[\(section.kind)] has no setting \(setting.key)",
                    nearest.map { "Is \($0) meant?" } ?? "See docs/database.md")
            }
        }

        private mutating func readMain(_ section: INIDocument.Section) {
            know(section, Self.keys)
            func text(_ key: String, _ present: String) -> String { section[key]?.value ?? present }
            result.node = text("node", "")
            result.programs = text("programs", "")
            result.data = text("data", "")
            result.log = text("log", "")
            result.socketFolder = text("socket_folder", result.socketFolder)
            result.account = text("account", result.account)
            result.folder = text("folder", result.folder)
            result.controlSocket = text("control_socket", result.controlSocket)
            result.passwordFile = text("password_file", result.passwordFile)
            result.certificate = text("certificate", result.certificate)
            result.certificateKey = text("certificate_key", result.certificateKey)
            result.version = number("version", section, DatabaseConfiguration.versions, result.version)
            result.port = number("port", section, 1...65535, result.port)
            result.healthPort = number("health_port", section, 0...65535, result.healthPort)
            if let adopt = section["adopt"] {
                result.adopts = adopt.value == "yes"
                if adopt.value != "yes", adopt.value != "no" {
                    complain(adopt.line, "adopt is neither yes nor no", "")
                }
            }
            guard let durability = section["durability"] else { return }
            switch durability.value {
            case "strict": result.durability = .strict
            case "available": result.durability = .available
            case "async": result.durability = .async
            default:
                complain(
                    durability.line, "durability is \(durability.value)", "It is strict, available or async")
            }
        }

        private mutating func number(
            _ key: String, _ section: INIDocument.Section, _ range: ClosedRange<Int>, _ present: Int
        ) -> Int {
            guard let setting = section[key] else { return present }
            if let value = Int(setting.value), range.contains(value) { return value }
            complain(setting.line, "\(key) is no number from \(range.lowerBound) to \(range.upperBound)", "")
            return present
        }

        private mutating func readNode(_ section: INIDocument.Section) {
            know(section, ["id", "address"])
            guard let id = section["id"].flatMap({ Int($0.value) }).flatMap({ MemberID($0) }) else {
                return complain(
                    section.line, "the node \(section.name) has no number from 1 to 64",
                    "Write id = 1, the same as in control.conf")
            }
            if result.nodes.contains(where: { $0.id == id }) {
                complain(section.line, "two nodes have the number \(id.number)", "Give each its own")
            }
            let address = section["address"]?.value ?? ""
            if !isAddress(address) {
                complain(
                    section["address"]?.line ?? section.line,
                    "the address of \(section.name) is no IP address",
                    "Write address = 192.0.2.1")
            }
            result.nodes.append(Node(name: section.name, id: id, address: address))
        }

        private mutating func readParameters(_ section: INIDocument.Section) {
            for setting in section.settings {
                let name = setting.key.lowercased()
                if let why = ManagedParameters.reason(name) {
                    complain(setting.line, "\(name) is not for [parameters]: \(why)", "Take the line out")
                } else if !isParameterName(name) {
                    complain(setting.line, "\(name) is no name of a parameter", "")
                } else {
                    result.parameters.append(Parameter(name: name, value: unquoted(setting.value)))
                }
            }
        }

        private mutating func readBackup(_ section: INIDocument.Section) {
            know(section, ["node", "folder", "keep", "every"])
            var backup = DatabaseConfiguration.Backup(node: section["node"]?.value ?? "")
            if !result.nodes.contains(where: { $0.name == backup.node }) {
                complain(
                    section["node"]?.line ?? section.line,
                    "the backup's node \"\(backup.node)\" is none of the nodes",
                    "Write node = NAME; the [node NAME] sections stand above")
            }
            backup.folder = section["folder"]?.value ?? backup.folder
            if !backup.folder.hasPrefix("/") {
                complain(
                    section["folder"]?.line ?? section.line, "the backup's folder is no absolute path", "")
            }
            backup.keep = number("keep", section, 1...1000, backup.keep)
            if let every = section["every"] {
                if every.value == "never" {
                    backup.interval = .zero
                } else if let time = INIDocument.duration(every.value), time >= .seconds(60) {
                    backup.interval = time
                } else {
                    complain(every.line, "every is no time of a minute or more", "Write 1d, 6h or never")
                }
            }
            result.backup = backup
        }

        private mutating func readRole(_ section: INIDocument.Section) {
            know(section, ["password_file"])
            guard let file = section["password_file"] else {
                return complain(
                    section.line, "the role \(section.name) has no password_file", "Write where it is")
            }
            if section.name == "postgres" || section.name.hasPrefix("pg_") || section.name == ClusterRole.name
            {
                complain(section.line, "the role \(section.name) is PostgreSQL's or pidep's own", "")
            }
            result.roles.append(LoginRole(name: section.name, passwordFile: file.value))
        }

        private mutating func readDatabase(_ section: INIDocument.Section) {
            know(section, ["owner"])
            let owner = section["owner"]?.value ?? ""
            if owner.isEmpty { complain(section.line, "the database \(section.name) has no owner", "") }
            result.databases.append(OwnedDatabase(name: section.name, owner: owner))
        }

        mutating func check() {
            if result.own == nil {
                complain(
                    0, "this node, \"\(result.node)\", is none of the nodes",
                    "Write node = NAME below [postgresql], and a section [node NAME]")
            }
            for database in result.databases
            where !result.roles.contains(where: { $0.name == database.owner }) {
                complain(
                    0, "the owner of the database \(database.name) is no role of this file",
                    "Write a section [role \(database.owner)]")
            }
            if result.programs.isEmpty { result.programs = "/usr/lib/postgresql/\(result.version)/bin" }
            if result.data.isEmpty { result.data = "/var/lib/postgresql/\(result.version)/pidep" }
            if result.log.isEmpty {
                result.log = "/var/log/postgresql/postgresql-\(result.version)-pidep.log"
            }
        }
    }
}

private func words(_ text: String) -> [String] {
    text.utf8.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
}

private func unquoted(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard bytes.count >= 2, bytes.first == 39, bytes.last == 39 else { return text }
    return String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self)
}

private func isAddress(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x61...0x66, 0x41...0x46, UInt8(ascii: "."), UInt8(ascii: ":"): true
            default: false
            }
        }
}

private func isNetwork(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 2, let bits = Int(parts[1]) else { return false }
    return isAddress(parts[0]) && (0...128).contains(bits)
}

private func isParameterName(_ text: String) -> Bool {
    !text.isEmpty
        && text.utf8.allSatisfy { byte in
            switch byte {
            case 0x61...0x7A, 0x30...0x39, UInt8(ascii: "_"), UInt8(ascii: "."): true
            default: false
            }
        }
}
