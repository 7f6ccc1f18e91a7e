import Diagnostics

/// Statements into a checked configuration, with all that is wrong along the way.
struct KeepalivedParser {
    let file: String
    var configuration = KeepalivedConfiguration()
    private(set) var diagnostics: [Diagnostic] = []
    /// What `vrrp_version` says, and where; Keepalived's default is 2 (for IPv4).
    private var version: (number: Int, line: Int)?
    /// Instances that say `version` themselves.
    var instancesWithVersion: [String] = []
    /// Where each instance names a tracked process.
    var trackedLines: [(instance: String, track: String, line: Int)] = []

    init(file: String) { self.file = file }

    mutating func parse(_ bytes: [UInt8]) {
        var scanner = KeepalivedScanner(file: file)
        let statements = scanner.statements(bytes)
        diagnostics = scanner.diagnostics
        for statement in statements {
            switch statement.keyword {
            case "global_defs": parseGlobal(statement)
            case "vrrp_instance": parseInstance(statement)
            case "vrrp_track_process": parseTrackProcess(statement)
            default:
                reportUnknown(
                    statement, known: KeepalivedWords.top, others: KeepalivedWords.otherTop, in: "the file")
            }
        }
        checkWhole()
    }

    func sortedDiagnostics() -> [Diagnostic] {
        // Few entries; the order of equals is kept.
        var sorted: [Diagnostic] = []
        for diagnostic in diagnostics {
            let place = sorted.lastIndex { $0.line <= diagnostic.line }.map { $0 + 1 } ?? 0
            sorted.insert(diagnostic, at: place)
        }
        return sorted
    }

    // MARK: global_defs

    private mutating func parseGlobal(_ block: KeepalivedStatement) {
        expectWords(block, 1, "global_defs {")
        for statement in body(of: block) {
            switch statement.keyword {
            case "router_id":
                if let word = argument(statement, "router_id NAME") { configuration.routerID = word.text }
            case "vrrp_version":
                if let number = number(statement, 2...3, "vrrp_version 3") {
                    version = (number, statement.line)
                    if number == 2 { reportVersion2(statement.line) }
                }
            case "vrrp_higher_prio_send_advert": requireTrue(statement)
            case "vrrp_skip_check_adv_addr": requireTrue(statement)
            // Scripts are not in the subset: what says how they are run changes nothing.
            case "enable_script_security": refuseBlock(statement)
            case "script_user": refuseBlock(statement)
            default:
                reportUnknown(
                    statement, known: KeepalivedWords.global, others: KeepalivedWords.otherGlobal,
                    in: "global_defs")
            }
        }
    }

    // MARK: the file as a whole

    private mutating func checkWhole() {
        if configuration.instances.isEmpty, diagnostics.isEmpty {
            report(
                0, "no vrrp_instance stands in this file", "Without one there is no virtual address to move")
        }
        for index in configuration.instances.indices {
            checkAgainstEarlier(index)
            let instance = configuration.instances[index]
            if version == nil, !instancesWithVersion.contains(instance.name) {
                report(
                    instance.line,
                    "vrrp_instance \(instance.name) would speak VRRP version 2, which is Keepalived's default",
                    "pinode speaks version 3: write \"vrrp_version 3\" into global_defs")
            }
        }
        resolveTrackedProcesses()
    }

    private mutating func checkAgainstEarlier(_ index: Int) {
        let instance = configuration.instances[index]
        for earlier in configuration.instances[..<index] {
            if earlier.name == instance.name {
                report(
                    instance.line, "vrrp_instance \(instance.name) stands on line \(earlier.line) already",
                    "Give each instance a name of its own")
            } else if earlier.interface == instance.interface,
                earlier.virtualRouterID == instance.virtualRouterID
            {
                report(
                    instance.line,
                    """
                    vrrp_instance \(instance.name) has the virtual_router_id \(instance.virtualRouterID) of \
                    \(earlier.name) (line \(earlier.line)) on \(instance.interface)
                    """,
                    "Two virtual routers on one network need two numbers")
            }
            for address in instance.addresses
            where earlier.addresses.contains(where: { $0.address == address.address }) {
                report(
                    instance.line,
                    "\(address.address.text) is a virtual address of \(earlier.name) (line \(earlier.line)) already",
                    "An address belongs to one instance")
            }
        }
    }

    // MARK: saying what is wrong

    mutating func report(_ line: Int, _ problem: String, _ advice: String = "") {
        diagnostics.append(Diagnostic(file: file, line: line, problem: problem, advice: advice))
    }

    mutating func reportVersion2(_ line: Int) {
        report(
            line, "VRRP version 2 is Keepalived's, not supported here",
            "Write 3 on all routers: version 2 has no intervals below a second, and its password protects nothing"
        )
    }

    mutating func reportUnknown(
        _ statement: KeepalivedStatement, known: [String], others: [String], in place: String
    ) {
        let word = statement.keyword
        if others.contains(word) {
            return report(
                statement.line, "\"\(word)\" is Keepalived's, not supported yet in \(place)",
                "Remove it, or deploy Debian's keepalived with engine = debian")
        }
        let near = nearestWord(to: word, among: known)
        report(
            statement.line, "\"\(word)\" is not a word that pinode knows in \(place)",
            near.map { "Did you mean \"\($0)\"?" } ?? "docs/vrrp.md lists the words")
    }
}
