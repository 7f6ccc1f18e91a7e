import Foundation
import JSON

/// A plan on disk: what `pidep plan --out` writes and `pidep deploy --plan` carries out, unless something has changed.
public struct PlanFile: Equatable, Sendable {
    /// The format that is written and read.
    static let format: Int64 = 1

    /// One node of a plan.
    public struct Node: Equatable, Sendable {
        /// Its name.
        public var name: String
        /// The release that it will have.
        public var release: String
        /// The facts that the plan was made from (`Facts.planned`).
        public var facts: [String: String]
        /// What will be done, as `pidep plan --json` tells it.
        public var steps: JSONValue
    }

    /// The inventory, an absolute path.
    public var inventory: String
    /// `--limit` as it was given.
    public var limit: String?
    /// When it was made, in RFC 3339's form.
    public var made: String
    /// In the order of the rollout.
    public var nodes: [Node]

    /// The plan of a run's nodes.
    init(inventory: String, limit: String?, members: [Member], now: Date = Date()) {
        self.inventory = URL(fileURLWithPath: inventory).path
        self.limit = limit
        made = ISO8601DateFormatter().string(from: now)
        nodes = members.map {
            Node(
                name: $0.plan.node, release: $0.compiled.manifest.release, facts: $0.facts.planned,
                steps: $0.plan.json[0].value)
        }
    }

    /// Writes the file, for its owner's eyes only: all of it or nothing.
    public func write(to path: String) throws(DeploymentFailure) {
        do {
            let url = URL(fileURLWithPath: path)
            let partial = url.deletingLastPathComponent().appendingPathComponent(
                ".\(url.lastPathComponent).new")
            try Data((json.pretty + "\n").utf8).write(to: partial)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: partial.path)
            guard rename(partial.path, url.path) == 0 else { throw CocoaError(.fileWriteUnknown) }
        } catch {
            throw DeploymentFailure("\(path) cannot be written: \(error.localizedDescription)")
        }
    }

    /// Reads a file that `write` wrote; anything else is a sentence.
    public static func read(_ path: String) throws(DeploymentFailure) -> PlanFile {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw DeploymentFailure("\(path) cannot be read: pidep plan INVENTORY --out \(path) makes it")
        }
        guard let plan = PlanFile(Array(data)) else {
            throw DeploymentFailure(
                "\(path) is no plan of this pidep: pidep plan INVENTORY --out \(path) makes one")
        }
        return plan
    }

    init?(_ document: [UInt8]) {
        guard let json = try? JSONValue.parse(document), json["format"]?.integer == Self.format,
            let inventory = json["inventory"]?.text, let made = json["made"]?.text,
            let elements = json["nodes"]?.elements
        else { return nil }
        self.inventory = inventory
        self.made = made
        limit = json["limit"]?.text
        nodes = []
        for element in elements {
            guard let name = element["name"]?.text, let release = element["release"]?.text,
                let members = element["facts"]?.members, let steps = element["steps"]
            else { return nil }
            var facts: [String: String] = [:]
            for member in members { facts[member.name] = member.value.text }
            // A file that somebody has touched is no plan.
            guard element["facts_sha256"]?.text == Facts.digest(facts) else { return nil }
            nodes.append(Node(name: name, release: release, facts: facts, steps: steps))
        }
    }

    private var json: JSONValue {
        .object([
            .init("format", .integer(Self.format)), .init("inventory", .string(inventory)),
            .init("limit", limit.map { .string($0) } ?? .null), .init("made", .string(made)),
            .init("nodes", .array(nodes.map(\.json))),
        ])
    }

    /// What apt would install otherwise than in a plan's steps, a sentence each: its indexes were read anew meanwhile.
    static func changes(of planned: JSONValue, to now: JSONValue) -> [String] {
        func packages(_ steps: JSONValue) -> [String: String] {
            var result: [String: String] = [:]
            for step in steps.elements ?? [] where step["kind"]?.text == NodePlan.Step.Kind.package.rawValue {
                result["the package \(step["name"]?.text ?? "")"] = step["detail"]?.text
            }
            return result
        }
        return Facts.changes(from: packages(planned), to: packages(now))
    }

    /// Refuses what is not what was planned, and says all that differs.
    func verify(_ members: [Member]) throws(DeploymentFailure) {
        var problems: [String] = []
        for node in nodes {
            guard let member = members.first(where: { $0.plan.node == node.name }) else {
                problems.append("\(node.name): is in the plan and not in the inventory any more")
                continue
            }
            problems += Facts.changes(from: node.facts, to: member.facts.planned)
                .map { "\(node.name): since the plan was made, \($0)" }
            problems += Self.changes(of: node.steps, to: member.plan.json[0].value)
                .map { "\(node.name): since the plan was made, \($0)" }
            let release = member.compiled.manifest.release
            if release != node.release {
                problems.append(
                    "\(node.name): inventory, recipes or runtime have changed since the plan was made: they make the "
                        + "release \(release), the plan has \(node.release)")
            }
        }
        let planned = Set(nodes.map(\.name))
        problems += members.filter { !planned.contains($0.plan.node) }
            .map { "\($0.plan.node): is not in the plan" }
        guard problems.isEmpty else {
            throw DeploymentFailure(
                (problems + ["Nothing was changed. Plan again: pidep plan \(inventory) --out FILE"])
                    .joined(separator: "\n"))
        }
    }
}

extension PlanFile.Node {
    fileprivate var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("release", .string(release)),
            .init("facts_sha256", .string(Facts.digest(facts))),
            .init(
                "facts",
                .object(facts.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })),
            .init("steps", steps),
        ])
    }
}
