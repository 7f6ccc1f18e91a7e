import Testing

@testable import Deployment

@Suite struct DrainTests {
    static let table = """
        # pxname,svname,scur,status,addr,
        web,FRONTEND,4,OPEN,,
        nodes,a,3,UP,192.0.2.1:80,
        nodes,b,0,DOWN,192.0.2.11:80,
        nodes,c,1,DRAIN,192.0.2.3:80,
        nodes,BACKEND,4,UP,,
        other,a,0,no check,192.0.2.1:81,
        other,d,0,UP 1/3,192.0.2.4:81,
        """

    @Test("a node's servers are those at its address, on any port")
    func servers() {
        #expect(
            Drain.servers(in: Self.table, at: ["192.0.2.1"]) == [
                .init(name: "nodes/a", status: "UP", sessions: 3),
                .init(name: "other/a", status: "no check", sessions: 0),
            ])
        #expect(Drain.servers(in: "an error", at: ["192.0.2.1"]).isEmpty)
    }

    @Test("the last server that takes traffic is not taken out")
    func lastOne() {
        // nodes: only a is up; b is down and c is being drained.
        #expect(!Drain.canSpare(["192.0.2.1"], in: Self.table))
        #expect(Drain.canSpare(["192.0.2.3"], in: Self.table))
        #expect(Drain.canSpare(["192.0.2.4"], in: Self.table))
        #expect(Drain.canSpare(["192.0.2.9"], in: Self.table))
        // Each of them can be spared, not all of them.
        #expect(!Drain.canSpare(["192.0.2.1", "192.0.2.4"], in: Self.table))
    }
}
