import Diagnostics
import Foundation
import Testing

@testable import Inventory

@Suite struct ClusterTests {
    private func cluster(_ text: String, known: Set<String>? = nil) -> (Cluster?, [String]) {
        let (inventory, syntax) = Inventory.parse(Array(text.utf8), file: "shelf.ini")
        let (cluster, more) = Cluster.resolve(inventory, knownVariables: known)
        return (cluster, (syntax + more).sortedByLine.map(\.sentence))
    }

    @Test("the lab's inventory is the cluster of the first four Pis, in the documentation range")
    func lab() throws {
        let cluster = try Cluster.load(Repository.path("inventory/lab.ini"))
        #expect(cluster.name == "lab")
        #expect(cluster.warnings == [])
        #expect(cluster.nodes.map(\.name) == ["nustler1", "nustler2", "nustler3", "nustler4"])
        #expect(cluster.nodes.map(\.address) == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"])
        #expect(cluster.virtualAddress == "192.0.2.29")
        #expect(
            cluster.lab
                == LabNetwork(
                    bridge: "pidep-lab", workstation: "192.0.2.254", network: "192.0.2.0", prefix: 24))
        #expect(cluster.nodes(in: "edge").map(\.name) == ["nustler3", "nustler4"])
        #expect(cluster.nodes[0].recipes == ["apache", "demo-pages"])
        #expect(cluster.nodes[3].recipes == ["apache", "demo-pages", "proxy", "vrrp"])
        #expect(cluster.nodes[2].groups.last == "all")
        #expect(try cluster.nodes[3].port("stats_port") == 1935)
    }

    @Test("the first cluster's own Pis are no lab and are reached as pi with sudo")
    func nustler() throws {
        let cluster = try Cluster.load(Repository.path("inventory/nustler.ini"))
        #expect(cluster.lab == nil)
        #expect(cluster.nodes.map(\.address) == (1...4).map { "192.168.3.\($0)" })
        #expect(cluster.nodes.allSatisfy { $0.architecture == "armv7" && $0.user == "pi" && $0.become })
        #expect(cluster.virtualAddress == "192.168.3.29")
    }
}

/// Files of this repository, whatever folder the tests run in.
enum Repository {
    static func path(_ relative: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../\(relative)").standardizedFileURL.path
    }
}
