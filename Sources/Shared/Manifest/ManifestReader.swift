import Digest
import JSON

extension Manifest {
    /// Reads a manifest and refuses whatever a node could not carry out word for word.
    public static func read(_ bytes: [UInt8]) throws(ManifestError) -> Manifest {
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue.parse(bytes)
        } catch {
            throw ManifestError("the manifest is not JSON: \(error.sentence)")
        }
        let object = MemberReader(document, place: "the manifest")
        let format = try object.integer("format")
        guard (1...Manifest.format).contains(format) else {
            throw ManifestError(
                "the manifest has format \(format), this pinode reads formats 1 to \(Manifest.format): "
                    + "deploy again")
        }
        var members = ["format", "node", "architecture", "runtime", "packages", "files", "units"]
        if format > 1 { members += ["groups", "users", "modules", "sysctls"] }
        try object.allow(members)
        let runtime = MemberReader(try object.value("runtime"), place: "the manifest's runtime")
        try runtime.allow(["version", "sha256", "size"])
        var manifest = Manifest(
            node: try object.text("node"), architecture: try object.text("architecture"),
            runtime: Runtime(
                version: try runtime.text("version"), digest: try runtime.digest("sha256"),
                size: try runtime.size("size")),
            packages: [], files: [], units: [])
        for package in try object.texts("packages") {
            guard isName(package) else { throw ManifestError("\"\(package)\" is not a package's name") }
            manifest.packages.append(package)
        }
        for element in try object.array("files") { manifest.files.append(try ManagedFile.read(element)) }
        for element in try object.array("units") { manifest.units.append(try ManagedUnit.read(element)) }
        if format > 1 { try manifest.readSystem(object) }
        try manifest.refuseRepetitions()
        return manifest
    }

    private func refuseRepetitions() throws(ManifestError) {
        for (index, file) in files.enumerated()
        where files[..<index].contains(where: { $0.path == file.path }) {
            throw ManifestError("the manifest decides twice about \(file.path)")
        }
        for (index, unit) in units.enumerated()
        where units[..<index].contains(where: { $0.name == unit.name }) {
            throw ManifestError("the manifest decides twice about the unit \(unit.name)")
        }
        try refuseRepetitionsInSystem()
    }

    /// A word that may stand in a command's arguments: never an option, never a path.
    static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, isLetterOrDigit(first) else { return false }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: ":"),
                UInt8(ascii: "@"):
                continue
            default: guard isLetterOrDigit(byte) else { return false }
            }
        }
        return text.utf8.count <= 255
    }

    /// A user's or group's name as Debian's useradd takes it: at most 32 small letters, digits, `_` and `-`, no digit
    /// and no `-` at the beginning.
    public static func isAccountName(_ text: String) -> Bool {
        guard text.utf8.count <= 32, let first = text.utf8.first else { return false }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                continue
            default: return false
            }
        }
        return first == UInt8(ascii: "_") || first >= UInt8(ascii: "a")
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}

extension ManagedFile {
    /// Whether a node can use the path as it stands: absolute, no `.`, `..` or empty parts, no control
    /// characters or backslashes (sha256sum(1) escapes those), at most 4095 bytes (PATH_MAX).
    public static func isUsable(path: String) -> Bool {
        let bytes = Array(path.utf8)
        guard bytes.count > 1, bytes.count < 4096, bytes[0] == UInt8(ascii: "/") else { return false }
        for byte in bytes where byte < 32 || byte == 127 || byte == UInt8(ascii: "\\") { return false }
        for part in bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) { return false }
        }
        return true
    }

    static func read(_ element: JSONValue) throws(ManifestError) -> ManagedFile {
        let path = try MemberReader(element, place: "a file of the manifest").text("path")
        guard isUsable(path: path) else {
            throw ManifestError("\"\(path)\" is not an absolute path without \".\", \"..\" and \"//\"")
        }
        let object = MemberReader(element, place: path)
        try object.allow([
            "path", "kind", "sha256", "size", "target", "mode", "owner", "group", "restart", "reload",
            "early",
        ])
        let content: Content
        switch try object.text("kind") {
        case "file": content = .blob(try object.digest("sha256"), size: try object.size("size"))
        case "directory": content = .directory
        case "link": content = .link(to: try object.text("target"))
        case "absent": content = .absent
        case let word: throw ManifestError("\(path): \"\(word)\" is not a kind of file")
        }
        var file = ManagedFile(
            path: path, content: content, mode: try object.mode("mode"), owner: try object.text("owner"),
            group: try object.text("group"))
        file.restart = try object.units("restart")
        file.reload = try object.units("reload")
        if element["early"] != nil { file.isEarly = try object.boolean("early") }
        guard !file.isEarly || (file.owner == "root" && file.group == "root") else {
            throw ManifestError("\(path): what stands there before packages are installed must be root's")
        }
        return file
    }
}

extension ManagedUnit {
    static func read(_ element: JSONValue) throws(ManifestError) -> ManagedUnit {
        let object = MemberReader(element, place: "a unit of the manifest")
        try object.allow(["name", "enabled", "running", "onNewRuntime"])
        let name = try object.text("name")
        guard Manifest.isName(name) else { throw ManifestError("\"\(name)\" is not a unit's name") }
        let word = try object.text("onNewRuntime")
        guard let onNewRuntime = ManagedUnit.OnNewRuntime(rawValue: word) else {
            throw ManifestError("\(name): \"\(word)\" is not known of a new runtime")
        }
        return ManagedUnit(
            name: name, enabled: try object.boolean("enabled"), running: try object.boolean("running"),
            onNewRuntime: onNewRuntime)
    }
}
