import CLinux
import Foundation
import PostgreSQLWire
import Reactor

/// A client that appends numbered rows, one after the other, to whichever of its servers takes writes, and keeps what was
/// acknowledged. A number is used once: whether a row without an answer is there, nobody can say.
final class ShelfWriter: @unchecked Sendable {
    /// How long an answer may take until the client turns elsewhere.
    private static let patience: Duration = .seconds(1)

    /// A way to a server; nil: it does not listen.
    typealias Door = @Sendable () -> ShelfSession?

    private let doors: [Door]
    private let namespace: String?
    private let first: Int
    /// Between two rows, and between two questions to a server that takes none.
    private let pause: Duration
    private let lock = NSLock()
    private let finished = DispatchSemaphore(value: 0)
    private var isOver = false
    private var numbers: [Int] = []
    private var failures: [String] = []
    private var lastAnswer: Duration?
    private var longest: Duration = .zero

    /// Writes numbers from `first` on; `namespace`: the network that it is on, nil for this process's.
    init(_ doors: [Door], namespace: String?, from first: Int, pause: Duration) {
        self.doors = doors
        self.namespace = namespace
        self.first = first
        self.pause = pause
        let thread = Thread { [self] in
            write()
            finished.signal()
        }
        thread.start()
    }

    /// Ends it and waits for that.
    func end() {
        lock.withLock { isOver = true }
        finished.wait()
        finished.signal()
    }

    // MARK: what it has seen

    /// The numbers whose rows were acknowledged, in their order.
    var acknowledged: [Int] { lock.withLock { numbers } }
    var count: Int { lock.withLock { numbers.count } }
    /// Why sessions were given up, in their order.
    var complaints: [String] { lock.withLock { failures } }

    /// From now on gaps are measured anew.
    func mark() { lock.withLock { (longest, lastAnswer) = (.zero, Reactor.clock()) } }

    /// The longest time without an acknowledged row since the mark.
    var gap: Duration {
        lock.withLock { max(longest, lastAnswer.map { Reactor.clock() - $0 } ?? .zero) }
    }

    // MARK: the thread

    private func write() {
        if let namespace, cl_enter_network(namespace) != 0 {
            return lock.withLock { failures.append("there is no namespace \(namespace)") }
        }
        var next = first
        var session: ShelfSession?
        var isTableThere = false
        while !lock.withLock({ isOver }) {
            guard let current = session else {
                session = search()
                continue
            }
            do {
                if !isTableThere {
                    _ = try current.rows("CREATE TABLE IF NOT EXISTS numbers (n bigint NOT NULL)", within: 5)
                    isTableThere = true
                }
                let number = next
                next += 1
                guard current.say("INSERT INTO numbers VALUES (\(number))") else {
                    throw ShelfSession.Failure(description: "the session takes no query")
                }
                let events = try current.settle(within: Self.patience.seconds)
                guard events.contains(.complete("INSERT 0 1")) else {
                    throw ShelfSession.Failure(description: "\(events)")
                }
                note(number)
                usleep(UInt32(pause.seconds * 1_000_000))
            } catch {
                lock.withLock { failures.append("\(error)") }
                current.end()
                session = nil
            }
        }
        session?.end()
    }

    private func note(_ number: Int) {
        let now = Reactor.clock()
        lock.withLock {
            numbers.append(number)
            if let lastAnswer { longest = max(longest, now - lastAnswer) }
            lastAnswer = now
        }
    }

    private struct Candidate {
        var session: ShelfSession?
        var since: Duration
        var isAsked = false
        var isReady = false
    }

    /// Asks all servers at once until one takes writes.
    private func search() -> ShelfSession? {
        var candidates = doors.map { Candidate(session: $0(), since: Reactor.clock()) }
        defer { for candidate in candidates { candidate.session?.end() } }
        while !lock.withLock({ isOver }) {
            let open = candidates.compactMap { $0.session }
            if open.isEmpty { usleep(10_000) } else { ShelfSession.wait(open, milliseconds: 10) }
            let now = Reactor.clock()
            for index in candidates.indices {
                guard let session = candidates[index].session, session.isOpen else {
                    if now - candidates[index].since > Swift.max(pause, .milliseconds(20)) {
                        candidates[index] = Candidate(session: doors[index](), since: now)
                    }
                    continue
                }
                for event in session.pump() {
                    switch event {
                    case .ready:
                        candidates[index].isReady = true
                        candidates[index].isAsked = false
                        candidates[index].since = now
                    case .parameter(name: "in_hot_standby", value: "off"), .row([Array("f".utf8)]):
                        guard lock.withLock({ !isOver }) else { return nil }
                        return take(session, &candidates[index])
                    default: break
                    }
                }
                if !candidates[index].isReady || candidates[index].isAsked {
                    if now - candidates[index].since > Self.patience { session.end() }
                } else if now - candidates[index].since > Swift.max(pause, .milliseconds(20)) {
                    candidates[index].isAsked = session.say("SELECT pg_is_in_recovery()")
                    candidates[index].since = now
                }
            }
        }
        return nil
    }

    /// The session, once it takes a query.
    private func take(_ session: ShelfSession, _ candidate: inout Candidate) -> ShelfSession? {
        candidate.session = nil
        let end = Reactor.clock() + Self.patience
        while session.isOpen, !session.isReady, Reactor.clock() < end {
            ShelfSession.wait([session], milliseconds: 10)
            _ = session.pump()
        }
        return session.isReady ? session : nil
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1_000_000_000_000_000_000
    }
}
