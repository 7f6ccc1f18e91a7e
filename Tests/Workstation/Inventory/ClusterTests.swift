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
        #expect(cluster.nodes[0].recipes == ["apache", "demo-pages", "control", "postgresql"])
        #expect(
            cluster.nodes[3].recipes == ["apache", "demo-pages", "proxy", "vrrp", "control", "postgresql"])
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

    @Test("connection variables become what a connection needs")
    func connection() throws {
        let (cluster, problems) = cluster(
            "n1:2222 ansible_host=192.0.2.1 ansible_user=pi ansible_become=yes"
                + " ansible_ssh_private_key_file=keys/id\nn2 ansible_host=192.0.2.2"
                + " ansible_ssh_private_key_file=~/id\n")
        #expect(problems == [])
        let nodes = try #require(cluster).nodes
        #expect(nodes[0].port == 2222 && nodes[0].user == "pi" && nodes[0].become)
        #expect(nodes[0].keyFile == "keys/id")
        #expect(nodes[1].port == 22 && nodes[1].user == "root" && !nodes[1].become)
        #expect(nodes[1].keyFile == NSHomeDirectory() + "/id")
    }

    @Test("a relative key file lies beside the inventory")
    func keyBesideInventory() throws {
        let folder = NSTemporaryDirectory() + "pidep-inventory-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try "n1 ansible_host=192.0.2.1 ansible_ssh_private_key_file=id\n".write(
            toFile: "\(folder)/shelf.ini", atomically: false, encoding: .utf8)
        #expect(try Cluster.load("\(folder)/shelf.ini").nodes[0].keyFile == "\(folder)/id")
    }

    @Test("recipes of all groups add up in the order of the lines, where other variables are overridden")
    func recipes() throws {
        let (cluster, problems) = cluster(
            """
            [a]
            n1 recipes=last
            [z]
            n1
            [z:vars]
            recipes = first, second
            [a:vars]
            recipes = second third
            """)
        #expect(problems == [])
        let node = try #require(cluster?.nodes.first)
        #expect(node.recipes == ["last", "first", "second", "third"])
        #expect(node.recipeLines == ["last": 2, "first": 6, "second": 6, "third": 8])
    }

    @Test(
        "a lab stays in the documentation ranges, whatever its inventory says",
        arguments: [
            (
                "n1 ansible_host=192.168.3.1\n[all:vars]\nlab=true\n", 1,
                "the address of n1 is 192.168.3.1, and"
            ),
            ("n1 ansible_host=10.0.0.1\n[all:vars]\nlab=on\n", 1, "the address of n1 is 10.0.0.1, and"),
            ("n1\n[all:vars]\nlab=1\n", 1, "no node of the lab has an IPv4 address"),
            ("n1 ansible_host=192.0.2.1\nn2\n[all:vars]\nlab=yes\n", 2, "the address of n2 is n2, and"),
            (
                "n1 ansible_host=192.0.2.1\n[all:vars]\nlab=true\nvip=8.8.8.8\n", 4,
                "vip is 8.8.8.8, and a lab must"
            ),
            (
                "n1 ansible_host=192.0.2.1\n[all:vars]\nlab=true\nvip=198.51.100.1\n", 4,
                "vip is 198.51.100.1, which is no host's address in the lab's network 192.0.2.0/24"
            ),
            (
                "n1 ansible_host=192.0.2.254\n[all:vars]\nlab=true\n", 1,
                "the address of n1 is 192.0.2.254, which the workstation"
            ),
            (
                "n1 ansible_host=192.0.2.255\n[all:vars]\nlab=true\n", 1,
                "the address of n1 is 192.0.2.255, which is no host's"
            ),
            (
                "n1 ansible_host=192.0.2.1\n[all:vars]\nlab=true\nlab_network=10.0.0.0/24\n", 4,
                "lab_network is 10.0.0.0/24, which a lab must not use"
            ),
            (
                "n1 ansible_host=192.0.2.1\n[all:vars]\nlab=true\nlab_network=192.0.0.0/16\n", 4,
                "lab_network is 192.0.0.0/16, which a lab must not use"
            ),
        ])
    func labRanges(text: String, line: Int, start: String) {
        let (cluster, problems) = cluster(text)
        #expect(cluster == nil)
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("shelf.ini:\(line): \(start)") == true, "\(problems)")
    }

    @Test("the workstation is the last host of a lab's network")
    func labNetwork() throws {
        let (cluster, problems) = cluster(
            "n1 ansible_host=203.0.113.65\n[all:vars]\nlab=true\nlab_network=203.0.113.64/28\n")
        #expect(problems == [])
        #expect(
            cluster?.lab
                == LabNetwork(
                    bridge: "pidep-shelf", workstation: "203.0.113.78", network: "203.0.113.64", prefix: 28))
    }

    @Test("bridge names fit an interface and differ between labs")
    func bridges() {
        #expect(ClusterResolution.bridgeName("lab") == "pidep-lab")
        #expect(ClusterResolution.bridgeName("ninebytes") == "pidep-ninebytes")
        let names = ["tenletters", "tenletterz", "a b", "a/b", "größe", ""].map(ClusterResolution.bridgeName)
        #expect(Set(names).count == names.count)
        #expect(
            names.allSatisfy { $0.utf8.count <= 15 && !$0.contains(" ") && !$0.contains("/") }, "\(names)")
    }

    @Test("two nodes with one address, or a node with the virtual one, are told with both lines")
    func addresses() {
        #expect(
            cluster("n1 ansible_host=192.0.2.1\nn2 ansible_host=192.0.2.1\n").1 == [
                "shelf.ini:2: n2 (line 2) and n1 (line 1) have the same address 192.0.2.1. Give each node its own"
                    + " ansible_host or port."
            ])
        #expect(
            cluster("n1 ansible_host=192.0.2.1\n[all:vars]\nvip=192.0.2.1\n").1 == [
                "shelf.ini:3: vip is also the address of n1 (line 1). The virtual IP address must be one that no"
                    + " node has."
            ])
    }

    @Test("every value of the resolved view has its file and line beside it")
    func origins() throws {
        let (inventory, _) = Inventory.parse(
            Array("[web]\nn1 a=1\n[web:vars]\na = 2\nb = 3\n".utf8), file: "shelf.ini")
        let origins = inventory.json["_meta"]?["origins"]?["n1"]
        #expect(origins?["a"]?.text == "shelf.ini:2")
        #expect(origins?["b"]?.text == "shelf.ini:5")
    }

    @Test("the view for people shows groups as a tree, and recipes as they add up")
    func text() {
        let (inventory, _) = Inventory.parse(
            Array(
                "[web]\nn1 a=1\n[site:children]\nweb\n[web:vars]\nrecipes=x\n[all:vars]\nrecipes=y z\n".utf8),
            file: "shelf.ini")
        #expect(
            inventory.text(colour: false) == """
                Groups
                  site
                    web  n1

                n1  in site, web  shelf.ini:2
                  a        1      shelf.ini:2
                  recipes  x y z  shelf.ini:6,8

                """)
    }
}

/// Files of this repository, whatever folder the tests run in.
enum Repository {
    static func path(_ relative: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../\(relative)").standardizedFileURL.path
    }
}
