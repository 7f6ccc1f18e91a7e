import Testing

@testable import Deployment

@Suite struct RollbackTests {
    static let answer = "1000.5 aaa \n3000.25 ccc \n3000.125 bbb current\n"

    @Test("releases come newest first, and the current one is known")
    func order() {
        let releases = Rollback.releases(Self.answer)
        #expect(releases.map(\.name) == ["ccc", "bbb", "aaa"])
        #expect(releases.map(\.isCurrent) == [false, true, false])
        #expect(Rollback.releases("\n").isEmpty)
    }

    @Test("without a name it is the one that was current last, with one the first that begins so")
    func destination() throws {
        let releases = Rollback.releases(Self.answer)
        #expect(try Rollback.destination(releases, target: nil, node: "n1")?.name == "ccc")
        #expect(try Rollback.destination(releases, target: "a", node: "n1")?.name == "aaa")
        #expect(try Rollback.destination(releases, target: "bbb", node: "n1") == nil)
    }

    @Test("what a node does not have is said, with what it has")
    func missing() {
        let one = Rollback.releases("1000 aaa current\n")
        #expect(throws: DeploymentFailure("n1 has no release x; it has aaa")) {
            try Rollback.destination(one, target: "x", node: "n1")
        }
        #expect(
            throws: DeploymentFailure("n1 has only the release aaa: there is nothing to go back to")
        ) { try Rollback.destination(one, target: nil, node: "n1") }
        #expect(throws: DeploymentFailure("n1 has no release: pidep deploy gives it one")) {
            try Rollback.destination([], target: nil, node: "n1")
        }
    }
}
