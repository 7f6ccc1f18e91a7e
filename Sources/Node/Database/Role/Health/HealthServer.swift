import CLinux
import HTTP1
import Reactor

/// A small HTTP/1.1 server for answers that are made from memory: health checks and metrics.
final class HealthServer {
    /// Connections at once; a further one is closed at once.
    static let connectionLimit = 64
    /// How long a connection may say nothing.
    static let idleTimeout: Duration = .seconds(30)
    /// A request's head.
    static let limits = HeadLimits(bytes: 8192, fields: 64)

    /// An answer.
    struct Answer {
        var status: Int
        var type: String
        var body: String
    }

    private let reactor: Reactor
    private let answer: (String) -> Answer
    private var listeners: [Listener] = []
    private var connections: [Int32: Connection] = [:]

    /// Listens on each address, whether it is there yet or not. `answer` gets the target of a request.
    init(
        on reactor: Reactor, addresses: [String], port: UInt16, _ answer: @escaping (String) -> Answer
    ) throws(SystemError) {
        self.reactor = reactor
        self.answer = answer
        for address in addresses where !listeners.contains(where: { $0.address == address }) {
            let descriptor = cl_listen_tcp(address, port, 0, 1, 64)
            guard descriptor >= 0 else {
                throw SystemError("listen for health checks at \(address):\(port)", code: -descriptor)
            }
            let listener = Listener(descriptor, address) { [unowned(unsafe) self] connection in
                accept(connection)
            }
            listeners.append(listener)
            try reactor.add(descriptor, for: .read, listener)
        }
    }

    private func accept(_ descriptor: Int32) {
        guard connections.count < Self.connectionLimit else {
            close(descriptor)
            return
        }
        let connection = Connection(descriptor, on: reactor, answer) { [unowned(unsafe) self] in
            connections[descriptor] = nil
        }
        connections[descriptor] = connection
        connection.start()
    }

    private final class Listener: EventSource {
        let address: String
        private let descriptor: Int32
        private let accepted: (Int32) -> Void

        init(_ descriptor: Int32, _ address: String, _ accepted: @escaping (Int32) -> Void) {
            self.descriptor = descriptor
            self.address = address
            self.accepted = accepted
        }

        func ready(_ readiness: Readiness) {
            while true {
                let connection = cl_accept4(descriptor)
                guard connection >= 0 else { return }
                accepted(connection)
            }
        }
    }

    private final class Connection: EventSource {
        private let descriptor: Int32
        private let reactor: Reactor
        private let answer: (String) -> Answer
        private let closed: () -> Void
        private var received: [UInt8] = []
        private var unsent: [UInt8] = []
        private var isLast = false
        private var isOpen = true
        private var idle: Deadline?

        init(
            _ descriptor: Int32, on reactor: Reactor, _ answer: @escaping (String) -> Answer,
            _ closed: @escaping () -> Void
        ) {
            self.descriptor = descriptor
            self.reactor = reactor
            self.answer = answer
            self.closed = closed
        }

        func start() {
            do throws(SystemError) { try reactor.add(descriptor, for: .read, self) } catch { return end() }
            arm()
        }

        private func arm() {
            idle?.cancel()
            idle = reactor.schedule(after: HealthServer.idleTimeout) { [unowned(unsafe) self] in end() }
        }

        func ready(_ readiness: Readiness) {
            if readiness.contains(.read) { receive() }
            if isOpen { flush() }
            if isOpen, readiness.contains(.error) || readiness.contains(.hangup) { end() }
        }

        private func receive() {
            var chunk = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count == 0 || (count < 0 && cl_errno() != EAGAIN) { return end() }
            guard count > 0 else { return }
            arm()
            received += chunk[0..<count]
            while isOpen, !isLast, !received.isEmpty, next() {}
        }

        /// Answers one request; false when more bytes are needed.
        private func next() -> Bool {
            var parser = RequestParser()
            let progress = received.withUnsafeBytes {
                parser.parse(RawSpan(_unsafeBytes: $0), limits: HealthServer.limits)
            }
            switch progress {
            case .incomplete: return false
            case .failed:
                isLast = true
                say(Answer(status: 400, type: "text/plain", body: "This is no request.\n"), isHead: false)
            case .complete:
                let head = parser.head
                // Bodies mean nothing here: after one the connection is closed.
                isLast = !head.keepsAlive || head.framing != .none
                let target = received[Int(head.path.start)..<Int(head.path.end)]
                switch head.method {
                case .get, .head, .options:
                    say(answer(String(decoding: target, as: UTF8.self)), isHead: head.method != .get)
                default:
                    say(
                        Answer(status: 405, type: "text/plain", body: "GET, HEAD or OPTIONS.\n"),
                        isHead: false)
                }
                received.removeFirst(head.byteCount)
            }
            return true
        }

        private func say(_ answer: Answer, isHead: Bool) {
            var text = "HTTP/1.1 \(answer.status) \(Self.reason(answer.status))\r\n"
            text += "Content-Type: \(answer.type)\r\nContent-Length: \(answer.body.utf8.count)\r\n"
            text += "Cache-Control: no-store\r\n"
            if isLast { text += "Connection: close\r\n" }
            text += "\r\n"
            unsent += Array(text.utf8)
            if !isHead { unsent += Array(answer.body.utf8) }
        }

        private static func reason(_ status: Int) -> String {
            switch status {
            case 200: "OK"
            case 400: "Bad Request"
            case 404: "Not Found"
            case 405: "Method Not Allowed"
            default: "Service Unavailable"
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
            if unsent.isEmpty, isLast { return end() }
            reactor.modify(descriptor, for: unsent.isEmpty ? .read : [.read, .write])
        }

        private func end() {
            guard isOpen else { return }
            isOpen = false
            idle?.cancel()
            reactor.remove(descriptor)
            close(descriptor)
            closed()
        }
    }
}
