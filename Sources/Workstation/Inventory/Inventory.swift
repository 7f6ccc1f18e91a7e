import Diagnostics
import Foundation

/// What an inventory file says, resolved as Ansible resolves it: groups, hosts, and every variable with its origin.
///
/// Precedence: `all`, then parents before children, then the host's own lines; groups at the same depth by
/// `ansible_group_priority`, then by name. A later one wins.
public struct Inventory: Sendable, Equatable {
    /// A group, with what stands directly in it.
    public struct Group: Sendable, Equatable {
        /// As it stands between the brackets.
        public var name: String
        /// Where it was first declared, counted from 1; 0 for `all` and `ungrouped` when no section names them.
        public var line: Int
        /// The hosts that its own sections name, in the order in which they were added.
        public var hosts: [String] = []
        /// Its child groups, in the order in which they were added.
        public var children: [String] = []
        /// The groups whose child it is.
        public var parents: [String] = []
        /// What its `[group:vars]` sections say.
        public var variables: [String: Variable] = [:]
        /// `ansible_group_priority`, 1 unless said.
        public var priority = 1
        /// The longest way down from `all`, which has 0.
        public var depth = 0
    }

    /// A host.
    public struct Host: Sendable, Equatable {
        /// One name, ranges expanded.
        public var name: String
        /// Where it is first named, counted from 1.
        public var line: Int
        /// All its groups, parents included, from the weakest (`all`) to the strongest.
        public var groups: [String] = []
        /// What its own lines say.
        public var own: [String: Variable] = [:]
        /// The resolved variables.
        public var variables: [String: Variable] = [:]
    }

    /// The file as the person named it.
    public var file: String
    /// `all`, `ungrouped`, then in the order of the file.
    public var groups: [Group]
    /// In the order of the file.
    public var hosts: [Host]

    /// The group of that name.
    public func group(_ name: String) -> Group? { groups.first { $0.name == name } }

    /// The host of that name.
    public func host(_ name: String) -> Host? { hosts.first { $0.name == name } }

    /// Recipes add up over all groups of a node, where any other variable is overridden: a node in `web` and `edge`
    /// has the recipes of both. The order is that of the inventory's lines.
    public func recipes(of host: Host) -> [(name: String, line: Int)] {
        var lists = host.groups.compactMap { group($0)?.variables["recipes"] }
        if let own = host.own["recipes"] { lists.append(own) }
        var recipes: [(name: String, line: Int)] = []
        for list in lists.sorted(by: { $0.line < $1.line }) {
            for word in list.words where !recipes.contains(where: { $0.name == word }) {
                recipes.append((word, list.line))
            }
        }
        return recipes
    }

    /// Reads an inventory file. Whatever is wrong with it, what could be read comes back, and all diagnostics,
    /// sorted by line.
    public static func load(_ path: String) -> (Inventory, [Diagnostic]) {
        guard let data = FileManager.default.contents(atPath: path) else {
            let reason =
                FileManager.default.fileExists(atPath: path)
                ? "the file cannot be read" : "there is no such file"
            return (
                Inventory(file: path, groups: [], hosts: []),
                [
                    Diagnostic(
                        file: path, line: 0, problem: reason,
                        advice: "Give the path of an inventory file, as in inventory/lab.ini")
                ]
            )
        }
        var (inventory, diagnostics) = parse([UInt8](data), file: path)
        for folder in ["group_vars", "host_vars"] {
            let folderPath = URL(fileURLWithPath: path).deletingLastPathComponent()
                .appendingPathComponent(folder).path
            guard FileManager.default.fileExists(atPath: folderPath) else { continue }
            diagnostics.insert(
                Diagnostic(
                    .warning, file: path, line: 0, problem: "the folder \(folder) beside it is not read",
                    advice: "Write its variables into sections [group:vars] or on host lines"), at: 0)
        }
        return (inventory, diagnostics)
    }

    /// Reads an inventory from bytes; `file` is what diagnostics and origins call it.
    public static func parse(_ bytes: [UInt8], file: String) -> (Inventory, [Diagnostic]) {
        let parser = INIParser(bytes, file: file)
        var resolver = Resolver(file: file)
        for statement in parser.statements { resolver.apply(statement) }
        resolver.finish()
        let diagnostics = (parser.diagnostics + resolver.diagnostics).sortedByLine
        return (Inventory(file: file, groups: resolver.groups, hosts: resolver.hosts), diagnostics)
    }
}

extension [Diagnostic] {
    /// By line, those of one line in the order in which they were found.
    public var sortedByLine: [Diagnostic] {
        enumerated().sorted { ($0.element.line, $0.offset) < ($1.element.line, $1.offset) }.map(\.element)
    }

    /// Whether the file cannot be used.
    public var containErrors: Bool { contains { $0.severity == .error } }
}
