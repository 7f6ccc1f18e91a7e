import JSON

/// Reads one HTTP/1.1 answer as its bytes come, strictly (RFC 9112): status, framing, and which node says that it
/// gave the answer. The body is counted, and kept only as far as the node's name may be in it.
public struct ResponseReader: Sendable {
    /// What is known after some bytes.
    public enum Progress: Sendable, Equatable {
        /// The answer is not whole yet.
        case more
        /// The answer is whole.
        case whole(Answer)
        /// This is not HTTP/1.1.
        case malformed
    }

    /// A whole answer.
    public struct Answer: Sendable, Equatable {
        /// The status code, 200 to 999: interim answers are skipped.
        public var status: Int
        /// The `node` of a JSON body, else the header `X-Served-By`.
        public var node: String?
        /// Whether the connection may carry another request.
        public var reusable: Bool

        /// How the request ended, then.
        public var outcome: Outcome {
            switch status {
            case ..<400: .answered(node: node)
            case ..<500: .failed(.clientStatus)
            default: .failed(.serverStatus)
            }
        }
    }

    /// The longest head, and the longest line of a chunked body, that is read.
    public static let headLimit = 16 * 1024
    /// How much of a body is looked at for the node's name.
    public static let bodyKept = 4 * 1024

    private enum State: Sendable {
        case head
        case length(remaining: Int)
        case chunkSize
        case chunk(remaining: Int)
        case chunkEnd
        case trailer
        case untilClose
    }

    private var state = State.head
    private var line: [UInt8] = []
    private var headBytes = 0
    private var head = Head()
    private var statusSeen = false
    private var body: [UInt8] = []

    private struct Head: Sendable {
        var status = 0
        var length: Int?
        var chunked = false
        var close = false
        var node: String?
        var json = false
    }

    /// Ready for the first byte of an answer.
    public init() {}

    /// Whether any byte of the answer has come.
    public var hasBegun: Bool { statusSeen || headBytes > 0 }

    /// The server will send no more.
    public func end() -> Progress {
        if case .untilClose = state { return .whole(answer(reusable: false)) }
        return .more
    }

    /// Takes bytes as they came.
    public mutating func take(_ bytes: UnsafeRawBufferPointer) -> Progress {
        var position = 0
        while position < bytes.count {
            switch state {
            case .head, .chunkSize, .chunkEnd, .trailer:
                let byte = bytes[position]
                position += 1
                headBytes += 1
                guard headBytes <= Self.headLimit else { return .malformed }
                guard byte == 0x0A else {
                    line.append(byte)
                    continue
                }
                guard line.last == 0x0D else { return .malformed }
                line.removeLast()
                guard !line.contains(0x0D), !line.contains(0) else { return .malformed }
                let done = endLine()
                line.removeAll(keepingCapacity: true)
                switch done {
                case .more: continue
                case .malformed: return .malformed
                // Nothing was asked for that could come behind the answer.
                case .whole(let answer): return position == bytes.count ? .whole(answer) : .malformed
                }
            case .length(let remaining):
                let taken = min(remaining, bytes.count - position)
                keep(bytes, position, taken)
                position += taken
                if taken == remaining {
                    return position == bytes.count ? .whole(answer(reusable: !head.close)) : .malformed
                }
                state = .length(remaining: remaining - taken)
            case .chunk(let remaining):
                let taken = min(remaining, bytes.count - position)
                keep(bytes, position, taken)
                position += taken
                headBytes = 0
                state = taken == remaining ? .chunkEnd : .chunk(remaining: remaining - taken)
            case .untilClose:
                keep(bytes, position, bytes.count - position)
                position = bytes.count
            }
        }
        return .more
    }

    private mutating func keep(_ bytes: UnsafeRawBufferPointer, _ position: Int, _ count: Int) {
        let wanted = min(count, Self.bodyKept - body.count)
        if wanted > 0 { body.append(contentsOf: bytes[position..<position + wanted]) }
    }

