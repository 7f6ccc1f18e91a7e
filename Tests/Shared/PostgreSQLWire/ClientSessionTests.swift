import PostgreSQLWire
import Testing
import TestSupport

@Suite struct ClientSessionTests {
    private static let entropy = [UInt8](repeating: 7, count: 18)

    private static func session(password: String? = nil, limit: Int = 1 << 16) -> ClientSession {
        ClientSession(
            .init(
                user: "ada", database: "app", password: password.map { Array($0.utf8) }, messageLimit: limit),
            entropy: entropy)
    }

    private static func readySession() -> ClientSession {
        var session = session()
        _ = session.takeOutput()
        _ = session.receive(Backend.authenticated + Backend.key + Backend.ready)
        return session
    }

    @Test("the first message names user, database and encoding")
    func startup() {
        var session = Self.session()
        let bytes = session.takeOutput()
        #expect(bytes.prefix(8).elementsEqual([0, 0, 0, UInt8(bytes.count), 0, 3, 0, 0]))
        #expect(
            String(decoding: bytes.dropFirst(8), as: UTF8.self)
                == "user\0ada\0database\0app\0client_encoding\0UTF8\0\0")
    }

    @Test("trust, parameters and key lead to ready")
    func trust() {
        var session = Self.session()
        let events = session.receive(
            Backend.authenticated + Backend.parameter("server_version", "15.20") + Backend.key + Backend.ready
        )
        #expect(
            events == [
                .parameter(name: "server_version", value: "15.20"),
                .key(process: 4711, secret: [1, 2, 3, 4]), .ready(.idle),
            ])
    }

    @Test("md5 hashes password and name, then the salt")
    func md5() {
        var session = Self.session(password: "secret")
        _ = session.takeOutput()
        #expect(session.receive(Backend.authentication(5, [1, 2, 3, 4])) == [])
        let answer = String(decoding: session.takeOutput().dropFirst(5), as: UTF8.self)
        // echo -n secretada | md5sum, then that and the salt again.
        #expect(answer == "md5164dbcd37c01a78e869e72965960a754\0")
    }

    @Test("a password in clear text is sent only where it may be")
    func clearText() {
        var careful = Self.session(password: "secret")
        #expect(
            careful.receive(Backend.authentication(3))
                == [.broken(.unknownAuthentication("a password in clear text"))])
        var open = ClientSession(
            .init(user: "ada", database: "app", password: Array("secret".utf8), sendsClearPassword: true),
            entropy: Self.entropy)
        _ = open.takeOutput()
        _ = open.receive(Backend.authentication(3))
        #expect(open.takeOutput() == Backend.message("p", Backend.text("secret")))
    }

    @Test("a server that asks for a password that we do not have is told to the caller")
    func noPassword() {
        var session = Self.session()
        #expect(session.receive(Backend.authentication(5, [1, 2, 3, 4])) == [.broken(.passwordNeeded)])
        #expect(session.state == .broken)
    }

    @Test("a server that skips its proof in SCRAM is not believed")
    func skippedProof() {
        var session = Self.session(password: "secret")
        _ = session.receive(Backend.authentication(10, Backend.text("SCRAM-SHA-256") + [0]))
        #expect(session.receive(Backend.authenticated) == [.broken(.serverNotProven)])
    }

    @Test("a server that proves SCRAM wrongly is not believed")
    func wrongProof() {
        var session = Self.session(password: "secret")
        _ = session.receive(Backend.authentication(10, Backend.text("SCRAM-SHA-256") + [0]))
        let nonce = "BwcHBwcHBwcHBwcHBwcHBwcH"
        let challenge = Array("r=\(nonce)more,s=c2FsdA==,i=4096".utf8)
        #expect(session.receive(Backend.authentication(11, challenge)) == [])
        let wrong = Array("v=AAAA".utf8)
        #expect(session.receive(Backend.authentication(12, wrong)) == [.broken(.serverNotProven)])
    }

    @Test(
        "a challenge of SCRAM that cannot be right is refused",
        arguments: [
            "r=other,s=c2FsdA==,i=4096", "r=BwcHBwcHBwcHBwcHBwcHBwcH,s=c2FsdA==,i=4096",
            "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=c2FsdA=,i=4096", "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=,i=4096",
            "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=c2FsdA==,i=0",
            "r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=c2FsdA==,i=99999999999999999999", "", "r=,s=,i=",
        ])
    func wrongChallenge(text: String) {
        var session = Self.session(password: "secret")
        _ = session.receive(Backend.authentication(10, Backend.text("SCRAM-SHA-256") + [0]))
        let events = session.receive(Backend.authentication(11, Array(text.utf8)))
        guard case .broken(.scram(_))? = events.last else {
            Issue.record("\(events)")
            return
        }
    }

    @Test("a query gives columns, rows, its tag, and is followed by ready")
    func query() {
        var session = Self.readySession()
        let isTaken = session.query("select 1")
        #expect(isTaken)
        #expect(session.takeOutput() == Backend.message("Q", Backend.text("select 1")))
        let events = session.receive(
            Backend.columns(["a", "b"]) + Backend.row(["1", nil]) + Backend.complete("SELECT 1")
                + Backend.ready)
        #expect(
            events == [
                .columns([Column(name: "a", type: 25), Column(name: "b", type: 25)]),
                .row([Array("1".utf8), nil]), .complete("SELECT 1"), .ready(.idle),
            ])
    }

    @Test("one query at a time")
    func oneQuery() {
        var session = Self.readySession()
        let isTaken = session.query("select 1")
        let isTakenToo = session.query("select 2")
        #expect(isTaken && !isTakenToo)
    }

    @Test("an error has the severity that is not translated, and its SQLSTATE")
    func error() {
        var session = Self.readySession()
        _ = session.query("selekt")
        let events = session.receive(Backend.error("42601", "syntax error") + Backend.ready)
        #expect(
            events == [
                .failed(ServerMessage(severity: "ERROR", code: "42601", text: "syntax error")), .ready(.idle),
            ])
    }

    @Test("CVE-2026-6666: an error without SQLSTATE, or without anything, is an error all the same")
    func bareError() {
        var session = Self.readySession()
        _ = session.query("x")
        #expect(
            session.receive(Backend.message("E", Backend.text("Mbroken") + [0]) + Backend.message("E", [0]))
                == [
                    .failed(ServerMessage(severity: "", code: "", text: "broken")),
                    .failed(ServerMessage(severity: "", code: "", text: "")),
                ])
    }

    @Test("a message longer than the limit breaks the session before it fills the memory")
    func tooLong() {
        var session = Self.session(limit: 100)
        let events = session.receive([UInt8(ascii: "S")] + Backend.int32(105))
        #expect(events == [.broken(.messageTooLong(101, limit: 100))])
    }

    @Test("a row before any query breaks the session")
    func unexpected() {
        var session = Self.readySession()
        #expect(session.receive(Backend.row(["1"])) == [.broken(.unexpected(UInt8(ascii: "D")))])
    }

    @Test("COPY, which nobody asked for, breaks the session")
    func copy() {
        var session = Self.readySession()
        _ = session.query("copy t from stdin")
        let events = session.receive(Backend.message("G", [0, 0, 0]))
        #expect(events == [.broken(.unexpected(UInt8(ascii: "G")))])
    }

    @Test("however the bytes are cut, the events are the same")
    func cuts() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let bytes =
            Backend.columns(["name", "value"]) + Backend.row(["a", "1"]) + Backend.row([nil, ""])
            + Backend.error("01000", "beware", type: "N") + Backend.complete("SELECT 2") + Backend.ready
        var whole = Self.readySession()
        _ = whole.query("select")
        let expected = whole.receive(bytes)
        for _ in 0..<200 {
            var session = Self.readySession()
            _ = session.query("select")
            var events: [ClientSession.Event] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                events += session.receive(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            #expect(events == expected, "seed \(seed)")
        }
    }

    @Test("bytes that are changed at random never crash it, and after a violation nothing more comes")
    func fuzz() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let good =
            Backend.authentication(10, Backend.text("SCRAM-SHA-256") + [0])
            + Backend.authentication(11, Array("r=BwcHBwcHBwcHBwcHBwcHBwcHx,s=c2FsdA==,i=2".utf8))
            + Backend.authenticated + Backend.parameter("a", "b") + Backend.key + Backend.ready
            + Backend.columns(["x"]) + Backend.row(["1"]) + Backend.complete("SELECT 1") + Backend.ready
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            var session = Bool.random(using: &random) ? Self.session(password: "x") : Self.readySession()
            _ = session.query("select 1")
            var isBroken = false
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...rest.count, using: &random)
                let events = session.receive(rest.prefix(count))
                #expect(!isBroken || events.isEmpty, "seed \(seed)")
                if case .broken? = events.last { isBroken = true }
                rest = rest.dropFirst(count)
            }
        }
    }
}
