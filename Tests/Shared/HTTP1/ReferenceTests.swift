import Testing

@testable import HTTP1

/// The rules once more, as plainly as they can be written: slow, without offsets, one after the other.
private struct PlainRequest {
    enum Framing: Equatable {
        case none
        case chunked
        case length(Int64)
    }

    var framing: Framing = .none

    private static let tokenBytes = Set(
        "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)

    private static func isToken(_ text: [UInt8]) -> Bool {
        !text.isEmpty && text.allSatisfy { tokenBytes.contains($0) }
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        let isBlank: (UInt8) -> Bool = { $0 == 32 || $0 == 9 }
        return Array(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }

    private static func lowercase(_ text: [UInt8]) -> String {
        String(decoding: text, as: UTF8.self).lowercased()
    }

    /// Nil when a rule is broken. Only for heads whose target is in origin form.
    init?(_ bytes: [UInt8]) {
        var lines: [[UInt8]] = [[]]
        for byte in bytes {
            if byte == 10 {
                guard lines[lines.count - 1].popLast() == 13 else { return nil }
                lines.append([])
            } else {
                lines[lines.count - 1].append(byte)
            }
        }
        guard lines.count >= 3, lines.removeLast().isEmpty, lines.removeLast().isEmpty else { return nil }
        if lines.first?.isEmpty == true { lines.removeFirst() }
        guard !lines.isEmpty, !lines.contains(where: { $0.isEmpty || $0.contains(13) }) else { return nil }

        let start = lines.removeFirst().split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        guard start.count == 3, Self.isToken(start[0]), start[0] != Array("CONNECT".utf8),
            start[1].allSatisfy({ $0 > 32 && $0 < 127 && $0 != 35 })
        else { return nil }
        let version = String(decoding: start[2], as: UTF8.self)
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else { return nil }

        var hosts: [[UInt8]] = []
        var lengths: [[UInt8]] = []
        var codings: [[UInt8]] = []
        guard lines.count <= 100 else { return nil }
        for line in lines {
            guard let colon = line.firstIndex(of: 58), Self.isToken(Array(line[..<colon])) else { return nil }
            let raw = Array(line[(colon + 1)...])
            guard raw.allSatisfy({ $0 == 9 || $0 >= 32 && $0 != 127 }) else { return nil }
            let value = Self.trimmed(raw)
            let elements = value.split(separator: 44, omittingEmptySubsequences: false).map {
                Self.trimmed(Array($0))
            }
            switch Self.lowercase(Array(line[..<colon])) {
            case "host": hosts.append(value)
            case "content-length": lengths.append(value)
            case "transfer-encoding": codings += elements
            case "expect": guard Self.lowercase(value) == "100-continue" else { return nil }
            case "connection":
                for option in elements where !option.isEmpty {
                    guard Self.isToken(option),
                        !["host", "content-length", "transfer-encoding"].contains(Self.lowercase(option))
                    else { return nil }
                }
            default: break
            }
        }
        guard hosts.count <= 1, hosts.count == 1 || version == "HTTP/1.0", lengths.count <= 1 else {
            return nil
        }
        if let host = hosts.first {
            // Enough for the names that the mutations below can make.
            let parts = host.split(separator: 58, omittingEmptySubsequences: false)
            let isName =
                !(parts.first ?? []).isEmpty && host.allSatisfy { Octets.isHost($0) && $0 != 91 && $0 != 93 }
            guard isName, parts.count <= 2, parts.count < 2 || parts[1].count <= 5,
                parts.count < 2 || parts[1].allSatisfy({ $0 >= 48 && $0 <= 57 })
            else { return nil }
        }
        if !codings.isEmpty {
            guard lengths.isEmpty, version == "HTTP/1.1", codings.map(Self.lowercase) == ["chunked"] else {
                return nil
            }
            framing = .chunked
        }
        if let length = lengths.first {
            guard !length.isEmpty, length.allSatisfy({ $0 >= 48 && $0 <= 57 }),
                length.count == 1 || length[0] != 48,
                let number = Int64(String(decoding: length, as: UTF8.self)), number <= 1 << 53
            else { return nil }
            framing = number == 0 ? .none : .length(number)
        }
    }
}

@Suite struct ReferenceTests {
    @Test("the parser takes and refuses the same heads as the rules written down plainly")
    func agreement() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(state: seed)
        let bases = [
            request("Content-Length: 5\r\nConnection: a, b\r\nX_Y: z\r\n", line: "POST /x HTTP/1.1"),
            request("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", line: "POST /x HTTP/1.1"),
            "\r\nGET /a?b HTTP/1.0\r\nConnection: close\r\n\r\n",
        ].map { Array($0.utf8) }
        let pieces = [
            "\r\n", "\r", "\n", "\0", ":", " ", "\t", ",", ";", "/", "0", "5", "+", "x", "_", "\u{7f}", "é",
            "chunked", ", chunked",
            "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Host: b\r\n",
            "\r\n x",
        ].map { Array($0.utf8) }
        var accepted = 0
        for round in 0..<20_000 {
            var bytes = bases[round % bases.count]
            for _ in 0..<Int.random(in: 1...2, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                let piece = pieces.randomElement(using: &generator) ?? []
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes.replaceSubrange(place...place, with: piece)
                case 1: bytes.insert(contentsOf: piece, at: place)
                default: bytes.remove(at: place)
                }
            }
            // A head that ends early leaves the rest to the next message: that is another test's business.
            let (progress, head) = parse(bytes)
            if progress == .incomplete { continue }
            let whole = progress == .complete ? Array(bytes[..<head.byteCount]) : bytes
            let plain = PlainRequest(whole)
            let text = String(decoding: bytes, as: UTF8.self)
            if progress == .complete {
                accepted += 1
                // Targets in other forms have their own tests.
                if bytes[head.target.lower] != 0x2F { continue }
                #expect(plain != nil, "seed \(seed), round \(round): accepted \(text.debugDescription)")
                guard let plain else { continue }
                let same: Bool
                switch head.framing {
                case .none: same = plain.framing == .none
                case .chunked: same = plain.framing == .chunked
                case .length(let length): same = plain.framing == .length(length)
                case .untilClose: same = false
                }
                #expect(same, "seed \(seed), round \(round): framing of \(text.debugDescription)")
            } else {
                // The parser stops at the first fault; a plain reading of what comes before must fail too.
                let isOther = Self.hasOtherTarget(bytes)
                #expect(
                    isOther || plain == nil || Self.endsEarly(bytes),
                    "seed \(seed), round \(round): refused \(text.debugDescription)")
            }
        }
        #expect(accepted > 1000, "seed \(seed)")
    }

    /// Whether the target does not begin with `/`, which the plain rules do not look at.
    private static func hasOtherTarget(_ bytes: [UInt8]) -> Bool {
        let line = bytes.drop(while: { $0 == 13 || $0 == 10 }).split(
            separator: 32, omittingEmptySubsequences: false)
        return line.count < 2 || line[1].first != 0x2F
    }

    /// Whether an empty line stands before the end, so that the head is shorter than the bytes.
    private static func endsEarly(_ bytes: [UInt8]) -> Bool {
        guard bytes.count > 4 else { return true }
        for index in 2..<(bytes.count - 4) where Array(bytes[index..<(index + 4)]) == [13, 10, 13, 10] {
            return true
        }
        return false
    }
}
