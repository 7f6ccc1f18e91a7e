import Testing

@testable import Deployment

@Suite struct BatchTests {
    /// `web1` to `web4`, then the edge nodes.
    static let shelf =
        (1...4).map { Batch.Item(name: "web\($0)", recipes: ["apache"], isAlone: false) }
        + (1...2).map { Batch.Item(name: "edge\($0)", recipes: ["apache", "vrrp"], isAlone: true) }
    static let sizes = ["apache": 6, "vrrp": 2]

    func waves(_ batch: String, _ items: [Batch.Item] = Self.shelf, _ sizes: [String: Int] = Self.sizes)
        throws -> String
    {
        try #require(Batch(batch)).waves(items, sizes: sizes)
            .map { $0.map(\.name).joined(separator: "+") }.joined(separator: " ")
    }

    @Test(
        "waves have at most so many nodes, and an edge node is always alone",
        arguments: [
            ("1", "web1 web2 web3 web4 edge1 edge2"), ("2", "web1+web2 web3+web4 edge1 edge2"),
            ("25%", "web1 web2 web3 web4 edge1 edge2"), ("50%", "web1+web2+web3 web4 edge1 edge2"),
        ])
    func sizes(batch: String, expected: String) throws { #expect(try waves(batch) == expected) }

    @Test("however large the batch, half of those that do the same go on serving")
    func half() throws {
        #expect(try waves("100%") == "web1+web2+web3 web4 edge1 edge2")
        let pair = (1...2).map { Batch.Item(name: "n\($0)", recipes: ["a"], isAlone: false) }
        #expect(try waves("9", pair, ["a": 2]) == "n1 n2")
    }

    @Test("nodes that are new come first and all together; an edge node is alone even then")
    func new() throws {
        var shelf = Self.shelf
        for index in shelf.indices { shelf[index].isIdle = index != 1 }
        #expect(try waves("1", shelf) == "web1+web3+web4 web2 edge1 edge2")
    }

    @Test("every node is in exactly one wave, in its order", arguments: 1...8)
    func complete(size: Int) {
        let waves = Batch.count(size).waves(Self.shelf, sizes: Self.sizes)
        #expect(waves.flatMap { $0 } == Self.shelf)
    }

    @Test(
        "only numbers from 1 and shares from 1% to 100% are batches",
        arguments: ["0", "-1", "0%", "101%", "x", "", "%", "1.5"])
    func refused(text: String) { #expect(Batch(text) == nil) }
}
