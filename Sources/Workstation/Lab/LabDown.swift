import CLinux
import Events
import Foundation
import Inventory

extension Lab {
    /// Takes the lab down: no process, mount, namespace, interface, route, packet filter, loop device or cgroup of it is
    /// left, whatever state it was in, and the next `up` starts with bare nodes. The keys stay.
    public func down() throws(LabFailure) {
        try locked("lab down") { tools throws(LabFailure) in
            events.report(Event(.started, command: "lab down", message: "taking the lab \(names.lab) down"))
            let wiring = wiring(tools)
            let everyName = cluster.nodes.map(\.name) + strangers()
            let nodes = try everyName.map { name throws(LabFailure) in try stranger(name, tools) }
            // All at once first: a cluster that dies node by node would take over from one to the next.
            try Cgroup(folder: "\(Cgroup.mountPoint())/\(names.cgroup)").kill(within: limits.killTimeout)
            let failures = inParallel(nodes) { node throws(LabFailure) in
                try node.remove()
                NodeDisk.removeImages(of: node.names)
            }
            if let failure = failures.first { throw failure }
            try wiring.lower()
            try LabNetworkNamespace(names: names).remove(within: limits.unmountTimeout)
            releaseFormats()
            unlink(names.stateFile)
            try removeRunFolder()
            let cgroups = try Cgroup.mountPoint()
            Cgroup(folder: "\(cgroups)/\(names.cgroup)").remove()
            // The parent of all labs' goes with the last one: rmdir leaves it while it has others.
            rmdir("\(cgroups)/\(LabNames.cgroup)")
            for path in [names.cgroup, LabNames.cgroup] { Cgroup.removeFromOldHierarchies(path) }
            events.report(Event(.finished, command: "lab down", message: "the lab \(names.lab) is down"))
        }
    }

    /// Nodes that are on this machine though the inventory does not have them (any more).
    func strangers() -> [String] {
        let present = (try? FileManager.default.contentsOfDirectory(atPath: names.nodesFolder)) ?? []
        return present.filter { name in !cluster.nodes.contains { $0.name == name } }.sorted()
    }

    /// A node of which no more than the name is needed.
    func stranger(_ name: String, _ tools: Toolbox) throws(LabFailure) -> LabNode {
        try labNode(cluster.nodes.first { $0.name == name } ?? ClusterNode(name: name, address: ""), tools)
    }

    /// The last lab that needed another architecture's programs takes what was registered for them along.
    private func releaseFormats() {
        unlink("\(names.runFolder)/binfmt")
        let labs = (try? FileManager.default.contentsOfDirectory(atPath: LabNames.runFolder)) ?? []
        guard !labs.contains(where: { access("\(LabNames.runFolder)/\($0)/binfmt", F_OK) == 0 }) else {
            return
        }
        Binfmt.release()
    }

    private func removeRunFolder() throws(LabFailure) {
        try MountPoint.unmountAll(below: names.runFolder, within: limits.unmountTimeout)
        try? FileManager.default.removeItem(atPath: names.runFolder)
    }
}
