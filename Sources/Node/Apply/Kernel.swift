import CLinux
import Manifest

/// The running kernel: its modules and its parameters.
struct Kernel {
    /// How long modprobe(8) may take.
    static let moduleLimit: Duration = .seconds(60)

    let tree: FileTree
    let program: Program

    /// Those of the modules that are neither loaded nor built in. One that this kernel does not have is refused.
    func missingModules(_ wanted: [String]) throws(ApplyError) -> [String] {
        var missing: [String] = []
        for name in wanted where try tree.look("/sys/module/\(name)") == nil { missing.append(name) }
        guard !missing.isEmpty else { return [] }
        let builtin = try builtinModules()
        missing.removeAll { name in builtin.contains { Manifest.isModule(name, builtinAs: $0) } }
        for name in missing {
            let result = try program.run(["modprobe", "--dry-run", name], limit: Self.moduleLimit)
            guard result.code == 0 else {
                throw ApplyError(
                    "this kernel has no module \(name) (modprobe: \(result.lastLines(1))); nothing was changed"
                )
            }
        }
        return missing
    }

    /// Loads a module.
    func load(_ module: String) throws(ApplyError) {
        let result = try program.run(["modprobe", module], limit: Self.moduleLimit)
        guard result.code == 0 else {
            throw ApplyError("modprobe \(module) ended with \(result.code): \(result.lastLines(3))")
        }
    }

    /// The parameters whose running value is another. One that this kernel does not know is refused, unless modules
    /// that are going to be loaded may bring it.
    func changes(_ manifest: Manifest, toleratingUnknown: Bool) throws(ApplyError) -> [SysctlChange] {
        let changes = try manifest.sysctlChanges { (sysctl) throws(ApplyError) in try value(of: sysctl) }
        for change in changes where change.current == nil && !toleratingUnknown {
            throw ApplyError(
                "this kernel has no sysctl \(change.sysctl.key) (\(change.sysctl.path)); no file was changed. "
                    + "Is a module missing?")
        }
        return changes
    }

    /// Gives a parameter its value, at once.
    func set(_ sysctl: ManagedSysctl) throws(ApplyError) {
        let descriptor = cl_open(tree.real(sysctl.path), O_WRONLY | O_TRUNC, 0)
        guard descriptor >= 0 else { throw refused(sysctl, cl_errno()) }
        defer { close(descriptor) }
        // One call: the kernel takes each as a whole value.
        let bytes = Array((sysctl.value + "\n").utf8)
        let count = bytes.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count else { throw refused(sysctl, count < 0 ? cl_errno() : EIO) }
    }

    private func value(of sysctl: ManagedSysctl) throws(ApplyError) -> String? {
        guard let bytes = try tree.read(sysctl.path) else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func refused(_ sysctl: ManagedSysctl, _ code: Int32) -> ApplyError {
        let why =
            code == EINVAL
            ? "it does not take that value"
            : code == EROFS || code == EACCES || code == EPERM
                ? "it cannot be changed here (a container?)" : String(cString: cl_strerror(code))
        return ApplyError("the sysctl \(sysctl.key) = \(sysctl.value): \(why)")
    }

    private func builtinModules() throws(ApplyError) -> [String] {
        guard let release = try tree.read("/proc/sys/kernel/osrelease") else { return [] }
        let name = ManagedSysctl.normalised(String(decoding: release, as: UTF8.self))
        guard let bytes = try tree.read("/lib/modules/\(name)/modules.builtin") else { return [] }
        var lines: [String] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            lines.append(String(decoding: line, as: UTF8.self))
        }
        return lines
    }
}
