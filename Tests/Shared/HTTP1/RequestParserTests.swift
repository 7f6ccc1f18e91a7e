import Testing

@testable import HTTP1

/// Parses a whole request head.
func parse(_ text: String) -> (progress: HeadProgress, head: RequestHead) {
    parse(Array(text.utf8))
}

func parse(_ bytes: [UInt8]) -> (progress: HeadProgress, head: RequestHead) {
    var parser = RequestParser()
    let progress = parser.parse(bytes.span.bytes, limits: HeadLimits())
    return (progress, parser.head)
}

/// A request whose one interesting part is given.
func request(_ fields: String, line: String = "GET / HTTP/1.1") -> String {
    "\(line)\r\nHost: a.example\r\n\(fields)\r\n"
}

@Suite struct RequestParserTests {
    @Test(
        "a request that breaks a rule is refused with that rule",
        arguments: [
            (
                request("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"),
                .transferEncodingAndContentLength
            ),
            (
                request("Transfer-Encoding: chunked\r\n", line: "POST / HTTP/1.0"),
                .transferEncodingInOldVersion
            ),
            (request("Transfer-Encoding: chunked, chunked\r\n"), .invalidTransferEncoding),
            (
                request("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                .invalidTransferEncoding
            ),
            (request("Transfer-Encoding: chunked, gzip\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: gzip\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding:\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: ,chunked\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: chunked;a=b\r\n"), .invalidTransferEncoding),
            (request("Transfer-Encoding: gzip, chunked\r\n"), .unsupportedTransferEncoding),
            (request("Content-Length: 1\r\nContent-Length: 2\r\n"), .severalContentLengths),
            (request("Content-Length: 5\r\nContent-Length: 5\r\n"), .severalContentLengths),
            (request("Content-Length: 5, 5\r\n"), .invalidContentLength),
            (request("Content-Length: +5\r\n"), .invalidContentLength),
            (request("Content-Length: -5\r\n"), .invalidContentLength),
            (request("Content-Length: 0x5\r\n"), .invalidContentLength),
            (request("Content-Length:\r\n"), .invalidContentLength),
            (request("Content-Length: 05\r\n"), .invalidContentLength),
            (request("Content-Length: 9007199254740993\r\n"), .contentLengthTooLarge),
            (request("Content-Length: 99999999999999999999999\r\n"), .contentLengthTooLarge),
            ("GET / HTTP/1.1\nHost: a\n\n", .bareLineFeed),
            ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", .bareLineFeed),
            (request("X: a\rb\r\n"), .bareCarriageReturn),
            (request("X: a\r\n b\r\n"), .foldedLine),
            (request("X: a\r\n\tb\r\n"), .foldedLine),
            (request("X : a\r\n"), .blankBeforeColon),
            (request("X\t: a\r\n"), .blankBeforeColon),
            (request("X: a\0b\r\n"), .nulByte),
            (request("X\0: a\r\n"), .nulByte),
            (request("X: a\u{7f}\r\n"), .controlByte),
            (request("X: 12345678\u{1}12345678\r\n"), .controlByte),
            (request("X(Y): a\r\n"), .invalidFieldName),
            (request("no colon here\r\n"), .invalidFieldName),
            (request("nocolon\r\n"), .missingColon),
            (request(": a\r\n"), .emptyFieldName),
            ("GET / HTTP/1.1\r\n\r\n", .missingHost),
            (request("Host: a.example\r\n"), .severalHosts),
            (request("Host: b.example\r\n"), .severalHosts),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", .invalidHost),
            ("GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", .invalidHost),
            (request("", line: "GET http://b.example/ HTTP/1.1"), .targetAndHostDiffer),
            (request("", line: "GET http://a.example:81/ HTTP/1.1"), .targetAndHostDiffer),
            (request("", line: "CONNECT a.example:443 HTTP/1.1"), .connectMethod),
            (request("", line: "GET * HTTP/1.1"), .asteriskTarget),
            (request("", line: "GET ftp://a.example/ HTTP/1.1"), .invalidTarget),
            (request("", line: "GET a HTTP/1.1"), .invalidTarget),
            (request("", line: "GET /a#b HTTP/1.1"), .invalidTarget),
            (request("", line: "GET /\u{e9} HTTP/1.1"), .invalidTarget),
            (request("", line: "GET  / HTTP/1.1"), .malformedRequestLine),
            (request("", line: "GET /  HTTP/1.1"), .malformedVersion),
            (request("", line: "GET / a HTTP/1.1"), .malformedVersion),
            (request("", line: "GET\t/ HTTP/1.1"), .controlByte),
            (request("", line: "GET /"), .malformedRequestLine),
            (request("", line: "GET / HTTP/1.10"), .malformedVersion),
            (request("", line: "GET / http/1.1"), .malformedVersion),
            (request("", line: "GET / HTTP/2.0"), .unsupportedVersion),
            (request("", line: "GET / HTTP/1.2"), .unsupportedVersion),
            (request("", line: "G(T / HTTP/1.1"), .invalidMethod),
            (request("Expect: 200-ok\r\n"), .unsupportedExpectation),
            (request("Connection: Host\r\n"), .framingFieldInConnection),
            (request("Connection: close, content-length\r\n"), .framingFieldInConnection),
            (request("Connection: a b\r\n"), .invalidConnection),
        ] as [(String, Violation)])
    func refused(_ text: String, _ violation: Violation) {
        #expect(parse(text).progress == .failed(violation))
    }

    @Test(
        "a control byte in a value is refused wherever it stands, every other byte passes", arguments: 0...255
    )
    func everyByte(_ value: Int) {
        let byte = UInt8(value)
        // CR and LF have tests of their own.
        guard byte != 13, byte != 10 else { return }
        for place in 0..<20 {
            var filler = [UInt8](repeating: 0x61, count: 20)
            filler[place] = byte
            let head = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + filler + Array("\r\n\r\n".utf8)
            let isAllowed = byte == 9 || (byte >= 32 && byte != 127)
            #expect((parse(head).progress == .complete) == isAllowed)
        }
    }

    @Test("a byte in a field's name passes when it is a token's", arguments: 0...255)
    func nameBytes(_ value: Int) {
        let byte = UInt8(value)
        guard byte != 10, byte != 0x3A else { return }
        let head = Array("GET / HTTP/1.1\r\nHost: a\r\nX".utf8) + [byte] + Array("Y: b\r\n\r\n".utf8)
        let token = Array(
            "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        #expect((parse(head).progress == .complete) == token.contains(byte))
    }

    @Test("a head gives the same result however its bytes are split")
    func split() {
        let texts = [
            "\r\nPOST http://a.example/x?y HTTP/1.1\r\nHost: a.example:80\r\nConnection: keep-alive, te\r\n"
                + "Content-Length: 12\r\nX_Y: dropped\r\nTE: trailers\r\n\r\nHello",
            request("Transfer-Encoding: gzip\r\n"), request("A: b\r\n C: d\r\n"),
            "GET / HTTP/1.1\nHost: a\n\n",
        ]
        for text in texts {
            let bytes = Array(text.utf8)
            let whole = parse(bytes)
            for cut in 1..<bytes.count {
                var parser = RequestParser()
                var progress = parser.parse(Array(bytes[..<cut]).span.bytes, limits: HeadLimits())
                if progress == .incomplete { progress = parser.parse(bytes.span.bytes, limits: HeadLimits()) }
                #expect(progress == whole.progress)
                #expect(parser.head == whole.head || whole.progress != .complete)
            }
        }
    }

    @Test("hop-by-hop fields and names that CGI could confuse stay here, the others pass")
    func drops() {
        let text = request(
            "Connection: keep-alive\r\nKeep-Alive: 5\r\nA: b\r\nX_Forwarded: c\r\nProxy-Connection: x\r\nD: e\r\n"
        )
        let bytes = Array(text.utf8)
        let (progress, head) = parse(bytes)
        #expect(progress == .complete)
        var kept = ""
        var offset = head.fields.range.lower
        for index in 0..<head.fields.dropCount {
            kept += ByteRange(offset, head.fields.drop(index).lower).text(in: bytes.span.bytes)
            offset = head.fields.drop(index).upper
        }
        kept += ByteRange(offset, head.fields.range.upper).text(in: bytes.span.bytes)
        #expect(kept == "Host: a.example\r\nA: b\r\nD: e\r\n")
    }

    @Test("an absolute target goes on in origin form, when Host says the same")
    func absoluteForm() {
        let bytes = Array(request("", line: "GET http://A.example:80/x?y HTTP/1.1").utf8)
        let (progress, head) = parse(bytes)
        #expect(progress == .complete)
        #expect(head.path.text(in: bytes.span.bytes) == "/x?y")
    }

    @Test("what the connection may do follows version and Connection")
    func persistence() {
        #expect(parse(request("")).head.keepsAlive)
        #expect(!parse(request("Connection: close\r\n")).head.keepsAlive)
        #expect(!parse("GET / HTTP/1.0\r\n\r\n").head.keepsAlive)
        #expect(parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keepsAlive)
    }

    @Test("only a whole WebSocket handshake asks for one")
    func webSocket() {
        #expect(parse(request("Connection: Upgrade\r\nUpgrade: websocket\r\n")).head.asksForWebSocket)
        #expect(!parse(request("Upgrade: websocket\r\n")).head.asksForWebSocket)
        #expect(!parse(request("Connection: Upgrade\r\nUpgrade: h2c\r\n")).head.asksForWebSocket)
        #expect(!parse(request("Connection: Upgrade\r\nUpgrade: h2c, websocket\r\n")).head.asksForWebSocket)
    }

    @Test("a head beyond the limits is refused: its first line with 414, its fields with 431")
    func limits() {
        var parser = RequestParser()
        let limits = HeadLimits(bytes: 64, fields: 2)
        let long = Array("GET /\(String(repeating: "a", count: 80)) HTTP/1.1\r\n".utf8)
        #expect(parser.parse(long.span.bytes, limits: limits) == .failed(.targetTooLong))
        parser = RequestParser()
        let wide = Array("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 80))".utf8)
        #expect(parser.parse(wide.span.bytes, limits: limits) == .failed(.headTooLarge))
        parser = RequestParser()
        let many = Array("GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n".utf8)
        #expect(parser.parse(many.span.bytes, limits: limits) == .failed(.tooManyFields))
        #expect(Violation.targetTooLong.status == 414)
        #expect(Violation.headTooLarge.status == 431)
    }

    @Test("no mutation of a head crashes the parser or makes it read beyond its bytes")
    func fuzz() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SplitMix(state: seed)
        let base = Array(
            request("Content-Length: 5\r\nConnection: a, b\r\nTransfer-Encoding: chunked\r\n").utf8)
        let alphabet = Array("\r\n\0: \t,;/*#hHcC0x".utf8)
        for _ in 0..<20_000 {
            var bytes = base
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = alphabet.randomElement(using: &generator) ?? 0
                case 1: bytes.insert(alphabet.randomElement(using: &generator) ?? 0, at: place)
                default: bytes.remove(at: place)
                }
            }
            let (progress, head) = parse(bytes)
            if progress == .complete {
                #expect(head.byteCount <= bytes.count, "seed \(seed)")
                #expect(
                    !(head.fields.seen.contains(.chunked) && head.fields.contentLength >= 0), "seed \(seed)")
            }
        }
    }
}

struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
