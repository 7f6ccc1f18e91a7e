import CLinux
import Foundation

/// Lets this machine's kernel run another architecture's programs through qemu's user emulation, inside the lab's
/// nodes, too: with the flag F the kernel opens qemu here and once (binfmt_misc, kernel documentation
/// admin-guide/binfmt-misc.rst), so that a node needs no file for it.
struct Binfmt {
    static let folder = "/proc/sys/fs/binfmt_misc"
    /// What we mounted or registered ourselves, one word a line, so that the last lab undoes it.
    private static let mark = "/run/pidep/binfmt"

    /// Debian's name of the format that runs an architecture's programs here; nil when none is needed.
    static func format(for architecture: String, on host: String) -> String? {
        switch (architecture, host) {
        case ("armv7", "amd64"): "qemu-arm"
        case ("arm64", "amd64"): "qemu-aarch64"
        case ("amd64", "arm64"), ("amd64", "armv7"): "qemu-x86_64"
        // A 64-bit Pi's kernel runs 32-bit programs itself.
        default: nil
        }
    }

    static func register(_ format: String) throws(LabFailure) {
        var done = marks()
        if access("\(folder)/register", F_OK) != 0 {
            let code = cl_mount("binfmt_misc", folder, "binfmt_misc", 0, nil)
            guard code == 0 else {
                throw LabFailure(
                    "binfmt_misc cannot be mounted on \(folder): \(String(cString: cl_strerror(-code))). "
                        + "The kernel needs CONFIG_BINFMT_MISC: modprobe binfmt_misc")
            }
            done.append("mount")
            try writeFile(mark, done.joined(separator: "\n") + "\n")
        }
        if let present = readFile("\(folder)/\(format)") {
            guard isUsable(present) else {
                throw LabFailure(
                    "\(folder)/\(format) is registered without the flag F, or disabled, and would not work in a node. "
                        + "Install qemu-user-static and restart systemd-binfmt, or: echo -1 > \(folder)/\(format)"
                )
            }
            return
        }
        let file = "/usr/lib/binfmt.d/\(format).conf"
        guard let line = readFile(file).flatMap({ rule($0) }) else {
            throw LabFailure("\(file) is not there: sudo apt-get install qemu-user-static")
        }
        done.append(format)
        try writeFile(mark, done.joined(separator: "\n") + "\n")
        let descriptor = cl_open("\(folder)/register", O_WRONLY, 0)
        let written = descriptor < 0 ? -1 : write(descriptor, line, line.utf8.count)
        let code = cl_errno()
        if descriptor >= 0 { close(descriptor) }
        guard written == line.utf8.count else {
            throw LabFailure("The kernel did not take \(file): \(String(cString: cl_strerror(code))).")
        }
    }

    /// Undoes what `register` did on this machine.
    static func release() {
        for word in marks().reversed() {
            if word == "mount" {
                umount2(folder, 0)
            } else {
                let descriptor = cl_open("\(folder)/\(word)", O_WRONLY, 0)
                if descriptor >= 0 {
                    _ = write(descriptor, "-1", 2)
                    close(descriptor)
                }
            }
        }
        unlink(mark)
    }

    /// The rule in a binfmt.d(5) file.
    static func rule(_ text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(":") }.map(String.init)
    }

    /// As binfmt_misc shows it: enabled, and with qemu opened at registration.
    static func isUsable(_ text: String) -> Bool {
        let lines = text.split(separator: "\n")
        let flags = lines.first { $0.hasPrefix("flags:") }?.dropFirst("flags:".count) ?? ""
        return lines.first == "enabled" && flags.contains("F")
    }

    private static func marks() -> [String] {
        (readFile(mark) ?? "").split(separator: "\n").map(String.init)
    }
}
