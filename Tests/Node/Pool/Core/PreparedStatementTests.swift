import Testing

@testable import Pool

@Suite("Prepared statements over several servers") struct PreparedStatementTests {
    /// A client that keeps its server in a transaction, so that others get another one.
    func hold(_ stage: PoolStage) -> TestClient {
        let client = stage.client()
        client.query("BEGIN")
        return client
    }

    @Test("a statement that was prepared on one server is used on another")
    func onAnotherServer() {
        let stage = PoolStage()
        let a = stage.client()
        #expect(a.ask(Say.parse("s", "SELECT $1") + Say.sync) == ["parsed", "ready I"])
        let other = hold(stage)
        #expect(a.ask(Say.run("s", ["x"])) == ["bound", "row x", "complete SELECT 1", "ready I"])
        #expect(stage.serverCount == 2)
        other.query("COMMIT")
    }

    @Test("a Parse that the server has had already is answered in its turn")
    func knownParseInOrder() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.ask(Say.parse("s", "SELECT $1") + Say.sync)
        let answer = b.ask(
            Say.query("SELECT 'first'") + Say.parse("mine", "SELECT $1") + Say.bind("mine", ["x"])
                + Say.execute()
                + Say.sync)
        #expect(
            answer == [
                "columns token", "row first", "complete SELECT 1", "ready I", "parsed", "bound", "row x",
                "complete SELECT 1", "ready I",
            ])
        let servers = stage.postgres.sessions.values
        #expect(servers.reduce(0) { $0 + $1.statements.count } == 1)
    }

    @Test("clients have their own names for the same text")
    func ownNames() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        b.ask(Say.parse("s", "SELECT 'b'") + Say.sync)
        #expect(a.ask(Say.run("s")).contains("row a"))
        #expect(b.ask(Say.run("s")).contains("row b"))
    }

    @Test("Describe of a statement works on a server that has not got it")
    func describe() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT $1") + Say.sync)
        let other = hold(stage)
        #expect(
            a.ask(Say.describe(statement: "s") + Say.sync) == ["parameters", "columns token", "ready I"])
        other.query("COMMIT")
    }

    @Test("a name that is taken is refused as PostgreSQL does, and the transaction fails")
    func duplicateName() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        a.query("BEGIN")
        #expect(
            a.ask(Say.parse("s", "SELECT 'b'") + Say.sync)
                == ["error 42P05 prepared statement \"s\" already exists", "ready E"])
        #expect(a.query("ROLLBACK").last == "ready I")
        #expect(a.ask(Say.run("s")).contains("row a"))
    }

    @Test("two names that are taken are told in order, each by its own")
    func duplicateNames() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.parse("t", "SELECT 'a'") + Say.sync)
        let again = Say.parse("s", "SELECT 'b'") + Say.sync + Say.parse("t", "SELECT 'b'") + Say.sync
        #expect(
            a.ask(again) == [
                "error 42P05 prepared statement \"s\" already exists", "ready I",
                "error 42P05 prepared statement \"t\" already exists", "ready I",
            ])
    }

    @Test("a taken name that the server never came to is not told of later")
    func skippedDuplicate() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        a.ask(Say.parse("", "SYNTAX") + Say.parse("s", "SELECT 'b'") + Say.sync)
        #expect(a.ask(Say.parse("", "SYNTAX") + Say.sync).first == "error 42601 syntax error")
        #expect(
            a.ask(Say.parse("s", "SELECT 'b'") + Say.sync).first
                == "error 42P05 prepared statement \"s\" already exists")
    }

    @Test("a name whose Parse failed may be given again")
    func nameOfFailedParse() {
        let stage = PoolStage()
        let a = stage.client()
        #expect(a.ask(Say.parse("s", "SYNTAX") + Say.sync) == ["error 42601 syntax error", "ready I"])
        #expect(a.ask(Say.parse("s", "SELECT 'a'") + Say.sync) == ["parsed", "ready I"])
        #expect(a.ask(Say.run("s")).contains("row a"))
    }

    @Test("what follows an error in a pipeline is prepared neither for the client nor on the server")
    func skippedParse() {
        let stage = PoolStage()
        let a = stage.client()
        let pipeline =
            Say.parse("", "FAIL") + Say.bind("") + Say.execute() + Say.parse("s", "SELECT 'a'") + Say.sync
        #expect(a.ask(pipeline) == ["parsed", "bound", "error 22012 division by zero", "ready I"])
        #expect(a.ask(Say.run("s")).first?.hasPrefix("error 26000") ?? false)
        #expect(a.ask(Say.parse("s", "SELECT 'a'") + Say.run("s")).contains("row a"))
    }

    @Test("a Close behind an error has not happened")
    func skippedClose() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        a.ask(Say.parse("", "SYNTAX") + Say.close(statement: "s") + Say.sync)
        #expect(a.ask(Say.run("s")).contains("row a"))
        #expect(a.ask(Say.close(statement: "s") + Say.sync) == ["closed", "ready I"])
        #expect(a.ask(Say.run("s")).first?.hasPrefix("error 26000") ?? false)
    }

    @Test("a client's Close leaves the statement on the server for others")
    func closeLeavesIt() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        b.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        a.ask(Say.close(statement: "s") + Say.sync)
        #expect(b.ask(Say.run("s")).contains("row a"))
        #expect(stage.pooler.databases["app"]?.traffic.serverParses == 1)
    }

    @Test("the statement that is unused the longest makes room, by a Close that nobody hears of")
    func eviction() {
        let stage = PoolStage { $0.maxPreparedStatements = 2 }
        let a = stage.client()
        for name in ["1", "2", "3"] {
            #expect(a.ask(Say.parse(name, "SELECT '\(name)'") + Say.sync) == ["parsed", "ready I"])
        }
        #expect(stage.postgres.sessions.values.first?.statements.count == 2)
        #expect(a.ask(Say.run("1")) == ["bound", "row 1", "complete SELECT 1", "ready I"])
        #expect(a.ask(Say.run("3")).contains("row 3"))
        #expect(stage.pooler.databases["app"]?.traffic.serverParses == 4)
    }

    @Test("a statement that was to be evicted behind an error is still there")
    func skippedEviction() {
        let stage = PoolStage { $0.maxPreparedStatements = 2 }
        let a = stage.client()
        a.ask(Say.parse("1", "SELECT '1'") + Say.parse("2", "SELECT '2'") + Say.sync)
        a.ask(Say.parse("", "SYNTAX") + Say.parse("3", "SELECT '3'") + Say.sync)
        #expect(a.ask(Say.run("1")).contains("row 1"))
        #expect(a.ask(Say.run("2")).contains("row 2"))
        #expect(a.ask(Say.parse("3", "SELECT '3'") + Say.run("3")).contains("row 3"))
        #expect(a.ask(Say.run("1")).contains("row 1"))
        #expect((stage.postgres.sessions.values.first?.statements.count ?? 9) <= 2)
    }

    @Test(
        "DISCARD ALL and DEALLOCATE ALL take all statements away, and they may be prepared anew",
        arguments: [
            "DISCARD ALL", "DEALLOCATE ALL",
        ])
    func discardAll(command: String) {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        #expect(a.query(command) == ["complete \(command)", "ready I"])
        #expect(a.ask(Say.run("s")).first?.hasPrefix("error 26000") ?? false)
        #expect(a.ask(Say.parse("s", "SELECT 'a'") + Say.run("s")).contains("row a"))
        #expect(stage.pooler.queries.count == 1)
    }

    @Test("what is prepared right behind DISCARD ALL stays")
    func pipelinedDiscard() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        #expect(
            a.ask(Say.query("DISCARD ALL") + Say.parse("t", "SELECT 't'") + Say.run("t")).contains("row t"))
        #expect(a.ask(Say.run("t")) == ["bound", "row t", "complete SELECT 1", "ready I"])
    }

    @Test("DEALLOCATE and EXECUTE at SQL level find what the protocol has prepared")
    func sqlLevel() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("pdo_1", "SELECT 'a'") + Say.sync)
        #expect(a.query("DEALLOCATE pdo_1") == ["complete DEALLOCATE", "ready I"])
        #expect(a.ask(Say.parse("pdo_1", "SELECT 'b'") + Say.run("pdo_1")).contains("row b"))
    }

    @Test("a client that goes leaves no query counted as used")
    func useCounts() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.parse("t", "SELECT 't'") + Say.sync)
        a.ask(Say.close(statement: "s") + Say.parse("s", "SELECT 'x'") + Say.sync)
        let query = stage.pooler.queries[1]
        #expect(query?.uses == 0)
        #expect(stage.pooler.queries[2]?.uses == 1)
        a.ask(Say.terminate)
        #expect(stage.pooler.queries[2]?.uses == 0)
        #expect(stage.pooler.queries[3]?.uses == 0)
    }

    @Test("a Parse and a Bind are counted once, however many pieces they come in")
    func countsOfPieces() {
        let stage = PoolStage()
        let a = stage.client()
        stage.piece = 1
        a.ask(Say.parse("s", "SELECT $1") + Say.run("s", ["x"]))
        #expect(stage.pooler.databases["app"]?.traffic.clientParses == 1)
        #expect(stage.pooler.databases["app"]?.traffic.binds == 1)
    }

    @Test("without max_prepared_statements names go to the server as they are")
    func untracked() {
        let stage = PoolStage { $0.maxPreparedStatements = 0 }
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT 'a'") + Say.sync)
        #expect(stage.postgres.sessions.values.first?.statements["s"] == "SELECT 'a'")
    }

    @Test("a portal gives its rows in parts, on one server")
    func portal() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("BEGIN")
        let begin =
            Say.parse("s", "ROWS 5 3") + Say.bind("s", portal: "p") + Say.execute("p", rows: 2) + Say.sync
        #expect(a.ask(begin) == ["parsed", "bound", "row rrr", "row rrr", "suspended", "ready T"])
        #expect(
            a.ask(Say.execute("p", rows: 9) + Say.sync)
                == ["row rrr", "row rrr", "row rrr", "complete SELECT 3", "ready T"])
        #expect(a.query("COMMIT").last == "ready I")
    }

    @Test("Flush brings answers before any Sync")
    func flush() {
        let stage = PoolStage()
        let a = stage.client()
        #expect(a.ask(Say.parse("s", "SELECT 'a'") + Say.flush) == ["parsed"])
        #expect(a.ask(Say.bind("s") + Say.execute() + Say.flush) == ["bound", "row a", "complete SELECT 1"])
        #expect(a.ask(Say.sync) == ["ready I"])
    }

    @Test("a client may send many thousand requests before its first Sync")
    func longPipeline() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("s", "SELECT $1") + Say.sync)
        let one = Say.bind("s", ["x"]) + Say.execute()
        for _ in 0..<12_000 { a.send(one) }
        a.send(Say.sync)
        stage.piece = 40_000
        let answer = a.ask()
        #expect(answer.count == 36_001)
        #expect(answer.last == "ready I")
    }
}
