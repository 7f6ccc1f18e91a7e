import CLinux
import Foundation

/// One HTTP GET over a socket of our own, bound to a lab's bridge: what health gates and smoke tests ask with.
/// Nothing that chooses its own route (curl, URLSession) is used for a lab.
public struct HTTPProbe: Sendable {
    /// What came back.
    public struct Answer: Sendable, Equatable {
        /// The status code, 100 to 999.
        public var status: Int
        /// The body, as far as `bodyLimit`, decoded as UTF-8.
        public var body: String
    }

    /// Why there is no answer, as half a sentence: `connection refused`.
    public struct Failure: Error, Sendable, Equatable {
        /// What happened.
        public var reason: String
    }

    /// Bytes of an answer that are kept; more is not read.
    public static let answerLimit = 1 << 20
    /// How long one request may take unless told otherwise.
    public static let defaultTimeout: Duration = .seconds(3)

    /// `http://HOST[:PORT][/PATH][?QUERY]`; HOST is an IPv4 address.
    public var url: String
    /// The interface that the socket is bound to, or nil.
    public var device: String?
    /// From the connect to the last byte.
    public var timeout: Duration

    /// A request that has not been sent.
    public init(_ url: String, device: String?, timeout: Duration = HTTPProbe.defaultTimeout) {
        self.url = url
        self.device = device
        self.timeout = timeout
    }

    /// Sends the request and waits for the whole answer.
    public func get() throws(Failure) -> Answer {
        let (host, port, path) = try target()
        let deadline = ContinuousClock.now + timeout
        let descriptor = cl_connect_tcp(host, port, device)
        guard descriptor >= 0 else { throw failure(-descriptor) }
        defer { close(descriptor) }
        try wait(descriptor, POLLOUT, until: deadline)
        let code = abs(cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR))
        guard code == 0 else { throw failure(code) }
        let request = Array(
            "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: pidep\r\nConnection: close\r\n\r\n".utf8)
        guard send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw failure(cl_errno())
        }
        return try Self.parse(try receive(descriptor, until: deadline))
    }

    func target() throws(Failure) -> (host: String, port: UInt16, path: String) {
        guard let parts = URLComponents(string: url), parts.scheme == "http", let host = parts.host,
            let port = UInt16(exactly: parts.port ?? 80)
        else { throw Failure(reason: "\"\(url)\" is not a URL of the form http://ADDRESS[:PORT]/PATH") }
        var path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        if let query = parts.percentEncodedQuery { path += "?\(query)" }
        return (host, port, path)
    }

    private func receive(_ descriptor: Int32, until deadline: ContinuousClock.Instant) throws(Failure)
        -> [UInt8]
    {
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while received.count < Self.answerLimit {
            try wait(descriptor, POLLIN, until: deadline)
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count == 0 { break }
            if count > 0 {
                received.append(contentsOf: chunk[0..<count])
            } else if cl_errno() != EAGAIN {
                // What came before a reset still counts when it is a whole answer.
                guard received.isEmpty else { break }
                throw failure(cl_errno())
            }
        }
        return received
    }

    private func wait(_ descriptor: Int32, _ events: Int32, until deadline: ContinuousClock.Instant)
        throws(Failure)
    {
        let left = (deadline - .now).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        guard milliseconds > 0, poll(&entry, 1, Int32(clamping: milliseconds)) > 0 else {
            throw Failure(
                reason: "no answer within \(timeout.formatted(.units(allowed: [.seconds, .milliseconds])))")
        }
    }

    private func failure(_ code: Int32) -> Failure {
        Failure(reason: String(cString: cl_strerror(code)).lowercased())
    }

    static func parse(_ bytes: [UInt8]) throws(Failure) -> Answer {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else {
            throw Failure(
                reason: bytes.isEmpty ? "the connection was closed without an answer" : "half an answer")
        }
        let head = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let words = head[0].split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]),
            (100...999) ~= status
        else { throw Failure(reason: "what answers does not speak HTTP/1") }
        let fields = head.dropFirst().map { $0.lowercased() }
        var body = String(text[end.upperBound...])
        if fields.contains(where: { $0.hasPrefix("transfer-encoding:") && $0.contains("chunked") }) {
            body = try dechunked(Array(body.utf8))
        } else if let length = fields.first(where: { $0.hasPrefix("content-length:") })
            .flatMap({ Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) }),
            body.utf8.count < min(length, Self.answerLimit - text[..<end.upperBound].utf8.count)
        {
            throw Failure(reason: "the answer ended after \(body.utf8.count) of \(length) bytes")
        }
        return Answer(status: status, body: body)
    }

    private static func dechunked(_ bytes: [UInt8]) throws(Failure) -> String {
        var body: [UInt8] = []
        var rest = bytes[...]
        while let line = rest.firstIndex(of: 13) {
            let digits = String(decoding: rest[..<line].prefix { $0 != UInt8(ascii: ";") }, as: UTF8.self)
            guard let size = Int(digits, radix: 16), size >= 0 else { break }
            if size == 0 { return String(decoding: body, as: UTF8.self) }
            let start = line + 2
            guard start <= rest.endIndex, size <= rest.endIndex - start else { break }
            body += rest[start..<start + size]
            rest = rest[min(start + size + 2, rest.endIndex)...]
        }
        throw Failure(reason: "the answer ended in the middle of a chunk")
    }
}
