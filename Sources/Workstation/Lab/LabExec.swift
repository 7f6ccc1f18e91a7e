import CLinux
import Commands
import Foundation
import Inventory

extension Lab {
    /// Runs a program inside a node, as root, without the network: it works on a node that is cut off, too. It is one of
    /// the node's processes from its first instruction on: a fault that hits the node hits it.
    public func exec(
        _ name: String, _ arguments: [String], input: String = ""
    ) throws(LabFailure) -> Command.Output {
        let (tools, words) = try enter(name, arguments)
        return try tools.runAny(
            words, environment: Self.environment, input: input, timeout: limits.execTimeout)
    }

    /// As `exec`, with this process's own terminal or streams, until it ends; returns its exit code.
    public func execAttached(_ name: String, _ arguments: [String]) throws(LabFailure) -> Int32 {
        let (tools, words) = try enter(name, arguments)
        // Ctrl-C is for the program inside.
        let before = signal(SIGINT, SIG_IGN)
        defer { signal(SIGINT, before) }
        let process = try tools.spawn(
            words, environment: Self.environment, streams: (0, 1, 2), detached: false)
        return tools.wait(for: process)
    }

    private func enter(_ name: String, _ arguments: [String]) throws(LabFailure) -> (Toolbox, [String]) {
        let node = try labNode(try node(named: name), try toolbox())
        try Self.requireRoot(for: "lab exec")
        guard let leader = node.leader else {
            throw LabFailure(
                "\(name) does not run: pidep lab start \(name), or pidep lab up for the whole lab.")
        }
        // A leaf beside the container's own tree: below it, systemd owns the cgroups.
        let cgroup = Cgroup(folder: "\(node.cgroup.folder)/exec")
        return (Toolbox(cgroup: cgroup), ["nsenter", "--target", "\(leader)", "--all", "--"] + arguments)
    }

    private static var environment: [String: String] {
        ["HOME": "/root", "TERM": ProcessInfo.processInfo.environment["TERM"] ?? "dumb"]
    }
}
