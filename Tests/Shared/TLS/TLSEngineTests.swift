import Foundation
import TLS
import TestSupport
import Testing

@Suite struct TLSEngineTests {
    static func certificates() throws -> Certificates { try #require(Certificates.shared) }

    static func server(
        _ name: String = "server", _ change: (inout TLSContext.Settings) -> Void = { _ in }
    ) throws -> TLSContext {
        let files = try certificates()
        var settings = TLSContext.Settings(certificateFile: files.file(name), keyFile: files.key(name))
        change(&settings)
        return try TLSContext(.server, settings)
    }

    static func client(
        authorities: String? = "authority", _ change: (inout TLSContext.Settings) -> Void = { _ in }
    ) throws -> TLSContext {
        let files = try certificates()
        var settings = TLSContext.Settings(
            authoritiesFile: authorities.map { files.file($0) },
            peerCertificate: authorities == nil ? .ignored : .required)
        change(&settings)
        return try TLSContext(.client, settings)
    }

    /// Carries what one side wants to send to the other, in pieces of at most `piece` bytes; whether there was anything.
    @discardableResult
    static func carry(_ from: TLSEngine, _ to: TLSEngine, piece: Int = .max) -> Bool {
        var isAny = false
        while from.outputCount > 0 {
            isAny = true
            from.withOutput { bytes in
                let count = min(piece, bytes.count)
                to.receive(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                return count
            }
        }
        return isAny
    }

    static func settle(_ a: TLSEngine, _ b: TLSEngine, piece: Int = .max) {
        while carry(a, b, piece: piece) || carry(b, a, piece: piece) {}
    }

    static func pair(
        _ server: TLSContext, _ client: TLSContext, host: String? = "db.example", checksHost: Bool = true
    ) throws -> (server: TLSEngine, client: TLSEngine) {
        let pair = (try TLSEngine(server), try TLSEngine(client, host: host, checksHost: checksHost))
        settle(pair.0, pair.1)
        return pair
    }

    /// All plaintext that there is.
    static func read(_ engine: TLSEngine) -> [UInt8] {
        var all: [UInt8] = []
        var room = [UInt8](repeating: 0, count: 1000)
        while case .bytes(let count) = room.withUnsafeMutableBytes({ engine.read(into: $0) }) {
            all += room.prefix(count)
        }
        return all
    }

    static func write(_ bytes: [UInt8], to engine: TLSEngine) -> Int {
        bytes.withUnsafeBytes { engine.write($0) }
    }

    static func isFailed(_ engine: TLSEngine, _ part: String = "") -> Bool {
        if case .failed(let problem) = engine.state { part.isEmpty || problem.contains(part) } else { false }
    }

    @Test(
        "plaintext goes both ways, and names, versions and digests are known", arguments: ["server", "rsa"])
    func talk(certificate: String) throws {
        let (server, client) = try Self.pair(try Self.server(certificate), try Self.client())
        #expect(server.state == .open && client.state == .open)
        #expect(Self.write([1, 2, 3], to: client) == 3)
        #expect(Self.write([4, 5], to: server) == 2)
        Self.settle(server, client)
        #expect(Self.read(server) == [1, 2, 3] && Self.read(client) == [4, 5])
        #expect(server.summary.hasPrefix("TLSv1.3/"))
        #expect(server.hasAgreedOnPostgreSQL && client.hasAgreedOnPostgreSQL)
        let endPoint = try #require(server.endPoint)
        #expect(endPoint.count == 32 && client.endPoint == endPoint)
        #expect(server.peerNames == nil)
        #expect(client.peerNames?.first == Array("db.example".utf8))
    }

    @Test("TLS 1.2 is spoken where it must be, and not where it must not")
    func versions() throws {
        let old = try Self.client { $0.versions = .v1_2 ... .v1_2 }
        let (server, client) = try Self.pair(try Self.server(), old)
        #expect(server.state == .open && client.summary.hasPrefix("TLSv1.2/ECDHE-"))
        let strict = try Self.server { $0.versions = .v1_3 ... .v1_3 }
        let (refusing, refused) = try Self.pair(strict, old)
        #expect(Self.isFailed(refusing, "unsupported protocol") && Self.isFailed(refused, "alert"))
    }

    @Test(
        "verify-full wants the host in the certificate",
        arguments: [
            ("db.example", true), ("DB.example", true), ("a.pool.example", true), ("192.0.2.7", true),
            ("a.b.pool.example", false), ("pool.example", false), ("other.example", false),
            ("192.0.2.8", false),
            ("db.example.org", false),
        ])
    func host(name: String, isFine: Bool) throws {
        let (server, client) = try Self.pair(try Self.server(), try Self.client(), host: name)
        if isFine {
            #expect(client.state == .open && server.state == .open)
        } else {
            #expect(Self.isFailed(client, "the certificate is not good: ") && Self.isFailed(server))
        }
    }

    @Test("verify-ca does not look at the host")
    func authorityOnly() throws {
        let (_, client) = try Self.pair(
            try Self.server(), try Self.client(), host: "other.example", checksHost: false)
        #expect(client.state == .open)
    }

    @Test("require takes any certificate")
    func unverified() throws {
        let (_, client) = try Self.pair(
            try Self.server("old"), try Self.client(authorities: nil), checksHost: false)
        #expect(client.state == .open)
    }

    @Test(
        "a certificate of an unknown authority, or one that has expired, is refused, and the server is told")
    func untrusted() throws {
        let (told, client) = try Self.pair(try Self.server(), try Self.client(authorities: "stranger"))
        #expect(Self.isFailed(client, "unable to get local issuer") && Self.isFailed(told, "unknown ca"))
        let (_, other) = try Self.pair(try Self.server("old"), try Self.client())
        #expect(Self.isFailed(other, "certificate has expired"))
    }

    @Test("a client shows a certificate, and its names are known")
    func clientCertificate() throws {
        let files = try Self.certificates()
        let server = try Self.server {
            $0.authoritiesFile = files.file("authority")
            $0.peerCertificate = .required
        }
        let client = try Self.client {
            $0.certificateFile = files.file("client")
            $0.keyFile = files.key("client")
        }
        let (engine, _) = try Self.pair(server, client)
        #expect(engine.state == .open)
        #expect(engine.peerNames == [Array("ada".utf8), Array("ada.example".utf8)])
        let (refusing, _) = try Self.pair(server, try Self.client())
        #expect(Self.isFailed(refusing, "peer did not return a certificate"))
    }

    @Test("a certificate that may be left out must be good when it is shown")
    func optionalCertificate() throws {
        let files = try Self.certificates()
        let server = try Self.server {
            $0.authoritiesFile = files.file("authority")
            $0.peerCertificate = .verifiedIfGiven
        }
        #expect(try Self.pair(server, try Self.client()).server.state == .open)
        let stranger = try Self.client {
            $0.certificateFile = files.file("stranger")
            $0.keyFile = files.key("stranger")
        }
        #expect(Self.isFailed(try Self.pair(server, stranger).server, "the certificate is not good"))
    }

    @Test("however the bytes are cut, it comes out the same", arguments: [1, 7, 1000])
    func pieces(piece: Int) throws {
        let (server, client) = (
            try TLSEngine(try Self.server()), try TLSEngine(try Self.client(), host: "db.example")
        )
        Self.settle(server, client, piece: piece)
        let bytes = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
        #expect(Self.write(bytes, to: server) == bytes.count)
        Self.settle(server, client, piece: piece)
        #expect(Self.read(client) == bytes)
    }

    @Test("more than there is room for is taken in parts, and arrives whole")
    func backPressure() throws {
        let (server, client) = try Self.pair(try Self.server(), try Self.client())
        let bytes = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 * 13) }
        var rest = bytes[...]
        var arrived: [UInt8] = []
        var isEverFull = false
        while arrived.count < bytes.count {
            let taken = Self.write(Array(rest), to: server)
            rest = rest.dropFirst(taken)
            if taken == 0 { isEverFull = true }
            #expect(server.outputCount < TLSEngine.outputLimit + 2 * TLSEngine.recordLimit)
            guard taken == 0 || rest.isEmpty else { continue }
            Self.carry(server, client)
            arrived += Self.read(client)
        }
        #expect(isEverFull && arrived == bytes)
        // What is not read stays ciphertext.
        _ = Self.write(Array(bytes.prefix(60_000)), to: server)
        Self.carry(server, client)
        #expect(client.unreadCount >= 60_000)
        #expect(Self.read(client).count == 60_000 && client.unreadCount == 0)
    }

