import Events
import Foundation
import Inventory
import Recipes
import SSH

/// `pidep logs`: the journals of the nodes, as far as they concern what the recipes put there, in one order.
public struct Logging: Sendable {
    /// How following ended, or reading.
    public enum Ending: Sendable, Equatable {
        /// All that was asked for has been shown.
        case whole
        /// At least one node could not be asked, or could no more.
        case failed
        /// Ctrl-C.
        case interrupted
    }

    /// How long a line waits for older ones that take longer to arrive.
    static let window: Duration = .milliseconds(250)
    /// How long the lines from before now are waited for, from the moment when all nodes were asked.
    static let settling: Duration = .seconds(1)
    /// How long a journal may take to be read.
    static let silence: Duration = .seconds(60)
    /// How long nothing may happen on a node that is followed: a year, since a quiet node is no fault. Whether it is
    /// still there is asked all the time (`SSHTimeouts.keepalive`, `.unanswered`).
    static let followSilence: Duration = .seconds(365 * 86400)
    /// The pause before a node that was lost is tried again.
    static let pause: TimeInterval = 2

    /// Where to look.
    public var access: NodeAccess
    /// What to ask each node, by its name.
    var requests: [String: LogRequest]
    /// Whether lines are shown to people: with time, node and unit in the text.
    public var isReadable: Bool
    /// Whether only lines are shown that tell that something is in another state now; the newest so many of them.
    var newestTransitions: Int?
    /// Takes the lines.
    public var sink: any EventSink
    /// Asks the person what only a person can say.
    public var asking: Asking

    /// The journals of nodes; `role` is a role's or unit's name, nil for all that the recipes decide about.
    public init(
        _ access: NodeAccess, role: String?, lines: Int?, since: String?, follows: Bool, isReadable: Bool,
        sink: any EventSink, asking: Asking
    ) throws(DeploymentFailure) {
        self.access = access
        self.isReadable = isReadable
        self.sink = sink
        self.asking = asking
        let compiled: [CompiledNode]
        do throws(LoadedCluster.Failure) { compiled = try access.loaded.withoutRuntime() } catch {
            throw DeploymentFailure(error.sentence)
        }
        let chosen = compiled.filter { node in access.nodes.contains { $0.name == node.node.name } }
        requests = [:]
        var unit: String?
        if let role {
            unit = try LogUnits.unit(role, managed: chosen.flatMap { $0.manifest.units.map(\.name) })
        }
        for node in chosen {
            let units = unit.map { [$0] } ?? LogUnits.all(node.manifest.units.map(\.name))
            requests[node.node.name] = LogRequest(units: units, lines: lines, since: since, follows: follows)
        }
    }

    /// Only transitions of roles, servers and units, with their causes: of those from before now the newest `count`.
    public mutating func showTransitions(newest count: Int) { newestTransitions = count }

    /// Shows the lines that there are, oldest first, or follows until interrupted.
    public func run(_ interruption: Interruption) throws(DeploymentFailure) -> Ending {
        let logins = try access.open(asking: asking)
        guard requests.values.contains(where: \.follows) else { return read(logins) }
        return follow(logins, interruption)
    }

    // MARK: What there is

    private func read(_ logins: [Login]) -> Ending {
        let journals = parallel(logins) { login in
            login.use { (session) throws(SSHError) -> [LogEntry] in
                var entries: [LogEntry] = []
                try read(session, login.node.name, after: nil, silence: Self.silence) { entries.append($0) }
                return entries
            }
        }
        var entries: [LogEntry] = []
        var failures: [SSHError] = []
        for journal in journals {
            switch journal {
            case .success(let lines): entries += lines
            case .failure(let error): failures.append(error)
            }
        }
        let sorted = LogMerge.sorted(entries)
        for entry in newestTransitions.map({ sorted.suffix($0) }) ?? sorted[...] { show(entry) }
        for failure in failures { report(failure) }
        return failures.isEmpty ? .whole : .failed
    }

    /// Reads a node's journal to its end, or until stopped; what journalctl complains of is thrown, or warned of
    /// where it goes on nevertheless.
    private func read(
        _ session: SSHSession, _ node: String, after cursor: String?, silence: Duration,
        isStopped: () -> Bool = { false }, entry: (LogEntry) -> Void
    ) throws(SSHError) {
        guard let request = requests[node] else { return }
        var complaints: [String] = []
        let status = try session.stream(request.command(after: cursor), idle: silence, isStopped: isStopped) {
            guard $0 == .output else { return complaints.append($1) }
            guard let line = LogEntry($1, node: node) else { return }
            if newestTransitions == nil || line.isTransition { entry(line) }
        }
        let name = session.target.name
        if let status, status != 0 {
            throw SSHError(
                .command(status: status), node: node,
                sentence: "\(name): \(Self.refusal(status: status, complaints))")
        }
        if complaints.contains(where: { $0.contains("not seeing messages") }) {
            warn(
                "\(name): \(session.target.user) may not read the whole journal. \(Self.becoming)")
        }
    }

