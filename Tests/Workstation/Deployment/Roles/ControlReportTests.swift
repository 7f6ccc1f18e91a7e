import Inventory
import JSON
import Testing

@testable import Deployment

@Suite struct ControlReportTests {
    let recorded = RecordedConsoles(["n1", "n2"])
    let cluster = Cluster(
        name: "shelf", file: "shelf.ini",
        nodes: [
            ClusterNode(name: "web", address: "192.0.2.9"), ClusterNode(name: "n1", address: "192.0.2.1"),
            ClusterNode(
                name: "n2", address: "192.0.2.2",
                variables: ["control_id": Variable(text: "7", file: "shelf.ini", line: 3)]),
        ], virtualAddress: nil, lab: nil)

    private func record(_ node: String, member: Int, leader: String, health: String) {
        recorded.record(node, "show health", health)
        recorded.record(
            node, "show json",
            #"{"id":0,"member":\#(member),"leader":\#(leader),"voters":[2,7],"leases":{"primary":{"owner":7,"epoch":4,"released":3}},"facts":{}}"#
        )
    }

    private var report: ControlReport { ControlReport(recorded.consoles, cluster: cluster) }

    @Test("nodes are told by their names, whatever their numbers")
    func well() {
        record("n1", member: 2, leader: "7", health: "ok: n2 leads in term 3")
        record("n2", member: 7, leader: "7", health: "ok: n2 leads in term 3")
        #expect(report.problems == [])
        #expect(
            report.text(colour: false) == """
                node  number  leader  votes  health
                n1    2       n2      yes    ok: n2 leads in term 3
                n2    7       n2      yes    ok: n2 leads in term 3
                lease primary: n2, epoch 4
                All is well.
                """)
        #expect(report.json["leader"]?.text == "n2")
        #expect(report.json["voters"]?.elements?.compactMap(\.text) == ["n1", "n2"])
        #expect(report.json["leases"]?.elements?.first?["owner"]?.text == "n2")
    }

    @Test("no leader, and a node that does not answer, are sentences")
    func unwell() {
        record("n1", member: 2, leader: "null", health: "no leader: fewer than a majority")
        #expect(report.problems == ["n1: no leader: fewer than a majority", "n2 (192.0.2.1:22): no answer"])
        #expect(report.json["leader"] == .null && report.json["well"]?.boolean == false)
        // Its number is known from the inventory.
        #expect(report.json["voters"]?.elements?.compactMap(\.text) == ["n1", "n2"])
    }

    @Test("two leaders are told")
    func twoLeaders() {
        record("n1", member: 2, leader: "2", health: "ok: n1 leads")
        record("n2", member: 7, leader: "7", health: "ok: n2 leads")
        #expect(report.problems.first?.hasPrefix("the nodes follow different leaders (n1, n2)") == true)
    }
}
