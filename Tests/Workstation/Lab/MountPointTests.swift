import Testing

@testable import Lab

@Suite struct MountPointTests {
    private let text = """
        27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
        31 27 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 master:2 - cgroup2 cgroup2 rw
        50 27 7:0 / /run/pidep/lab/a\\040b/disk rw shared:1 - ext4 /dev/loop0 rw
        51 27 0:39 / /run/pidep/lab/a\\040b/root rw - overlay overlay rw,lowerdir=/x
        52 27 0:40 / /run/pidep/lab/a\\040bc rw - tmpfs tmpfs rw
        a line that is none

        """

    @Test("optional fields do not move what comes after them, and octal escapes are read")
    func parse() {
        let mounts = MountPoint.parse(text)
        #expect(mounts.map(\.type) == ["ext4", "tmpfs", "cgroup2", "ext4", "overlay", "tmpfs"])
        #expect(mounts[3] == MountPoint(path: "/run/pidep/lab/a b/disk", type: "ext4", source: "/dev/loop0"))
    }

    @Test(
        "what is below a folder comes innermost first, and a folder whose name only begins alike is not below it"
    )
    func below() {
        let below = MountPoint.below("/run/pidep/lab/a b", in: MountPoint.parse(text))
        #expect(below.map(\.type) == ["overlay", "ext4"])
    }

    @Test("cgroup v2 is found beside v1 and alone")
    func cgroup() throws {
        #expect(try Cgroup.mountPoint(in: MountPoint.parse(text)) == "/sys/fs/cgroup/unified")
        let pure = MountPoint.parse("30 23 0:26 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw,nsdelegate")
        #expect(try Cgroup.mountPoint(in: pure) == "/sys/fs/cgroup")
    }

    @Test("a machine without cgroup v2 gets a sentence that says how to mount it")
    func noCgroup() {
        #expect { try Cgroup.mountPoint(in: []) } throws: {
            ($0 as? LabFailure)?.sentence.contains("mount -t cgroup2") == true
        }
    }

    @Test("a file of the kernel's is read whole, however many pages it has")
    func longFile() throws {
        let text = try #require(readFile("/proc/self/smaps"))
        #expect(text.utf8.count > 65536)
        #expect(text.split(separator: "\n").last?.hasPrefix("VmFlags:") == true)
    }
}
