import Digest
import Manifest

extension Facts {
    /// What a plan was made from, a word and a value each: two sets of facts with the same ones make the same plan.
    ///
    /// Who holds the virtual address, load and free memory are not among them: they change by themselves and change
    /// nothing about what a deploy does.
    public var planned: [String: String] {
        var facts = [
            "the architecture": architecture, "the system": system, "the release": release ?? "none",
        ]
        if !pending.isEmpty {
            facts["what an interrupted apply owes"] =
                pending.text.split(separator: "\n").joined(separator: ", ")
        }
        for (path, found) in paths {
            let content = found.kind == "l" ? "→ \(found.target)" : found.digest.map { "sha256 \($0)" } ?? ""
            facts[path] =
                "\(found.kind) \(ManagedFile.octal(found.mode)) \(found.owner):\(found.group) \(content)"
        }
        for (name, version) in packages { facts["the package \(name)"] = version }
        for (key, value) in sysctls { facts["the sysctl \(key)"] = ManagedSysctl.normalised(value) }
        for (name, isLoaded) in modules { facts["the module \(name)"] = isLoaded ? "loaded" : "not loaded" }
        for user in accounts.users {
            facts["the user \(user.name)"] = "\(user.id):\(user.group) \(user.home) \(user.shell)"
        }
        for group in accounts.groups {
            facts["the group \(group.name)"] = "\(group.id) \(group.members.joined(separator: ","))"
        }
        for unit in units {
            facts["the unit \(unit.name)"] = "\(unit.load) \(unit.active) \(unit.file)"
        }
        return facts
    }

    /// The digest of facts as `planned` gives them.
    public static func digest(_ planned: [String: String]) -> String {
        let lines = planned.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }
        return SHA256Digest(of: Array(lines.joined().utf8)).hexadecimal
    }

    /// How many differences of a node are told one by one.
    static let shownChanges = 5

    /// What differs between two sets of facts, a sentence each; of many, the first ones and how many others there are.
    public static func changes(from before: [String: String], to now: [String: String]) -> [String] {
        let changes = Set(before.keys).union(now.keys).sorted().compactMap { name -> String? in
            let (old, new) = (before[name] ?? "not there", now[name] ?? "not there")
            return old == new ? nil : "\(name) was \(short(old)), is \(short(new))"
        }
        guard changes.count > shownChanges else { return changes }
        return changes.prefix(shownChanges) + ["\(changes.count - shownChanges) more things have changed"]
    }

    /// Digests by their first digits.
    private static func short(_ value: String) -> String {
        value.split(separator: " ").map { $0.count == 64 ? $0.prefix(8) : $0 }.joined(separator: " ")
    }
}
