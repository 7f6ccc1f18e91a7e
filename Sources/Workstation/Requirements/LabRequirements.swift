import Foundation

extension Requirement {
    /// What the lab takes: root, its programs, and what the kernel must be able to do.
    public static func forLab(programs: [Requirement]) -> [Requirement] {
        [root] + programs
            + [fileSystem("overlay"), loopDevices(), controlGroups(), armEmulation()]
    }

    private static let root = Requirement(
        "root", for: .lab, remedy: "run lab commands with sudo: sudo pidep lab up"
    ) {
        geteuid() == 0
            ? .present("this is root")
            : .missing("the lab makes containers, mounts and network namespaces, and this user is not root")
    }

    /// A file system that the kernel has, or could load.
    static func fileSystem(_ name: String, list: String = "/proc/filesystems") -> Requirement {
        Requirement("\(name) file system", for: .lab, remedy: "sudo modprobe \(name)") {
            let words = text(list).split(whereSeparator: { $0 == "\n" || $0 == "\t" })
            return words.contains(Substring(name))
                ? .present("in the kernel") : .missing("the kernel has no \(name) file system loaded")
        }
    }

    static func loopDevices(control: String = "/dev/loop-control") -> Requirement {
        Requirement("loop devices", for: .lab, remedy: "sudo modprobe loop") {
            FileManager.default.fileExists(atPath: control)
                ? .present(control)
                : .missing("\(control) is missing, and each lab node's disk is a file behind a loop device")
        }
    }

    static func controlGroups(mounts: String = "/proc/self/mounts") -> Requirement {
        Requirement(
            "cgroup v2", for: .lab,
            remedy: "boot with systemd.unified_cgroup_hierarchy=1 on the kernel's command line"
        ) {
            for line in text(mounts).split(separator: "\n") {
                let words = line.split(separator: " ")
                if words.count > 2, words[2] == "cgroup2" { return .present(String(words[1])) }
            }
            return .missing("no cgroup2 file system is mounted, and the lab freezes and kills nodes by it")
        }
    }

    static func armEmulation(
        rule: String = "/usr/lib/binfmt.d/qemu-arm.conf", kernel: String = "/proc/filesystems",
        registered: String = "/proc/sys/fs/binfmt_misc/qemu-arm"
    ) -> Requirement {
        Requirement(
            "qemu for armv7 (binfmt)", for: .lab, isOptional: true,
            remedy: "sudo apt-get install qemu-user-static, for pidep lab up --arch armv7"
        ) {
            if FileManager.default.fileExists(atPath: registered) {
                return .present("registered in the kernel")
            }
            guard FileManager.default.fileExists(atPath: rule) else {
                return .missing("\(rule) is missing: lab nodes cannot run armv7 programs")
            }
            let known = text(kernel).split(whereSeparator: { $0 == "\n" || $0 == "\t" }).contains(
                "binfmt_misc")
            return known
                ? .present("installed; pidep lab up --arch armv7 registers it")
                : .missing("the kernel has no binfmt_misc loaded: lab nodes cannot run armv7 programs")
        }
    }

    private static func text(_ path: String) -> String {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
