import Testing

@testable import HTTP1

/// What section 2 of the strictness table asks beyond one rule a request: limits at, below and above, what passes,
/// and what the next hop would be told.
@Suite struct StrictnessTests {
    @Test(
        "spellings of framing fields that another reader could take differently are refused",
        arguments: [
            (
                request("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
                .unsupportedTransferEncoding
            ),
            (request("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: \"chunked\"\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: chunked,\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: xchunked\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: identity\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: \u{b}chunked\r\n"), .controlByte),
            (request("Transfer-Encoding\u{b}: chunked\r\n"), .invalidFieldName),
            (request("Transfer-Encoding : chunked\r\n"), .blankBeforeColon),
            (request("Transfer-Encoding:\r\n chunked\r\n"), .invalidTransferEncoding),
            (request("Content-Length: 5 5\r\n"), .invalidContentLength),
            (request("Content-Length: 5;\r\n"), .invalidContentLength),
            (request("Content-Length: 5.0\r\n"), .invalidContentLength),
            (request("Content-Length: 5e1\r\n"), .invalidContentLength),
            (request("Content-Length: ٥\r\n"), .invalidContentLength),
            (request("Content-Length: 00\r\n"), .invalidContentLength),
            (request("Content-Length: 5\r\nContent-Length:\r\n"), .severalContentLengths),
            (request("content-length: 5\r\nCONTENT-LENGTH: 5\r\n"), .severalContentLengths),
            (
                request("Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
                .transferEncodingAndContentLength
            ),
            (request("Content-Length: 18446744073709551621\r\n"), .contentLengthTooLarge),
            (request("Content-Length: 99999999999999999999x\r\n"), .invalidContentLength),
            (request("X: a\r\r\n"), .bareCarriageReturn),
            (request("\rX: a\r\n"), .bareCarriageReturn),
            ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", .foldedLine),
            ("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", .malformedVersion),
            ("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .bareLineFeed),
            ("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", .malformedRequestLine),
            (" GET / HTTP/1.1\r\nHost: a\r\n\r\n", .invalidMethod),
            ("PRI * HTTP/2.0\r\n\r\n", .unsupportedVersion),
            (request("", line: "GET http://user@a.example/ HTTP/1.1"), .invalidTarget),
            (request("", line: "GET http:///x HTTP/1.1"), .invalidTarget),
            (request("", line: "GET //a.example\u{0}/ HTTP/1.1"), .nulByte),
            (request("", line: "POST * HTTP/1.1"), .asteriskTarget),
            (request("", line: "GET https://a.example:80/ HTTP/1.1"), .targetAndHostDiffer),
            (request("Connection: close, Transfer-Encoding\r\n"), .framingFieldInConnection),
            (request("Expect: 100-continue, x\r\n"), .unsupportedExpectation),
            ("GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: a.example:80a\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", .invalidHost),
        ] as [(String, Violation)])
    func refused(_ text: String, _ violation: Violation) {
        #expect(parse(text).progress == .failed(violation))
    }

    @Test(
        "what is plain and legal passes",
        arguments: [
            (request("Transfer-Encoding: Chunked\r\n"), .chunked),
            (request("Transfer-Encoding:\t chunked \t\r\n"), .chunked),
            (request("Content-Length:5\r\n"), .length(5)),
            (request("Content-Length: \t5 \r\n"), .length(5)),
            (request("Content-Length: 0\r\n"), .none),
            (request("Content-Length: 9007199254740992\r\n"), .length(9_007_199_254_740_992)),
            (request("Expect: 100-Continue\r\nContent-Length: 1\r\n"), .length(1)),
            (request("Connection: ,, close ,\r\n"), .none),
            (request("X:\r\n"), .none),
            (request("X: \u{e9}\r\n"), .none),
            (request("", line: "OPTIONS * HTTP/1.1"), .none),
            (request("", line: "GET //a?b%00=\"|<> HTTP/1.1"), .none),
            (request("", line: "GET HTTP://a.example HTTP/1.1"), .none),
            (request("", line: "GET https://a.example:443?q HTTP/1.1"), .none),
            (request("", line: "M-SEARCH / HTTP/1.1"), .none),
            ("GET / HTTP/1.0\r\n\r\n", .none),
            ("GET / HTTP/1.1\r\nHost: a.example:65535\r\n\r\n", .none),
            ("GET / HTTP/1.1\r\nHost: [2001:db8::1]:8080\r\n\r\n", .none),
            ("GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n", .none),
        ] as [(String, BodyFraming)])
    func accepted(_ text: String, _ framing: BodyFraming) {
        let (progress, head) = parse(text)
        #expect(progress == .complete)
        #expect(head.framing == framing)
        #expect(head.byteCount == text.utf8.count)
    }

    @Test("fields that only look like framing say nothing about it, and stay here")
    func lookalikes() {
        let bytes = Array(request("Content_Length: 5\r\nTransfer_Encoding: chunked\r\n").utf8)
        let (progress, head) = parse(bytes)
        #expect(progress == .complete)
        #expect(head.framing == .none)
        var lines = FieldLines(head.fields.range)
        var passing: [String] = []
        while let line = lines.next(bytes.span.bytes) {
            if head.fields.passes(line, bytes.span.bytes, from: .client) {
                passing.append(line.name.text(in: bytes.span.bytes))
            }
        }
        #expect(passing == ["Host"])
    }

    @Test("a field that Connection names stays here, whatever its case")
    func nominated() {
        let bytes = Array(request("X-Secret: a\r\nConnection: x-SECRET, keep-alive\r\nX-Other: b\r\n").utf8)
        let (_, head) = parse(bytes)
        var lines = FieldLines(head.fields.range)
        var passing: [String] = []
        while let line = lines.next(bytes.span.bytes) {
            if head.fields.passes(line, bytes.span.bytes, from: .client) {
                passing.append(line.name.text(in: bytes.span.bytes))
            }
        }
        #expect(passing == ["Host", "X-Other"])
    }

    @Test("a head ends where the next message begins")
    func pipelined() {
        let first = request("")
        let (progress, head) = parse(first + "GET /second HTTP/1.1\r\nHost: b\r\n\r\n")
        #expect(progress == .complete)
        #expect(head.byteCount == first.utf8.count)
    }

    @Test("a hundred fields pass, and one more does not; so with the last byte of the limit")
    func limits() {
        func fields(_ count: Int) -> String { String(repeating: "A: b\r\n", count: count) }
        #expect(parse(request(fields(99))).progress == .complete)
        #expect(parse(request(fields(100))).progress == .failed(.tooManyFields))
        let text = Array(request("").utf8)
        func progress(_ bytes: Int) -> HeadProgress {
            var parser = RequestParser()
            return parser.parse(text.span.bytes, limits: HeadLimits(bytes: bytes))
        }
        #expect(progress(text.count) == .complete)
        #expect(progress(text.count - 1) == .failed(.headTooLarge))
    }

    @Test(
        "what a client gets follows the rule that it broke",
        arguments: [
            (.connectMethod, 405), (.unsupportedVersion, 505), (.unsupportedTransferEncoding, 501),
            (.unsupportedExpectation, 417), (.targetTooLong, 414), (.headTooLarge, 431),
            (.tooManyFields, 431),
            (.bareLineFeed, 400), (.transferEncodingAndContentLength, 400), (.missingHost, 400),
        ] as [(Violation, Int)])
    func statuses(_ violation: Violation, _ status: Int) {
        #expect(violation.status == status)
    }

    @Test(
        "an answer that could be read in two ways is refused",
        arguments: [
            ("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", .severalContentLengths),
            ("HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\n", .invalidContentLength),
            ("HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\n", .blankBeforeColon),
            ("HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", .nulByte),
            ("HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n", .bareCarriageReturn),
            ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", .bareLineFeed),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", .invalidFieldName),
            ("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", .transferEncodingInOldVersion),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", .invalidTransferEncoding),
            ("HTTP/1.1 200 O\rK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 200OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1  200 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 099 OK\r\n\r\n", .malformedStatusLine),
            ("HTTP/1.1 +20 OK\r\n\r\n", .malformedStatusLine),
            ("\r\nHTTP/1.1 200 OK\r\n\r\n", .malformedStatusLine),
        ] as [(String, Violation)])
    func answers(_ text: String, _ violation: Violation) {
        var parser = ResponseParser()
        #expect(parser.parse(Array(text.utf8).span.bytes, limits: HeadLimits()) == .failed(violation))
    }
}
