import Testing

@testable import HTTP1

@Suite struct ResponseParserTests {
    func parse(_ text: String) -> (progress: HeadProgress, head: ResponseHead) {
        var parser = ResponseParser()
        let bytes = Array(text.utf8)
        let progress = parser.parse(bytes.span.bytes, limits: HeadLimits())
        return (progress, parser.head)
    }

    @Test(
        "an answer that breaks a rule is refused with that rule",
        arguments: [
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                .transferEncodingAndContentLength
            ),
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n", .severalContentLengths),
            ("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", .foldedLine),
            ("HTTP/1.1 200 OK\nA: b\n\n", .bareLineFeed),
            ("HTTP/1.1 20 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/2.0 200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 600 No\r\n\r\n", .malformedStatusLine), ("ICY 200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", .unsupportedTransferEncoding),
        ] as [(String, Violation)])
    func refused(_ text: String, _ violation: Violation) {
        #expect(parse(text).progress == .failed(violation))
    }

    @Test("how a body ends follows what was asked and answered")
    func framing() {
        let long = parse("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n").head
        #expect(long.framing(answering: .get) == .length(7))
        #expect(long.framing(answering: .head) == .none)
        #expect(parse("HTTP/1.1 204 No\r\nContent-Length: 7\r\n\r\n").head.framing(answering: .get) == .none)
        #expect(parse("HTTP/1.1 304 No\r\nContent-Length: 7\r\n\r\n").head.framing(answering: .get) == .none)
        #expect(parse("HTTP/1.1 200\r\n\r\n").head.framing(answering: .get) == .untilClose)
        #expect(
            parse("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").head.framing(answering: .get)
                == .chunked)
        #expect(parse("HTTP/1.1 100 Continue\r\n\r\n").head.isInterim)
        #expect(!parse("HTTP/1.1 101 Switching\r\n\r\n").head.isInterim)
    }
}