    @Test("close_notify ends one direction")
    func closing() throws {
        let (server, client) = try Self.pair(try Self.server(), try Self.client())
        #expect(Self.write([1], to: client) == 1)
        client.close()
        client.close()
        Self.settle(server, client)
        #expect(Self.read(server) == [1])
        #expect(server.state == .ended)
        #expect(Self.write([2], to: client) == 0)
        #expect(Self.write([3], to: server) == 1)
        Self.settle(server, client)
        #expect(Self.read(client) == [3])
    }

    @Test("nothing is written before the handshake is done")
    func early() throws {
        let client = try TLSEngine(try Self.client())
        #expect(Self.write([1], to: client) == 0)
        #expect(client.outputCount > 0)
    }

    @Test("what is no TLS breaks the connection, and the other side gets an alert")
    func nonsense() throws {
        let server = try TLSEngine(try Self.server())
        Array("SELECT 1; this is not TLS at all".utf8).withUnsafeBytes { server.receive($0) }
        #expect(Self.isFailed(server))
        #expect(Self.write([1], to: server) == 0 && Self.read(server).isEmpty)
    }

    @Test("a record that somebody changed on its way breaks the connection")
    func tampering() throws {
        let (server, client) = try Self.pair(try Self.server(), try Self.client())
        _ = Self.write([UInt8](repeating: 1, count: 100), to: client)
        client.withOutput { bytes in
            var changed = Array(bytes)
            changed[50] ^= 1
            changed.withUnsafeBytes { server.receive($0) }
            return bytes.count
        }
        #expect(Self.read(server).isEmpty && Self.isFailed(server, "bad record mac"))
        Self.carry(server, client)
        _ = Self.read(client)
        #expect(Self.isFailed(client, "alert"))
    }

