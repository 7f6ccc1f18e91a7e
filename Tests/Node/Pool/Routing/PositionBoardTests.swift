import Testing

@testable import Pool

@Suite struct PositionBoardTests {
    private static func sample(
        _ node: UInt8, _ offset: UInt64, askedAt: Int, epoch: UInt64 = 1, timeline: UInt32 = 1
    ) -> PositionSample {
        PositionSample(
            node: node, epoch: epoch, timeline: timeline, offset: offset, askedAt: .milliseconds(askedAt))
    }

    private static func board() -> PositionBoard {
        var board = PositionBoard(
            limits: PositionBoard.Limits(bytes: 1000, time: .milliseconds(300), age: .milliseconds(100)))
        _ = board.lease(epoch: 1, holder: 1)
        _ = board.take(primary: sample(1, 5000, askedAt: 0))
        board.take(standby: sample(2, 5000, askedAt: 0))
        return board
    }

    @Test("a standby is read from only with what is needed, fresh, and not too far behind")
    func covers() {
        var board = Self.board()
        #expect(board.covers(2, upTo: 5000, at: .milliseconds(50)))
        #expect(!board.covers(2, upTo: 5001, at: .milliseconds(50)))
        #expect(!board.covers(2, upTo: 0, at: .milliseconds(101)))
        #expect(!board.covers(1, upTo: 0, at: .milliseconds(50)))
        #expect(!board.covers(3, upTo: 0, at: .milliseconds(50)))
        _ = board.take(primary: Self.sample(1, 6001, askedAt: 60))
        #expect(board.lag(of: 2) == 1001)
        #expect(!board.covers(2, upTo: 0, at: .milliseconds(70)))
        board.take(standby: Self.sample(2, 5001, askedAt: 60))
        #expect(board.covers(2, upTo: 0, at: .milliseconds(70)))
    }

    @Test("the lag in time counts from when the primary first had what the standby has not")
    func delay() {
        var board = Self.board()
        for time in stride(from: 20, through: 400, by: 20) {
            _ = board.take(primary: Self.sample(1, 5000 + UInt64(time), askedAt: time))
            board.take(standby: Self.sample(2, 5020, askedAt: time))
        }
        #expect(board.delay(of: 2, at: .milliseconds(400)) == .milliseconds(360))
        #expect(!board.covers(2, upTo: 0, at: .milliseconds(400)))
        board.take(standby: Self.sample(2, 5400, askedAt: 401))
        #expect(board.delay(of: 2, at: .milliseconds(410)) == .milliseconds(10))
    }

    @Test("while nobody hears of the primary its standbys age")
    func lonely() {
        var board = Self.board()
        for time in stride(from: 20, through: 400, by: 20) {
            board.take(standby: Self.sample(2, 5000, askedAt: time))
        }
        #expect(board.covers(2, upTo: 0, at: .milliseconds(300)))
        #expect(!board.covers(2, upTo: 0, at: .milliseconds(301)))
        #expect(board.delay(of: 2, at: .milliseconds(400)) == .milliseconds(400))
    }

    @Test("positions of another epoch, holder or timeline do not count")
    func epochs() {
        var board = Self.board()
        let isTaken = board.take(primary: Self.sample(2, 9000, askedAt: 10))
        #expect(!isTaken)
        let isTakenAgain = board.take(primary: Self.sample(1, 9000, askedAt: 10, epoch: 2))
        #expect(!isTakenAgain)
        let isTakenThen = board.take(primary: Self.sample(1, 9000, askedAt: 0))
        #expect(!isTakenThen)
        let isNewEpoch = board.lease(epoch: 2, holder: 2)
        #expect(isNewEpoch)
        let isNewEpochAgain = board.lease(epoch: 2, holder: nil)
        #expect(!isNewEpochAgain)
        let isNewEpochThen = board.lease(epoch: 1, holder: 1)
        #expect(!isNewEpochThen)
        #expect(board.holder == 2)
        board.take(standby: Self.sample(3, 9000, askedAt: 10))
        #expect(!board.covers(3, upTo: 0, at: .milliseconds(11)))
        let isTakenLater = board.take(primary: Self.sample(2, 6000, askedAt: 10, epoch: 2, timeline: 2))
        #expect(isTakenLater)
        #expect(!board.covers(3, upTo: 0, at: .milliseconds(11)))
        board.take(standby: Self.sample(3, 6000, askedAt: 12, timeline: 2))
        #expect(board.covers(3, upTo: 6000, at: .milliseconds(13)))
    }

    @Test("a connection younger than the sample may lead to a server that is further back")
    func connections() {
        let board = Self.board()
        #expect(board.covers(2, upTo: 0, connected: .zero, at: .milliseconds(5)))
        #expect(!board.covers(2, upTo: 0, connected: .milliseconds(1), at: .milliseconds(5)))
    }

    @Test("a standby that crashed may be further back than it was")
    func back() {
        var board = Self.board()
        board.take(standby: Self.sample(2, 4000, askedAt: 10))
        board.take(standby: Self.sample(2, 5000, askedAt: 5))
        #expect(board.sample(of: 2)?.offset == 4000)
        board.forget(2)
        #expect(board.sample(of: 2) == nil)
    }

    @Test(
        "a page's header before its first record is not waited for",
        arguments: [
            (0x300_0000, 0x300_0000), (0x300_0028, 0x300_0000), (0x300_0018, 0x300_0018),
            (0x300_2018, 0x300_2000),
            (0x300_2028, 0x300_2028), (0x300_2020, 0x300_2020), (0x310_0028, 0x310_0028),
            (0x300_0030, 0x300_0030),
        ])
    func bound(_ insert: UInt64, _ bound: UInt64) {
        #expect(LogPosition.bound(insert: insert, segmentSize: 16 << 20) == bound)
    }

    @Test("the least busy takes the read, equals take turns")
    func choice() {
        var board = Self.board()
        board.take(standby: Self.sample(3, 5000, askedAt: 0))
        board.take(standby: Self.sample(4, 4990, askedAt: 0))
        var choice = StandbyChoice()
        var chosen: [UInt8?] = []
        for _ in 0..<6 { chosen.append(choice.choose(upTo: 0, on: board, at: .zero) { _ in 1 }) }
        #expect(chosen == [2, 3, 4, 2, 3, 4])
        let isRight = choice.choose(upTo: 0, on: board, at: .zero) { $0 == 3 ? 0 : 5 } == 3
        #expect(isRight)
        let isRightAgain = choice.choose(upTo: 0, on: board, at: .zero) { $0 == 3 ? nil : Int($0) } == 2
        #expect(isRightAgain)
        let isRightThen = choice.choose(upTo: 4995, on: board, at: .zero) { -Int($0) } == 3
        #expect(isRightThen)
        let isRightLater = choice.choose(upTo: 6000, on: board, at: .zero) { _ in 0 } == nil
        #expect(isRightLater)
    }
}
