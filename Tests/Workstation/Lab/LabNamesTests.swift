import Testing

@testable import Lab

@Suite struct LabNamesTests {
    private func names(_ lab: String) -> LabNames {
        LabNames(lab: lab, bridge: "pidep-\(lab)", root: "/project")
    }

    @Test(
        "an interface's name fits into the kernel's 15 bytes, whatever lab and node are called",
        arguments: ["lab", "a-rather-long-name-of-a-lab", "a.b"],
        ["n1", "nustler4", "a-node-with-a-long-name", "x.y"])
    func interfaces(lab: String, node: String) {
        let interface = names(lab).node(node).interface
        #expect(interface.utf8.count <= LabNames.interfaceLength)
        #expect(!interface.isEmpty)
    }

    @Test("short names stay readable")
    func readable() {
        #expect(names("lab").node("nustler4").interface == "lab.nustler4")
        #expect(names("lab").node("nustler4").namespace == "pidep-lab.nustler4")
    }

    @Test("two different pairs of lab and node never share a name")
    func unique() {
        let pairs = [
            ("a", "b.c"), ("a.b", "c"), ("a-b", "c"), ("a", "b-c"), ("lab", "n1"), ("lab", "n11"),
            ("labn", "11"),
        ]
        let nodes = pairs.map { names($0.0).node($0.1) }
        #expect(Set(nodes.map(\.interface)).count == pairs.count)
        #expect(Set(nodes.map(\.namespace)).count == pairs.count)
        #expect(Set(nodes.map(\.machine)).count == pairs.count)
        #expect(Set(nodes.map(\.hardwareAddress)).count == pairs.count)
        #expect(Set(pairs.map { names($0.0).table }).count == Set(pairs.map(\.0)).count)
    }

    @Test("a node's MAC is locally administered, unicast, and the same every time")
    func hardwareAddress() {
        let address = names("lab").node("n1").hardwareAddress
        #expect(address.hasPrefix("02:"))
        #expect(address.split(separator: ":").map(\.count) == [2, 2, 2, 2, 2, 2])
        #expect(address == names("lab").node("n1").hardwareAddress)
    }
}
