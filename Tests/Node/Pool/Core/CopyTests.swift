import Testing

@testable import Pool

@Suite("COPY and long answers") struct CopyTests {
    @Test("COPY takes in what the client sends, and the server is free then")
    func copyIn() {
        let stage = PoolStage()
        let a = stage.client()
        #expect(a.query("COPY IN") == ["copy in"])
        #expect(a.ask(Say.copyData("1"), Say.copyData("2")) == [])
        #expect(stage.servers.first?.client != nil)
        #expect(a.ask(Say.copyDone) == ["complete COPY 2", "ready I"])
        #expect(stage.servers.first?.client == nil)
    }

    @Test("COPY gives out rows and its end")
    func copyOut() {
        let stage = PoolStage()
        let a = stage.client()
        a.transcript.countsRows = true
        #expect(
            a.query("COPY OUT 2 7") == [
                "copy out", "data 7", "data 7", "copy done", "complete COPY 2", "ready I",
            ])
    }

    @Test("the data of a COPY that has failed goes nowhere, in whatever pieces it comes")
    func failedCopy() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("COPY IN 10")
        #expect(a.ask(Say.copyData("12345678901")) == ["error 22P02 invalid input syntax", "ready I"])
        #expect(stage.servers.first?.client == nil)
        stage.piece = 3
        #expect(a.ask(Say.copyData("more and more"), Say.copyDone) == [])
        #expect(stage.servers.first?.client == nil)
        #expect(a.query("SELECT 'a'").contains("row a"))
    }

    @Test("a query right behind the last data of a failed COPY is answered")
    func queryBehindFailedCopy() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("COPY IN 10")
        a.ask(Say.copyData("12345678901"))
        let data = Say.copyData("abcdef")
        a.ask(Array(data.prefix(7)))
        #expect(
            a.ask(Array(data.dropFirst(7)) + Say.copyFail("over") + Say.query("SELECT 'a'")).contains("row a")
        )
    }

    @Test("CopyFail ends a COPY with the server's error")
    func copyFail() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("COPY IN")
        #expect(a.ask(Say.copyFail("no")) == ["error 57014 COPY from stdin failed", "ready I"])
        #expect(stage.servers.first?.client == nil)
    }

    @Test("a Sync that a server took for a part of the COPY is not waited for")
    func syncInCopy() {
        let stage = PoolStage()
        let a = stage.client()
        // As libpq does it: the Sync leaves with the Execute, and another one with the CopyDone.
        let begin =
            Say.parse("", "COPY IN") + Say.bind("") + Say.describe(portal: "") + Say.execute() + Say.sync
        #expect(a.ask(begin) == ["parsed", "bound", "no data", "copy in"])
        #expect(a.ask(Say.copyData("1") + Say.copyDone + Say.sync) == ["complete COPY 1", "ready I"])
        #expect(stage.servers.first?.client == nil)
        #expect(a.ask(Say.extended("SELECT 'a'", name: "s")).contains("row a"))
    }

    @Test("a COPY may be sent in one piece with its data")
    func copyInOnePiece() {
        let stage = PoolStage()
        let a = stage.client()
        let copy =
            Say.parse("", "COPY IN") + Say.bind("") + Say.execute() + Say.copyData("1") + Say.copyDone
            + Say.sync
        #expect(a.ask(copy) == ["parsed", "bound", "copy in", "complete COPY 1", "ready I"])
        #expect(stage.servers.first?.client == nil)
        #expect(
            a.ask(Say.query("COPY IN") + Say.copyData("1") + Say.copyDone)
                == ["copy in", "complete COPY 1", "ready I"])
        #expect(stage.servers.first?.client == nil)
    }

    @Test("a failed COPY in the extended protocol ends at the Sync behind it")
    func failedExtendedCopy() {
        let stage = PoolStage()
        let a = stage.client()
        a.ask(Say.parse("", "COPY IN 4") + Say.bind("") + Say.execute() + Say.sync)
        #expect(a.ask(Say.copyData("12345")) == ["error 22P02 invalid input syntax"])
        #expect(a.ask(Say.copyData("1") + Say.copyDone + Say.sync) == ["ready I"])
        #expect(stage.servers.first?.client == nil)
    }

    @Test("a row longer than any buffer goes through, and little of it is kept")
    func longRow() {
        let stage = PoolStage()
        stage.piece = 16_384
        let a = stage.client()
        a.transcript.countsRows = true
        #expect(
            a.query("ROWS 3 3000000") == [
                "columns row", "row 3000000", "row 3000000", "row 3000000", "complete SELECT 3", "ready I",
            ])
        #expect(a.wire.mostQueued < Pooler.highWater + 2 * 16_384)
    }

    @Test("a server waits for a client that does not read")
    func backPressure() {
        let stage = PoolStage()
        stage.piece = 16_384
        let a = stage.client()
        a.transcript.countsRows = true
        stage.stalled = [a.wire]
        a.query("ROWS 100 100000")
        #expect(a.wire.mostQueued < Pooler.highWater + 2 * 16_384)
        #expect(stage.servers.first?.isPaused ?? false)
        stage.stalled = []
        let answer = a.ask()
        #expect(answer.count == 103)
        #expect(answer.last == "ready I")
        #expect(stage.servers.first?.isPaused == false)
    }

    @Test("a client waits for a server that does not read")
    func backPressureUp() {
        let stage = PoolStage()
        stage.piece = 16_384
        let a = stage.client()
        a.query("COPY IN")
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        stage.stalled = [server]
        for _ in 0..<100 { a.send(Say.copyData(String(repeating: "x", count: 10_000))) }
        a.send(Say.copyDone)
        #expect(a.ask() == [])
        #expect(server.mostQueued < Pooler.highWater + 2 * 16_384)
        #expect(a.wire.isPaused)
        stage.stalled = []
        #expect(a.ask() == ["complete COPY 100", "ready I"])
    }

    @Test("a client that was held back while a COPY failed is listened to again")
    func heldBackWhenCopyFails() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("COPY IN 10")
        guard let server = stage.driver.open[stage.servers[0].link] else { return }
        // The server has failed already, while much is on its way to it and a message is under way.
        a.send(Array(Say.copyData("12345678901234")))
        let long = Say.copyData(String(repeating: "x", count: 100_000))
        a.send(Array(long.prefix(70_000)))
        stage.pump()
        #expect(a.take() == ["error 22P02 invalid input syntax", "ready I"])
        stage.stalled = [server]
        a.send(Array(long.dropFirst(70_000)))
        stage.pump()
        a.send(Say.copyData(String(repeating: "y", count: 100_000)))
        stage.pump()
        stage.stalled = []
        #expect(a.ask(Say.copyDone + Say.query("SELECT 'a'")).contains("row a"))
    }

    @Test("a client that waits for a server may send on only so far")
    func heldLimit() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b) = (stage.client(), stage.client())
        stage.piece = 16_384
        a.query("BEGIN")
        for _ in 0..<100 { b.send(Say.query("SELECT '\(String(repeating: "x", count: 10_000))'")) }
        stage.pump()
        #expect(b.wire.isPaused)
        #expect((stage.pooler.sessions[Int(b.wire.link)]?.held.count ?? .max) < Pooler.heldLimit + 2 * 16_384)
        a.query("COMMIT")
        #expect(b.take().filter { $0 == "ready I" }.count == 100)
    }

    @Test("a client that waits to be let in may send on only so far")
    func heldLimitAtWelcome() {
        let stage = PoolStage()
        stage.postgres.loginHangs = true
        stage.piece = 16_384
        let a = stage.knock()
        for _ in 0..<100 { a.send(Say.query("SELECT '\(String(repeating: "x", count: 10_000))'")) }
        stage.pump()
        #expect(a.wire.isPaused)
        #expect((stage.pooler.sessions[Int(a.wire.link)]?.held.count ?? .max) < Pooler.heldLimit + 2 * 16_384)
    }
}
