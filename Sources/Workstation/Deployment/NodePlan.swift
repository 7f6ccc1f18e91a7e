import Digest
import JSON
import Manifest
import NodePackages
import Recipes

/// What a deploy would change on one node: a pure function of what it shall be and what it says it is.
public struct NodePlan: Sendable, Equatable {
    /// One change.
    public struct Step: Sendable, Equatable {
        /// What is changed.
        public enum Kind: String, Sendable {
            case package, group, user, module, sysctl, file, release, unit
        }

        /// What is changed.
        public var kind: Kind
        /// A package, a user, a group, a module, a sysctl, a path, a release or a unit.
        public var name: String
        /// `install`, `create`, `change`, `attributes`, `remove`, `load`, `activate`, or a verb of systemctl.
        public var action: String
        /// Why, or from what to what; may be empty.
        public var detail: String
        /// A file's unified diff.
        public var diff: [String] = []
        /// What was done on the node to a file since the last deploy, as a unified diff or a few words; empty when it
        /// is as that deploy left it.
        public var edit: [String] = []
        /// A package that no recipe names: another one needs it.
        public var isDependency = false
    }

    /// The node's name.
    public var node: String
    /// In the order in which they are done.
    public var steps: [Step]
    /// What is worth knowing and is no change, a sentence each.
    public var notes: [String] = []
    /// What is sent of packages; nil: nothing is.
    public var packages: PackageResolution?

    /// A service that is not the node runtime restarts or stops: requests would meet it.
    public var interruptsService: Bool {
        steps.contains {
            $0.kind == .unit && ["restart", "stop"].contains($0.action) && !$0.name.hasPrefix("pinode-")
        }
    }

    /// Units are only enabled and started: whatever runs on the node goes on undisturbed.
    var touchesNothingThatRuns: Bool {
        steps.allSatisfy { $0.kind != .unit || ["enable", "start"].contains($0.action) }
    }

    /// Nothing to do.
    public var isEmpty: Bool { steps.isEmpty }

    /// Compares. `packages` is what apt on the workstation says about what the node lacks; nil: the node's own apt will
    /// find it out.
    init(node: String, steps: [Step]) {
        self.node = node
        self.steps = steps
    }

    /// Compares.
    public init(_ compiled: CompiledNode, _ facts: Facts, packages: PackageResolution? = nil) {
        node = compiled.node.name
        let manifest = compiled.manifest
        let whole = manifest.retiring(facts.manifest).retiring(facts.begun)
        let retired = Set(whole.files.map(\.path)).subtracting(manifest.files.map(\.path))
        var pending = facts.pending
        var reasons: [String: [String]] = [:]
        self.packages = packages
        steps = Self.steps(missing: manifest.packages.filter { facts.packages[$0] == nil }, packages)
        notes = (facts.manifest?.packages ?? []).filter { !manifest.packages.contains($0) }.map {
            "package \($0) stays, though no recipe wants it any more; pidep exec … -- apt-get remove \($0) removes it"
        }
        let accounts = Self.accounts(manifest, facts)
        steps += accounts.filter { $0.action != "remove" } + Self.kernel(manifest, facts)
        for file in whole.files {
            let found = facts.paths[file.path]
            let previous = facts.manifest?.files.first { $0.path == file.path }
            let comparison = FileComparison(file: file, found: found, previous: previous, facts: facts)
            guard let step = comparison.step(isRetired: retired.contains(file.path), compiled: compiled)
            else { continue }
            steps.append(step)
            pending.add(changed: file)
            for unit in file.restart + file.reload {
                reasons[unit, default: []].append("\(file.path) \(Self.happening(step.action))")
            }
        }
        if facts.manifest?.runtime.digest != manifest.runtime.digest {
            for unit in manifest.units where unit.onNewRuntime != .nothing {
                pending.add(newRuntimeOf: unit)
                reasons[unit.name, default: []].append("the runtime is new")
            }
        }
        if facts.release != manifest.release {
            steps.append(Self.release(manifest, facts))
        }
        let told = reasons.mapValues { $0.joined(separator: ", ") }
        let changes = whole.unitChanges(owing: pending, states: facts.units) {
            told[$0] ?? "an apply that was interrupted owes it"
        }
        steps += changes.map { Self.step($0, facts.units) }
        steps += Self.unwantedDirectories(whole, facts) + accounts.filter { $0.action == "remove" }
        if steps.isEmpty, !facts.pending.isEmpty {
            steps.append(
                Step(
                    kind: .unit, name: "systemd", action: "daemon-reload",
                    detail: "an apply that was interrupted owes it"))
        }
    }

    /// What recipes name first, then what that needs.
    private static func steps(missing: [String], _ packages: PackageResolution?) -> [Step] {
        func step(_ package: PackageResolution.Package) -> Step {
            Step(
                kind: .package, name: package.name, action: package.from == nil ? "install" : "upgrade",
                detail: "\(package.from ?? "none") → \(package.to)", isDependency: package.isDependency)
        }
        let named = missing.map { name in
            if let package = packages?.packages.first(where: { $0.name == name }) { return step(package) }
            let detail =
                packages == nil ? "none → what the node's own apt finds" : "it is there, to be configured"
            return Step(kind: .package, name: name, action: "install", detail: detail)
        }
        return named + (packages?.packages ?? []).filter { !missing.contains($0.name) }.map(step)
    }

    private static func happening(_ action: String) -> String {
        switch action {
        case "create": "is new"
        case "remove": "goes"
        case "attributes": "has other attributes"
        default: "changed"
        }
    }

    /// What is done to a unit: from which state to which, or why.
    private static func step(_ change: UnitChange, _ states: [UnitState]) -> Step {
        let state = states.first { $0.name == change.unit }
        func word(_ text: String?) -> String { text.map { $0.isEmpty ? "not there" : $0 } ?? "not there" }
        let detail =
            switch change.action {
            case .enable: "\(word(state?.file)) → enabled"
            case .disable: "\(word(state?.file)) → disabled"
            case .start: "\(word(state?.active)) → active"
            case .stop: "\(word(state?.active)) → inactive"
            case .restart, .reload: change.reason
            }
        return Step(kind: .unit, name: change.unit, action: change.action.verb, detail: detail)
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
}
