import Digest
import JSON
import Manifest
import Recipes

/// What a deploy would change on one node: a pure function of what it shall be and what it says it is.
public struct NodePlan: Sendable, Equatable {
    /// One change.
    public struct Step: Sendable, Equatable {
        /// What is changed.
        public enum Kind: String, Sendable {
            case package, file, release, unit
        }

        /// What is changed.
        public var kind: Kind
        /// A package, a path, a release or a unit.
        public var name: String
        /// `install`, `create`, `change`, `attributes`, `remove`, `activate`, or a verb of systemctl.
        public var action: String
        /// Why, or from what to what; may be empty.
        public var detail: String
        /// A file's unified diff.
        public var diff: [String] = []
    }

    /// The node's name.
    public var node: String
    /// In the order in which they are done.
    public var steps: [Step]

    /// A service that is not the node runtime restarts or stops: requests would meet it.
    public var interruptsService: Bool {
        steps.contains {
            $0.kind == .unit && ["restart", "stop"].contains($0.action) && !$0.name.hasPrefix("pinode-")
        }
    }

    /// Nothing to do.
    public var isEmpty: Bool { steps.isEmpty }

    /// Compares.
    public init(_ compiled: CompiledNode, _ facts: Facts) {
        node = compiled.node.name
        let manifest = compiled.manifest
        let whole = manifest.retiring(facts.manifest)
        let retired = Set(whole.files.map(\.path)).subtracting(manifest.files.map(\.path))
        var pending = facts.pending
        var reasons: [String: String] = [:]
        steps = manifest.packages.filter { facts.packages[$0] == nil }
            .map { Step(kind: .package, name: $0, action: "install", detail: "") }
        for file in whole.files {
            let found = facts.paths[file.path]
            let step =
                retired.contains(file.path)
                ? Step(kind: .file, name: file.path, action: "remove", detail: "no recipe wants it any more")
                : Self.step(file, found, compiled.blobs)
            guard let step else { continue }
            steps.append(step)
            pending.add(changed: file)
            for unit in file.restart + file.reload where reasons[unit] == nil {
                reasons[unit] = "\(file.path): \(step.action)"
            }
        }
        if facts.manifest?.runtime.digest != manifest.runtime.digest {
            for unit in manifest.units where unit.onNewRuntime != .nothing {
                pending.add(newRuntimeOf: unit)
                reasons[unit.name] = reasons[unit.name] ?? "a new runtime"
            }
        }
        if facts.release != manifest.release {
            steps.append(Self.release(manifest, facts))
        }
        let told = reasons
        let changes = whole.unitChanges(owing: pending, states: facts.units) {
            told[$0] ?? "an apply that was interrupted owes it"
        }
        // Units that only the manifest before wanted were not asked about: they are stopped if they run.
        let stops = whole.units.filter { unit in !manifest.units.contains { $0.name == unit.name } }
            .map { Step(kind: .unit, name: $0.name, action: "stop", detail: "no recipe wants it any more") }
        steps += stops
        steps += changes.map { Step(kind: .unit, name: $0.unit, action: $0.action.verb, detail: $0.reason) }
        if steps.isEmpty, !facts.pending.isEmpty {
            steps.append(
                Step(
                    kind: .unit, name: "systemd", action: "daemon-reload",
                    detail: "an interrupted apply owes it"))
        }
    }

    private static func release(_ manifest: Manifest, _ facts: Facts) -> Step {
        let new = manifest.runtime
        let old = facts.manifest?.runtime
        let runtime =
            old?.digest == new.digest
            ? "same runtime \(new.version)"
            : "runtime \(old.map { "\($0.version) (\(short($0.digest)))" } ?? "none") → "
                + "\(new.version) (\(short(new.digest)))"
        return Step(
            kind: .release, name: manifest.release, action: "activate",
            detail: "\(facts.release ?? "none") → \(manifest.release), \(runtime)")
    }

