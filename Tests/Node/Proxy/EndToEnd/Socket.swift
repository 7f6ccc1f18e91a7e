import CLinux
import Foundation
import Reactor

/// A TCP connection as a test drives it: blocking, and no call waits longer than `patience`.
final class Socket {
    /// How long a call may wait before the test fails.
    static let patience: TimeInterval = 20

    let descriptor: Int32
    private var received: [UInt8] = []

    /// A connection that is open already, such as an accepted one.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, 0)
        var limit = timeval(tv_sec: Int(Self.patience), tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
    }

    /// Connects to 127.0.0.1, or only begins to unless it `waits`. A small `receiveBuffer` makes a client that stops reading felt soon.
    convenience init(port: UInt16, receiveBuffer: Int32? = nil, waits: Bool = true) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemError("socket") }
        if var size = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        if !waits { _ = fcntl(descriptor, F_SETFL, O_NONBLOCK) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let failed = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) != 0
            }
        }
        if failed, waits || errno != EINPROGRESS {
            let error = SystemError("connect")
            close(descriptor)
            throw error
        }
        self.init(descriptor)
    }

    deinit { close(descriptor) }

    /// Whether a connection that was begun is there within so many milliseconds.
    func isConnected(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, milliseconds) == 1 && entry.revents == Int16(POLLOUT)
    }

    /// Writes all of it; false when the other end is gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    /// No more comes from this end.
    func endOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Some more bytes into the buffer; false at the end, an error or after `patience`.
    private func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        received += chunk[..<count]
        return true
    }

    /// Bytes up to and with the first `end`, or nil when the connection ends before it.
    func read(upTo end: String) -> String? {
        let end = Array(end.utf8)
        var looked = 0
        while true {
            var at = looked
            while at + end.count <= received.count {
                if received[at..<(at + end.count)].elementsEqual(end) {
                    let text = String(decoding: received[..<(at + end.count)], as: UTF8.self)
                    received.removeFirst(at + end.count)
                    return text
                }
                at += 1
            }
            looked = at
            guard fill() else { return nil }
        }
    }

    /// Exactly so many bytes, or those before the connection's end.
    func read(_ count: Int) -> [UInt8] {
        while received.count < count, fill() {}
        let bytes = Array(received.prefix(count))
        received.removeFirst(bytes.count)
        return bytes
    }

    /// Everything until the other end closes.
    func readToEnd() -> [UInt8] {
        while fill() {}
        defer { received = [] }
        return received
    }

    /// A chunked body (RFC 9112, section 7.1) with its last chunk; nil when it breaks off.
    func readChunks() -> [UInt8]? {
        var body: [UInt8] = []
        while true {
            guard let line = read(upTo: "\r\n"),
                let size = Int(line.trimmingCharacters(in: .newlines), radix: 16)
            else {
                return nil
            }
            let chunk = read(size + 2)
            guard chunk.count == size + 2 else { return nil }
            if size == 0 { return body }
            body += chunk.dropLast(2)
        }
    }
}

/// A head and a body, of a request or of a response.
struct Message {
    /// The request line or the status line.
    var start: String
    /// Field lines; names in lower case.
    var fields: [(name: String, value: String)]
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The status code of a response, 0 for what is none.
    var status: Int {
        let words = start.split(separator: " ")
        return words.count > 1 ? Int(words[1]) ?? 0 : 0
    }

    /// A request's path.
    var path: String { start.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

    /// The first field of a name.
    subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}

extension Socket {
    /// The next message; nil when the connection ends before it is whole. A response without a length goes to the end
    /// of the connection, a request without one has no body.
    func readMessage() -> Message? {
        guard let head = read(upTo: "\r\n\r\n") else { return nil }
        var lines = head.components(separatedBy: "\r\n").filter { !$0.isEmpty }
        var message = Message(start: lines.removeFirst(), fields: [], body: [])
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            message.fields.append((parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces)))
        }
        if message["transfer-encoding"] == "chunked" {
            guard let body = readChunks() else { return nil }
            message.body = body
        } else if let size = message["content-length"].flatMap({ Int($0) }) {
            message.body = read(size)
            if message.body.count < size { return nil }
        } else if message.start.hasPrefix("HTTP/") {
            message.body = readToEnd()
        }
        return message
    }

    /// Sends a request and reads its response.
    func ask(_ path: String, _ fields: String = "") -> Message? {
        send("GET \(path) HTTP/1.1\r\nHost: test\r\n\(fields)\r\n")
        return readMessage()
    }
}
