import CLinux
import Foundation
import PostgreSQLWire

/// A client's session with a real server, over a socket that does not block.
final class ShelfSession {
    struct Failure: Error, CustomStringConvertible { let description: String }

    let descriptor: Int32
    private var session: ClientSession
    private var unsent: [UInt8] = []
    private(set) var isOpen = true

    /// Of a socket that connects; nil: there is none.
    private init?(_ descriptor: Int32, user: String, database: String, password: String?) {
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        session = ClientSession(
            .init(
                user: user, database: database, password: password.map { Array($0.utf8) },
                messageLimit: 16 << 20),
            entropy: (0..<18).map { _ in UInt8.random(in: 0...255) })
    }

    /// Over the network, from this thread's namespace.
    convenience init?(to address: String) {
        self.init(cl_connect_tcp(address, 5432, nil), user: "app", database: "app", password: "app")
    }

    /// Over the Unix socket in a folder: as the superuser, whom the account is enough for, or with a password.
    convenience init?(in folder: String, asSuperuser: Bool) {
        self.init(
            cl_connect_unix(folder + "/.s.PGSQL.5432"), user: asSuperuser ? "postgres" : "app",
            database: "app", password: asSuperuser ? nil : "app")
    }

    deinit { end() }

    func end() {
        guard isOpen else { return }
        isOpen = false
        close(descriptor)
    }

    /// Waits until one of the sessions has something to read, at most so long.
    static func wait(_ sessions: [ShelfSession], milliseconds: Int32) {
        var watched = sessions.map {
            pollfd(
                fd: $0.descriptor, events: Int16($0.unsent.isEmpty ? POLLIN : POLLIN | POLLOUT), revents: 0)
        }
        _ = poll(&watched, nfds_t(watched.count), milliseconds)
    }

    /// Sends what is to be sent, and takes what has come.
    func pump() -> [ClientSession.Event] {
        var events: [ClientSession.Event] = []
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while isOpen {
            unsent += session.takeOutput()
            flush()
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            if count < 0, errno == EAGAIN || errno == ENOTCONN || errno == EINTR { break }
            guard count > 0 else {
                end()
                break
            }
            events += session.receive(bytes[0..<count])
            if case .broken? = events.last { end() }
        }
        return events
    }

    private func flush() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else {
                // Not connected yet is EAGAIN, too.
                if errno != EAGAIN, errno != ENOTCONN { end() }
                return
            }
            unsent.removeFirst(count)
        }
    }

    /// It takes a query.
    var isReady: Bool {
        if isOpen, case .ready = session.state { true } else { false }
    }

    /// Says a query; its answer comes with `pump`.
    func say(_ query: String) -> Bool { isOpen && session.query(query) }

    /// All events until the session is ready again; a failure is thrown, also when it takes too long.
    @discardableResult
    func settle(within seconds: Double) throws -> [ClientSession.Event] {
        let end = Date(timeIntervalSinceNow: seconds)
        var events: [ClientSession.Event] = []
        while Date() < end {
            let new = pump()
            events += new
            for case .failed(let message) in new where message.isFatal || !isOpen {
                throw Failure(description: message.sentence)
            }
            if case .ready? = events.last {
                for case .failed(let message) in events { throw Failure(description: message.sentence) }
                return events
            }
            guard isOpen else { throw Failure(description: "the session was closed") }
            Self.wait([self], milliseconds: 20)
        }
        throw Failure(description: "no answer within \(seconds) s")
    }

    /// A query's rows as text.
    func rows(_ query: String, within seconds: Double = 30) throws -> [[String]] {
        guard say(query) else { throw Failure(description: "the session takes no query") }
        return try settle(within: seconds).compactMap { event in
            guard case .row(let values) = event else { return nil }
            return values.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "" }
        }
    }
}
