import Consensus
import Testing

@testable import Control

@Suite struct MemberKeeperTests {
    /// Members 1 to 3 vote, and 1 leads; 4 follows. So long each has been silent, in seconds.
    private func keeper(_ silences: [Int], voters: Int = 3, replaceAfter: Duration? = .seconds(60))
        -> MemberKeeper
    {
        var keeper = MemberKeeper(replaceAfter: replaceAfter)
        keeper.leads(true, at: .seconds(1000))
        let sights = silences.enumerated().map { index, silence in
            MemberSight(
                id: UInt64(index) + 1, address: "192.0.2.\(index + 1):4100",
                role: index < voters ? .voter : .standby, silence: .seconds(silence), missing: 0)
        }
        for second in stride(from: 1000, through: 1100, by: 1) { keeper.see(sights, at: .seconds(second)) }
        return keeper
    }

    private func next(_ keeper: MemberKeeper, at now: Duration = .seconds(1101)) -> ControlChange? {
        var keeper = keeper
        return keeper.next(leader: 1, at: now)?.change
    }

    private func refusal(_ keeper: MemberKeeper, _ change: ControlChange) -> String? {
        if case .refused(let why) = keeper.judge(change, leader: 1) { why } else { nil }
    }

    @Test("a follower is promoted first, then the voter that is gone votes no more")
    func replacing() {
        #expect(next(keeper([0, 0, 61, 0])) == .assign(.voter, 4))
        #expect(next(keeper([0, 0, 61, 0], voters: 4)) == .assign(.spare, 3))
        #expect(next(keeper([0, 0, 59, 0])) == nil)
        #expect(next(keeper([0, 0, 61, 4])) == nil)
        #expect(next(keeper([0, 0, 61])) == nil)
        #expect(next(keeper([0, 0, 61, 0], replaceAfter: nil)) == nil)
    }

    @Test("a leader counts from when it began to lead, and anew after it stood still")
    func counting() {
        var keeper = keeper([0, 0, 5000, 0], replaceAfter: .seconds(200))
        #expect(next(keeper) == nil)
        let sights = [
            MemberSight(id: 1, address: "a", role: .voter, silence: .zero, missing: 0),
            MemberSight(id: 2, address: "b", role: .voter, silence: .zero, missing: 0),
            MemberSight(id: 3, address: "c", role: .voter, silence: .seconds(6000), missing: 0),
            MemberSight(id: 4, address: "d", role: .standby, silence: .zero, missing: 0),
        ]
        keeper.see(sights, at: .seconds(1300))
        #expect(next(keeper, at: .seconds(1300)) == nil)
        for second in stride(from: 1301, through: 1500, by: 1) { keeper.see(sights, at: .seconds(second)) }
        #expect(next(keeper, at: .seconds(1500)) == .assign(.voter, 4))
    }

    @Test("changes after which nothing could be agreed on are refused, and say why")
    func refusals() {
        let well = keeper([0, 0, 0, 0])
        #expect(refusal(well, .remove(1))?.hasPrefix("member 1 leads.") == true)
        #expect(refusal(well, .remove(9)) == "there is no member 9. Members are 1, 2, 3, 4")
        #expect(refusal(well, .transfer(4))?.hasPrefix("member 4 does not vote") == true)
        #expect(
            refusal(well, .add(5, address: "192.0.2.2:4100")) == "192.0.2.2:4100 is the address of member 2")
        #expect(well.judge(.assign(.voter, 2), leader: 1) == .done)
        #expect(well.judge(.assign(.standby, 2), leader: 1) == .inSteps(.assign(.spare, 2)))
        let one = keeper([0, 0, 10, 10])
        #expect(
            refusal(one, .remove(2))
                == "then 1 of 2 voters would answer (not 3), and nothing could be agreed on. Demote or remove who does not "
                + "answer first")
        #expect(one.judge(.remove(3), leader: 1) == .possible)
        #expect(refusal(one, .assign(.voter, 4))?.contains("has said nothing for 10 s") == true)
        #expect(refusal(one, .transfer(3))?.contains("has said nothing for 10 s") == true)
        let alone = keeper([0, 0], voters: 1)
        #expect(refusal(alone, .remove(1)) == "member 1 is the only voter. Promote another one first")
        #expect(
            refusal(alone, .assign(.standby, 1)) == "member 1 is the only voter. Promote another one first")
    }
}
