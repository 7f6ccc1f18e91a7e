import CLinux
import Foundation
import Testing

@testable import Lab

/// What a fault does, and what it leaves alone.
extension LabEndToEnd {
    @Suite struct Faults {
        @Test("a power cut loses what was not synced, and nothing that was")
        func powerCut() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                _ = try fixture.shell("n1", "echo synced > /root/a && sync && echo unsynced > /root/b")
                try lab.kill("n1", power: true)
                #expect(try fixture.status(of: "n1").state == .killed)
                try lab.start("n1")
                #expect(try fixture.shell("n1", "ls /root") == "a")
                #expect(try fixture.shell("n1", "cat /root/a") == "synced")
                #expect(try lab.status().isAllUp)
            }
        }

        @Test("a kill keeps what was written, and the node comes back as itself")
        func kill() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                let identity =
                    "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub /sys/class/net/eth0/address"
                let before = try fixture.shell("n1", identity)
                _ = try fixture.shell("n1", "echo unsynced > /root/b")
                let time = try lab.kill("n1")
                #expect(time.begin > .zero && time.end > time.begin)
                #expect(try fixture.reaches("n2", "n1") == false)
                #expect(throws: LabFailure.self) { try lab.kill("n1") }
                #expect(throws: LabFailure.self) { try lab.freeze("n1") }
                #expect(throws: LabFailure.self) { _ = try lab.exec("n1", ["true"]) }
                try lab.start("n1")
                #expect(try fixture.shell("n1", "cat /root/b") == "unsynced")
                #expect(try fixture.shell("n1", identity) == before)
                #expect(throws: LabFailure.self) { try lab.start("n1") }
            }
        }

        @Test("a killed node's connections die in silence: no neighbour gets a FIN or an RST")
        func silence() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                // n2 holds a connection to n1's sshd and would see its end.
                _ = try fixture.shell(
                    "n2",
                    "bash -c 'exec 3<>/dev/tcp/198.51.100.1/22; read -r -u 3 _; touch /run/connected; "
                        + "read -r -u 3 _; touch /run/ended' > /dev/null 2>&1 & "
                        + "until test -e /run/connected; do sleep 0.05; done")
                let established = "ss -Htn state established dst 198.51.100.1 | wc -l"
                #expect(try fixture.shell("n2", established) == "1")
                try lab.kill("n1")
                #expect(try fixture.shell("n2", "sleep 0.5; test -e /run/ended || echo silence") == "silence")
                #expect(try fixture.shell("n2", established) == "1")
            }
        }

        @Test("a frozen node stands still and goes on where it was")
        func freeze() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                let pid = try fixture.pid(of: "n1")
                try lab.freeze("n1")
                #expect(try fixture.status(of: "n1").state == .frozen)
                // The kernel still accepts, as on a machine whose programs hang.
                #expect(try fixture.reaches("n2", "n1"))
                #expect(try lab.status().nodes.map(\.sshd) == [false, true])
                try lab.thaw("n1")
                #expect(try fixture.pid(of: "n1") == pid)
                #expect(try lab.status().isAllUp)
            }
        }

        @Test("a cut cable is seen by the node, stays cut over a restart, and is healed")
        func cable() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                let carrier = "cat /sys/class/net/eth0/carrier"
                #expect(try fixture.shell("n1", carrier) == "1")
                try lab.cut("n1")
                #expect(try fixture.status(of: "n1").state == .cut)
                #expect(try fixture.shell("n1", carrier) == "0")
                #expect(try fixture.reaches("n2", "n1") == false)
                try lab.kill("n1")
                try lab.start("n1")
                #expect(try fixture.status(of: "n1").state == .cut)
                try lab.heal("n1")
                #expect(try fixture.shell("n1", carrier) == "1")
            }
        }

        @Test("cut --from makes one node deaf to one other, in one direction, until it is healed")
        func oneWay() throws {
            let fixture = try LabFixture(nodes: 3)
            try fixture.run { lab in
                try lab.cut("n1", from: "n2")
                #expect(try fixture.status(of: "n1").state == .partitioned)
                #expect(try lab.status().nodes.map(\.cutFrom) == [["n2"], [], []])
                #expect(try fixture.reaches("n2", "n1") == false)
                #expect(try fixture.reaches("n3", "n1"))
                #expect(try fixture.reaches("n2", "n3"))
                // n1's own packets still arrive: n2 learns from its question who asks.
                for node in ["n1", "n2"] { _ = try fixture.shell(node, "ip neigh flush all") }
                _ = try fixture.reaches("n1", "n2")
                #expect(try fixture.shell("n2", "ip neigh show 198.51.100.1").contains("lladdr"))
                #expect(throws: LabFailure.self) { try lab.cut("n1", from: "n1") }
                try lab.heal("n1")
                #expect(try fixture.reaches("n2", "n1"))
                #expect(try lab.status().isAllUp)
            }
        }

        @Test("a full disk is full for that node alone, and its sshd still lets us in")
        func fullDisk() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                let output = try lab.exec("n1", ["dd", "if=/dev/zero", "of=/root/filler", "bs=1M"])
                #expect(output.code != 0)
                #expect(output.standardError.contains("No space left on device"))
                let node = try fixture.status(of: "n1")
                let used = try #require(node.diskUsed)
                let size = try #require(node.diskSize)
                #expect(used > size / 10 * 9)
                #expect(size < 256 << 20)
                let write = "dd if=/dev/zero of=/root/file bs=1M count=8 2>/dev/null && sync && echo fine"
                #expect(try fixture.shell("n2", write) == "fine")
                try lab.up()
                #expect(try lab.status().isAllUp)
            }
        }

        @Test("a service that restarts on one node leaves its namesakes on the others alone")
        func ownCgroups() throws {
            let fixture = try LabFixture()
            try fixture.run { _ throws in
                let before = try fixture.shell("n2", "systemctl show -P MainPID ssh")
                #expect(
                    try fixture.shell("n1", "systemctl restart ssh && sleep 1 && systemctl is-active ssh")
                        == "active")
                #expect(try fixture.shell("n2", "systemctl show -P MainPID ssh") == before)
                #expect(try fixture.shell("n2", "systemctl is-active ssh") == "active")
            }
        }
    }
}
