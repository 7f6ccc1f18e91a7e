import Consensus
import Testing

@testable import Control

@Suite struct LeaseTermsTests {
    private let terms = LeaseTerms(length: .seconds(1))
    private let voters: [MemberID] = [1, 2, 3]

    private func renewal(_ epoch: UInt64, voters: [MemberID] = [1, 2, 3]) -> Renewal {
        Renewal(lease: "a", epoch: epoch, voters: voters, stamp: .zero)
    }

    @Test("an owner counts shorter than a voter, a voter that forgot waits longer")
    func lengths() {
        #expect(terms.span == .milliseconds(998))
        #expect(terms.silence == .milliseconds(1002))
    }

    @Test(
        "a voter promises nothing to another owner while its promise runs, and everything when the lease was given back"
    )
    func promises() {
        var promises = Promises(terms, startedAt: .zero)
        var lease = ControlState.Lease(owner: 1, epoch: 1, released: 0)
        func ask(_ epoch: UInt64, _ owner: MemberID, _ time: Double) -> Promises.Refusal? {
            promises.ask(renewal(epoch), by: owner, voters: voters, lease: lease, at: .seconds(time))
        }
        #expect(ask(1, 1, 0.5) == .silent)
        #expect(ask(1, 1, 2) == nil)
        #expect(ask(2, 2, 2.5) == .promised(.seconds(0.5)))
        lease = ControlState.Lease(owner: 2, epoch: 2, released: 0)
        #expect(ask(1, 1, 2.6) == .deposed)
        #expect(ask(2, 2, 2.999) == .promised(.seconds(3) - .seconds(2.999)))
        #expect(ask(2, 2, 3) == nil)
        lease = ControlState.Lease(owner: 3, epoch: 3, released: 2)
        #expect(ask(3, 3, 3.1) == nil)
        #expect(ask(2, 2, 3.2) == .deposed)
    }

    @Test("a voter promises nothing to an owner that knows other voters")
    func otherVoters() {
        var promises = Promises(terms, startedAt: .seconds(-9))
        let lease = ControlState.Lease(owner: 1, epoch: 1, released: 0)
        #expect(
            promises.ask(renewal(1, voters: [1, 2]), by: 1, voters: voters, lease: lease, at: .zero)
                == .otherVoters)
    }

    @Test("the lease lasts from the newest question that a majority said yes to")
    func majority() {
        var grants = Grants(epoch: 1)
        grants.add(1, stamp: .seconds(10))
        #expect(grants.validUntil(terms, voters: voters) == nil)
        grants.add(2, stamp: .seconds(5))
        #expect(grants.validUntil(terms, voters: voters) == .seconds(5) + terms.span)
        grants.add(3, stamp: .seconds(9))
        #expect(grants.validUntil(terms, voters: voters) == .seconds(9) + terms.span)
        grants.add(3, stamp: .seconds(1))
        #expect(grants.validUntil(terms, voters: voters) == .seconds(9) + terms.span)
        #expect(grants.validUntil(terms, voters: [1, 4, 5]) == nil)
    }
}
