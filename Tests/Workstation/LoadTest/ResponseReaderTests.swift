import Testing

@testable import LoadTest

@Suite struct ResponseReaderTests {
    /// Reads a whole text in pieces of so many bytes, then the end of the connection when asked.
    private func read(_ text: String, pieces: Int = .max, end: Bool = false) -> ResponseReader.Progress {
        var reader = ResponseReader()
        let bytes = Array(text.utf8)
        var position = 0
        while position < bytes.count {
            let next = min(bytes.count, position + min(pieces, bytes.count))
            let progress = bytes[position..<next].withUnsafeBytes { reader.take($0) }
            if progress != .more { return next == bytes.count ? progress : .malformed }
            position = next
        }
        return end ? reader.end() : .more
    }

    static let whole: [(String, Int, String?, Bool)] = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, nil, true),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Served-By: nustler2\r\n\r\nhello", 200, "nustler2", true),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 19\r\n\r\n"
                + #"{"node":"nustler4"}"#, 200, "nustler4", true
        ),
        ("HTTP/1.1 503\r\nconnection: Close\r\ncontent-length: 2\r\n\r\nno", 503, nil, false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\n\r\n"
                + "7;x=y\r\n{\"node\"\r\n6\r\n:\"b1\"}\r\n0\r\nTrailer: x\r\n\r\n", 200, "b1", true
        ),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204, nil, true),
        ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, nil, false),
        ("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", 304, nil, true),
    ]

    @Test("answers are read, however their bytes are cut", arguments: whole)
    func answers(text: String, status: Int, node: String?, reusable: Bool) {
        let expected = ResponseReader.Progress.whole(.init(status: status, node: node, reusable: reusable))
        for pieces in [1, 2, 3, 7, 16, 1000] { #expect(read(text, pieces: pieces) == expected) }
    }

    @Test("an answer is not whole before its last byte", arguments: whole)
    func unfinished(text: String, status: Int, node: String?, reusable: Bool) {
        for count in 0..<text.utf8.count {
            #expect(read(String(decoding: text.utf8.prefix(count), as: UTF8.self)) == .more)
        }
    }

    @Test("a body without a length ends with the connection")
    func untilClose() {
        let text = "HTTP/1.1 200 OK\r\nX-Served-By: a\r\n\r\nhello"
        #expect(read(text, end: true) == .whole(.init(status: 200, node: "a", reusable: false)))
        #expect(read("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", end: true) == .more)
    }

    @Test(
        "what is not HTTP/1.1 is malformed",
        arguments: [
            "SSH-2.0-OpenSSH\r\n", "HTTP/2 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000 OK\r\n",
            "HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\r\nA : b\r\n", "HTTP/1.1 200 OK\r\n folded\r\n",
            "HTTP/1.1 200 OK\r\nnocolon\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 200 OK\r\n",
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "y", count: 17_000),
        ])
    func malformed(text: String) {
        #expect(read(text) == .malformed)
        #expect(read(text, pieces: 1) == .malformed)
    }

    @Test("a body of any size is counted and not kept")
    func largeBody() {
        let body = String(repeating: "z", count: 1 << 20)
        let text = "HTTP/1.1 200 OK\r\nContent-Length: \(1 << 20)\r\n\r\n\(body)"
        #expect(read(text, pieces: 65_536) == .whole(.init(status: 200, node: nil, reusable: true)))
    }

    @Test(
        "a status says how the request ended",
        arguments: [
            (200, Outcome.answered(node: "a")), (302, .answered(node: "a")), (404, .failed(.clientStatus)),
            (503, .failed(.serverStatus)),
        ])
    func outcomes(status: Int, outcome: Outcome) {
        #expect(ResponseReader.Answer(status: status, node: "a", reusable: true).outcome == outcome)
    }

    @Test("no bytes make it crash", arguments: 0..<200)
    func fuzz(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var bytes = Array(Self.whole[Int(random.next() % UInt64(Self.whole.count))].0.utf8)
        for _ in 0..<(1 + random.next() % 4) {
            let position = Int(random.next() % UInt64(bytes.count))
            switch random.next() % 3 {
            case 0: bytes[position] = UInt8(truncatingIfNeeded: random.next())
            case 1: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: position)
            default: bytes.remove(at: position)
            }
        }
        var whole = ResponseReader()
        let atOnce = bytes.withUnsafeBytes { whole.take($0) }
        var reader = ResponseReader()
        var last = ResponseReader.Progress.more
        for (index, byte) in bytes.enumerated() where last == .more {
            last = [byte].withUnsafeBytes { reader.take($0) }
            // Bytes behind a whole answer: read at once they are a violation.
            if case .whole = last, index < bytes.count - 1 { last = .malformed }
        }
        #expect(last == atOnce, "seed \(seed)")
    }
}
