import CrossBuild
import Events
import Foundation
import JSON

/// One deploy or rollback as the workstation remembers it: a folder `.pidep/runs/TIME` with `plan.txt`, `events.ndjson`,
/// `result.json` and `logs/NODE.log`.
public final class RunRecord: EventSink, @unchecked Sendable {
    /// How many runs are kept.
    static let kept = 50

    /// How a node came out of a run.
    public enum NodeResult: String, Sendable {
        case done
        case rolledBack = "rolled back"
        case left = "left as it is"
        case untouched
    }

    /// The folder's name: the time when the run began, in UTC.
    public let name: String
    /// The folder.
    public let folder: String
    private let next: any EventSink
    private let inventory: String
    private let command: String
    private let began = timeText()
    private let lock = NSLock()
    private var events: FileHandle?
    private var nodes: [(name: String, result: NodeResult)] = []

    /// Begins a record; what cannot be written is no reason not to deploy, and told once as a warning.
    public init(command: String, inventory: String, root: PackageRoot, passingTo next: any EventSink) {
        self.next = next
        self.command = command
        self.inventory = URL(fileURLWithPath: inventory).path
        let runs = "\(root.state)/runs"
        let stamp = began.replacing(":", with: "-")
        var name = stamp
        var number = 2
        while FileManager.default.fileExists(atPath: "\(runs)/\(name)") {
            name = "\(stamp)-\(number)"
            number += 1
        }
        self.name = name
        folder = "\(runs)/\(name)"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let path = "\(folder)/events.ndjson"
            guard
                FileManager.default.createFile(
                    atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            events = FileHandle(forWritingAtPath: path)
        } catch {
            next.report(
                Event(
                    .warning, command: command,
                    message: "\(folder): no record is kept: \(error.localizedDescription)"))
        }
        Self.prune(runs)
    }

    /// Keeps an event and passes it on.
    public func report(_ event: Event) {
        lock.withLock {
            var members = event.redacted.json.members ?? []
            members.insert(.init("time", .string(timeText())), at: 0)
            try? events?.write(contentsOf: Data((JSONValue.object(members).compact + "\n").utf8))
        }
        next.report(event)
    }

    /// Keeps the plan and the names of the nodes that something will be done to.
    func keep(_ plans: [NodePlan]) {
        write("plan.txt", plans.map { $0.text(colour: false) }.joined(separator: "\n\n") + "\n")
        keep(nodes: plans.filter { !$0.isEmpty }.map(\.node))
    }

    /// Keeps the names of the nodes that something will be done to.
    func keep(nodes names: [String]) {
        lock.withLock {
            nodes = names.map { ($0, .untouched) }
            writeResult(nil)
        }
    }

    /// Something was to be done.
    var hasNodes: Bool { lock.withLock { !nodes.isEmpty } }

    /// Keeps how a node came out.
    func keep(_ result: NodeResult, of node: String) {
        lock.withLock {
            if let index = nodes.firstIndex(where: { $0.name == node }) { nodes[index].result = result }
            writeResult(nil)
        }
    }

    /// Keeps what a node's units logged.
    func keep(log: String, of node: String) {
        try? FileManager.default.createDirectory(atPath: "\(folder)/logs", withIntermediateDirectories: true)
        write("logs/\(node).log", log)
    }

    /// Ends the record.
    func end(exitCode: Int32) { lock.withLock { writeResult(exitCode) } }

    /// There was nothing to do, so there is nothing to remember.
    func discard() { try? FileManager.default.removeItem(atPath: folder) }

    /// With the lock held: an older result must not be written over a newer one.
    private func writeResult(_ exitCode: Int32?) {
        let members: [JSONValue.Member] = [
            .init("command", .string(command)), .init("inventory", .string(inventory)),
            .init("began", .string(began)),
            .init("ended", exitCode == nil ? .null : .string(timeText())),
            .init("exit_code", exitCode.map { .integer(Int64($0)) } ?? .null),
            .init("nodes", .object(nodes.map { .init($0.name, .string($0.result.rawValue)) })),
        ]
        write("result.json", JSONValue.object(members).pretty + "\n")
    }

    private func write(_ name: String, _ text: String) {
        try? Data(Redaction.apply(text).utf8).write(
            to: URL(fileURLWithPath: "\(folder)/\(name)"), options: .atomic)
    }

    private static func prune(_ runs: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runs))?.sorted() ?? []
        for name in names.dropLast(kept) { try? FileManager.default.removeItem(atPath: "\(runs)/\(name)") }
    }

    /// The nodes that the newest deploy of an inventory did not bring to its end, by the order of its plan; nil when no
    /// deploy of it is remembered.
    public static func unfinished(inventory: String, root: PackageRoot) -> [String]? {
        let runs = "\(root.state)/runs"
        let path = URL(fileURLWithPath: inventory).path
        let names = (try? FileManager.default.contentsOfDirectory(atPath: runs))?.sorted() ?? []
        for name in names.reversed() {
            guard let data = FileManager.default.contents(atPath: "\(runs)/\(name)/result.json"),
                let json = try? JSONValue.parse(Array(data)), json["command"]?.text == "deploy",
                json["inventory"]?.text == path, let nodes = json["nodes"]?.members
            else { continue }
            return nodes.filter { $0.value.text != NodeResult.done.rawValue }.map(\.name)
        }
        return nil
    }
}