    private mutating func endLine() -> Progress {
        switch state {
        case .head:
            if !statusSeen { return statusLine() ? .more : .malformed }
            if line.isEmpty { return endHead() }
            return field() ? .more : .malformed
        case .chunkSize:
            guard let size = chunkSize() else { return .malformed }
            state = size == 0 ? .trailer : .chunk(remaining: size)
            return .more
        case .chunkEnd:
            state = .chunkSize
            return line.isEmpty ? .more : .malformed
        case .trailer:
            return line.isEmpty ? .whole(answer(reusable: !head.close)) : .more
        case .length, .chunk, .untilClose:
            return .malformed
        }
    }

    /// `HTTP/1.1 200 OK` (RFC 9112 section 4); HTTP/1.0 closes unless told otherwise, which is not asked for here.
    private mutating func statusLine() -> Bool {
        guard line.count >= 12, line.starts(with: "HTTP/1.".utf8), line[7] == 0x30 || line[7] == 0x31,
            line[8] == 0x20, line.count == 12 || line[12] == 0x20
        else { return false }
        var status = 0
        for byte in line[9..<12] {
            guard (0x30...0x39).contains(byte) else { return false }
            status = status * 10 + Int(byte - 0x30)
        }
        guard status >= 100 else { return false }
        head = Head(status: status, close: line[7] == 0x30)
        statusSeen = true
        return true
    }

    private mutating func field() -> Bool {
        // No obsolete line folding, no blank before the colon (RFC 9112 section 5).
        guard let colon = line.firstIndex(of: 0x3A), colon > 0,
            line[..<colon].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return false }
        let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
        let value = String(decoding: line[(colon + 1)...], as: UTF8.self)
            .trimmingBlanks
        switch name {
        case "content-length":
            guard !value.isEmpty, value.utf8.count <= 18,
                value.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let length = Int(value), head.length == nil || head.length == length
            else { return false }
            head.length = length
        case "transfer-encoding":
            guard value.lowercased() == "chunked", !head.chunked else { return false }
            head.chunked = true
        case "connection":
            for token in value.lowercased().split(separator: ",") where token.trimmingBlanks == "close" {
                head.close = true
            }
        case "content-type":
            head.json = value.lowercased().hasPrefix("application/json")
        case "x-served-by":
            head.node = value
        default: break
        }
        return true
    }

    private mutating func endHead() -> Progress {
        headBytes = 0
        if (100..<200).contains(head.status) {
            // An interim answer: the real one follows (RFC 9110 section 15.2).
            guard head.status != 101 else { return .malformed }
            statusSeen = false
            return .more
        }
        if head.chunked {
            guard head.length == nil else { return .malformed }
            state = .chunkSize
        } else if head.status == 204 || head.status == 304 {
            return .whole(answer(reusable: !head.close))
        } else if let length = head.length {
            if length == 0 { return .whole(answer(reusable: !head.close)) }
            state = .length(remaining: length)
        } else {
            state = .untilClose
        }
        return .more
    }

    /// Hexadecimal digits, perhaps an extension behind a semicolon (RFC 9112 section 7.1).
    private func chunkSize() -> Int? {
        let digits = line.prefix { $0 != 0x3B && $0 != 0x20 && $0 != 0x09 }
        guard (1...15).contains(digits.count) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self), radix: 16).flatMap { $0 < 0 ? nil : $0 }
    }

    private func answer(reusable: Bool) -> Answer {
        var node = head.node
        if head.json, let document = try? JSONValue.parse(body), let named = document["node"]?.text {
            node = named
        }
        return Answer(status: head.status, node: node, reusable: reusable)
    }
}

extension StringProtocol {
    /// Without blanks and tabs at both ends.
    var trimmingBlanks: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) })
        else {
            return ""
        }
        return String(self[first...last])
    }
}
