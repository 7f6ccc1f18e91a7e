import Diagnostics
import Inventory
import SSH

/// What is asked of a node's journal.
public struct LogRequest: Sendable, Equatable {
    /// Lines a node when nobody says how many.
    public static let defaultLines = 100
    /// Lines a node when only a time says how far back.
    public static let defaultLinesSince = 10_000
    /// The most lines a node that can be asked for.
    public static let mostLines = 100_000

    /// Units and journalctl's patterns of units.
    public var units: [String]
    /// The most lines from before now.
    public var lines: Int
    /// `journalctl --since`; nil: as far back as there are lines.
    public var since: String?
    /// Whether what comes is waited for.
    public var follows: Bool

    /// `since` may be a duration (`10m`), or anything that journalctl understands.
    public init(units: [String], lines: Int? = nil, since: String? = nil, follows: Bool = false) {
        self.units = units
        self.lines = lines ?? (since == nil ? Self.defaultLines : Self.defaultLinesSince)
        // Relative to each node's own clock (systemd.time(7)).
        self.since = since.map { text in Duration(spelled: text).map { "-\($0.components.seconds)s" } ?? text
        }
        self.follows = follows
    }

    /// The command; after the line at `cursor` where a first one was cut off.
    func command(after cursor: String? = nil) -> String {
        var words = [
            "journalctl", "--no-pager", "--all", "--output=json",
            "--output-fields=\(LogEntry.fields.joined(separator: ","))",
        ]
        words += units.map { "--unit=\($0)" }
        if let cursor {
            words += ["--lines=\(Self.mostLines)", "--after-cursor=\(cursor)"]
        } else {
            words.append("--lines=\(lines)")
            if let since { words.append("--since=\(since)") }
        }
        if follows { words.append("--follow") }
        return words.map(SSHSession.quote).joined(separator: " ")
    }
}

/// Which units `--role` means.
enum LogUnits {
    /// The pattern of our roles' units.
    static let roles = "pinode-*.service"

    /// All units of a node: our roles', and those that its recipes decide about.
    static func all(_ managed: [String]) -> [String] {
        [roles] + managed.filter { !$0.hasPrefix("pinode-") }
    }

    /// The unit that a role's name, a unit's name or a unit's whole name means. `managed` are the units of the
    /// recipes. A unit that is none of them must be written with its suffix: without one it is most likely misspelt.
    static func unit(_ name: String, managed: [String]) throws(DeploymentFailure) -> String {
        for candidate in [name, "\(name).service", "pinode-\(name).service"] where managed.contains(candidate)
        {
            return candidate
        }
        if name.contains(".") { return name }
        let short = managed.map { unit in
            let name = unit.hasSuffix(".service") ? String(unit.dropLast(8)) : unit
            return name.hasPrefix("pinode-") ? String(name.dropFirst(7)) : name
        }
        let known = short.reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let advice =
            nearestWord(to: name, among: known).map { "Did you mean \"\($0)\"?" }
            ?? (known.isEmpty ? "They have none." : "They have \(known.joined(separator: ", ")).")
        throw DeploymentFailure(
            "--role: \"\(name)\" is no role or unit of a recipe of these nodes. \(advice) "
                + "Any other unit is written with its suffix, as in \(name).service")
    }
}
