import Testing

@testable import LoadTest

@Suite struct NeighboursTests {
    private static let text = """
        IP address       HW type     Flags       HW address            Mask     Device
        192.0.2.3        0x1         0x2         02:00:00:00:00:03     *        pl-lab
        192.0.2.4        0x1         0x2         02:00:00:00:00:04     *        pl-lab
        192.0.2.29       0x1         0x2         02:00:00:00:00:03     *        pl-lab
        192.0.2.29       0x1         0x2         02:00:00:00:00:99     *        other
        192.0.2.1        0x1         0x0         00:00:00:00:00:00     *        pl-lab
        """
    private static let nodes = [("n1", "192.0.2.1"), ("n3", "192.0.2.3"), ("n4", "192.0.2.4")]
        .map { (name: $0.0, address: $0.1) }

    @Test("the holder is the node whose hardware address the virtual address has")
    func holder() {
        let now = Neighbours(Self.text)
        let table = HolderTable(virtualAddress: "192.0.2.29", nodes: Self.nodes, device: "pl-lab", now)
        #expect(table.known == 2)
        #expect(table.holder(now) == "n3")
        let moved = Neighbours(
            Self.text.replacing(
                "29       0x1         0x2         02:00:00:00:00:03",
                with: "29       0x1         0x2         02:00:00:00:00:04"))
        #expect(table.holder(moved) == "n4")
    }

    @Test("a stranger is named by its hardware address, an unresolved address by nothing")
    func stranger() {
        let now = Neighbours(Self.text)
        let table = HolderTable(virtualAddress: "192.0.2.29", nodes: Self.nodes, device: "other", now)
        #expect(table.holder(now) == "02:00:00:00:00:99")
        let unresolved = HolderTable(virtualAddress: "192.0.2.1", nodes: Self.nodes, device: "pl-lab", now)
        #expect(unresolved.holder(now) == nil)
    }

    @Test(
        "lines that are none are skipped", arguments: ["", "x", "h\na b c d e f", "h\n1.2.3.4 0x1 0xZ m * d"])
    func junk(text: String) { #expect(Neighbours(text).entries.isEmpty) }
}
