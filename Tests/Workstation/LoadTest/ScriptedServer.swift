import CLinux
import Foundation
import Reactor

/// A small HTTP server on 127.0.0.1 that does to each request what a script says, and keeps its own book. It runs on
/// a thread of its own.
final class ScriptedServer: @unchecked Sendable {
    /// What becomes of a request.
    enum Behaviour: Sendable {
        case answer(status: Int = 200, node: String)
        /// The connection is reset.
        case reset
        /// The connection is closed without an answer.
        case close
        case garbage
        /// The answer comes when the server has run for so long.
        case hold(until: Duration)
        /// No answer ever.
        case silence
    }

    /// What the server did, by its own clock (that of the Reactor).
    struct Book: Sendable {
        var connections = 0
        var requests = 0
        /// From a request's arrival to its held-back answer.
        var held: [Duration] = []
        var closedAt: Duration?
        var openedAt: Duration?
    }

    let port: UInt16
    let start: Duration
    private let script: @Sendable (_ request: Int, _ sinceStart: Duration) -> Behaviour
    private let lock = NSLock()
    private var kept = Book()
    private var wanted = (listening: true, running: true)
    private var clients: [Int32: Client] = [:]
    private var listener: Listener?

    var book: Book { lock.withLock { kept } }

    init(_ script: @escaping @Sendable (Int, Duration) -> Behaviour) throws {
        self.script = script
        start = Reactor.clock()
        let descriptor = cl_listen_tcp("127.0.0.1", 0, 0, 0, 1024)
        guard descriptor >= 0 else { throw SystemError("listen", code: -descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        port = cl_htons(address.sin_port)
        Thread.detachNewThread { [self] in serve(descriptor) }
    }

    /// Ends the server.
    func stop() { lock.withLock { wanted.running = false } }

    /// Nobody listens any more, or somebody does again. Takes effect within milliseconds, and is in the book.
    func listen(_ listening: Bool) { lock.withLock { wanted.listening = listening } }

    private func serve(_ descriptor: Int32) {
        guard let reactor = try? Reactor() else { return }
        listener = Listener(descriptor, self, reactor)
        try? reactor.add(descriptor, for: .read, listener!)
        while true {
            reactor.turn(limit: .milliseconds(5))
            let wanted = lock.withLock { self.wanted }
            guard wanted.running else { break }
            if !wanted.listening, let open = listener {
                reactor.remove(open.descriptor)
                CLinux.close(open.descriptor)
                listener = nil
                for client in Array(clients.values) { client.drop(reset: true) }
                lock.withLock { kept.closedAt = Reactor.clock() }
            }
            if wanted.listening, listener == nil {
                let time = Reactor.clock()
                let again = cl_listen_tcp("127.0.0.1", port, 0, 0, 1024)
                guard again >= 0 else { continue }
                lock.withLock { kept.openedAt = time }
                listener = Listener(again, self, reactor)
                try? reactor.add(again, for: .read, listener!)
            }
        }
        for client in Array(clients.values) { client.drop(reset: false) }
        if let listener { CLinux.close(listener.descriptor) }
    }

    private final class Listener: EventSource {
        let descriptor: Int32
        private unowned let server: ScriptedServer
        private let reactor: Reactor

        init(_ descriptor: Int32, _ server: ScriptedServer, _ reactor: Reactor) {
            self.descriptor = descriptor
            self.server = server
            self.reactor = reactor
        }

        func ready(_ readiness: Readiness) {
            while true {
                let accepted = cl_accept4(descriptor)
                guard accepted >= 0 else { return }
                let client = Client(accepted, server, reactor)
                server.clients[accepted] = client
                server.lock.withLock { server.kept.connections += 1 }
                try? reactor.add(accepted, for: .read, client)
            }
        }
    }

    private final class Client: EventSource {
        private let descriptor: Int32
        private unowned let server: ScriptedServer
        private let reactor: Reactor
        private var received: [UInt8] = []

        init(_ descriptor: Int32, _ server: ScriptedServer, _ reactor: Reactor) {
            self.descriptor = descriptor
            self.server = server
            self.reactor = reactor
        }

        func drop(reset: Bool) {
            if reset {
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(
                    descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
            }
            reactor.remove(descriptor)
            CLinux.close(descriptor)
            server.clients[descriptor] = nil
        }

        func ready(_ readiness: Readiness) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return drop(reset: false) }
            received += buffer[..<count]
            guard received.suffix(4) == [13, 10, 13, 10] else { return }
            let close = String(decoding: received, as: UTF8.self).contains("Connection: close")
            received = []
            let arrived = Reactor.clock()
            let number = server.lock.withLock {
                server.kept.requests += 1
                return server.kept.requests - 1
            }
            switch server.script(number, arrived - server.start) {
            case .answer(let status, let node): answer(status, node, close)
            case .reset: drop(reset: true)
            case .close: drop(reset: false)
            case .garbage: send("SSH-2.0-scripted\r\n")
            case .silence: break
            case .hold(let until):
                reactor.schedule(at: server.start + until) { [self] in
                    guard server.clients[descriptor] === self else { return }
                    server.lock.withLock { server.kept.held.append(Reactor.clock() - arrived) }
                    answer(200, "held", close)
                }
            }
        }

        private func answer(_ status: Int, _ node: String, _ close: Bool) {
            let body = #"{"node":"\#(node)"}"#
            send(
                "HTTP/1.1 \(status) X\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
                    + (close ? "Connection: close\r\n" : "") + "\r\n\(body)")
            if close { drop(reset: false) }
        }

        private func send(_ text: String) {
            let bytes = Array(text.utf8)
            _ = CLinux.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }
}
