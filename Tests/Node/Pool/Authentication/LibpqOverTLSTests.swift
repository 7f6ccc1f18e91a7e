import CLinux
import Commands
import Foundation
import PostgreSQLWire
import TLS
import Testing

@testable import Pool

/// Debian's psql, so libpq, asks for TLS on loopback and ties its SCRAM proof to the certificate.
@Suite struct LibpqOverTLSTests {
    /// A connection to one client: plaintext in and out, before and after TLS began.
    private final class Connection {
        let descriptor: Int32
        var engine: TLSEngine?
        private var chunk = [UInt8](repeating: 0, count: 4096)

        init(_ descriptor: Int32) { self.descriptor = descriptor }

        deinit { close(descriptor) }

        /// What comes next; nil at the end.
        func receive() -> [UInt8]? {
            while true {
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { return nil }
                guard let engine else { return Array(chunk.prefix(count)) }
                chunk.withUnsafeBytes { engine.receive(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
                flush()
                var room = [UInt8](repeating: 0, count: 4096)
                switch room.withUnsafeMutableBytes({ engine.read(into: $0) }) {
                case .bytes(let count): return Array(room.prefix(count))
                case .needsMore: continue
                case .ended, .failed: return nil
                }
            }
        }

        func send(_ bytes: [UInt8]) {
            if let engine {
                _ = bytes.withUnsafeBytes { engine.write($0) }
                flush()
            } else {
                _ = bytes.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
            }
        }

        private func flush() {
            engine?.withOutput {
                max(0, Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)))
            }
        }
    }

    private static let folder: String? = {
        let folder = NSTemporaryDirectory() + "libpq-tls-" + UUID().uuidString.prefix(8)
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let made = try? Command(
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                "/CN=localhost",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "\(folder)/key", "-out", "\(folder)/crt",
            ], timeout: 60
        ).run()
        return made == nil ? nil : folder
    }()

    /// Serves one client.
    private static func serve(_ connection: Connection, _ context: TLSContext) {
        var login: ClientAuthentication?
        var bytes: [UInt8] = []
        while let more = connection.receive() {
            bytes += more
            var output: [UInt8] = []
            var progress: ClientAuthentication.Progress?
            if login == nil {
                guard case .packet(let packet, let length) = StartupPacket.parse(bytes.span.bytes) else {
                    continue
                }
                bytes.removeFirst(length)
                switch packet {
                case .tls:
                    connection.send([UInt8(ascii: "S")])
                    connection.engine = try? TLSEngine(context)
                    continue
                case .startup:
                    var authentication = ClientAuthenticationTests.authentication(
                        .scram,
                        .init(
                            user: ClientAuthenticationTests.user, isEncrypted: connection.engine != nil,
                            endPoint: connection.engine?.endPoint))
                    progress = authentication.start(
                        .found(.scram(ClientAuthenticationTests.scram)), to: &output)
                    login = authentication
                default: return
                }
            } else if let messages = try? ClientAuthenticationTests.messages(bytes),
                let message = messages.first
            {
                bytes = []
                switch message.type {
                case UInt8(ascii: "p"): progress = login?.handle(.message(message.body), to: &output)
                case UInt8(ascii: "Q"):
                    BackendWriter.rowDescription([.init("how")], to: &output)
                    BackendWriter.dataRow([connection.engine?.summary], to: &output)
                    BackendWriter.commandComplete("SELECT 1", to: &output)
                    BackendWriter.readyForQuery(.idle, to: &output)
                default: return
                }
            }
            if case .accepted = progress {
                BackendWriter.authenticationOk(to: &output)
                BackendWriter.parameterStatus("server_version", "15.0", to: &output)
                BackendWriter.readyForQuery(.idle, to: &output)
            }
            connection.send(output)
            if case .refused = progress { return }
        }
    }

    /// A listener on a free port of 127.0.0.1.
    private static func listen() throws -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && Glibc.listen(descriptor, 1) == 0
                    && getsockname(descriptor, address, &size) == 0
            }
        }
        try #require(result)
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    @Test("psql demands channel binding and a checked certificate, and gets in")
    func channelBinding() throws {
        let folder = try #require(Self.folder)
        nonisolated(unsafe) let context = try TLSContext(
            .server, .init(certificateFile: "\(folder)/crt", keyFile: "\(folder)/key"))
        let (listener, port) = try Self.listen()
        Thread.detachNewThread {
            Self.serve(Connection(accept(listener, nil, nil)), context)
            close(listener)
        }
        let output = try Command(
            [
                "psql", "-X", "-A", "-t", "-c", "select how()",
                "host=127.0.0.1 port=\(port) user=ada dbname=app sslmode=verify-full sslrootcert=\(folder)/crt "
                    + "channel_binding=require gssencmode=disable",
            ], environment: ["PGPASSWORD": "secret"], timeout: 60
        ).runAny()
        #expect(output.standardOutput.hasPrefix("TLSv1.3/"), "\(output.standardError)")
    }
}
