import Database
import Testing

@testable import DatabaseRole

@Suite struct ServerDetailsTests {
    @Test("a primary's rows")
    func primary() throws {
        let details = ServerDetails([
            ["server", "f", "0/5000060", nil, "0000000C", nil],
            ["process", "client backend", "SyncRep"], ["process", "client backend", "SyncRep"],
            ["follower", "pidep_2", "0/5000060", "0/5000000", "streaming", "quorum", "12", "4711"],
            ["follower", "pidep_3", nil, nil, "startup", "async", nil, "4712"],
            ["follower", "pidep_backup", "0/1", "0/1", "streaming", "async", nil, "4713"],
        ])
        #expect(!details.isInRecovery && details.timeline == 12 && details.offset == 0x500_0060)
        #expect(details.waiting == 2 && !details.hasReceiver && !details.isReceiving)
        #expect(details.followers.map { $0.member.number } == [2, 3])
        let first = try #require(details.followers.first)
        #expect(first.flushed == 0x500_0060 && first.replayed == 0x500_0000 && first.lag == 12)
        #expect(first.synchronous == "quorum" && first.process == 4711)
        let second = try #require(details.followers.last)
        #expect(second.flushed == 0 && second.lag == nil && second.state == "startup")
    }

    @Test("a standby's rows: the receiver's timeline, and what recovery waits for")
    func standby() {
        let details = ServerDetails([
            ["server", "t", "0/5000060", "0/5000000", nil, "1500"],
            ["process", "startup", "RecoveryWalStream"], ["process", "walreceiver", "WalReceiverMain"],
            ["receiver", "streaming", "12"],
        ])
        #expect(details.isInRecovery && details.hasReceiver && details.isReceiving && !details.isAtEnd)
        #expect(details.timeline == 12 && details.received == 0x500_0000 && details.replayAge == 1500)
    }

    @Test("a receiver that is there and does not stream is no stream")
    func connecting() {
        let details = ServerDetails([
            ["server", "t", "0/5000060", nil, nil, nil], ["process", "walreceiver", nil],
            ["receiver", "waiting", nil],
        ])
        #expect(details.hasReceiver && !details.isReceiving && details.timeline == nil)
    }

    @Test("recovery that looks for more now and then is at its end")
    func atEnd() {
        let details = ServerDetails([
            ["server", "t", "0/5000060", nil, nil, nil],
            ["process", "startup", "RecoveryRetrieveRetryInterval"],
        ])
        #expect(details.isAtEnd && !details.hasReceiver)
    }

    @Test("short rows, unknown ones and nonsense say nothing")
    func nonsense() {
        let details = ServerDetails([
            [], [nil], ["server"], ["process"], ["receiver"], ["follower"], ["future", "1"],
            ["follower", "pidep_1", "x", "y", "z"],
        ])
        #expect(!details.isInRecovery && details.offset == 0 && details.timeline == nil)
        #expect(details.followers.map { $0.flushed } == [0])
        #expect(ServerDetails([]).isInRecovery)
    }
}
