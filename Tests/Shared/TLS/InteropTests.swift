import Commands
import Foundation
import TLS
import Testing

/// Debian's openssl talks to the engine over a Unix socket.
@Suite struct InteropTests {
    /// Says back in capitals what one client says first, and ends.
    private static func echo(_ descriptor: Int32, _ engine: TLSEngine) {
        var room = [UInt8](repeating: 0, count: 5000)
        var plaintext = room
        func flush() {
            engine.withOutput { bytes in
                max(0, send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)))
            }
        }
        var hasAnswered = false
        while true {
            let count = recv(descriptor, &room, room.count, 0)
            guard count > 0 else { return }
            room.withUnsafeBytes { engine.receive(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
            while case .bytes(let count) = plaintext.withUnsafeMutableBytes({ engine.read(into: $0) }) {
                let answer = plaintext.prefix(count).map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 0x20 : $0 }
                hasAnswered = answer.withUnsafeBytes { engine.write($0) } == count
            }
            if hasAnswered { engine.close() }
            flush()
            switch engine.state {
            case .handshake, .open: if hasAnswered { return }
            case .ended, .failed: return
            }
        }
    }

    private static func serve(_ context: TLSContext, at path: String) throws -> Thread {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(result == 0 && listen(listener, 1) == 0)
        // One client, then it is over.
        nonisolated(unsafe) let engine = try TLSEngine(context)
        let thread = Thread {
            let descriptor = accept(listener, nil, nil)
            echo(descriptor, engine)
            close(descriptor)
            close(listener)
        }
        thread.start()
        return thread
    }

    private static func ask(_ path: String, _ arguments: [String]) throws -> Command.Output {
        try Command(
            ["openssl", "s_client", "-unix", path, "-quiet", "-verify_return_error"] + arguments,
            input: Data("hello from afar\nQ".utf8), timeout: 60
        ).runAny()
    }

    @Test("openssl checks our certificate and host, and talks", arguments: ["-tls1_2", "-tls1_3"])
    func client(version: String) throws {
        let files = try TLSEngineTests.certificates()
        let path = "\(files.folder)/talk\(version)"
        _ = try Self.serve(try TLSEngineTests.server("rsa"), at: path)
        let output = try Self.ask(
            path,
            [
                version, "-alpn", "postgresql", "-CAfile", files.file("authority"), "-verify_hostname",
                "db.example",
            ])
        #expect(output.standardOutput.hasPrefix("HELLO FROM AFAR"), "\(output.standardError)")
    }

    @Test("a client that names other protocols than ours is sent away, as PostgreSQL 17 does")
    func otherProtocol() throws {
        let files = try TLSEngineTests.certificates()
        let path = "\(files.folder)/other"
        _ = try Self.serve(try TLSEngineTests.server(), at: path)
        let output = try Self.ask(path, ["-alpn", "http/1.1", "-CAfile", files.file("authority")])
        #expect(output.code != 0 && output.standardError.contains("no application protocol"))
    }
}
