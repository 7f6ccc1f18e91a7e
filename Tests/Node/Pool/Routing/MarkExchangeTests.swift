import Testing

@testable import Pool

@Suite struct MarkExchangeTests {
    typealias Marks = ReadMarksTests

    /// Two pools that know each other and what was before.
    private func pair() -> (ReadMarks, ReadMarks) {
        var (one, two) = (Marks.settled(), Marks.settled())
        one.expect(pools: [2], at: .milliseconds(3))
        two.expect(pools: [1], at: .milliseconds(3))
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(4))
        _ = one.merge(two.snapshot(pool: 2, life: 9), at: .milliseconds(4))
        one.sampled(Marks.sample(100, askedAt: 5), at: .milliseconds(6))
        two.sampled(Marks.sample(100, askedAt: 5), at: .milliseconds(6))
        return (one, two)
    }

    @Test("a pool that was never heard, or is silent, may have written anything")
    func silence() {
        var marks = Marks.settled()
        marks.expect(pools: [2], at: .milliseconds(3))
        #expect(marks.need(of: nil, at: .milliseconds(4)) == .primary)
        let (_, two) = pair()
        #expect(two.need(of: Marks.user, at: .milliseconds(100)) == .position(100))
        #expect(two.need(of: Marks.user, at: .milliseconds(900)) == .primary)
    }

    @Test("a write is told when it begins, once, and its place when that is known")
    func write() {
        var (one, two) = pair()
        let mustTell = one.writeBegan(Marks.user)
        #expect(mustTell)
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(10))
        #expect(two.need(of: Marks.user, at: .milliseconds(10)) == .primary)
        #expect(two.need(of: .user([1], database: [1]), at: .milliseconds(10)) == .position(100))
        let mustTellAgain = one.writeBegan(Marks.user)
        #expect(!mustTellAgain)
        one.writeEnded(Marks.user, at: .milliseconds(20))
        one.sampled(Marks.sample(150, askedAt: 21), at: .milliseconds(22))
        // The second one is still open.
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(23))
        #expect(two.need(of: Marks.user, at: .milliseconds(23)) == .primary)
        one.writeEnded(Marks.user, at: .milliseconds(30))
        one.sampled(Marks.sample(170, askedAt: 31), at: .milliseconds(32))
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(33))
        #expect(two.need(of: Marks.user, at: .milliseconds(33)) == .position(170))
    }

    @Test("sessions are nobody else's business")
    func sessions() {
        var (one, _) = pair()
        let mustTell = one.writeBegan(.session(1))
        #expect(!mustTell)
        one.writeEnded(.session(1), at: .milliseconds(20))
        #expect(one.snapshot(pool: 1, life: 9).entries.isEmpty)
    }

    @Test("an old datagram changes nothing, a lost one is made good or makes for a floor")
    func lost() {
        var (one, two) = pair()
        _ = one.writeBegan(Marks.user)
        let begun = one.snapshot(pool: 1, life: 9)
        one.writeEnded(Marks.user, at: .milliseconds(20))
        one.sampled(Marks.sample(150, askedAt: 21), at: .milliseconds(22))
        let known = one.snapshot(pool: 1, life: 9)
        _ = two.merge(known, at: .milliseconds(23))
        _ = two.merge(begun, at: .milliseconds(24))
        #expect(two.need(of: Marks.user, at: .milliseconds(25)) == .position(150))

        _ = one.writeBegan(Marks.user)
        one.writeEnded(Marks.user, at: .milliseconds(30))
        one.sampled(Marks.sample(180, askedAt: 31), at: .milliseconds(32))
        // All that tell the place are lost.
        for _ in 0...MarkOutbox.repeats { _ = one.snapshot(pool: 1, life: 9) }
        let later = one.snapshot(pool: 1, life: 9)
        #expect(later.entries.isEmpty)
        _ = two.merge(later, at: .milliseconds(60))
        #expect(two.need(of: Marks.user, at: .milliseconds(61)) == .primary)
        two.sampled(Marks.sample(190, askedAt: 61), at: .milliseconds(62))
        #expect(two.need(of: Marks.user, at: .milliseconds(63)) == .position(190))
        // Who has heard everything needs no floor.
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(70))
        #expect(two.need(of: Marks.user, at: .milliseconds(71)) == .position(190))
    }

    @Test("a pool that starts again, or is gone, makes for a floor")
    func lives() {
        var (one, two) = pair()
        _ = two.merge(one.snapshot(pool: 1, life: 10), at: .milliseconds(30))
        #expect(two.need(of: Marks.user, at: .milliseconds(31)) == .primary)
        two.sampled(Marks.sample(190, askedAt: 40), at: .milliseconds(41))
        #expect(two.need(of: Marks.user, at: .milliseconds(42)) == .position(190))
        two.expect(pools: [], at: .milliseconds(50))
        #expect(two.need(of: Marks.user, at: .milliseconds(51)) == .primary)
    }

    @Test("a newer epoch must begin before its marks are taken, an older one's are not needed")
    func epochs() {
        var (one, two) = pair()
        one.epochBegan(2, at: .milliseconds(20))
        _ = one.writeBegan(Marks.user)
        let snapshot = one.snapshot(pool: 1, life: 9)
        let isTaken = two.merge(snapshot, at: .milliseconds(21))
        #expect(!isTaken)
        let old = two.snapshot(pool: 2, life: 9)
        let isTakenAgain = one.merge(old, at: .milliseconds(22))
        #expect(isTakenAgain)
        two.epochBegan(2, at: .milliseconds(22))
        let isTakenThen = two.merge(snapshot, at: .milliseconds(22))
        #expect(isTakenThen)
        two.sampled(Marks.sample(300, askedAt: 23), at: .milliseconds(24))
        #expect(two.need(of: Marks.user, at: .milliseconds(25)) == .primary)
        #expect(two.need(of: nil, at: .milliseconds(25)) == .position(300))
    }

    @Test("more writes than a datagram has room for count as all")
    func overflow() {
        var (one, two) = pair()
        for user in 0..<100 as Range<UInt8> { _ = one.writeBegan(.user([user], database: [1])) }
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(10))
        #expect(two.need(of: .user([200], database: [1]), at: .milliseconds(11)) == .primary)
        for user in 0..<100 as Range<UInt8> {
            one.writeEnded(.user([user], database: [1]), at: .milliseconds(20))
        }
        one.sampled(Marks.sample(150, askedAt: 21), at: .milliseconds(22))
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(23))
        _ = two.merge(one.snapshot(pool: 1, life: 9), at: .milliseconds(24))
        #expect(two.need(of: .user([200], database: [1]), at: .milliseconds(25)) == .primary)
        two.sampled(Marks.sample(170, askedAt: 25), at: .milliseconds(26))
        #expect(two.need(of: .user([7], database: [1]), at: .milliseconds(27)) == .position(170))
    }

    @Test("a datagram says what its snapshot says, and anything else is none")
    func datagrams() {
        let snapshot = MarkSnapshot(
            pool: 3, life: .max, epoch: 5, sequence: 9, since: 7, isEverything: false,
            entries: [
                MarkSnapshot.Entry(key: Marks.user, offset: 0),
                MarkSnapshot.Entry(key: .database([1]), offset: 1 << 60),
            ])
        let bytes = snapshot.bytes
        #expect(MarkSnapshot(bytes) == snapshot)
        for length in 0..<bytes.count { #expect(MarkSnapshot(Array(bytes[..<length])) == nil) }
        #expect(MarkSnapshot(bytes + [0]) == nil)
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            var broken = bytes
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                broken[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            // Whatever is accepted can be said again.
            if let read = MarkSnapshot(broken) { #expect(MarkSnapshot(read.bytes) == read) }
        }
        let full = MarkSnapshot(
            pool: 1, life: 1, epoch: 1, sequence: 1, since: 0, isEverything: true,
            entries: (0..<UInt64(MarkSnapshot.mostEntries)).map {
                MarkSnapshot.Entry(key: MarkKey(scope: .user, value: $0), offset: $0)
            })
        #expect(full.bytes.count <= 1200)
        #expect(MarkSnapshot(full.bytes) == full)
    }
}
