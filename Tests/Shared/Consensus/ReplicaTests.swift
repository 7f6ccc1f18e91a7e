import CRaft
import Testing

@testable import Consensus

@Suite struct ReplicaTests {
    private let leaderNeeded: Comment = "a leader must have been elected within a simulated minute"

    private func elected(_ cluster: ClusterInMemory) throws -> MemberID {
        #expect(cluster.run { $0.leader != nil }, leaderNeeded)
        return try #require(cluster.leader)
    }

    private func propose(_ command: [UInt8], _ member: MemberID, _ cluster: ClusterInMemory) throws
        -> ProposalID
    {
        try cluster.on(member) { replica, now throws(Refusal) in try replica.propose(command, at: now) }
    }

    /// Proposes and waits for the outcome.
    private func agree(_ command: [UInt8], _ cluster: ClusterInMemory) throws {
        let leader = try elected(cluster)
        let proposal = try propose(command, leader, cluster)
        #expect(cluster.run { $0.outcomes[leader]?[proposal] != nil })
        guard case .applied = cluster.outcomes[leader]?[proposal] else {
            Issue.record("\(command) was not applied: \(String(describing: cluster.outcomes[leader]))")
            return
        }
    }

    @Test("three members elect a leader, and what it proposes is applied on all three")
    func electionAndCommit() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        let proposal = try propose([1, 2, 3], leader, cluster)
        #expect(cluster.run { $0.members.values.allSatisfy { $0.machine.commands == [[1, 2, 3]] } })
        #expect(
            cluster.outcomes[leader]?[proposal]
                == .applied(index: cluster.members[leader]!.status.applied, answer: [1]))
    }

    @Test("with one seed and the same events it always does the same")
    func deterministic() throws {
        func history() throws -> [MemberID: [Write]] {
            let cluster = ClusterInMemory(voters: 3)
            for number in 1...20 as ClosedRange<UInt8> { try agree([number], cluster) }
            cluster.isolated = [try elected(cluster)]
            try agree([99], cluster)
            cluster.isolated = []
            cluster.run(.seconds(5))
            return cluster.writes
        }
        #expect(try history() == history())
    }

    @Test("a follower refuses, and says who leads")
    func followerRefuses() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        cluster.run(.seconds(1))
        #expect(throws: Refusal.notLeader(leader)) { try propose([1], leader % 3 + 1, cluster) }
    }

    @Test("a leader that is cut off commits nothing, steps down, and says that the outcome is unknown")
    func isolatedLeader() throws {
        let cluster = ClusterInMemory(voters: 3)
        let old = try elected(cluster)
        cluster.isolated = [old]
        let proposal = try propose([1], old, cluster)
        try agree([2], cluster)
        #expect(cluster.run { $0.outcomes[old]?[proposal] == .unknown })
        cluster.isolated = []
        #expect(cluster.run { $0.members.values.allSatisfy { $0.machine.commands == [[2]] } })
        #expect(cluster.failures == [:])
    }

    @Test("an idle cluster writes nothing")
    func idle() throws {
        let cluster = ClusterInMemory(voters: 3)
        try agree([1], cluster)
        cluster.run(.seconds(1))
        let before = cluster.writes
        cluster.run(.seconds(600))
        #expect(cluster.writes == before)
    }

    @Test("no message leaves before the vote that it depends on is on the disk")
    func voteFirst() throws {
        let cluster = ClusterInMemory(voters: 3)
        cluster.stalled = [1, 2, 3]
        cluster.run(.seconds(20))
        #expect(cluster.leader == nil)
        cluster.stalled = []
        for id in 1...3 as ClosedRange<MemberID> { cluster.unstall(id) }
        try agree([1], cluster)
    }

    @Test("a command is applied by a majority's disks, whatever the leader's own does")
    func slowLeaderDisk() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        cluster.run(.seconds(1))
        cluster.stalled = [leader]
        try agree([1], cluster)
        #expect(cluster.members[leader]!.status.stored < cluster.members[leader]!.status.applied)
        cluster.unstall(leader)
        #expect(cluster.members[leader]!.status.stored == cluster.members[leader]!.status.last)
    }

    @Test("a member that was away while snapshots were taken gets one")
    func snapshotForTheAbsent() throws {
        let settings = Settings(snapshotEntries: 10, trailingEntries: 2)
        let cluster = ClusterInMemory(voters: 3, settings: settings)
        let absent = try elected(cluster) % 3 + 1
        cluster.isolated = [absent]
        for number in 1...40 as ClosedRange<UInt8> { try agree([number], cluster) }
        cluster.isolated = []
        #expect(cluster.run { $0.members[absent]!.machine.commands.count == 40 })
        #expect(
            cluster.writes[absent]!.contains {
                if case .replace = $0 { true } else { false }
            })
        try agree([41], cluster)
        #expect(cluster.run { $0.members[absent]!.machine.commands.count == 41 })
        #expect(cluster.members[absent]!.log.entries.count <= 12)
    }

    @Test("an empty member is taken in, catches up, becomes a voter, and counts")
    func newMember() throws {
        let cluster = ClusterInMemory(voters: 3)
        for number in 1...5 as ClosedRange<UInt8> { try agree([number], cluster) }
        let leader = try elected(cluster)
        cluster.start(4, .nothing)
        let member = Member(4, at: "192.0.2.4", as: .standby)
        let added = try cluster.on(leader) { replica, now throws(Refusal) in try replica.add(member, at: now)
        }
        #expect(cluster.run { $0.outcomes[leader]?[added] != nil })
        let promoted = try cluster.on(leader) { replica, now throws(Refusal) in
            try replica.assign(.voter, to: 4, at: now)
        }
        #expect(cluster.run { $0.outcomes[leader]?[promoted] != nil })
        #expect(cluster.members[leader]!.membership.voters.count == 4)
        #expect(cluster.run { $0.members[4]!.machine.commands.count == 5 })
        #expect(cluster.members[4]!.membership == cluster.members[leader]!.membership)
        // Three of four are a majority, two are not.
        cluster.isolated = [leader, leader % 3 + 1]
        cluster.run(.seconds(20))
        #expect(cluster.leader == nil)
        cluster.isolated = [leader]
        try agree([6], cluster)
    }

    @Test("a leader hands over before it is sent away, and then has no say")
    func removal() throws {
        let cluster = ClusterInMemory(voters: 3)
        try agree([1], cluster)
        let leader = try elected(cluster)
        #expect(throws: Refusal.leadsItself) {
            _ = try cluster.on(leader) { replica, now throws(Refusal) in try replica.remove(leader, at: now) }
        }
        let next = leader % 3 + 1
        try cluster.on(leader) { replica, now throws(Refusal) in try replica.transfer(to: next, at: now) }
        #expect(cluster.run { $0.leader == next })
        cluster.run(.seconds(2))
        let removal = try cluster.on(next) { replica, now throws(Refusal) in
            try replica.remove(leader, at: now)
        }
        #expect(cluster.run { $0.outcomes[next]?[removal] != nil })
        #expect(cluster.members[next]!.membership[leader] == nil)
        try agree([2], cluster)
        cluster.run(.seconds(20))
        #expect(cluster.leader == next)
    }

    @Test("a voter becomes a spare before it becomes a standby")
    func demotion() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        let other = leader % 3 + 1
        #expect(throws: Refusal.spareFirst) {
            _ = try cluster.on(leader) { replica, now throws(Refusal) in
                try replica.assign(.standby, to: other, at: now)
            }
        }
        for role in [Role.spare, .standby, .voter] {
            let change = try cluster.on(leader) { replica, now throws(Refusal) in
                try replica.assign(role, to: other, at: now)
            }
            #expect(cluster.run { $0.outcomes[leader]?[change] != nil })
            #expect(cluster.members[leader]!.membership[other]?.role == role)
        }
    }

    @Test("the last voter cannot be sent away, nor a member that is none")
    func badChanges() throws {
        let cluster = ClusterInMemory(voters: 1)
        let leader = try elected(cluster)
        #expect(throws: Refusal.leadsItself) {
            _ = try cluster.on(leader) { member, now throws(Refusal) in try member.remove(1, at: now) }
        }
        #expect(throws: Refusal.badMember) {
            _ = try cluster.on(leader) { member, now throws(Refusal) in try member.remove(7, at: now) }
        }
        #expect(throws: Refusal.badMember) {
            _ = try cluster.on(leader) { member, now throws(Refusal) in
                try member.add(Member(2, at: "192.0.2.2", as: .voter), at: now)
            }
        }
    }

    @Test("the leadership is handed over when asked for")
    func transfer() throws {
        let cluster = ClusterInMemory(voters: 3)
        try agree([1], cluster)
        let leader = try elected(cluster)
        let next = leader % 3 + 1
        try cluster.on(leader) { replica, now throws(Refusal) in try replica.transfer(to: next, at: now) }
        #expect(cluster.run { $0.leader == next })
        try agree([2], cluster)
    }

    @Test("the only voter begins a term of its own whenever it starts")
    func onlyVoter() throws {
        let membership = Membership([Member(1, at: "192.0.2.1", as: .voter)])!
        let cluster = ClusterInMemory(voters: 1)
        try agree([1], cluster)
        let term = cluster.members[1]!.status.term
        var state = StoredState.founding(membership)
        state.term = term
        state.votedFor = 1
        cluster.start(1, state)
        #expect(cluster.members[1]!.isLeader)
        #expect(cluster.members[1]!.status.term == term + 1)
        #expect(cluster.writes[1]!.last == .vote(term: term + 1, votedFor: 1))
    }

    @Test("a member whose disk failed says so, and says nothing else any more")
    func failedDisk() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        let proposal = try propose([1], leader, cluster)
        try cluster.on(leader) { replica, _ throws(Refusal) in replica.storageFailed("the disk is gone") }
        #expect(cluster.failures[leader] == "the disk is gone")
        #expect(cluster.members[leader]!.deadline == nil)
        #expect(cluster.outcomes[leader]?[proposal] == .unknown)
        #expect(throws: Refusal.stopped("the disk is gone")) { try propose([2], leader, cluster) }
        #expect(cluster.run { $0.leader != nil && $0.leader != leader })
    }

    @Test("a second leader in this member's term stops it with a sentence, not the process")
    func secondLeader() throws {
        let cluster = ClusterInMemory(voters: 3)
        let leader = try elected(cluster)
        let term = cluster.members[leader]!.status.term
        try cluster.on(leader) { replica, now throws(Refusal) in
            replica.receive(
                .append(.init(term: term, previousIndex: 1, previousTerm: 1, commit: 0, entries: [])),
                from: leader % 3 + 1, at: now)
        }
        #expect(cluster.failures[leader]?.contains("two members have one number") == true)
    }

    @Test(
        "memberships in the middle of a message count from their own places on, and once they are committed")
    func membershipsInOneMessage() throws {
        let three = Membership((1...3).map { Member($0, at: "192.0.2.\($0)", as: .voter) })!
        let four = try #require(three.adding(Member(4, at: "192.0.2.4", as: .standby)))
        let five = try #require(four.adding(Member(5, at: "192.0.2.5", as: .standby)))
        let replica = try #require(
            Replica(2, seed: 1, machine: Journal(), state: .founding(three), at: .seconds(1)))
        let command = Entry(term: 2, kind: .command, data: [7])
        func entry(_ membership: Membership) -> Entry {
            Entry(term: 2, kind: .membership, data: membership.encoded)
        }
        replica.receive(
            .append(
                .init(
                    term: 2, previousIndex: 1, previousTerm: 1, commit: 4,
                    entries: [command, entry(four), command, entry(five), command])),
            from: 1, at: .seconds(2))
        #expect(replica.membership == five)
        #expect(craft_is_changing(replica.core))
        // The last two entries are replaced: the membership before them holds again.
        replica.receive(
            .append(
                .init(
                    term: 3, previousIndex: 4, previousTerm: 2, commit: 4,
                    entries: [Entry(term: 3, kind: .barrier, data: [])])), from: 3, at: .seconds(3))
        #expect(replica.membership == four)
        #expect(!craft_is_changing(replica.core))
        #expect(replica.status.applied == 4)
    }

    @Test("an assertion of C-Raft stops the member with a sentence, and ends nothing else")
    func failedAssertion() throws {
        let core = try #require(craft_new(1, "", 1, 500, 100, 30_000, 32, 0))
        // A start with a vote and no term.
        #expect(craft_start(core, 1, 0, 0, 2, 0, 0, 0, 1) == CRAFT_BROKEN)
        #expect(
            String(cString: craft_reason(core, Int32(CRAFT_BROKEN))).hasPrefix(
                "C-Raft asserts r->voted_for == 0"))
        #expect(craft_timeout(core, 2, 0) == CRAFT_BROKEN)
        craft_free(core)
    }
}
