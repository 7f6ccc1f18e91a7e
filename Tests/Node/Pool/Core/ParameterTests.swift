import Languages
import Testing

@testable import Pool

@Suite("A client's own settings") struct ParameterTests {
    @Test("each client finds its own tracked settings, whatever server it gets")
    func tracked() {
        let stage = PoolStage()
        let a = stage.client("alice", "app", [("application_name", "one"), ("datestyle", "iso, dmy")])
        let b = stage.client("alice", "app", [("application_name", "two")])
        for _ in 0..<2 {
            #expect(a.query("SHOW application_name").contains("row one"))
            #expect(a.query("SHOW DateStyle").contains("row ISO, DMY"))
            #expect(b.query("SHOW application_name").contains("row two"))
            #expect(b.query("SHOW DateStyle").contains("row ISO, MDY"))
        }
        #expect(stage.serverCount == 1)
    }

    @Test("what the server spells in another way is set once")
    func canonicalSpelling() {
        let stage = PoolStage()
        let a = stage.client("alice", "app", [("client_encoding", "utf-8"), ("datestyle", "iso,dmy")])
        a.query("SELECT 'a'")
        a.query("SELECT 'b'")
        a.query("SELECT 'c'")
        #expect(stage.postgres.executed.filter { $0.hasPrefix("SET") }.count <= 2)
    }

    @Test("a SET of a tracked setting goes with its client")
    func set() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        #expect(a.query("SET TimeZone = 'Europe/Zurich'").contains("status TimeZone=Europe/Zurich"))
        #expect(b.query("SHOW TimeZone").contains("row UTC"))
        #expect(a.query("SHOW TimeZone").contains("row Europe/Zurich"))
    }

    @Test("a SET that was rolled back does not")
    func rolledBack() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        a.query("SET TimeZone = 'Europe/Zurich'")
        a.query("ROLLBACK")
        b.query("SELECT 'b'")
        #expect(a.query("SHOW TimeZone").contains("row UTC"))
    }

    @Test("quotes and backslashes in a setting mean themselves")
    func quoting() {
        let stage = PoolStage()
        let a = stage.client("alice", "app", [("application_name", "it's a \\ ';DIE;'")])
        let b = stage.client()
        b.query("SELECT 'b'")
        #expect(a.query("SHOW application_name").contains("row it's a \\ ';DIE;'"))
    }

    @Test("a setting that the server refuses ends the client, not the others")
    func refusedSetting() {
        let stage = PoolStage()
        let b = stage.client()
        b.query("SELECT 'b'")
        let a = stage.client("alice", "app", [("TimeZone", "Nowhere")])
        let answer = a.query("SELECT 'a'")
        #expect(answer.first == "fatal 22023 a setting of the session cannot be set on the server")
        #expect(answer.last == "end")
        #expect(b.query("SELECT 'b'").contains("row b"))
    }

    @Test("a client is told its own settings at the beginning, and the server's others")
    func welcome() {
        let stage = PoolStage()
        let lines = stage.knock("alice", "app", [("application_name", "mine")]).take()
        #expect(lines.contains("status application_name=mine"))
        #expect(lines.contains("status server_version=15.14"))
        #expect(lines.suffix(2) == ["key", "ready I"])
    }

    @Test("other start-up parameters are refused, unless they are to be ignored")
    func startupParameters() {
        let stage = PoolStage { $0.ignoreStartupParameters = ["extra_float_digits"] }
        #expect(
            stage.knock("alice", "app", [("geqo", "off")]).take().first
                == "fatal 08P01 unsupported startup parameter: geqo")
        #expect(stage.knock("alice", "app", [("extra_float_digits", "3")]).take().last == "ready I")
        #expect(
            stage.knock("alice", "app", [("replication", "true")]).take().first
                == "fatal 08P01 unsupported startup parameter: replication")
    }

    @Test("a search_path of the start-up message reaches no server (CVE-2025-12819)")
    func searchPath() {
        let stage = PoolStage { $0.ignoreStartupParameters = ["search_path"] }
        let a = stage.client("alice", "app", [("search_path", "evil")])
        #expect(a.query("SHOW search_path").contains("row public"))
        #expect(stage.postgres.startups.allSatisfy { $0["search_path"] == nil })
        let strict = PoolStage()
        #expect(
            strict.knock("alice", "app", [("search_path", "evil")]).take().first
                == "fatal 08P01 unsupported startup parameter: search_path")
    }

    @Test("in session mode a setting that is not tracked is gone for the next client")
    func sessionReset() {
        let stage = PoolStage {
            $0.poolMode = .session
            $0.defaultPoolSize = 1
        }
        let a = stage.client()
        a.query("SET search_path = 'mine'")
        a.vanish()
        #expect(stage.client().query("SHOW search_path").contains("row public"))
        #expect(stage.serverCount == 1)
    }

    @Test(
        "a setting that is not tracked pins its server in transaction mode, and is refused where that is wanted"
    )
    func untracked() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("SET work_mem = '9MB'")
        #expect(b.query("SHOW work_mem").contains("row 4MB"))
        #expect(a.query("SHOW work_mem").contains("row 9MB"))
        a.ask(Say.terminate)
        #expect(stage.servers.allSatisfy { $0.client == nil })
        #expect(stage.client().query("SHOW work_mem").contains("row 4MB"))
        let strict = PoolStage { $0.sessionFeatures = .refuse }
        #expect(strict.client().query("SET work_mem = '9MB'").first?.hasPrefix("error 0A000") ?? false)
    }
}