    private static func short(_ digest: SHA256Digest) -> String { String(digest.hexadecimal.prefix(8)) }

    private static func step(_ file: ManagedFile, _ found: Facts.Path?, _ blobs: [String: [UInt8]]) -> Step? {
        func step(_ action: String, _ detail: String, _ diff: [String] = []) -> Step {
            Step(kind: .file, name: file.path, action: action, detail: detail, diff: diff)
        }
        let looks = "\(ManagedFile.octal(file.mode)) \(file.owner):\(file.group)"
        guard let found else {
            switch file.content {
            case .absent: return nil
            case .directory: return step("create", "folder, \(looks)")
            case .link(let target): return step("create", "link to \(target)")
            case .blob(let digest, let size):
                let new = blobs[digest.hexadecimal] ?? []
                return step("create", "\(size) bytes, \(looks)", diff(nil, new, file.path))
            }
        }
        let owners = "\(found.owner):\(found.group)"
        let sameOwner = found.owner == file.owner && found.group == file.group
        let attributes =
            found.mode == file.mode && sameOwner
            ? nil : step("attributes", "\(ManagedFile.octal(found.mode)) \(owners) → \(looks)")
        switch file.content {
        case .absent: return step("remove", "")
        case .directory: return found.kind == "d" ? attributes : step("create", "folder, but a file is there")
        case .link(let target):
            guard found.kind == "l", found.target == target else {
                return step("change", "link to \(target), was \(found.kind == "l" ? found.target : "a file")")
            }
            return sameOwner ? nil : step("attributes", "\(owners) → \(file.owner):\(file.group)")
        case .blob(let digest, _):
            guard found.kind != "f" || found.digest != digest.hexadecimal else { return attributes }
            let new = blobs[digest.hexadecimal] ?? []
            if found.kind == "l" { return step("change", "a file, was a link to \(found.target)") }
            return step("change", attributes?.detail ?? "", diff(found.content, new, file.path))
        }
    }

    /// The diff of two texts; a word where one of them is none.
    private static func diff(_ old: [UInt8]?, _ new: [UInt8], _ path: String) -> [String] {
        let old = old ?? []
        guard old.count <= FactsRequest.contentLimit, new.count <= FactsRequest.contentLimit,
            let before = String(validating: old, as: UTF8.self),
            let after = String(validating: new, as: UTF8.self),
            !old.contains(0), !new.contains(0)
        else { return ["(not shown: binary, or larger than \(FactsRequest.contentLimit / 1024) KiB)"] }
        return UnifiedDiff.lines(from: before, to: after, name: path)
    }

    /// The plan for machines: members of an event.
    public var json: [JSONValue.Member] {
        [
            .init(
                "steps",
                .array(
                    steps.map {
                        .object([
                            .init("kind", .string($0.kind.rawValue)), .init("name", .string($0.name)),
                            .init("action", .string($0.action)), .init("detail", .string($0.detail)),
                            .init("diff", .strings($0.diff)),
                        ])
                    }))
        ]
    }

    /// The plan for people.
    public func text(colour: Bool, brief: Bool = false) -> String {
        func paint(_ text: String, _ code: String) -> String {
            colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        var text = paint(node, "1") + (isEmpty ? ": nothing to do" : ":")
        for step in steps {
            let mark =
                switch step.action {
                case "create", "install", "enable", "start": paint("+", "32")
                case "remove", "stop", "disable": paint("-", "31")
                default: paint("~", "33")
                }
            text += "\n  \(mark) \(step.kind.rawValue) \(step.name) \(step.action)"
            if !step.detail.isEmpty { text += " (\(step.detail))" }
            for line in step.diff where !brief {
                let code =
                    line.hasPrefix("+")
                    ? "32" : line.hasPrefix("-") ? "31" : line.hasPrefix("@@") ? "36" : "0"
                text += "\n      " + (code == "0" ? line : paint(line, code))
            }
        }
        return text
    }
}
