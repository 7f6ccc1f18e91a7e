import CLinux
import PostgreSQLWire
import Reactor

/// A session with this node's PostgreSQL over its Unix socket; one query after the other.
final class ServerSession: EventSource {
    /// How long a query may take, unless it is given another time.
    static let queryTimeout: Duration = .seconds(10)
    /// How long PostgreSQL may take until it takes a query.
    static let startTimeout: Duration = .seconds(5)

    /// What became of a query.
    enum Answer {
        /// All rows of all its statements.
        case rows([[String?]])
        /// Why not; `isLost`: there is no session any more.
        case failed(String, isLost: Bool)
    }

    private struct Query {
        let text: String
        let timeout: Duration
        let completion: (Answer) -> Void
    }

    private let reactor: Reactor
    private let descriptor: Int32
    private var session: ClientSession
    private var unsent: [UInt8] = []
    private var waiting: [Query] = []
    private var current: Query?
    private var rows: [[String?]] = []
    private var failure: String?
    private var clock: Deadline?
    private(set) var isOpen = true
    private(set) var isReady = false
    /// Called once when PostgreSQL takes queries, or with why it does not.
    private var started: ((String?) -> Void)?
    private var ended: (() -> Void)?

    /// Connects. `started` gets nil or why not; `ended` is called when an established session is lost.
    init(
        on reactor: Reactor, socket: String, database: String = "postgres", name: String,
        started: @escaping (String?) -> Void, ended: (() -> Void)? = nil
    ) throws(SystemError) {
        let result = cl_connect_unix(socket)
        guard result >= 0 else { throw SystemError("connect to \(socket)", code: -result) }
        descriptor = result
        self.reactor = reactor
        self.started = started
        self.ended = ended
        var entropy = [UInt8](repeating: 0, count: 18)
        _ = cl_random(&entropy, entropy.count)
        session = ClientSession(
            .init(
                user: "postgres", database: database,
                // What the role does itself must never wait for a standby, nor be cut short.
                parameters: [
                    ("application_name", name),
                    ("options", "-c synchronous_commit=local -c statement_timeout=0 -c lock_timeout=0"),
                ]), entropy: entropy)
        do throws(SystemError) { try reactor.add(descriptor, for: [.read, .write], self) } catch {
            CLinux.close(result)
            isOpen = false
            throw error
        }
        arm(Self.startTimeout)
        unsent = session.takeOutput()
    }

    /// Asks when all before it is answered.
    func ask(
        _ text: String, within timeout: Duration = queryTimeout, _ completion: @escaping (Answer) -> Void
    ) {
        guard isOpen else { return completion(.failed("there is no session", isLost: true)) }
        waiting.append(Query(text: text, timeout: timeout, completion: completion))
        next()
    }

    /// Ends it; what waits is answered with a failure.
    func close() { end("closed") }

    private func next() {
        guard isReady, current == nil, !waiting.isEmpty else { return }
        let query = waiting.removeFirst()
        current = query
        rows = []
        failure = nil
        arm(query.timeout)
        guard session.query(query.text) else { return end("the session takes no query") }
        unsent += session.takeOutput()
        flush()
    }

    private func arm(_ timeout: Duration) {
        clock?.cancel()
        clock = reactor.schedule(after: timeout) { [unowned(unsafe) self] in end("no answer in time") }
    }

    /// Bytes came, or there is room.
    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) || readiness.contains(.hangup) { receive() }
        if isOpen { flush() }
    }

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while isOpen {
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count < 0, cl_errno() == EAGAIN || cl_errno() == EINTR { return }
            guard count > 0 else { return end(failure ?? "PostgreSQL closed the session") }
            for event in session.receive(chunk[0..<count]) where isOpen { handle(event) }
            unsent += session.takeOutput()
        }
    }

    private func handle(_ event: ClientSession.Event) {
        switch event {
        case .ready:
            if !isReady {
                isReady = true
                clock?.cancel()
                let report = started
                started = nil
                report?(nil)
            } else if let query = current {
                current = nil
                clock?.cancel()
                query.completion(failure.map { .failed($0, isLost: false) } ?? .rows(rows))
            }
            next()
        case .row(let values):
            rows.append(values.map { value in value.map { String(decoding: $0, as: UTF8.self) } })
        case .failed(let message): failure = message.sentence
        case .broken(let violation): end(violation.sentence)
        case .parameter, .key, .columns, .complete, .notice, .notification: break
        }
    }

    private func flush() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            unsent.removeFirst(count)
        }
        reactor.modify(descriptor, for: unsent.isEmpty ? .read : [.read, .write])
    }

    private func end(_ why: String) {
        guard isOpen else { return }
        isOpen = false
        clock?.cancel()
        reactor.remove(descriptor)
        CLinux.close(descriptor)
        let queries = (current.map { [$0] } ?? []) + waiting
        current = nil
        waiting = []
        let report = started
        started = nil
        let lost = isReady ? ended : nil
        ended = nil
        isReady = false
        report?(failure ?? why)
        for query in queries { query.completion(.failed(why, isLost: true)) }
        lost?()
    }
}
