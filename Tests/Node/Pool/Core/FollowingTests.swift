import Languages
import Testing

@testable import Pool

@Suite("Databases that follow the lease") struct FollowingTests {
    private static let first = PoolHost("192.0.2.1")!
    private static let second = PoolHost("192.0.2.2")!

    /// A database of three nodes; nobody is known to lead it.
    private func stage(_ change: (inout PoolConfiguration) -> Void = { _ in }) -> PoolStage {
        PoolStage { configuration in
            configuration.databases[0].host = [Self.first, Self.second, PoolHost("192.0.2.3")!]
            configuration.databases[0].followsLease = true
            change(&configuration)
        }
    }

    private func lead(_ stage: PoolStage, _ epoch: UInt64, _ primary: PoolHost?, isChanging: Bool = false) {
        stage.pooler.led(
            by: Leadership(epoch: epoch, primary: primary, isChanging: isChanging), at: stage.now)
        stage.pump()
    }

    private func hosts(_ stage: PoolStage) -> Set<PoolHost> { Set(stage.servers.map { $0.endpoint.host }) }

    @Test("clients wait until somebody leads, and then get a server of the leader's")
    func waits() {
        let stage = stage()
        let a = stage.knock()
        #expect(a.take() == [])
        #expect(stage.serverCount == 0)
        lead(stage, 1, Self.second)
        #expect(a.take().last == "ready I")
        #expect(a.query("SELECT 'a'").contains("row a"))
        #expect(hosts(stage) == [Self.second])
    }

    @Test("nobody leads for too long: 57P03")
    func leaderless() {
        let stage = stage { $0.failoverWaitTimeout = .seconds(3) }
        let a = stage.knock()
        stage.pass(.seconds(2))
        #expect(!a.isClosed)
        stage.pass(.seconds(2))
        #expect(a.take().contains("fatal 57P03 the database has no primary"))
        #expect(stage.pooler.clientCount == 0)
    }

    @Test("an idle client does not notice a failover, and its next query goes to the new leader")
    func idle() {
        let stage = stage()
        lead(stage, 1, Self.first)
        let a = stage.client()
        a.query("SELECT 'a'")
        lead(stage, 2, nil)
        #expect(stage.serverCount == 0)
        a.send(Say.query("SELECT 'b'"))
        stage.pump()
        #expect(a.take() == [])
        lead(stage, 3, Self.second)
        #expect(a.take().contains("row b"))
        #expect(hosts(stage) == [Self.second])
        #expect(stage.driver.violations == [])
    }

    @Test("an open transaction is lost with the leader: 57P01, for it was not committed")
    func transaction() {
        let stage = stage()
        lead(stage, 1, Self.first)
        let a = stage.client()
        a.query("BEGIN")
        lead(stage, 2, Self.second)
        #expect(a.take().first?.hasPrefix("fatal 57P01") == true)
        #expect(a.isClosed)
    }

    @Test("a statement by itself that was under way may be committed or not: 08007")
    func statement() {
        let stage = stage()
        lead(stage, 1, Self.first)
        let a = stage.client()
        a.query("SLEEP")
        lead(stage, 2, Self.second)
        #expect(a.take().first == "fatal 08007 it is not known whether the transaction was committed")
        #expect(stage.servers.allSatisfy { $0.endpoint.host == Self.second })
    }

    @Test("who is an epoch behind is not believed")
    func old() {
        let stage = stage()
        lead(stage, 5, Self.second)
        let a = stage.client()
        a.query("SELECT 'a'")
        lead(stage, 4, Self.first)
        #expect(a.query("SELECT 'b'").contains("row b"))
        #expect(hosts(stage) == [Self.second])
    }

    @Test("while the lease changes hands on purpose transactions end, and new ones wait")
    func switchover() {
        let stage = stage()
        lead(stage, 1, Self.first)
        let (a, b) = (stage.client(), stage.client())
        a.query("BEGIN")
        lead(stage, 1, Self.first, isChanging: true)
        b.send(Say.query("SELECT 'b'"))
        stage.pump()
        #expect(b.take() == [])
        #expect(a.query("COMMIT").last == "ready I")
        #expect(stage.serverCount == 0)
        lead(stage, 2, Self.second)
        #expect(b.take().contains("row b"))
        #expect(hosts(stage) == [Self.second])
    }

    @Test("a leader that is not promoted yet is asked again soon, and nothing is sent to it meanwhile")
    func promotion() {
        let stage = stage()
        stage.postgres.isStandby = true
        lead(stage, 1, Self.first)
        let a = stage.knock()
        stage.pass(.milliseconds(400))
        #expect(a.take() == [])
        #expect(stage.postgres.startups.count > 2)
        #expect(stage.postgres.executed == [])
        stage.postgres.isStandby = false
        stage.pass(.milliseconds(400))
        #expect(a.take().last == "ready I")
    }

    @Test("the read-only twin goes to the standbys, also while nobody leads")
    func twin() {
        let stage = stage { configuration in
            var twin = configuration.databases[0]
            twin.name = "app_ro"
            twin.targetSessionAttrs = .preferStandby
            configuration.databases.append(twin)
        }
        lead(stage, 1, Self.first)
        let a = stage.client("alice", "app_ro")
        #expect(a.query("SELECT 'a'").contains("row a"))
        #expect(!hosts(stage).contains(Self.first))
        lead(stage, 2, nil)
        #expect(a.query("SELECT 'b'").contains("row b"))
    }
}
