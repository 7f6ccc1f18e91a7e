import CLinux
import Foundation

/// One line of `/proc/self/mountinfo` (proc(5)).
struct MountPoint: Sendable, Equatable {
    /// Where it is mounted.
    var path: String
    /// The file system's type: `ext4`, `cgroup2`.
    var type: String
    /// What is mounted: `/dev/loop0`.
    var source: String

    /// All mounts that this process sees, in the order in which they were made.
    static func all() -> [MountPoint] {
        parse(readFile("/proc/self/mountinfo") ?? "")
    }

    /// The mounts at or below a folder, the innermost first: the order in which they can be unmounted.
    static func below(_ folder: String, in mounts: [MountPoint] = all()) -> [MountPoint] {
        mounts.filter { $0.path == folder || $0.path.hasPrefix(folder + "/") }.reversed()
    }

    static func parse(_ text: String) -> [MountPoint] {
        text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            // The number of optional fields varies; a lone "-" ends them.
            guard fields.count > 6, let end = fields[6...].firstIndex(of: "-"), end + 2 < fields.count else {
                return nil
            }
            return MountPoint(
                path: unescape(fields[4]), type: String(fields[end + 1]), source: unescape(fields[end + 2]))
        }
    }

    /// Space, tab, newline and backslash are written as `\` and three octal digits.
    private static func unescape(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
            {
                bytes.append(code)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Mounts a file system on a folder, which is made.
    static func mount(
        _ source: String, on folder: String, type: String, options: String? = nil
    ) throws(LabFailure) {
        try makeFolder(folder)
        let code = cl_mount(source, folder, type, 0, options)
        guard code == 0 else {
            throw LabFailure(
                "\(source) cannot be mounted on \(folder): \(String(cString: cl_strerror(-code))).")
        }
    }

    /// Mounts a folder on itself.
    static func bind(_ folder: String) throws(LabFailure) {
        try change(folder, cl_mount(folder, folder, nil, UInt(MS_BIND), nil))
    }

    /// Lets mounts below a mount point reach its copies in other mount namespaces (mount_namespaces(7)).
    static func share(_ folder: String) throws(LabFailure) {
        try change(folder, cl_mount(nil, folder, nil, UInt(MS_SHARED), nil))
    }

    private static func change(_ folder: String, _ code: Int32) throws(LabFailure) {
        guard code == 0 else {
            throw LabFailure(
                "\(folder) cannot be made a shared mount point: \(String(cString: cl_strerror(-code))).")
        }
    }

    /// Unmounts all that is mounted at or below a folder, the innermost first, also what is mounted over one another.
    /// File systems that stay busy for `timeout` are detached and go with their last user.
    static func unmountAll(below folder: String, within timeout: Duration) throws(LabFailure) {
        let deadline = ContinuousClock.now + timeout
        while true {
            let mounts = below(folder)
            guard !mounts.isEmpty else { return }
            let isLate = ContinuousClock.now >= deadline
            var code: Int32 = 0
            for mount in mounts where umount2(mount.path, isLate ? Int32(MNT_DETACH) : 0) != 0 {
                code = cl_errno()
            }
            if isLate, code != 0 {
                throw LabFailure(
                    "\(folder) cannot be unmounted after \(timeout): \(String(cString: cl_strerror(code))). "
                        + "See who uses it: fuser -vm \(mounts[0].path)")
            }
            if code != 0 { usleep(5_000) }
        }
    }
}

/// Makes a folder and those above it; one that is there is fine.
func makeFolder(_ path: String) throws(LabFailure) {
    do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
        throw LabFailure("The folder \(path) cannot be made: \(error.localizedDescription)")
    }
}

/// Writes a file in place of an older one, at once and with these permissions.
func writeFile(_ path: String, _ text: String, mode: mode_t = 0o644) throws(LabFailure) {
    let temporary = path + ".new"
    unlink(temporary)
    let descriptor = cl_open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode)
    var bytes = Array(text.utf8)[...]
    var failed = descriptor < 0
    while !failed, !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count > 0 { bytes = bytes.dropFirst(count) } else { failed = cl_errno() != EINTR }
    }
    failed = failed || fchmod(descriptor, mode) != 0 || rename(temporary, path) != 0
    let code = cl_errno()
    if descriptor >= 0 { close(descriptor) }
    if failed { throw LabFailure("\(path) cannot be written: \(String(cString: cl_strerror(code))).") }
}

/// The text of a file, or nil when it cannot be read.
func readFile(_ path: String) -> String? {
    // Not Foundation's: of a file of the kernel's, whose size is 0, it reads no more than the first page (measured with
    // Swift 6.3), and a machine with several labs has more mounts than fit.
    let descriptor = cl_open(path, O_RDONLY, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &chunk, chunk.count)
        if count < 0, cl_errno() == EINTR { continue }
        guard count >= 0 else { return nil }
        if count == 0 { return String(decoding: bytes, as: UTF8.self) }
        bytes += chunk[..<count]
    }
}
