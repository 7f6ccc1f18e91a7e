import Database
import Testing

/// A member of three, driven by hand.
@Suite struct DatabaseMemberTests {
    private static let one = MemberID(1)!
    private static let two = MemberID(2)!
    private static let three = MemberID(3)!
    private static let all = MemberSet([one, two, three])

    private static let agreement = Agreement(
        systemIdentifier: 42, timelineBase: 1,
        electorate: Electorate(voters: all, acknowledgements: 1, isLossless: true), leader: two, epoch: 4)

    private static func member(durability: Durability = .strict) -> DatabaseMember {
        var record = MemberRecord()
        record.folder = .clean
        record.systemIdentifier = 42
        record.fencedEpoch = 4
        return DatabaseMember(
            MemberSettings(id: one, members: all, durability: durability), record: record, at: .seconds(100))
    }

    private func requests(_ actions: [DatabaseMember.Action]) -> [(id: UInt64, ControlRequest)] {
        actions.compactMap { if case .ask(let id, let request) = $0 { (id, request) } else { nil } }
    }

    private func jobs(_ actions: [DatabaseMember.Action]) -> [(id: UInt64, Job)] {
        actions.compactMap { if case .run(let id, let job) = $0 { (id, job) } else { nil } }
    }

    private func kills(_ actions: [DatabaseMember.Action]) -> Int {
        actions.count { if case .kill = $0 { true } else { false } }
    }

    private static let position = WALPosition(timeline: 5, offset: 1000)

    /// A standby that rests at `position`, with the lease free, up to where it has asked for the lease.
    private func candidate(_ member: inout DatabaseMember) throws -> (epoch: UInt64, at: Duration) {
        let view = PostgresView(process: .stopped, position: Self.position)
        let start = member.handle(.postgres(view), at: .seconds(100))
        let job = try #require(jobs(start).first)
        #expect(job.1 == .start)
        _ = member.handle(
            .postgres(PostgresView(process: .standby, position: Self.position)), at: .seconds(101))
        _ = member.handle(.finished(job: job.id, .rests(Self.position)), at: .seconds(101))
        let asked = member.handle(
            .seen(ControlView(owner: nil, epoch: 4, agreement: Self.agreement, version: 7)),
            at: .seconds(102))
        let acquire = try #require(requests(asked).first { $0.1 == .acquire })
        let actions = member.handle(
            .control(request: acquire.id, .granted(epoch: 5, term: .seconds(2))), at: .milliseconds(102_100))
        #expect(member.role == .candidate)
        let told = actions.filter { if case .send(.fence(epoch: 5), _) = $0 { true } else { false } }
        #expect(told.count == 2)
        return (5, .milliseconds(102_100))
    }

