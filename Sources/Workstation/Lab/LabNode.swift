import CLinux
import Events
import Foundation
import Inventory

/// One node of a running lab: its container with disk, cable and cgroup.
struct LabNode: Sendable {
    let node: ClusterNode
    let names: NodeNames
    let wiring: LabWiring
    let tools: Toolbox
    let limits: LabLimits
    /// The mount of cgroup v2.
    let cgroups: String

    var cgroup: Cgroup { Cgroup(folder: "\(cgroups)/\(names.cgroup)") }

    /// It has processes, frozen or not.
    var isRunning: Bool { cgroup.isPopulated }

    /// The process that is number 1 inside, or nil while there is none.
    var leader: Int32? {
        cgroup.processes.first { process in
            // NSpid: its number in every PID namespace from ours to its own (proc_pid_status(5)).
            let line = (readFile("/proc/\(process)/status") ?? "").split(separator: "\n").first {
                $0.hasPrefix("NSpid:")
            }
            let numbers = line?.split(whereSeparator: \.isWhitespace).dropFirst() ?? []
            return numbers.count == 2 && numbers.last == "1"
        }
    }

    /// Makes all that the node is and starts its system, without waiting for it. What an earlier life left behind, but
    /// for the disk, is removed first.
    func start(identity: NodeIdentity, disk: NodeDisk) throws(LabFailure) {
        try stop(losingUnsynced: false)
        // From here on `down` finds the node, however far we come.
        try makeFolder(names.runFolder)
        try makeFolder(names.stateFolder)
        try KeyPair(path: names.hostKey).ensure(tools, comment: node.name, limits: limits)
        try disk.mount(tools, limits: limits)
        try identity.write()
        try wiring.plug(names, address: node.address)
        try startContainer()
    }

    private func startContainer() throws(LabFailure) {
        let console = cl_open(names.console, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
        let nothing = cl_open("/dev/null", O_RDONLY, 0)
        defer {
            close(console)
            close(nothing)
        }
        guard console >= 0, nothing >= 0 else {
            throw LabFailure("\(node.name): \(names.console) cannot be written.")
        }
        var arguments = [
            "systemd-nspawn", "--quiet", "--boot", "--directory=\(names.rootMount)",
            "--machine=\(names.machine)",
            "--hostname=\(node.name)", "--register=no", "--keep-unit", "--settings=no", "--console=read-only",
            "--network-namespace-path=\(names.namespaceFile)", "--capability=all", "--resolv-conf=off",
            "--timezone=off", "--link-journal=no",
        ]
        if access("/dev/fuse", F_OK) == 0 { arguments.append("--bind=/dev/fuse") }
        // A cgroup of its own for each node: with --keep-unit alone all nodes would boot into one, and a service that
        // restarts on one node would kill its namesake on another.
        _ = try Toolbox(cgroup: cgroup).spawn(
            arguments, environment: ["SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "TERM": "dumb"],
            streams: (nothing, console, console), detached: true)
    }

    /// Ends the node as a power cut does: the cable is dead first, so that no neighbour hears of it, then all its
    /// processes at once. `losingUnsynced`: what was not on the disk by then never gets there. The disk image stays.
    ///
    /// Returns when the processes were gone, or nil when there were none.
    @discardableResult
    func stop(losingUnsynced: Bool) throws(LabFailure) -> FaultTime? {
        let isRunning = isRunning
        let begin = cl_now_ns()
        if isRunning, wiring.hasCable(names) { try wiring.setCable(names, connected: false) }
        try cgroup.kill(within: limits.killTimeout)
        let end = cl_now_ns()
        let mounts = MountPoint.below(names.runFolder)
        if losingUnsynced, mounts.contains(where: { $0.path == names.diskMount }) {
            try writeFile(names.powerMark, "")
            let code = cl_ext4_shutdown(names.diskMount)
            guard code == 0 else {
                throw LabFailure(
                    "\(node.name) is dead, but its disk kept what was not synced: EXT4_IOC_SHUTDOWN on "
                        + "\(names.diskMount): \(String(cString: cl_strerror(-code))).")
            }
        }
        removeTracesOfContainer()
        try MountPoint.unmountAll(below: names.runFolder, within: limits.unmountTimeout)
        try wiring.unplug(names)
        cgroup.remove()
        Cgroup.removeFromOldHierarchies(names.cgroup)
        return isRunning ? FaultTime(begin: .nanoseconds(Int64(begin)), end: .nanoseconds(Int64(end))) : nil
    }

    /// What systemd-nspawn removes itself when it is not killed: a folder of the machine's name, and the lock on its
    /// root folder, which is named by device and inode.
    private func removeTracesOfContainer() {
        rmdir("/run/systemd/nspawn/propagate/\(names.machine)")
        var attributes = stat()
        guard MountPoint.all().contains(where: { $0.path == names.rootMount }),
            stat(names.rootMount, &attributes) == 0
        else { return }
        unlink("/run/systemd/nspawn/locks/inode-\(attributes.st_dev):\(attributes.st_ino)")
    }

    /// Removes every trace of the node from this machine but for its keys and its disk image.
    func remove() throws(LabFailure) {
        try stop(losingUnsynced: false)
        try? FileManager.default.removeItem(atPath: names.runFolder)
    }

    /// The end of what the node printed while it started.
    var consoleTail: String {
        let lines = (readFile(names.console) ?? "").split(separator: "\n").suffix(8)
        return lines.isEmpty ? "" : "\n  " + lines.joined(separator: "\n  ")
    }
}

/// When a fault took effect, on the clock of `cl_now_ns`: between its begin and its end.
public struct FaultTime: Sendable, Equatable {
    /// Since boot: just before the first step.
    public var begin: Duration
    /// Since boot: when all of it was done.
    public var end: Duration
}
