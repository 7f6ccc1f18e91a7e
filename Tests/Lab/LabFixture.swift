import CLinux
import Commands
import Foundation
import Inventory
import Testing

@testable import Lab

/// A small lab of its own for one test: made before, taken down after, whatever happens between.
struct LabFixture {
    /// The project's folder: `images/lab` is there.
    static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    let cluster: Cluster
    let lab: Lab

    /// Nodes n1, n2 … at `198.51.100.<first>` and after, in the half of that range where these are: not the range of
    /// `inventory/lab.ini`.
    init(_ name: String = "pideptest", nodes: Int = 2, first: Int = 1) throws {
        let base = first / 128 * 128
        cluster = Cluster(
            name: name, file: Self.inventoryFile(name),
            nodes: (0..<nodes).map { index in
                ClusterNode(
                    name: "n\(index + 1)", address: "198.51.100.\(first + index)",
                    variables: ["lab_disk": Variable(text: "256M", file: "test", line: 1)])
            },
            virtualAddress: nil,
            lab: LabNetwork(
                bridge: String("pidep-\(name)".prefix(15)), workstation: "198.51.100.\(base + 126)",
                network: "198.51.100.\(base)", prefix: 25))
        lab = try Lab(cluster: cluster, root: Self.project)
    }

    static func inventoryFile(_ name: String) -> String { "\(NSTemporaryDirectory())/\(name).ini" }

    /// The `pidep` that was built together with these tests.
    static func pidep() throws -> URL {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let file = URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("pidep")
        try #require(FileManager.default.isExecutableFile(atPath: file.path), "no pidep at \(file.path)")
        return file
    }

    /// Brings the lab up, runs the body and takes the lab down.
    func run(architecture: String? = nil, _ body: (Lab) throws -> Void) throws {
        defer { clean() }
        try lab.up(architecture: architecture)
        try body(lab)
    }

    /// Takes the lab down and removes its keys.
    func clean() {
        do { try lab.down() } catch { Issue.record("down failed: \(error)") }
        try? FileManager.default.removeItem(atPath: lab.names.stateFolder)
    }

    /// What a shell inside a node prints; a test failure when it does not exit with 0.
    func shell(_ node: String, _ script: String) throws -> String {
        let output = try lab.exec(node, ["sh", "-c", script])
        #expect(output.code == 0, "\(node): \(script): \(output.standardError)")
        return output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether a TCP connection from a node to an address's sshd comes about within a second.
    func reaches(_ node: String, address: String) throws -> Bool {
        try lab.exec(node, ["timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/\(address)/22"]).code == 0
    }

    /// Whether a TCP connection from one node to another's sshd comes about within a second.
    func reaches(_ node: String, _ other: String) throws -> Bool {
        try reaches(node, address: #require(cluster.nodes.first { $0.name == other }).address)
    }

    func status(of node: String) throws -> LabStatus.Node {
        try #require(try lab.status().nodes.first { $0.name == node })
    }

    /// The process on this machine that is number 1 in a node.
    func pid(of node: String) throws -> Int32 { try #require(try status(of: node).pid) }

    /// Everything on this machine that belongs to the lab: mounts, namespaces, interfaces, loop devices, routes, packet
    /// filters, cgroups, processes, and files under /run.
    func traces() throws -> [String] {
        let its = lab.names
        let nodes = cluster.nodes.map { its.node($0.name) }
        var found = MountPoint.below(its.runFolder).map { "mount \($0.path)" }
        found += nodes.filter { access($0.namespaceFile, F_OK) == 0 }.map { "namespace \($0.namespace)" }
        found += ([its.bridge] + nodes.map(\.interface)).filter { access("/sys/class/net/\($0)", F_OK) == 0 }
            .map { "interface \($0)" }
        found += try lines(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"])
            .filter { $0.contains("/lab/\(its.lab)/") }.map { "loop device \($0)" }
        found += try lines(["ip", "route", "show", "to", "root", "\(lab.network.network)/25"])
            .map { "route \($0)" }
        found += try lines(["nft", "list", "tables"]).filter { $0.hasSuffix(" \(its.table)") }
        for mount in MountPoint.all() where mount.type == "cgroup2" || mount.type == "cgroup" {
            let folder = "\(mount.path)/\(its.cgroup)"
            guard access(folder, F_OK) == 0 else { continue }
            found.append("cgroup \(folder)")
            found += Cgroup(folder: folder).processes.map { "process \($0)" }
        }
        if access(its.runFolder, F_OK) == 0 { found.append("folder \(its.runFolder)") }
        found += nodes.map { "/run/systemd/nspawn/propagate/\($0.machine)" }.filter { access($0, F_OK) == 0 }
        return found
    }

    private func lines(_ command: [String]) throws -> [String] {
        try Command(command).run().standardOutput.split(separator: "\n").map(String.init)
    }
}
