import CLinux
import Foundation
import Reactor

/// A server behind the proxy: a thread a connection, each request answered by a closure.
final class Origin: @unchecked Sendable {
    /// Answers one request on its connection; false closes it.
    typealias Handler = @Sendable (_ request: Message, _ connection: Socket) -> Bool

    let port: UInt16
    private let listener: Int32
    private let lock = NSLock()
    private var counts = (connections: 0, requests: 0)

    /// Connections that were accepted.
    var connections: Int { lock.withLock { counts.connections } }
    /// Requests that arrived whole.
    var requests: Int { lock.withLock { counts.requests } }

    init(_ handler: @escaping Handler) throws {
        (listener, port) = try Self.listen()
        Thread.detachNewThread { [weak self, listener] in
            while true {
                let accepted = accept(listener, nil, nil)
                guard accepted >= 0, let self else { return }
                lock.withLock { counts.connections += 1 }
                // A descriptor may cross threads, a Socket stays where it is made.
                Thread.detachNewThread { self.serve(Socket(accepted), handler) }
            }
        }
    }

    /// Answers 200 with what `text` makes of the request.
    convenience init(text: @escaping @Sendable (Message) -> String) throws {
        try self.init { request, connection in
            let body = text(request)
            return connection.send(
                "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
        }
    }

    deinit { stop() }

    /// Takes no more connections: the port refuses. Those that exist go on.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve(_ connection: Socket, _ handler: Handler) {
        while let request = connection.readMessage() {
            lock.withLock { counts.requests += 1 }
            guard handler(request, connection) else { return }
        }
    }

    /// A listening socket on a free port of 127.0.0.1.
    static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = cl_listen_tcp("127.0.0.1", 0, 0, 0, 1024)
        guard descriptor >= 0 else { throw SystemError("listen", code: -descriptor) }
        _ = fcntl(descriptor, F_SETFL, 0)
        var address = cl_peer()
        cl_socket_address(descriptor, 0, &address)
        return (descriptor, address.port)
    }

    /// A port on which connections are refused as long as the descriptor is open: it is bound, so that nobody else gets it, and
    /// nobody listens.
    static func refuse() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var loopback = sockaddr_in()
        loopback.sin_family = sa_family_t(AF_INET)
        loopback.sin_addr.s_addr = cl_htonl(0x7F00_0001)
        let bound = withUnsafePointer(to: &loopback) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw SystemError("bind") }
        var address = cl_peer()
        cl_socket_address(descriptor, 0, &address)
        return (descriptor, address.port)
    }
}
