import Foundation
import Manifest

/// What a node says about itself.
public struct Facts: Sendable, Equatable {
    /// What stands at a path.
    public struct Path: Sendable, Equatable {
        /// find's letter: `f`, `d`, `l`, or another.
        public var kind: String
        /// Permission bits.
        public var mode: UInt32
        /// The owner's name.
        public var owner: String
        /// The group's name.
        public var group: String
        /// Bytes.
        public var size: Int
        /// Where a link leads.
        public var target: String
        /// SHA-256 of a file's content, where it was asked for.
        public var digest: String?
        /// The content, where it differs from the wanted one; at most `FactsRequest.contentLimit` + 1 bytes.
        public var content: [UInt8]?
        /// What the current release had put there, where it is something else now; at most
        /// `FactsRequest.contentLimit` + 1 bytes.
        public var deployed: [UInt8]?
    }

    /// Room on a file system, in bytes.
    public struct Disk: Sendable, Equatable {
        /// Where it is mounted.
        public var mount: String
        /// All of it.
        public var size: Int64
        /// What is left.
        public var free: Int64
    }

    /// The kernel's name of the node.
    public var hostname = ""
    /// `armv7`, `arm64`, `amd64`, or what uname says where pidep knows it not.
    public var architecture = ""
    /// The distribution.
    public var system = ""
    /// The kernel's release.
    public var kernel = ""
    /// Seconds since boot.
    public var uptime: Double = 0
    /// The load of the last minute.
    public var load: Double = 0
    /// Bytes of memory.
    public var memory: Int64 = 0
    /// Bytes of memory that programs can still have.
    public var memoryFree: Int64 = 0
    /// File systems.
    public var disks: [Disk] = []
    /// Thousandths of a degree Celsius.
    public var temperature: Int?
    /// The current release.
    public var release: String?
    /// The current release's manifest.
    public var manifest: Manifest?
    /// What an apply that was killed still owes.
    public var pending = PendingActions()
    /// The manifest that an apply that was killed had begun to carry out.
    public var begun: Manifest?
    /// What applies have made besides files and units.
    public var belongings = Belongings()
    /// Of those folders the ones that are there, with the names in them.
    public var entries: [String: [String]] = [:]
    /// Users and groups, where they were asked for or applies have made some.
    public var accounts: AccountTable { AccountTable(passwd: passwd, group: group) }
    private var passwd: [UInt8] = []
    private var group: [UInt8] = []
    /// The running values of the sysctls that were asked for; one that the kernel does not know is not among them.
    public var sysctls: [String: String] = [:]
    /// Of the kernel modules that were asked for: whether each is loaded or built in. One that the kernel does not
    /// have is not among them.
    public var modules: [String: Bool] = [:]
    /// Blobs that need not be sent.
    public var blobs: Set<String> = []
    /// What stands at the paths that were asked for; nothing there, no entry.
    public var paths: [String: Path] = [:]
    /// Versions of the packages that are installed.
    public var packages: [String: String] = [:]
    /// How the units are.
    public var units: [UnitState] = []
    /// The interface that has the virtual address.
    public var virtualAddressInterface: String?

    /// Why an answer is no facts.
    public struct Failure: Error, Equatable {
        /// A sentence.
        public var sentence: String
    }

    /// Reads the answer to a request's script.
    public init(_ answer: String, request: FactsRequest) throws(Failure) {
        try add(answer, request: request)
    }

    /// Reads a further answer, to what a first one left open.
    mutating func add(_ answer: String, request: FactsRequest) throws(Failure) {
        let lines = answer.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.contains("facts"), lines.last(where: { !$0.isEmpty }) == "end" else {
            throw Failure(sentence: "the answer to the facts script is not whole: \(answer.suffix(200))")
        }
        var unitLines: [UInt8] = []
        for line in lines {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            if words[0] == "passwd" || words[0] == "group" {
                let bytes = Array(line.dropFirst(words[0].count + 1).utf8) + [UInt8(ascii: "\n")]
                if words[0] == "passwd" { passwd += bytes } else { group += bytes }
            } else if words[0] == "unit" {
                unitLines += Array(line.dropFirst(5).utf8) + [UInt8(ascii: "\n")]
            } else if words.count >= 2 {
                read(words)
            }
        }
        units += UnitState.parse(unitLines, names: request.units)
    }

    private mutating func read(_ words: [String]) {
        let value = words[1]
        let firstNumber = Double(value.split(separator: " ").first ?? "") ?? 0
        switch words[0] {
        case "hostname": hostname = value
        case "kernel": kernel = value
        case "machine": if architecture.isEmpty { architecture = Self.architecture(machine: value) }
        case "debian":
            // The programs' architecture, not the kernel's; a Pi 1's armhf is not the armv7 that is built for.
            let names = ["armhf": "armv7", "arm64": "arm64", "amd64": "amd64"]
            if let name = names[value], architecture != "armv6l" { architecture = name }
        case "architecture": architecture = value.trimmingCharacters(in: .whitespaces)
        case "os": system = value
        case "uptime": uptime = firstNumber
        case "load": load = firstNumber
        case "MemTotal:": memory = (Int64(value) ?? 0) * 1024
        case "MemAvailable:": memoryFree = (Int64(value) ?? 0) * 1024
        case "disk" where words.count == 4:
            let disk = Disk(
                mount: value, size: (Int64(words[2]) ?? 0) * 1024, free: (Int64(words[3]) ?? 0) * 1024)
            if !disks.contains(where: { $0.mount == value }) { disks.append(disk) }
        case "temperature": temperature = Int(value)
        case "release": release = value
        case "manifest": manifest = Self.decode(value).flatMap { try? Manifest.read($0) }
        case "pending":
            pending = PendingActions(text: String(decoding: Self.decode(value) ?? [], as: UTF8.self))
        case "begun": begun = Self.decode(value).flatMap { try? Manifest.read($0) }
        case "belongings":
            belongings = Belongings(text: String(decoding: Self.decode(value) ?? [], as: UTF8.self))
        case "entries": entries[value] = Array(words[2...])
        case "sysctl" where words.count >= 3: sysctls[value] = words[2...].joined(separator: " ")
        case "module" where words.count == 3: modules[value] = words[2] == "loaded"
        case "blob": blobs.insert(value)
        case "vip": virtualAddressInterface = value
        case "path" where words.count >= 8:
            paths[words[6]] = Path(
                kind: value, mode: UInt32(words[2], radix: 8) ?? 0, owner: words[3], group: words[4],
                size: Int(words[5]) ?? 0, target: words[7])
        case "sum" where words.count == 3: paths[words[2]]?.digest = value
        case "content" where words.count == 3: paths[value]?.content = Self.decode(words[2])
        case "deployed" where words.count == 3: paths[value]?.deployed = Self.decode(words[2])
        case "package" where words.count == 4: if words[2] == "installed" { packages[value] = words[3] }
        default: break
        }
    }

    private static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }

    /// uname's word as architectures are called here, for a system without dpkg.
    static func architecture(machine: String) -> String {
        switch machine {
        case "armv7l", "armv8l": "armv7"
        case "aarch64": "arm64"
        case "x86_64": "amd64"
        default: machine
        }
    }
}
