import CLinux
import Foundation

/// What a node writes: an ext4 of its own in a loop file, so that a full disk and a power cut are real and stay
/// inside. Over the shared root file system it makes the node's `/`.
struct NodeDisk {
    let node: NodeNames
    /// The shared root file system below it.
    let rootFileSystem: String
    /// Bytes.
    let size: Int64

    /// An overlay is worth nothing over another lower layer, nor is a disk of another size: both are in its name.
    var image: String {
        let base = NSString(string: rootFileSystem).lastPathComponent
        return "\(node.stateFolder)/disk-\(base)-\(size).img"
    }

    /// Makes the image unless it is there, and mounts both layers.
    func mount(_ tools: Toolbox, limits: LabLimits) throws(LabFailure) {
        try make(tools, limits: limits)
        if let device = attachedDevice, access(node.powerMark, F_OK) != 0 {
            try MountPoint.mount(device, on: node.diskMount, type: "ext4", options: Self.options)
        } else {
            try attachAndMount()
        }
        unlink(node.powerMark)
        try makeFolder("\(node.diskMount)/upper")
        try makeFolder("\(node.diskMount)/work")
        try MountPoint.mount(
            "overlay", on: node.rootMount, type: "overlay",
            options:
                "lowerdir=\(rootFileSystem),upperdir=\(node.diskMount)/upper,workdir=\(node.diskMount)/work")
    }

    /// noinit_itable: no thread that writes zeros in the background of whatever is measured.
    private static let options = "noinit_itable"

    private func attachAndMount() throws(LabFailure) {
        var device = [CChar](repeating: 0, count: 32)
        let loop = cl_loop_attach(image, &device, device.count)
        guard loop >= 0 else {
            let reason = String(cString: cl_strerror(-loop))
            throw LabFailure(
                "\(node.name): no loop device can be had for its disk: \(reason). "
                    + "See which are in use: losetup --list. More of them: modprobe loop max_loop=64")
        }
        // Mounted, the file system holds the device; with this descriptor closed, it goes when that is unmounted.
        defer { close(loop) }
        let path = String(decoding: device.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try MountPoint.mount(path, on: node.diskMount, type: "ext4", options: Self.options)
    }

    /// The loop device that still has the image, or nil: a program in a mount namespace of its own may keep a file
    /// system that we have unmounted alive. It must be mounted again as it is; a second device on the same file would not
    /// see what the first has not written. (After a power cut it never writes again, and a second device is right.)
    private var attachedDevice: String? {
        let folder = "/sys/block"
        let devices = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return devices.first { device in
            device.hasPrefix("loop")
                && readFile("\(folder)/\(device)/loop/backing_file")?.trimmingCharacters(in: .newlines)
                    == image
        }.map { "/dev/\($0)" }
    }

    /// A sparse file of the whole size: only what is written takes room on this machine.
    private func make(_ tools: Toolbox, limits: LabLimits) throws(LabFailure) {
        guard access(image, F_OK) != 0 else { return }
        Self.removeImages(of: node)
        let partial = "\(image).partial"
        let descriptor = cl_open(partial, O_RDWR | O_CREAT | O_TRUNC, 0o600)
        let isSized = descriptor >= 0 && ftruncate(descriptor, off_t(size)) == 0
        let code = cl_errno()
        if descriptor >= 0 { close(descriptor) }
        guard isSized else {
            throw LabFailure(
                "\(node.name): its disk \(partial) of \(size) bytes cannot be made: \(String(cString: cl_strerror(code)))."
            )
        }
        try tools.run(
            [
                "mkfs.ext4", "-q", "-F", "-m", "0", "-L", "lab", "-E",
                "lazy_itable_init=1,lazy_journal_init=1,nodiscard", partial,
            ], timeout: limits.toolTimeout)
        guard rename(partial, image) == 0 else {
            throw LabFailure("\(partial) cannot be renamed: \(String(cString: cl_strerror(cl_errno()))).")
        }
    }

    /// Removes the disk images of a node, and what was being made of one.
    static func removeImages(of node: NodeNames) {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: node.stateFolder)) ?? []
        for file in files where file.hasPrefix("disk-") { unlink("\(node.stateFolder)/\(file)") }
    }

    /// Bytes used and bytes in all of a mounted disk; nil when it is not mounted.
    static func usage(of node: NodeNames) -> (used: Int64, size: Int64)? {
        var numbers = statvfs()
        guard MountPoint.all().contains(where: { $0.path == node.diskMount }),
            statvfs(node.diskMount, &numbers) == 0
        else { return nil }
        let block = Int64(numbers.f_frsize)
        return (Int64(numbers.f_blocks - numbers.f_bfree) * block, Int64(numbers.f_blocks) * block)
    }
}
