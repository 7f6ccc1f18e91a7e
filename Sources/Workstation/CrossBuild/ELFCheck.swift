/// Decides whether a node of an architecture could run a file, before it is sent to one.
enum ELFCheck {
    // e_flags of ARM (ARM IHI 0044, "ELF header").
    private static let armHardFloat: UInt32 = 0x400
    private static let armEABIMask: UInt32 = 0xff00_0000
    private static let armEABI5: UInt32 = 0x0500_0000

    /// Throws the first reason why not, in one sentence.
    static func verify(_ file: ELFFile, for architecture: Architecture, path: String) throws(BuildError) {
        if let reason = reason(against: file, for: architecture) {
            throw BuildError("\(path) would not run on \(architecture.rawValue): \(reason).")
        }
    }

    /// Why a node could not run it; nil when it can.
    static func reason(against file: ELFFile, for architecture: Architecture) -> String? {
        if file.machine != architecture.elfMachine {
            return "it is made for \(name(ofMachine: file.machine)), not for \(architecture.processorName)"
        }
        if file.elfClass != architecture.elfClass {
            return "it is \(file.elfClass == .bits32 ? "32" : "64")-bit code for a "
                + "\(file.elfClass == .bits32 ? "64" : "32")-bit system"
        }
        guard file.type == 2 || file.type == 3, file.entry != 0 else {
            return "it is no executable (ELF type \(file.type)), there is nothing that the kernel could start"
        }
        if architecture == .armv7 {
            if file.flags & armEABIMask != armEABI5 {
                return "it does not follow ARM's EABI version 5, the only one that the kernel runs"
            }
            if file.flags & armHardFloat == 0 {
                return
                    "it passes floating-point numbers in integer registers (soft float), and Debian armhf and "
                    + "its libraries pass them in floating-point ones"
            }
            if let version = file.armArchitecture, version > ARMAttributes.v7 {
                return "it uses instructions later than ARMv7, which a Pi 2 does not have"
            }
        }
        if let interpreter = file.interpreter {
            return
                "it asks for the dynamic linker \(interpreter), and the node runtime must be static: a node "
                + "may have another glibc"
        }
        if file.neededCount > 0 {
            return
                "it needs \(file.neededCount) shared librar\(file.neededCount == 1 ? "y" : "ies"), and the "
                + "node runtime must be static"
        }
        if file.hasExecutableStack {
            return "its stack would be executable, which makes any overrun an exploit and which systemd's "
                + "MemoryDenyWriteExecute refuses (an object without .note.GNU-stack was linked in)"
        }
        return nil
    }

    private static func name(ofMachine machine: UInt16) -> String {
        switch machine {
        case 3: "32-bit x86"
        case 40: "32-bit ARM"
        case 62: "64-bit x86"
        case 183: "64-bit ARM"
        case 243: "RISC-V"
        default: "another processor (ELF machine \(machine))"
        }
    }
}

extension Architecture {
    /// `e_machine`.
    var elfMachine: UInt16 {
        switch self {
        case .armv7: 40
        case .arm64: 183
        case .amd64: 62
        }
    }

    var elfClass: ELFFile.Class { self == .armv7 ? .bits32 : .bits64 }

    var processorName: String {
        switch self {
        case .armv7: "32-bit ARM"
        case .arm64: "64-bit ARM"
        case .amd64: "64-bit x86"
        }
    }
}
