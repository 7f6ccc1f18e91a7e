import JSON
import Testing

@testable import Deployment

@Suite struct DatabaseStatusTests {
    let cluster = RecordedConsoles()

    @Test("a healthy cluster is well, in words and as a document")
    func healthy() throws {
        cluster.recordAll(primary: "n1", epoch: 4)
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.problems == [])
        #expect(
            status.text(colour: false) == """
                primary n1, epoch 4, timeline 5, durability strict (a commit is on 2 nodes)

                node  role     state      timeline  position   behind          votes  commits wait  note
                n1    primary  running    5         0/3000148  -               yes    -
                n2    standby  streaming  5         0/3000148  2.0 KiB  0.5 s  yes    yes
                n3    standby  streaming  5         0/3000148  2.0 KiB  0.5 s  no     -             restart pending

                12 s ago: elected in epoch 4

                All is well.
                """)
        let json = status.json
        #expect(
            json["well"]?.boolean == true && json["leader"]?.text == "n1" && json["cluster"]?.text == "7391")
        #expect(json["epoch"]?.integer == 4 && json["durability"]?.text == "strict")
        #expect(json["voters"]?.elements?.compactMap(\.text) == ["n1", "n2"])
        let nodes = try #require(json["nodes"]?.elements)
        #expect(nodes.map { $0["role"]?.text } == ["primary", "standby", "standby"])
        #expect(nodes[1]["lag_bytes"]?.integer == 2048 && nodes[1]["lag_seconds"] == .number("0.5"))
        #expect(nodes[1]["synchronous"]?.boolean == true && nodes[2]["voter"]?.boolean == false)
        // The document is one that others can read.
        #expect(try JSONValue.parse(json.pretty) == json)
    }

    @Test("a node that is gone is told with the reason, and stays in the list")
    func gone() {
        cluster.record(
            "n1", "show json",
            RecordedConsoles.answer("n1", primary: "n1", epoch: 4, states: ["n3": "no answer"]))
        cluster.record(
            "n2", "show json",
            RecordedConsoles.answer("n2", primary: "n1", epoch: 4, states: ["n3": "no answer"]))
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.problems == ["n3 (192.0.2.1:22): no answer"])
        #expect(status.nodes.map(\.state) == ["running", "streaming", "no answer"])
        let node = status.json["nodes"]?.elements?.last
        #expect(node?["lag_bytes"] == .null && node?["failure"]?.text == "n3 (192.0.2.1:22): no answer")
    }

    @Test("a node that only pidep hears is as it says itself, and that the others do not hear it is told")
    func unheard() {
        cluster.recordAll(primary: "n1", epoch: 4, states: ["n3": "no answer"])
        cluster.record(
            "n3", "show json",
            RecordedConsoles.answer("n3", primary: nil, epoch: 3, states: ["n3": "no answer"]))
        #expect(DatabaseStatus(cluster.consoles).problems == ["n3: the other nodes do not hear of it"])
        cluster.record(
            "n3", "show json",
            RecordedConsoles.answer("n3", primary: nil, epoch: 3, states: ["n3": "starting"]))
        #expect(DatabaseStatus(cluster.consoles).nodes[2].state == "starting")
    }

    @Test("without a primary it is said, and the latest epoch's word counts")
    func noPrimary() {
        cluster.recordAll(primary: nil, epoch: 3)
        cluster.record("n2", "show json", RecordedConsoles.answer("n2", primary: nil, epoch: 5))
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.freshest?.node == "n2")
        #expect(status.json["leader"] == .null && status.json["epoch"]?.integer == 5)
        #expect(status.problems.contains { $0.hasPrefix("no node is the primary: ") })
        #expect(status.problems.contains("n1: is stopped"))
        #expect(status.text(colour: false).hasPrefix("no primary, epoch 5"))
    }

    @Test("two that say they are the primary are told, and the later epoch counts")
    func twoPrimaries() {
        cluster.recordAll(primary: "n2", epoch: 5)
        cluster.record("n1", "show json", RecordedConsoles.answer("n1", primary: "n1", epoch: 4))
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.primary?.node == "n2")
        #expect(status.problems.contains { $0.hasPrefix("n2 and n1 both say that they are the primary") })
    }

    @Test("commits that wait and a standby that copies are told")
    func waiting() {
        cluster.recordAll(primary: "n1", epoch: 4, states: ["n2": "copying"], waiting: true)
        cluster.record(
            "n2", "show json",
            RecordedConsoles.answer(
                "n2", primary: "n1", epoch: 4, states: ["n2": "copying"],
                job: #"{"name":"copy","from":"n1","progress":0.43}"#))
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.problems.count == 2)
        #expect(status.problems[0].hasPrefix("commits wait: "))
        #expect(status.problems[1] == "n2: is copying (copy from n1, 43 %)")
        #expect(status.text(colour: false).contains("copy from n1, 43 %"))
    }

    @Test("nobody answers, or something that is no document")
    func nobody() {
        let status = DatabaseStatus(cluster.consoles)
        #expect(status.problems.count == 3)
        #expect(status.text(colour: false).hasPrefix("No node's database answers."))
        #expect(status.json["nodes"]?.elements?.count == 3)
        cluster.record("n1", "show json", "Unknown command")
        #expect(
            DatabaseStatus(cluster.consoles).problems[0].hasPrefix(
                "n1: its database says what this pidep does not"))
    }

    @Test(
        "sizes",
        arguments: [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (5 << 20, "5.0 MiB")]
            as [(Int64, String)])
    func sizes(bytes: Int64, text: String) { #expect(DatabaseStatus.size(bytes) == text) }
}
