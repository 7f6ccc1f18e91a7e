import Inventory
import JSON
import Testing

@testable import Lab

private let network = LabNetwork(
    bridge: "pidep-none", workstation: "198.51.100.254", network: "198.51.100.0", prefix: 24)

private func cluster(
    _ name: String = "none", nodes: [ClusterNode] = [ClusterNode(name: "n1", address: "198.51.100.1")],
    lab: LabNetwork? = network
) -> Cluster {
    Cluster(name: name, file: "inventory/\(name).ini", nodes: nodes, virtualAddress: nil, lab: lab)
}

private func sentence(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch { return (error as? LabFailure)?.sentence ?? "another error" }
}

@Suite struct LabTests {
    @Test("an inventory of real machines is no lab")
    func realMachines() {
        #expect(sentence { _ = try Lab(cluster: cluster(lab: nil), root: "/p") }.contains("lab = true"))
    }

    @Test(
        "names that would leave their folder or be read as an option are refused",
        arguments: ["..", ".hidden", "-rf", "a/b", "a b", "ä", "a:b", String(repeating: "n", count: 64)])
    func names(name: String) {
        let node = ClusterNode(name: name, address: "198.51.100.1")
        #expect(
            sentence { _ = try Lab(cluster: cluster(nodes: [node]), root: "/p") }.contains("cannot be named"))
        #expect(sentence { _ = try Lab(cluster: cluster(name), root: "/p") }.contains("cannot be named"))
    }

    @Test("a node that is logged in to as somebody else than root is refused by name")
    func user() {
        let node = ClusterNode(name: "n1", address: "198.51.100.1", user: "pi")
        #expect(
            sentence { _ = try Lab(cluster: cluster(nodes: [node]), root: "/p") }.contains(
                "n1 is logged in to as"))
    }

    @Test("without its bridge nothing is sent to a lab, and the sentence says how to start it")
    func bridge() {
        #expect(!Lab.isUp(cluster()))
        #expect(
            sentence { try Lab.requireBridge(cluster()) }.contains(
                "pidep lab up --inventory inventory/none.ini"))
        #expect(sentence { try Lab.requireRoute(cluster(), to: "198.51.100.1") }.contains("pidep-none"))
    }

    @Test("clusters of real machines need no bridge")
    func noBridge() throws {
        try Lab.requireBridge(cluster(lab: nil))
        try Lab.requireRoute(cluster(lab: nil), to: "203.0.113.1")
    }

    @Test("an interface that is no bridge is no lab")
    func noBridgeInterface() {
        var other = network
        other.bridge = "lo"
        #expect(!Lab.isUp(cluster(lab: other)))
    }

    @Test("a node that the lab does not have is answered with those it has")
    func unknownNode() throws {
        let lab = try Lab(cluster: cluster(), root: "/p")
        #expect(
            sentence { _ = try lab.node(named: "n9") } == "The lab \"none\" has no node \"n9\"; it has n1.")
    }

    @Test("missing programs are named once each, with the command that installs their packages once each")
    func programs() {
        let programs = [
            LabProgram(name: "no-such-a", package: "pa"), LabProgram(name: "no-such-b", package: "pb"),
            LabProgram(name: "no-such-c", package: "pa"), LabProgram(name: "sh", package: "dash"),
        ]
        #expect(
            sentence { try Lab.requirePrograms(programs) }
                == "The lab needs no-such-a, no-such-b, no-such-c, which this machine has not: "
                + "sudo apt-get install pa pb")
    }

    @Test("a lab that is not there has all its nodes down")
    func status() throws {
        let status = try Lab(cluster: cluster(), root: "/p").status()
        #expect(status.nodes.map(\.state) == [.down])
        #expect(!status.isAllUp)
        #expect(status.json["nodes"]?.elements?.first?["state"]?.text == "down")
        #expect(status.json["up"]?.boolean == false)
    }
}

@Suite struct LabStatusTests {
    private func node(_ state: LabStatus.State) -> LabStatus.Node {
        LabStatus.Node(
            name: "n1", address: "198.51.100.1", state: state, sshd: state == .up, pid: 42, cutFrom: [],
            architecture: "armv7", diskUsed: 3 << 20, diskSize: 1 << 30)
    }

    private func status(_ states: LabStatus.State...) -> LabStatus {
        LabStatus(
            lab: "none", bridge: "b", workstation: "198.51.100.254", key: "/k", knownHosts: "/h",
            nodes: states.map(node))
    }

    @Test(
        "any fault of any node keeps the lab from being all up",
        arguments: [LabStatus.State.booting, .frozen, .cut, .partitioned, .killed, .down])
    func faults(state: LabStatus.State) {
        #expect(status(.up, .up).isAllUp)
        #expect(!status(.up, state).isAllUp)
    }

    @Test("the document has a member for everything that the table shows")
    func document() {
        let node = status(.frozen).json["nodes"]?.elements?.first
        #expect(node?["state"]?.text == "frozen")
        #expect(node?["pid"]?.integer == 42)
        #expect(node?["disk_used"]?.integer == 3 << 20)
        #expect(node?["disk_size"]?.integer == 1 << 30)
        #expect(node?["architecture"]?.text == "armv7")
        #expect(status(.frozen).text.contains("3 of 1024 MiB"))
    }
}
