import CLinux
import Commands
import Foundation
import PostgreSQLWire
import Testing

@testable import Pool

/// Debian's psql, so libpq, logs in to the state machine over a Unix socket.
@Suite struct LibpqTests {
    /// Serves one client after the other until it is released.
    private final class Server: @unchecked Sendable {
        let folder = NSTemporaryDirectory() + "libpq-" + UUID().uuidString.prefix(8)
        private let listener: Int32
        private let method: ClientAuthentication.Method
        private let lookup: ClientAuthentication.Lookup

        init(_ method: ClientAuthentication.Method, _ lookup: ClientAuthentication.Lookup) throws {
            self.method = method
            self.lookup = lookup
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let path = Array("\(folder)/.s.PGSQL.5432".utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0 && listen(listener, 8) == 0)
            Thread.detachNewThread { [self] in run() }
        }

        private func run() {
            while true {
                let descriptor = accept(listener, nil, nil)
                guard descriptor >= 0 else { return }
                serve(descriptor)
                close(descriptor)
            }
        }

        func stop() {
            shutdown(listener, Int32(SHUT_RDWR))
            try? FileManager.default.removeItem(atPath: folder)
        }

        private func serve(_ descriptor: Int32) {
            var bytes: [UInt8] = []
            var isStarted = false
            var login = ClientAuthenticationTests.authentication(method)
            var chunk = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = recv(descriptor, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                bytes += chunk.prefix(count)
                var output: [UInt8] = []
                var progress: ClientAuthentication.Progress?
                if !isStarted {
                    guard case .packet(let packet, let length) = StartupPacket.parse(bytes.span.bytes) else {
                        continue
                    }
                    bytes.removeFirst(length)
                    if case .startup = packet {
                        isStarted = true
                        progress = login.start(lookup, to: &output)
                    } else {
                        output = [UInt8(ascii: "N")]
                    }
                } else if let messages = try? ClientAuthenticationTests.messages(bytes),
                    let message = messages.first
                {
                    bytes = []
                    switch message.type {
                    case UInt8(ascii: "p"): progress = login.handle(.message(message.body), to: &output)
                    case UInt8(ascii: "Q"):
                        BackendWriter.rowDescription([.init("who")], to: &output)
                        BackendWriter.dataRow(["it is me"], to: &output)
                        BackendWriter.commandComplete("SELECT 1", to: &output)
                        BackendWriter.readyForQuery(.idle, to: &output)
                    default: return
                    }
                }
                finish(progress, &output)
                _ = output.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                if case .refused = progress { return }
            }
        }

        private func finish(_ progress: ClientAuthentication.Progress?, _ output: inout [UInt8]) {
            switch progress {
            case .accepted:
                BackendWriter.authenticationOk(to: &output)
                BackendWriter.parameterStatus("server_version", "15.0", to: &output)
                BackendWriter.parameterStatus("client_encoding", "UTF8", to: &output)
                BackendWriter.backendKeyData(process: 1, secret: [1, 2, 3, 4], to: &output)
                BackendWriter.readyForQuery(.idle, to: &output)
            case .refused(let refusal):
                let message = ServerMessage(severity: "FATAL", code: refusal.code, text: refusal.text)
                BackendWriter.error(message, to: &output)
            case .waits, .asksForSecret, nil: break
            }
        }
    }

    private static func ask(_ server: Server, password: String) throws -> Command.Output {
        try Command(
            ["psql", "-X", "-A", "-t", "-h", server.folder, "-U", "ada", "-d", "app", "-c", "select who()"],
            environment: ["PGPASSWORD": password], timeout: 60
        ).runAny()
    }

    @Test(
        "psql gets in with the right password and not with another",
        arguments: [
            (.plain, .scram(ClientAuthenticationTests.scram)),
            (.md5, .md5(ClientAuthenticationTests.digits)),
            (.scram, .scram(ClientAuthenticationTests.scram)),
            (.scram, .plain(ClientAuthenticationTests.password)),
        ] as [(ClientAuthentication.Method, StoredSecret)])
    func passwords(method: ClientAuthentication.Method, secret: StoredSecret) throws {
        let server = try Server(method, .found(secret))
        defer { server.stop() }
        let right = try Self.ask(server, password: "secret")
        #expect(right.code == 0 && right.standardOutput == "it is me\n", "\(right.standardError)")
        let wrong = try Self.ask(server, password: "wrong")
        #expect(wrong.code == 2 && wrong.standardError.contains("authentication failed"))
    }

    @Test("psql is asked for a password when there is no such user, and does not get in")
    func unknown() throws {
        let server = try Server(.scram, .unknown)
        defer { server.stop() }
        #expect(try Self.ask(server, password: "secret").standardError.contains("SASL authentication failed"))
    }
}
