import CLinux
import Console
import Reactor

/// The socket over which the other roles of this node talk to control: a line of JSON each way, as long as they live.
///
/// It and its connections hold each other until `close`.
final class ClientServer: EventSource {
    /// Bytes that a line may have: a fact's value, escaped.
    static let lineLimit = 128 << 10
    /// Bytes that may wait to be sent to a client that does not read; then it is sent away.
    static let unsentLimit = 4 << 20
    /// The same for what may be dropped.
    static let lossyLimit = 256 << 10
    /// Clients at once.
    static let clientLimit = 64

    enum Event {
        case line([UInt8], from: UInt64)
        case gone(UInt64)
    }

    private let reactor: Reactor
    private let listener: UnixListener
    private let handler: (Event) -> Void
    private var clients: [UInt64: Client] = [:]
    private var next: UInt64 = 1

    init(on reactor: Reactor, path: String, _ handler: @escaping (Event) -> Void) throws(SystemError) {
        listener = try UnixListener(path, mode: 0o600, backlog: 16)
        self.reactor = reactor
        self.handler = handler
        try reactor.add(listener.descriptor, for: .read, self)
    }

    func close() {
        for client in clients.values { client.close() }
        clients = [:]
        reactor.remove(listener.descriptor)
        listener.close()
    }

    func send(_ line: String, to client: UInt64) { clients[client]?.send(line) }

    /// Drops the line when `lossyLimit` bytes wait: for what nobody counts on.
    func offer(_ line: String, to client: UInt64) {
        if let client = clients[client], client.unsentCount < Self.lossyLimit { client.send(line) }
    }

    func ready(_ readiness: Readiness) {
        while true {
            let descriptor = cl_accept4(listener.descriptor)
            guard descriptor >= 0 else { return }
            guard clients.count < Self.clientLimit else {
                CLinux.close(descriptor)
                continue
            }
            let number = next
            next += 1
            let client = Client(descriptor, on: reactor) { [unowned(unsafe) self] line in
                if let line { return handler(.line(line, from: number)) }
                clients[number] = nil
                handler(.gone(number))
            }
            clients[number] = client
            client.start()
        }
    }

    /// One client.
    private final class Client: EventSource {
        private let descriptor: Int32
        private let reactor: Reactor
        /// A line, or nil: it is gone.
        private let handler: ([UInt8]?) -> Void
        private var received: [UInt8] = []
        private var unsent: [UInt8] = []
        var unsentCount: Int { unsent.count }
        private var isOpen = true

        init(_ descriptor: Int32, on reactor: Reactor, _ handler: @escaping ([UInt8]?) -> Void) {
            self.descriptor = descriptor
            self.reactor = reactor
            self.handler = handler
        }

        func start() {
            do throws(SystemError) { try reactor.add(descriptor, for: .read, self) } catch { end() }
        }

        func ready(_ readiness: Readiness) {
            if readiness.contains(.read) { receive() }
            if isOpen, readiness.contains(.write) { flush() }
            if isOpen, readiness.contains(.error) || readiness.contains(.hangup) { end() }
        }

        private func receive() {
            var chunk = [UInt8](repeating: 0, count: 16 << 10)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 || (count < 0 && cl_errno() != EAGAIN) { return end() }
            guard count > 0 else { return }
            received.append(contentsOf: chunk[0..<count])
            while isOpen, let newline = received.firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(received[..<newline])
                received.removeFirst(newline + 1)
                handler(line)
            }
            if received.count > ClientServer.lineLimit { end() }
        }

        func send(_ line: String) {
            guard isOpen else { return }
            guard unsent.count < ClientServer.unsentLimit else { return end() }
            unsent.append(contentsOf: line.utf8)
            unsent.append(UInt8(ascii: "\n"))
            flush()
        }

        private func flush() {
            while !unsent.isEmpty {
                let count = unsent.withUnsafeBytes {
                    CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { break }
                unsent.removeFirst(count)
            }
            reactor.modify(descriptor, for: unsent.isEmpty ? .read : [.read, .write])
        }

        private func end() {
            guard isOpen else { return }
            close()
            handler(nil)
        }

        func close() {
            guard isOpen else { return }
            isOpen = false
            reactor.remove(descriptor)
            CLinux.close(descriptor)
        }
    }
}
