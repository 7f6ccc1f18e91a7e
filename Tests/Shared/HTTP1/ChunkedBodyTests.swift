import Testing

@testable import HTTP1

@Suite struct ChunkedBodyTests {
    /// Feeds pieces of the given size; returns what is left for the receiver, what was consumed, and the rule.
    func walk(_ text: String, _ output: ChunkedBody.Output = .chunks, piece: Int = 1 << 20)
        -> (kept: String, consumed: Int, violation: Violation?, isFinished: Bool)
    {
        var body = ChunkedBody(output)
        var kept: [UInt8] = []
        var consumed = 0
        let bytes = Array(text.utf8)
        while consumed < bytes.count, !body.isFinished {
            var part = Array(bytes[consumed..<min(consumed + piece, bytes.count)])
            let result = part.withUnsafeMutableBytes { body.take($0) }
            kept += part[..<result.kept]
            consumed += result.consumed
            if let violation = result.violation {
                return (String(decoding: kept, as: UTF8.self), consumed, violation, false)
            }
        }
        return (String(decoding: kept, as: UTF8.self), consumed, nil, body.isFinished)
    }

    @Test("extensions and trailers stay here, whatever the pieces", arguments: 1...20)
    func pieces(_ piece: Int) {
        let text = "5;a=b\r\nHello\r\n3\r\n wo\r\n0;x\r\nTrailer: gone\r\n\r\nnext"
        let chunks = walk(text, piece: piece)
        #expect(chunks.kept == "5\r\nHello\r\n3\r\n wo\r\n0\r\n\r\n")
        #expect(chunks.consumed == text.utf8.count - 4)
        #expect(chunks.isFinished)
        #expect(walk(text, .data, piece: piece).kept == "Hello wo")
    }

    @Test(
        "a chunk that breaks a rule is refused",
        arguments: [
            ("+5\r\nHello\r\n", .invalidChunkSize), ("0x5\r\nHello\r\n", .invalidChunkSize),
            ("5_0\r\n", .invalidChunkSize), (" 5\r\nHello\r\n", .invalidChunkSize),
            ("5 \r\nHello\r\n", .invalidChunkSize), ("\r\n", .invalidChunkSize),
            ("00000000000005\r\n", .chunkTooLarge), ("5\nHello\r\n", .invalidChunkSize),
            ("5\r\nHello\n", .malformedChunk), ("5\r\nHelloX\r\n", .malformedChunk),
            ("5;\(String(repeating: "a", count: 64))\r\n", .chunkExtensionTooLong),
            ("5;a\nb\r\n", .invalidChunkSize), ("0\r\nX: a\n\r\n", .malformedTrailer),
            ("0\r\n fold\r\n\r\n", .malformedTrailer),
            ("0\r\nX: \(String(repeating: "a", count: 4096))", .trailerTooLarge),
        ] as [(String, Violation)])
    func refused(_ text: String, _ violation: Violation) {
        #expect(walk(text).violation == violation)
    }

    @Test("thirteen digits and sixty-three bytes of extension are still taken")
    func limits() {
        #expect(walk("0000000000005\r\nHello\r\n0\r\n\r\n").isFinished)
        #expect(walk("5;\(String(repeating: "a", count: 63))\r\nHello\r\n0\r\n\r\n").isFinished)
    }
}
