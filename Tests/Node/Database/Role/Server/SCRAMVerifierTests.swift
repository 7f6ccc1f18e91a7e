import Foundation
import TestSupport
import Testing

@testable import DatabaseRole

@Suite struct SCRAMVerifierTests {
    @Test("a verifier fits the password that it was made of and no other, and no two are the same")
    func fits() {
        let verifier = SCRAMVerifier.make("app")
        #expect(SCRAMVerifier.fits(verifier, "app"))
        for other in ["", "App", "app ", "apq", verifier] { #expect(!SCRAMVerifier.fits(verifier, other)) }
        #expect(SCRAMVerifier.make("app") != verifier)
    }

    @Test(
        "what is no verifier fits nothing",
        arguments: [
            "", "md5abc", "app", "SCRAM-SHA-256", "SCRAM-SHA-256$4096:$:", "SCRAM-SHA-256$0:AAAA$AAAA:AAAA",
            "SCRAM-SHA-256$-1:AAAA$AAAA:AAAA", "SCRAM-SHA-256$99999999999:AAAA$AAAA:AAAA",
            "SCRAM-SHA-256$x:AAAA$AAAA:AAAA", "SCRAM-SHA-256$4096:!$AAAA:AAAA",
            "SCRAM-SHA-1$4096:AAAA$AAAA:AAAA",
        ])
    func nonsense(verifier: String) { #expect(!SCRAMVerifier.fits(verifier, "app")) }

    @Test("PostgreSQL lets a role in by our verifier, and we know its own verifiers")
    func realServer() throws {
        let server = try PostgreSQLServer(access: "trust")
        let verifier = SCRAMVerifier.make("it's a \"password\"")
        let statements = server.folder + "/statements"
        try """
        CREATE ROLE ours LOGIN PASSWORD '\(verifier)';
        CREATE ROLE theirs LOGIN PASSWORD 'their password';
        COPY (SELECT rolpassword FROM pg_authid WHERE rolname IN ('ours', 'theirs') ORDER BY rolname)
        TO '\(server.folder)/verifiers';
        """.write(toFile: statements, atomically: true, encoding: .utf8)
        try PostgreSQLServer.asPostgres([
            "psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-U", "postgres", "-f", statements,
        ])
        let kept = try String(contentsOfFile: server.folder + "/verifiers", encoding: .utf8)
            .split(separator: "\n").map { String($0) }
        #expect(kept.first == verifier, "PostgreSQL takes it as it is, and does not hash it once more")
        #expect(SCRAMVerifier.fits(try #require(kept.last), "their password"))
        try "local all all scram-sha-256\n".write(
            toFile: server.folder + "/data/pg_hba.conf", atomically: false, encoding: .utf8)
        try PostgreSQLServer.asPostgres(["pg_ctl", "-D", server.folder + "/data", "-s", "reload"])
        func login(_ password: String) throws {
            try PostgreSQLServer.asPostgres([
                "psql", "-q", "-c", "SELECT 1", "-o", "/dev/null",
                "host=\(server.folder) user=ours dbname=postgres password='\(password)'",
            ])
        }
        try login(#"it\'s a "password""#)
        #expect(throws: (any Error).self) { try login("another") }
    }
}
