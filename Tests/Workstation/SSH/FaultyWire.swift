import CLinux
import Foundation

/// A wire between a client and a server that delays, cuts or corrupts after some bytes, in one direction or the other.
final class FaultyWire: @unchecked Sendable {
    enum Fault: Equatable {
        case none
        /// Nothing for a while, once.
        case delay(milliseconds: UInt32)
        /// Both sides see the connection end.
        case cut
        /// One byte becomes another.
        case corrupt
        /// Nothing more comes through, and nobody is told.
        case silence
    }

    let port: UInt16
    private let listener: Int32
    private let server: UInt16
    private let fault: Fault
    /// Bytes from the server until the fault.
    private let after: Int
    private let lock = NSLock()
    private var isOver = false

    init(to server: UInt16, _ fault: Fault, after: Int) throws {
        self.server = server
        self.fault = fault
        self.after = after
        port = try TestServer.freePort()
        listener = cl_listen_tcp("127.0.0.1", port, 0, 0, 8)
        guard listener >= 0 else { throw NotListening() }
        Thread.detachNewThread { [self] in accept() }
    }

    deinit { close(listener) }

    /// Ends the threads of this wire.
    func end() { lock.withLock { isOver = true } }

    private var over: Bool { lock.withLock { isOver } }

    private func accept() {
        while !over {
            guard cl_poll(listener, Int32(POLLIN), 50) > 0 else { continue }
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { continue }
            let upstream = cl_connect_tcp("127.0.0.1", server, nil)
            _ = cl_poll(upstream, Int32(POLLOUT), 1000)
            _ = fcntl(client, F_SETFL, fcntl(client, F_GETFL) | O_NONBLOCK)
            Thread.detachNewThread { [self] in carry(client, upstream) }
        }
    }

    private func carry(_ client: Int32, _ upstream: Int32) {
        var left = after
        var done = false
        var chunk = [UInt8](repeating: 0, count: 4096)
        while !over {
            var moved = false
            for (from, to) in [(client, upstream), (upstream, client)] {
                let count = read(from, &chunk, chunk.count)
                if count == 0 { return finish(client, upstream) }
                guard count > 0 else { continue }
                moved = true
                left -= count
                if left <= 0, !done {
                    done = true
                    switch fault {
                    case .none: break
                    case .delay(let milliseconds): usleep(milliseconds * 1000)
                    case .cut: return finish(client, upstream)
                    case .corrupt: chunk[count / 2] ^= 0x41
                    case .silence:
                        while !over { usleep(10_000) }
                        return finish(client, upstream)
                    }
                }
                var sent = 0
                while sent < count, !over {
                    // A side that has hung up is no reason for this process to end (SIGPIPE).
                    let more = chunk.withUnsafeBytes {
                        send(to, $0.baseAddress! + sent, count - sent, Int32(MSG_NOSIGNAL))
                    }
                    if more > 0 {
                        sent += more
                    } else if cl_errno() == EAGAIN {
                        usleep(500)
                    } else {
                        return finish(client, upstream)
                    }
                }
            }
            if !moved { usleep(500) }
        }
        finish(client, upstream)
    }

    private func finish(_ client: Int32, _ upstream: Int32) {
        close(client)
        close(upstream)
    }
}
