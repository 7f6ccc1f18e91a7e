/// A kernel parameter that has not the value that it shall have.
public struct SysctlChange: Equatable, Sendable {
    /// The parameter and the value that it shall have.
    public var sysctl: ManagedSysctl
    /// What it is now; nil where the kernel does not know it.
    public var current: String?

    /// A parameter and what it is now.
    public init(sysctl: ManagedSysctl, current: String?) {
        self.sysctl = sysctl
        self.current = current
    }
}

extension Manifest {
    /// The parameters whose running value is another; `current` reads one, nil where the kernel does not know it.
    public func sysctlChanges<Failure: Error>(
        _ current: (ManagedSysctl) throws(Failure) -> String?
    ) throws(Failure) -> [SysctlChange] {
        var changes: [SysctlChange] = []
        for sysctl in sysctls {
            let found = try current(sysctl).map { ManagedSysctl.normalised($0) }
            if found != sysctl.value { changes.append(SysctlChange(sysctl: sysctl, current: found)) }
        }
        return changes
    }

    /// Whether a line of the kernel's `modules.builtin` (kernel/net/ipv6/ipv6.ko) is this module: it needs no loading.
    public static func isModule(_ name: String, builtinAs line: String) -> Bool {
        var start = line.utf8.startIndex
        if let slash = line.utf8.lastIndex(of: UInt8(ascii: "/")) { start = line.utf8.index(after: slash) }
        let file = Array(line.utf8[start...])
        let suffix = Array(".ko".utf8)
        guard file.count > suffix.count, file.suffix(suffix.count).elementsEqual(suffix) else { return false }
        return moduleName(String(decoding: file.dropLast(suffix.count), as: UTF8.self)) == name
    }

    /// A module's name as the kernel shows it: `-` and `_` are the same in it (modprobe(8)).
    public static func moduleName(_ text: String) -> String {
        var bytes = Array(text.utf8)
        for index in bytes.indices where bytes[index] == UInt8(ascii: "-") {
            bytes[index] = UInt8(ascii: "_")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Whether it may be a module's name: letters, digits, `_` and `-`, not an option.
    public static func isModuleName(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), text.utf8.count <= 64 else {
            return false
        }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                continue
            default: return false
            }
        }
        return true
    }
}
