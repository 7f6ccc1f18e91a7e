/// A processor architecture that the node runtime is built for, and its names in the worlds that must agree on it.
public enum Architecture: String, Sendable, CaseIterable {
    /// 32-bit ARM, hard float: Raspberry Pi 2 and later under a 32-bit system.
    case armv7
    /// 64-bit ARM: Raspberry Pi 3 and later under a 64-bit system.
    case arm64
    /// 64-bit x86: lab nodes on an ordinary workstation.
    case amd64

    /// An architecture by its name in inventories and options, or a sentence that lists the names.
    public init(named name: String) throws(BuildError) {
        guard let known = Architecture(rawValue: name) else {
            let names = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
            let pity =
                name.hasPrefix("armv6") ? " (Debian has no armv6: a Pi Zero or Pi 1 cannot run it)" : ""
            throw BuildError(
                "\"\(name)\" is not an architecture that pidep builds for\(pity). Known: \(names).")
        }
        self = known
    }

    /// What this machine's own processor is, if pidep builds for it.
    public static var host: Architecture? {
        #if arch(x86_64)
            .amd64
        #elseif arch(arm64)
            .arm64
        #elseif arch(arm)
            .armv7
        #else
            nil
        #endif
    }
}

extension Architecture {
    /// Debian's name (`dpkg --print-architecture`).
    var debian: String {
        switch self {
        case .armv7: "armhf"
        case .arm64: "arm64"
        case .amd64: "amd64"
        }
    }

    /// The triple that the Swift compiler is given. It looks up its Embedded standard library by exactly this name.
    var swiftTriple: String {
        switch self {
        case .armv7: "armv7-none-none-eabihf"
        case .arm64: "aarch64-none-none-elf"
        case .amd64: "x86_64-unknown-none-elf"
        }
    }

    /// The triple under which the toolchain ships that library. For armv7 the soft-float one serves: the modules
    /// carry SIL, and code is generated here, for hard float.
    var moduleTriple: String {
        switch self {
        case .armv7: "armv7-none-none-eabi"
        case .arm64, .amd64: swiftTriple
        }
    }

    /// The triple for clang and the linker, who must know that it is Linux with glibc.
    var clangTriple: String {
        switch self {
        case .armv7: "armv7-unknown-linux-gnueabihf"
        case .arm64: "aarch64-unknown-linux-gnu"
        case .amd64: "x86_64-unknown-linux-gnu"
        }
    }

    /// Thumb-2 on armv7, as Debian's armhf packages are compiled: a third less code than ARM's 32-bit instructions (the same Swift: 33
    /// instead of 22 KB, 2026-11). The Swift compiler takes it from clang.
    var instructionFlags: [String] { self == .armv7 ? ["-mthumb"] : [] }

    /// The least processor that must run it: Pi 2 (Cortex-A7), Pi 3 (Cortex-A53), x86-64-v2.
    var processorFlag: String {
        switch self {
        case .armv7: "-mcpu=cortex-a7"
        case .arm64: "-mcpu=cortex-a53"
        case .amd64: "-march=x86-64-v2"
        }
    }

    /// The name of its Swift SDK.
    var sdkName: String { "pidep-\(rawValue)" }
}