    private func primary(_ member: inout DatabaseMember) throws -> Duration {
        let (epoch, at) = try candidate(&member)
        let answered = member.handle(.peer(Self.three, .fenced(epoch: epoch, Self.position)), at: at)
        let seal = try #require(requests(answered).first { if case .replace = $0.1 { true } else { false } })
        let promotion = member.handle(.control(request: seal.id, .replaced(version: 8)), at: at)
        let job = try #require(jobs(promotion).first)
        #expect(
            job.1
                == .promote(
                    timeline: 6,
                    AcknowledgementRule(members: MemberSet([Self.two, Self.three]), count: 1)))
        let history = TimelineHistory(branches: [.init(timeline: 5, end: 1000)], timeline: 6)
        _ = member.handle(.finished(job: job.id, .promoted(history)), at: at + .milliseconds(100))
        #expect(member.role == .primary)
        return at + .milliseconds(100)
    }

    @Test("a candidate promises to leave earlier primaries before it asks others to")
    func promise() throws {
        var member = Self.member()
        _ = try candidate(&member)
        #expect(member.record.fencedEpoch == 5)
    }

    @Test("one voter of three is not enough")
    func alone() throws {
        var member = Self.member()
        let (_, at) = try candidate(&member)
        let actions = member.handle(.time, at: at + .milliseconds(400))
        #expect(jobs(actions).isEmpty)
        #expect(member.role == .candidate)
    }

    @Test("an answer to an earlier candidacy does not count")
    func staleAnswer() throws {
        var member = Self.member()
        let (epoch, at) = try candidate(&member)
        _ = member.handle(.peer(Self.three, .fenced(epoch: epoch - 1, Self.position)), at: at)
        #expect(member.role == .candidate)
    }

    @Test("a voter that is further gets the lease")
    func yield() throws {
        var member = Self.member()
        let (epoch, at) = try candidate(&member)
        let further = WALPosition(timeline: 5, offset: 1001)
        let actions = member.handle(.peer(Self.three, .fenced(epoch: epoch, further)), at: at)
        #expect(actions.contains(.send(.yield(epoch: epoch, to: Self.three), to: Self.two)))
        #expect(requests(actions).contains { $0.1 == .release(epoch: epoch) })
        #expect(member.role == .standby)
    }

    @Test("with enough voters and the longest log it is promoted to the timeline of its epoch")
    func promoted() throws {
        var member = Self.member()
        _ = try primary(&member)
    }

    @Test("a primary whose lease is not renewed is killed before the lease ends, counted from the question")
    func leaseEnds() throws {
        var member = Self.member()
        _ = try primary(&member)
        // Asked at 102 s for 2 s; less the margin of 250 ms and the drift.
        let before = member.handle(.time, at: .milliseconds(103_740))
        #expect(kills(before) == 0)
        let after = member.handle(.time, at: .milliseconds(103_750))
        #expect(kills(after) == 1)
        #expect(member.role == .standby)
    }

    @Test("a primary that slept is killed before it hears anything")
    func slept() throws {
        var member = Self.member()
        let at = try primary(&member)
        let actions = member.handle(
            .peer(
                Self.two,
                .report(.init(position: Self.position, isReady: true, primary: nil))),
            at: at + .seconds(60))
        #expect(kills(actions) == 1)
    }

    @Test("a view from before a kill does not prove that PostgreSQL has ended")
    func staleView() throws {
        var member = Self.member()
        let at = try primary(&member)
        _ = member.handle(.time, at: at + .seconds(5))
        let actions = member.handle(
            .postgres(PostgresView(process: .stopped, position: Self.position)), at: at + .seconds(5))
        #expect(jobs(actions).isEmpty)
    }

    @Test("a candidate of a later epoch ends a primary")
    func laterCandidate() throws {
        var member = Self.member()
        let at = try primary(&member)
        let actions = member.handle(.peer(Self.two, .fence(epoch: 9)), at: at)
        #expect(kills(actions) == 1)
        #expect(member.record.fencedEpoch == 9)
    }

    @Test("a half-copied folder is never started")
    func halfFolder() {
        var record = MemberRecord()
        record.folder = .copying
        var member = DatabaseMember(
            MemberSettings(id: Self.one, members: Self.all), record: record, at: .zero)
        _ = member.handle(
            .seen(ControlView(owner: nil, epoch: 4, agreement: Self.agreement, version: 7)), at: .zero)
        let actions = member.handle(
            .postgres(PostgresView(process: .stopped, position: Self.position)), at: .seconds(1))
        #expect(jobs(actions).isEmpty)
        #expect(requests(actions).isEmpty)
    }

    @Test("a log that is not the beginning of the primary's is rewound, not followed")
    func diverged() throws {
        var member = Self.member()
        let view = PostgresView(process: .stopped, position: Self.position)
        let start = try #require(jobs(member.handle(.postgres(view), at: .seconds(100))).first)
        _ = member.handle(
            .postgres(PostgresView(process: .standby, position: Self.position)), at: .seconds(101))
        _ = member.handle(.finished(job: start.id, .rests(Self.position)), at: .seconds(101))
        let primary = PeerMessage.Primary(
            epoch: 6,
            history: TimelineHistory(branches: [.init(timeline: 5, end: 999)], timeline: 7),
            isCheckpointed: true)
        let report = PeerMessage.Report(
            position: WALPosition(timeline: 7, offset: 1200), isReady: false, primary: primary)
        let stop = member.handle(.peer(Self.two, .report(report)), at: .seconds(101))
        #expect(jobs(stop).map { $0.1 } == [.stop])
        #expect(member.record.mustRewind)
        let ended = member.handle(.postgres(view), at: .seconds(102))
        #expect(jobs(ended).isEmpty, "the stop has not been answered")
        let id = try #require(jobs(stop).first).id
        let rewind = member.handle(.finished(job: id, .rests(Self.position)), at: .seconds(102))
        #expect(jobs(rewind).map { $0.1 } == [.rewind(from: Self.two)])
        #expect(member.record.folder == .rewinding)
    }
}
