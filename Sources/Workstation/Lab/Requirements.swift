import CLinux
import Commands
import Foundation
import Requirements

/// A program that the lab calls, and Debian's package that has it.
public struct LabProgram: Sendable, Equatable {
    /// As it is looked up on PATH.
    public var name: String
    /// Debian's package.
    public var package: String
}

extension Lab {
    /// All programs that the lab calls.
    public static let programs: [LabProgram] = [
        LabProgram(name: "mmdebstrap", package: "mmdebstrap"),
        LabProgram(name: "systemd-nspawn", package: "systemd-container"),
        LabProgram(name: "ip", package: "iproute2"),
        LabProgram(name: "nft", package: "nftables"),
        LabProgram(name: "mkfs.ext4", package: "e2fsprogs"),
        LabProgram(name: "nsenter", package: "util-linux"),
        LabProgram(name: "ssh", package: "openssh-client"),
        LabProgram(name: "ssh-keygen", package: "openssh-client"),
    ]

    /// All that the lab takes, for `pidep doctor`.
    public static var requirements: [Requirement] {
        Requirement.forLab(
            programs: programs.map { .program($0.name, package: $0.package, for: .lab) })
    }

    static func requireRoot(for command: String) throws(LabFailure) {
        guard geteuid() == 0 else {
            throw LabFailure(
                "pidep \(command) works with containers, mounts and network namespaces and needs root: "
                    + "sudo pidep \(command)")
        }
    }

    static func requirePrograms(_ programs: [LabProgram] = Lab.programs) throws(LabFailure) {
        let missing = programs.filter { Command.path(of: $0.name) == nil }
        guard !missing.isEmpty else { return }
        let names = missing.map(\.name).joined(separator: ", ")
        var packages: [String] = []
        for program in missing where !packages.contains(program.package) { packages.append(program.package) }
        throw LabFailure(
            "The lab needs \(names), which this machine has not: "
                + "sudo apt-get install \(packages.joined(separator: " "))")
    }
}
