import CLinux
import Foundation
import PostgreSQLWire
import TestSupport
import Testing

/// Against Debian's PostgreSQL 15, which scripts/test installs.
@Suite struct RealServerTests {
    /// A session over a Unix socket, to the end of a query.
    private final class Connection {
        /// It runs as long as there is a connection.
        private let server: PostgreSQLServer
        private let descriptor: Int32
        private var session: ClientSession

        init(_ server: PostgreSQLServer, user: String = "postgres", password: String? = nil) throws {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            self.descriptor = descriptor
            self.server = server
            let entropy = (0..<18).map { _ in UInt8.random(in: 0...255) }
            session = ClientSession(
                .init(user: user, database: "postgres", password: password.map { Array($0.utf8) }),
                entropy: entropy)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let path = Array(server.socket.utf8)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(result == 0, "no connection to \(server.socket)")
        }

        deinit { close(descriptor) }

        /// Until it is ready or will never be.
        func settle() -> [ClientSession.Event] {
            var events: [ClientSession.Event] = []
            var bytes = [UInt8](repeating: 0, count: 4096)
            while true {
                let output = session.takeOutput()
                _ = output.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                let count = recv(descriptor, &bytes, bytes.count, 0)
                guard count > 0 else { return events }
                events += session.receive(bytes.prefix(count))
                if case .ready? = events.last, session.takeOutput().isEmpty { return events }
                if case .broken? = events.last { return events }
            }
        }

        func ask(_ query: String) -> [ClientSession.Event] {
            session.query(query) ? settle() : []
        }
    }

    private func isReady(_ events: [ClientSession.Event]) -> Bool { events.last == .ready(.idle) }

    @Test("rows, nulls, errors and notices of a real server")
    func queries() throws {
        let connection = try Connection(PostgreSQLServer())
        let start = connection.settle()
        #expect(isReady(start))
        #expect(start.contains(.parameter(name: "in_hot_standby", value: "off")))
        let rows = connection.ask("select 1 as one, null as nothing, 'ä' as letter")
        #expect(rows.contains(.row([Array("1".utf8), nil, Array("ä".utf8)])))
        #expect(rows.contains(.complete("SELECT 1")))
        let failed = connection.ask("select * from nowhere")
        #expect(
            failed.contains { if case .failed(let message) = $0 { message.code == "42P01" } else { false } })
        #expect(isReady(failed))
        let notice = connection.ask("do $$ begin raise warning 'careful'; end $$")
        #expect(
            notice.contains { if case .notice(let message) = $0 { message.text == "careful" } else { false } }
        )
        #expect(connection.ask("") == [.complete(""), .ready(.idle)])
    }

    @Test(
        "the right password opens, the wrong one does not",
        arguments: [("scram-sha-256", "scram-sha-256"), ("md5", "md5")])
    func passwords(access: String, encryption: String) throws {
        let server = try PostgreSQLServer(access: access, passwordEncryption: encryption)
        #expect(isReady(try Connection(server, password: "secret").settle()))
        let wrong = try Connection(server, password: "wrong").settle()
        guard case .failed(let message)? = wrong.last else {
            Issue.record("\(wrong)")
            return
        }
        #expect(message.code == "28P01" && message.isFatal)
    }
}
