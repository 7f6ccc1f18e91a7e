import Consensus
import Testing

@testable import Control

@Suite struct ControlCoreTests {
    private let terms = LeaseTerms(length: .seconds(1))

    /// A member that has been there for a minute, in a cluster of three in which member 1 owns the lease.
    private func core() -> ControlCore {
        let core = ControlCore(1, terms: terms, at: .seconds(-60))
        var state = ControlState()
        _ = state.perform(.take(lease: "a", owner: 1, after: 0), at: 5)
        core.update(.init(state: state, applied: 5, voters: [1, 2, 3], leader: 1), at: .zero)
        return core
    }

    private func questions(_ actions: [ControlCore.Action]) -> [Duration] {
        actions.compactMap { if case .send(.renew(let renewal), to: 2) = $0 { renewal.stamp } else { nil } }
    }

    @Test("an owner that may not act yet is asked for again, and counts from the question that was answered")
    func repeats() throws {
        let core = core()
        let asker = ControlCore.Asker(client: 1, request: 7)
        core.renew("a", epoch: 1, asked: .zero, by: asker, at: .milliseconds(1))
        #expect(questions(core.takeActions()) == [.zero])
        for voter in [2, 3] as [MemberID] {
            core.receive(
                .refused(lease: "a", epoch: 1, reason: "promised"), from: voter, at: .milliseconds(2))
        }
        _ = core.takeActions()
        let again = try #require(core.deadline)
        core.wake(at: again)
        #expect(questions(core.takeActions()) == [again])
        core.receive(.granted(lease: "a", epoch: 1, stamp: again), from: 2, at: again + .milliseconds(1))
        #expect(core.takeActions() == [.valid(asker, until: again + terms.span)])
        #expect(core.deadline == nil)
    }

    @Test(
        "a voter that has started lets no owner go on that was followed by another one, as far as its log knows"
    )
    func foresees() {
        let core = core()
        let next = Entry(
            term: 3, kind: .command, data: ControlCommand.take(lease: "a", owner: 3, after: 1).bytes)
        let renewal = Renewal(lease: "a", epoch: 1, voters: [1, 2, 3], stamp: .zero)
        core.foresee([next])
        core.receive(.renew(renewal), from: 2, at: .seconds(1))
        #expect(core.takeActions() == [.send(.refused(lease: "a", epoch: 1, reason: "silent"), to: 2)])
        core.foresee([])
        core.receive(.renew(renewal), from: 2, at: .seconds(1))
        #expect(core.takeActions() == [.send(.granted(lease: "a", epoch: 1, stamp: .zero), to: 2)])
    }

    @Test("without a majority it is not asked for without end")
    func givesUp() {
        let core = core()
        core.renew("a", epoch: 1, asked: .zero, by: .init(client: 1, request: 7), at: .zero)
        var last: Duration = .zero
        while let deadline = core.deadline, last < .seconds(60) {
            last = deadline
            core.wake(at: deadline)
        }
        #expect(last < .seconds(3))
    }

    @Test("nobody asks for a client that is gone, or for a lease that was given back")
    func ends() {
        let core = core()
        core.renew("a", epoch: 1, asked: .zero, by: .init(client: 1, request: 7), at: .zero)
        core.forget(client: 1)
        #expect(core.deadline == nil)
    }
}
