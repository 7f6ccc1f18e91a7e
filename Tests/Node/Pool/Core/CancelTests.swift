import Testing

@testable import Pool

@Suite("Cancel requests") struct CancelTests {
    @Test("a client's query is cancelled, nobody else's")
    func own() {
        let stage = PoolStage()
        let (a, b) = (stage.client(), stage.client())
        a.query("SLEEP 'a'")
        b.query("SLEEP 'b'")
        a.cancel()
        #expect(a.take() == ["error 57014 canceling statement due to user request", "ready I"])
        #expect(b.take() == [])
        stage.postgres.wakeAll()
        stage.pump()
        #expect(b.take().contains("row b"))
    }

    @Test("a wrong key cancels nothing")
    func wrongKey() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SLEEP 'a'")
        let other = stage.connect()
        other.ask(Say.big(16) + Say.big(80_877_102) + Say.big(1) + Say.big(2))
        #expect(other.isClosed)
        #expect(a.take() == [])
        #expect(stage.postgres.cancelled == [])
    }

    @Test("an idle client's cancel request reaches no server")
    func idle() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SELECT 'a'")
        a.cancel()
        #expect(stage.postgres.connections == 1)
        #expect(a.query("SELECT 'a'").contains("row a"))
    }

    @Test("a server is nobody's while a cancel request for it is under way")
    func underWay() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b) = (stage.client(), stage.client())
        a.query("SLEEP 'a'")
        stage.postgres.cancelLingers = true
        a.cancel()
        #expect(a.take().last == "ready I")
        #expect(b.query("SELECT 'b'") == [])
        stage.postgres.finishCancels()
        stage.pump()
        #expect(b.take().contains("row b"))
    }

    @Test("a cancel request that does not end is given up after cancel_wait_timeout")
    func timeout() {
        let stage = PoolStage {
            $0.defaultPoolSize = 1
            $0.cancelWaitTimeout = .seconds(5)
        }
        let a = stage.client()
        a.query("SLEEP 'a'")
        stage.postgres.cancelLingers = true
        a.cancel()
        _ = a.take()
        a.query("SELECT 'b'")
        stage.pass(.seconds(7))
        #expect(a.take().contains("row b"))
        #expect(stage.pooler.cancels.isEmpty)
    }

    @Test("a client that waits for a server is cancelled by ending it")
    func waiting() {
        let stage = PoolStage { $0.defaultPoolSize = 1 }
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        b.query("SELECT 'b'")
        b.cancel()
        #expect(b.take() == ["fatal 57014 canceling statement due to user request", "end"])
        #expect(!a.isClosed)
    }

    @Test("a cancel request whose server is gone ends, too")
    func serverGone() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SLEEP 'a'")
        stage.postgres.cancelLingers = true
        a.cancel()
        stage.postgres.crash()
        stage.pump()
        stage.postgres.finishCancels()
        stage.pump()
        #expect(stage.pooler.cancels.isEmpty)
        #expect(stage.driver.violations == [])
    }

    @Test("a cancel request that cannot be brought changes nothing")
    func refused() {
        let stage = PoolStage()
        let a = stage.client()
        a.query("SLEEP 'a'")
        stage.postgres.closedPorts = [5432]
        a.cancel()
        #expect(a.take() == [])
        stage.postgres.wakeAll()
        stage.pump()
        #expect(a.take().contains("row a"))
        #expect(stage.servers.first?.cancelsUnderWay == 0)
    }
}
