import Testing

@testable import Pool

@Suite struct ReadMarksTests {
    static let user = MarkKey.user(Array("app".utf8), database: Array("shop".utf8))

    /// The primary's position, asked for at a time.
    static func sample(_ offset: UInt64, askedAt: Int) -> PositionSample {
        PositionSample(node: 1, epoch: 1, timeline: 1, offset: offset, askedAt: .milliseconds(askedAt))
    }

    /// Marks that know what was there before them.
    static func settled() -> ReadMarks {
        var marks = ReadMarks(at: .zero)
        marks.epochBegan(1, at: .zero)
        marks.sampled(sample(100, askedAt: 1), at: .milliseconds(2))
        return marks
    }

    @Test("before the first sample nothing is known, and only the primary will do")
    func start() {
        var marks = ReadMarks(at: .milliseconds(10))
        #expect(marks.need(of: nil, at: .milliseconds(10)) == .primary)
        marks.sampled(Self.sample(100, askedAt: 9), at: .milliseconds(11))
        #expect(marks.need(of: nil, at: .milliseconds(11)) == .primary)
        marks.sampled(Self.sample(200, askedAt: 10), at: .milliseconds(12))
        #expect(marks.need(of: nil, at: .milliseconds(12)) == .position(200))
    }

    @Test("a write needs the first sample that was asked for after its end")
    func write() {
        var marks = Self.settled()
        let key = MarkKey.session(7)
        let mustTell = marks.writeBegan(key)
        #expect(!mustTell)
        #expect(marks.need(of: key, at: .milliseconds(3)) == .position(100))
        marks.writeEnded(key, at: .milliseconds(10))
        #expect(marks.need(of: key, at: .milliseconds(10)) == .primary)
        marks.sampled(Self.sample(150, askedAt: 9), at: .milliseconds(20))
        #expect(marks.need(of: key, at: .milliseconds(20)) == .primary)
        marks.sampled(Self.sample(180, askedAt: 10), at: .milliseconds(21))
        #expect(marks.need(of: key, at: .milliseconds(21)) == .position(180))
        // Later ones do not raise it: a standby would never get there.
        marks.sampled(Self.sample(900, askedAt: 30), at: .milliseconds(31))
        #expect(marks.need(of: key, at: .milliseconds(31)) == .position(180))
        #expect(marks.need(of: .session(8), at: .milliseconds(31)) == .position(100))
    }

    @Test("a second write while the first one is owed moves the time, not the sample before it")
    func twoWrites() {
        var marks = Self.settled()
        let key = MarkKey.session(7)
        marks.writeEnded(key, at: .milliseconds(10))
        marks.writeEnded(key, at: .milliseconds(20))
        marks.sampled(Self.sample(150, askedAt: 15), at: .milliseconds(25))
        #expect(marks.need(of: key, at: .milliseconds(25)) == .primary)
        marks.sampled(Self.sample(160, askedAt: 20), at: .milliseconds(26))
        #expect(marks.need(of: key, at: .milliseconds(26)) == .position(160))
    }

    @Test("a new epoch makes everybody wait for the new primary's first sample")
    func epochs() {
        var marks = Self.settled()
        let key = MarkKey.session(7)
        marks.writeEnded(key, at: .milliseconds(10))
        marks.sampled(Self.sample(5000, askedAt: 10), at: .milliseconds(11))
        marks.epochBegan(2, at: .milliseconds(20))
        #expect(marks.need(of: nil, at: .milliseconds(21)) == .primary)
        // The new timeline may be shorter than what the old primary had.
        marks.sampled(Self.sample(4000, askedAt: 20), at: .milliseconds(22))
        #expect(marks.need(of: key, at: .milliseconds(22)) == .position(4000))
    }

    @Test("what is old, or too much, becomes a floor for all and is not lost")
    func bounds() {
        var marks = ReadMarks(capacity: 4, expiry: .seconds(1), at: .zero)
        marks.sampled(Self.sample(100, askedAt: 0), at: .zero)
        marks.writeEnded(.session(1), at: .milliseconds(1))
        marks.sampled(Self.sample(200, askedAt: 2), at: .milliseconds(2))
        #expect(marks.need(of: .session(2), at: .milliseconds(3)) == .position(100))
        marks.sampled(Self.sample(300, askedAt: 1500), at: .milliseconds(1500))
        #expect(marks.count == 0)
        #expect(marks.need(of: .session(2), at: .milliseconds(1500)) == .position(200))
        for session in 0..<5 as Range<UInt64> { marks.writeEnded(.session(session), at: .milliseconds(1600)) }
        #expect(marks.count == 0)
        #expect(marks.need(of: .session(99), at: .milliseconds(1601)) == .primary)
        marks.sampled(Self.sample(400, askedAt: 1600), at: .milliseconds(1602))
        #expect(marks.need(of: .session(3), at: .milliseconds(1603)) == .position(400))
        for session in 0..<1000 as Range<UInt64> {
            let now = Duration.milliseconds(2000 + Int(session))
            marks.writeEnded(.session(session), at: now)
            marks.sampled(Self.sample(500 + session, askedAt: 2000 + Int(session)), at: now)
        }
        #expect(marks.count <= 5)
        #expect(marks.need(of: .session(5000), at: .milliseconds(3000)) >= 1400)
    }

    @Test("a session that is gone leaves nothing")
    func gone() {
        var marks = Self.settled()
        marks.writeEnded(.session(1), at: .milliseconds(10))
        marks.ended(session: .session(1))
        marks.sampled(Self.sample(150, askedAt: 20), at: .milliseconds(25))
        #expect(marks.count == 0)
    }

    @Test("users and databases are told apart, and are the same on every node")
    func keys() {
        #expect(Self.user == MarkKey.user(Array("app".utf8), database: Array("shop".utf8)))
        #expect(MarkKey.user([1], database: [2]) != MarkKey.user([2], database: [1]))
        #expect(MarkKey.user([1, 2], database: [3]) != MarkKey.user([2], database: [3, 1]))
        #expect(MarkKey.database([1]) != MarkKey.user([], database: [1]))
    }
}

func >= (need: ReadMarks.Need, offset: UInt64) -> Bool {
    if case .position(let place) = need { place >= offset } else { false }
}
