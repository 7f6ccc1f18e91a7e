import Inventory
import Testing

@testable import Deployment

@Suite struct NodeReportTests {
    static let printed = """
        == version
        pinode 1a2b3c4 armv7
        == uptime
        93784.12 1.0
        == load
        0.10 0.2 0.3 1/2 3
        == memory
        MemTotal:         948280 kB
        MemAvailable:     512000 kB
        == disk
        /dev/root 30000000 3000000 27000000 10% /
        == temperature
        48312
        == units
        apache2 active
        pinode-proxy failed
        == vrrp
        {"instances":[{"state":"active","last_transition":{"cause":"no adverts"}}]}
        == control
        no leader: a reason
        == proxy
        # pxname,svname,status,type,check_status,
        http-in,FRONTEND,OPEN,0,,
        backend_servers,nustler1,UP,2,L7OK,
        backend_servers,nustler2,DOWN,2,L4CON,
        """

    @Test("what a node prints is read, section by section")
    func read() {
        let report = NodeReport(parsing: Self.printed)
        #expect(report.version == "1a2b3c4 armv7")
        #expect(report.uptime == 93784)
        #expect(report.memoryAvailable == 500)
        #expect(report.diskUsed == 10)
        #expect(report.temperature == 48312)
        #expect(report.router == "active")
        #expect(report.cause == "no adverts")
        #expect(report.servers.map(\.status) == ["UP", "DOWN"])
    }

    @Test("nonsense gives an empty report, not a crash")
    func nonsense() {
        let report = NodeReport(
            parsing: "== memory\nMemTotal:\n== disk\nx\n== units\na\n== vrrp\n{\n== proxy\n,,,\n")
        #expect(report.version == nil)
        #expect(report.servers.isEmpty)
    }

    @Test("whatever is not well is a sentence")
    func problems() {
        let node = ClusterNode(name: "nustler3", address: "192.0.2.3")
        let well = ClusterStatus.Entry(node: node, report: NodeReport(parsing: Self.printed))
        let gone = ClusterStatus.Entry(node: node, failure: "nustler4 (192.0.2.4:22): no answer")
        let status = ClusterStatus(entries: [well, gone], hasVirtualAddress: true)
        #expect(
            status.problems == [
                "nustler3: pinode-proxy is failed. Look there with: journalctl -u pinode-proxy",
                "nustler3: control: no leader: a reason",
                "nustler3: its proxy sees backend_servers/nustler2 DOWN (L4CON)",
                "nustler4 (192.0.2.4:22): no answer",
            ])
    }

    @Test("two holders of the virtual address are a problem, and so is none")
    func owners() {
        let node = ClusterNode(name: "a", address: "192.0.2.3")
        var active = NodeReport(parsing: "== version\npinode 1 amd64\n")
        active.router = "active"
        let entry = ClusterStatus.Entry(node: node, report: active)
        #expect(ClusterStatus(entries: [entry, entry], hasVirtualAddress: true).problems.count == 1)
        #expect(ClusterStatus(entries: [entry], hasVirtualAddress: true).problems.isEmpty)
        #expect(
            ClusterStatus(entries: [], hasVirtualAddress: true).problems == [
                "nobody holds the virtual address"
            ])
    }
}