    @Test("handshakes that are changed at random never crash, and never open to a changed certificate")
    func fuzz() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let (serverContext, clientContext) = (try Self.server(), try Self.client())
        for _ in 0..<150 {
            let server = try TLSEngine(serverContext)
            let client = try TLSEngine(clientContext, host: "db.example", checksHost: true)
            var isChanged = false
            for _ in 0..<6 {
                for (from, to) in [(client, server), (server, client)] where from.outputCount > 0 {
                    from.withOutput { bytes in
                        var copy = Array(bytes)
                        if Int.random(in: 0..<3, using: &random) == 0 {
                            isChanged = true
                            copy[Int.random(in: copy.indices, using: &random)] ^=
                                UInt8.random(in: 1...255, using: &random)
                        }
                        copy.withUnsafeBytes { to.receive($0) }
                        return bytes.count
                    }
                }
            }
            #expect(
                isChanged || (server.state == .open && client.state == .open), "seed \(seed)")
        }
    }

    @Test("files that cannot be used are named by what is wrong with them")
    func files() throws {
        let files = try Self.certificates()
        func problem(_ change: (inout TLSContext.Settings) -> Void) -> String {
            do throws(TLSError) {
                var settings = TLSContext.Settings(
                    certificateFile: files.file("server"), keyFile: files.key("server"))
                change(&settings)
                _ = try TLSContext(.server, settings)
                return ""
            } catch { return error.problem }
        }
        #expect(problem { _ in } == "")
        #expect(problem { $0.keyFile = nil } == "a server needs a certificate and a key")
        #expect(problem { $0.keyFile = files.key("client") }.hasPrefix("the key cannot be used"))
        #expect(
            problem { $0.certificateFile = "/nowhere" }
                == "the certificate cannot be used: No such file or directory")
        #expect(problem { $0.authoritiesFile = files.key("server") }.contains("authorities"))
        #expect(problem { $0.peerCertificate = .required }.contains("authorities"))
        #expect(problem { $0.ciphers = "NONSENSE" }.contains("cipher"))
        #expect(problem { $0.groups = "NONSENSE" }.contains("curve"))
    }
}
