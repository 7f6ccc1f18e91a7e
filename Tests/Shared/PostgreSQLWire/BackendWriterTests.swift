import PostgreSQLWire
import Testing

@Suite struct BackendWriterTests {
    private static func written(_ write: (inout [UInt8]) -> Void) -> [UInt8] {
        // What is there already stays.
        var bytes: [UInt8] = [7]
        write(&bytes)
        #expect(bytes.first == 7)
        return Array(bytes.dropFirst())
    }

    private static func session() -> ClientSession {
        ClientSession(.init(user: "ada", database: "app"), entropy: [UInt8](repeating: 7, count: 18))
    }

    @Test("a client understands the start of a session")
    func start() {
        let bytes = Self.written {
            BackendWriter.negotiateProtocolVersion(unknown: [Array("_pq_.x".utf8)], to: &$0)
            BackendWriter.authenticationOk(to: &$0)
            BackendWriter.parameterStatus("server_version", "15.20", to: &$0)
            BackendWriter.parameterStatus(Array("TimeZone".utf8), Array("UTC".utf8), to: &$0)
            BackendWriter.backendKeyData(process: 4711, secret: [1, 2, 3, 4], to: &$0)
            BackendWriter.readyForQuery(.idle, to: &$0)
        }
        var session = Self.session()
        #expect(
            session.receive(bytes) == [
                .parameter(name: "server_version", value: "15.20"),
                .parameter(name: "TimeZone", value: "UTC"),
                .key(process: 4711, secret: [1, 2, 3, 4]), .ready(.idle),
            ])
    }

    @Test("a client understands rows, tags, errors and notices")
    func results() {
        let error = ServerMessage(
            severity: "ERROR", code: "42601", text: "unknown command", detail: "d", hint: "h")
        let bytes = Self.written {
            BackendWriter.rowDescription([.init("name"), .init("count", .int8)], to: &$0)
            BackendWriter.dataRow(["a", nil], to: &$0)
            BackendWriter.dataRow(to: &$0) {
                $0.append([0x62])
                $0.append(-5)
            }
            BackendWriter.commandComplete("SHOW", to: &$0)
            BackendWriter.notice(error, to: &$0)
            BackendWriter.error(error, further: [.init(UInt8(ascii: "P"), "3"), .init(0, "no")], to: &$0)
            BackendWriter.emptyQueryResponse(to: &$0)
            BackendWriter.readyForQuery(.failed, to: &$0)
        }
        var session = Self.session()
        _ = session.receive(Backend.authenticated + Backend.ready)
        _ = session.query("show")
        #expect(
            session.receive(bytes) == [
                .columns([Column(name: "name", type: 25), Column(name: "count", type: 20)]),
                .row([Array("a".utf8), nil]), .row([Array("b".utf8), Array("-5".utf8)]), .complete("SHOW"),
                .notice(error), .failed(error), .complete(""), .ready(.failed),
            ])
    }

    @Test("messages without a reader here are as the manual has them")
    func layout() {
        let written = Self.written {
            BackendWriter.authenticationCleartextPassword(to: &$0)
            BackendWriter.authenticationMD5Password(salt: [1, 2, 3, 4], to: &$0)
            BackendWriter.authenticationSASL(mechanisms: ["A", "B"], to: &$0)
            BackendWriter.authenticationSASLContinue([1], to: &$0)
            BackendWriter.authenticationSASLFinal([2], to: &$0)
            BackendWriter.parseComplete(to: &$0)
            BackendWriter.bindComplete(to: &$0)
            BackendWriter.closeComplete(to: &$0)
            BackendWriter.noData(to: &$0)
            BackendWriter.portalSuspended(to: &$0)
            BackendWriter.parameterDescription([25], to: &$0)
            BackendWriter.parameterDescription(to: &$0)
        }
        let expected = [
            Backend.authentication(3), Backend.authentication(5, [1, 2, 3, 4]),
            Backend.authentication(10, [0x41, 0, 0x42, 0, 0]), Backend.authentication(11, [1]),
            Backend.authentication(12, [2]), Backend.message("1", []), Backend.message("2", []),
            Backend.message("3", []), Backend.message("n", []), Backend.message("s", []),
            Backend.message("t", [0, 1, 0, 0, 0, 25]), Backend.message("t", [0, 0]),
        ]
        #expect(written == expected.flatMap { $0 })
    }

    @Test("a text ends at its first zero byte, so that nobody adds fields to a message")
    func zeros() {
        let bytes = Self.written { BackendWriter.parameterStatus("a\0b", "c\0d", to: &$0) }
        #expect(bytes == Backend.parameter("a", "c"))
    }
}