    private static let becoming =
        "Set ansible_become in the inventory, or add the user to the group systemd-journal on the node"

    /// Why a journal cannot be read, in journalctl's words, and what to do where they do not say it.
    static func refusal(status: Int32, _ complaints: [String]) -> String {
        let words = complaints.isEmpty ? "exit status \(status)" : complaints.joined(separator: " ")
        let advice =
            if words.contains("parse timestamp") {
                ". Write --since as in 10m or 2h, or as systemd.time(7) has it: 'today', '2026-03-01 12:00'"
            } else if words.contains("insufficient permissions") {
                " \(becoming)"
            } else {
                ""
            }
        return "journalctl cannot read its journal: \(words)\(advice)"
    }

    // MARK: What comes

    private enum Message: Sendable {
        case entry(LogEntry)
        case warning(String)
        case ended(SSHError?)
    }

    private func follow(_ logins: [Login], _ interruption: Interruption) -> Ending {
        let mailbox = Mailbox<Message>()
        for login in logins {
            Thread.detachNewThread { follow(login, interruption, mailbox) }
        }
        let start = ContinuousClock.now
        var merge = LogMerge(window: Self.window, settling: Self.settling)
        var left = logins.count
        while true {
            for message in mailbox.take(waiting: 0.05) {
                switch message {
                case .entry(let entry): merge.add(entry, at: .now - start)
                case .warning(let sentence): warn(sentence)
                case .ended(let error):
                    left -= 1
                    if let error { report(error) }
                }
            }
            let isOver = interruption.isRequested || left == 0
            for entry in isOver ? merge.takeAll() : merge.take(at: .now - start) { show(entry) }
            if interruption.isRequested { return .interrupted }
            if left == 0 { return .failed }
        }
    }

    /// Follows one node; one that is lost is tried again until it is back, and read on from its last line.
    private func follow(_ first: Login, _ interruption: Interruption, _ mailbox: Mailbox<Message>) {
        var login = first
        var cursor: String?
        var isLost = false
        while !interruption.isRequested {
            let result = login.use { (session) throws(SSHError) in
                if isLost { mailbox.put(.warning("\(first.node.name): is there again")) }
                isLost = false
                try read(
                    session, first.node.name, after: cursor, silence: Self.followSilence,
                    isStopped: { interruption.isRequested }
                ) {
                    cursor = $0.cursor.isEmpty ? cursor : $0.cursor
                    mailbox.put(.entry($0))
                }
            }
            guard !interruption.isRequested else { return }
            switch result {
            case .success: return mailbox.put(.ended(nil))
            case .failure(let error) where !error.mayPass: return mailbox.put(.ended(error))
            case .failure(let error):
                if !isLost { mailbox.put(.warning(Self.lost(error))) }
                isLost = true
                Thread.sleep(forTimeInterval: Self.pause)
                login = access.logins.login(first.target, first.node)
            }
        }
    }

    private static func lost(_ error: SSHError) -> String {
        // An error's own advice is about commands that had something to do.
        let sentence = error.kind == .lost ? "\(error.node): the connection broke" : error.sentence
        return "\(sentence) (it is tried again until it is there)"
    }

    // MARK: Showing

    private func show(_ entry: LogEntry) {
        sink.report(
            Event(
                .result, command: "logs", subject: entry.node,
                message: isReadable ? entry.text() : entry.message, data: entry.members))
    }

    private func warn(_ sentence: String) {
        sink.report(Event(.warning, command: "logs", message: sentence))
    }

    private func report(_ error: SSHError) {
        sink.report(
            Event(
                .failed, command: "logs", subject: error.node,
                message: error.sentence.replacingOccurrences(
                    of: "\(error.node) ", with: "", options: .anchored)))
    }
}

extension SSHError {
    /// Whether the node may be back later: it is off, restarts, or the network is away.
    fileprivate var mayPass: Bool {
        switch kind {
        case .route, .refused, .noAnswer, .lost, .channel: true
        case .resolve, .keyExchange, .unknownKey, .changedKey, .authentication, .lockedKeys, .sudo, .diskFull,
            .command:
            false
        }
    }
}
