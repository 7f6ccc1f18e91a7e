import CLinux
import Foundation

/// A cgroup v2: all processes in it are killed or frozen at once, and counted.
struct Cgroup: Sendable {
    /// The folder in the cgroup file system.
    let folder: String

    /// Where cgroup v2 is mounted: `/sys/fs/cgroup`, or below it on a machine that still has v1, too.
    static func mountPoint(in mounts: [MountPoint] = MountPoint.all()) throws(LabFailure) -> String {
        guard let mount = mounts.first(where: { $0.type == "cgroup2" }) else {
            throw LabFailure(
                "No cgroup v2 is mounted on this machine, and every lab node needs one of its own. "
                    + "Mount it: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified"
            )
        }
        return mount.path
    }

    var exists: Bool { access(folder, F_OK) == 0 }

    func create() throws(LabFailure) {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw LabFailure("The cgroup \(folder) cannot be made: \(error.localizedDescription)")
        }
    }

    /// A descriptor of the folder, for `cl_spawn_in_cgroup`; the caller closes it.
    func open() throws(LabFailure) -> Int32 {
        let descriptor = cl_open(folder, O_RDONLY | O_DIRECTORY, 0)
        guard descriptor >= 0 else {
            throw LabFailure(
                "The cgroup \(folder) cannot be opened: \(String(cString: cl_strerror(cl_errno())))")
        }
        return descriptor
    }

    /// Some process in it, or in a cgroup below it, lives.
    var isPopulated: Bool { field("populated", in: "cgroup.events") == "1" }

    /// All its processes stand still.
    var isFrozen: Bool { field("frozen", in: "cgroup.events") == "1" }

    /// The processes in it and in all cgroups below it.
    var processes: [Int32] {
        let below = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return (["cgroup.procs"] + below.filter { $0.hasSuffix("/cgroup.procs") })
            .flatMap { read($0).split(separator: "\n").compactMap { Int32($0) } }
    }

    /// Kills all processes, frozen ones too, waits until they are gone, and removes the cgroup with all below it.
    ///
    /// It must not be used again: Linux (seen with 6.18) kills whatever is started with CLONE_INTO_CGROUP in a cgroup
    /// that was ever killed.
    func kill(within timeout: Duration) throws(LabFailure) {
        guard exists else { return }
        // cgroup.kill is in Linux since 5.14; before, killing again and again ends a tree that still forks.
        let atOnce = write("1", to: "cgroup.kill")
        let deadline = ContinuousClock.now + timeout
        while isPopulated {
            if !atOnce { for process in processes { _ = Glibc.kill(process, SIGKILL) } }
            guard ContinuousClock.now < deadline else {
                let left = processes.map(String.init).joined(separator: ", ")
                throw LabFailure(
                    "The processes \(left) in \(folder) were killed and are still there after \(timeout). "
                        + "They wait for the kernel (state D): see /proc/<pid>/stack, then run the command again."
                )
            }
            usleep(2_000)
        }
        remove()
    }

    /// Freezes or thaws all processes and waits until the kernel says so.
    func setFrozen(_ frozen: Bool, within timeout: Duration) throws(LabFailure) {
        guard write(frozen ? "1" : "0", to: "cgroup.freeze") else {
            throw LabFailure(
                "\(folder)/cgroup.freeze cannot be written: \(String(cString: cl_strerror(cl_errno())))")
        }
        let deadline = ContinuousClock.now + timeout
        while isFrozen != frozen {
            guard ContinuousClock.now < deadline else {
                throw LabFailure("\(folder) did not \(frozen ? "freeze" : "thaw") within \(timeout).")
            }
            usleep(2_000)
        }
    }

    /// Removes it and all below it; they must be empty.
    func remove() { Self.removeTree(folder) }

    /// systemd-nspawn makes the same tree in the v1 hierarchy of systemd where there is one.
    static func removeFromOldHierarchies(_ path: String, in mounts: [MountPoint] = MountPoint.all()) {
        for mount in mounts where mount.type == "cgroup" { removeTree("\(mount.path)/\(path)") }
    }

    private static func removeTree(_ folder: String) {
        guard let children = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return }
        for child in children {
            var isFolder: ObjCBool = false
            let path = "\(folder)/\(child)"
            if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue {
                removeTree(path)
            }
        }
        rmdir(folder)
    }

    private func field(_ name: String, in file: String) -> String? {
        for line in read(file).split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == name { return String(words[1]) }
        }
        return nil
    }

    private func read(_ file: String) -> String {
        guard let data = FileManager.default.contents(atPath: "\(folder)/\(file)") else { return "" }
        return String(decoding: data, as: UTF8.self)
    }

    private func write(_ text: String, to file: String) -> Bool {
        let descriptor = cl_open("\(folder)/\(file)", O_WRONLY, 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
