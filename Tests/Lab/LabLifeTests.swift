import CLinux
import Commands
import Foundation
import Testing

@testable import Lab

/// What a lab is made of, and how it stands beside others.
extension LabEndToEnd {
    @Suite struct Life {
        @Test("four nodes come up, know each other by name, and let only the lab's key in")
        func up() throws {
            let four = try LabFixture(nodes: 4)
            try four.run { lab in
                let status = try lab.status()
                #expect(status.isAllUp)
                #expect(Set(status.nodes.compactMap(\.pid)).count == 4)
                #expect(try four.shell("n1", "hostname") == "n1")
                #expect(try four.shell("n1", "getent hosts n4 | cut -d' ' -f1") == "198.51.100.4")
                #expect(try four.shell("n1", "systemctl is-system-running --wait") == "running")
                let machines = try (1...4).map { try four.shell("n\($0)", "cat /etc/machine-id") }
                #expect(Set(machines).count == 4)
                let known = try #require(
                    readFile(Lab.knownHostsPath(four.cluster, root: LabFixture.project)))
                #expect(known.split(separator: "\n").count == 4)
                #expect(known.contains("198.51.100.2,n2 ssh-ed25519 "))
                let stranger = try Command([
                    "ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
                    "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes", "-i", "/dev/null",
                    "root@198.51.100.1", "true",
                ]).runAny()
                #expect(stranger.code == 255)
            }
        }

        @Test("nothing that serves runs before a deploy, and a node can set its network sysctls")
        func bare() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                let listeners = try fixture.shell("n1", "ss -Hltn | awk '{print $4}' | sort -u")
                #expect(listeners == "0.0.0.0:22\n[::]:22")
                #expect(try fixture.shell("n1", "sysctl -n -w net.ipv4.ip_nonlocal_bind=1") == "1")
                #expect(try fixture.shell("n1", "ip route show default") == "")
                #expect(try lab.exec("n1", ["sh", "-c", "exit 42"]).code == 42)
            }
        }

        @Test("up again changes nothing, and mends whatever was broken")
        func upAgain() throws {
            let fixture = try LabFixture(nodes: 4)
            try fixture.run { lab in
                let before = try (1...4).map { try fixture.pid(of: "n\($0)") }
                try lab.up()
                #expect(try (1...4).map { try fixture.pid(of: "n\($0)") } == before)
                try lab.kill("n1")
                try lab.freeze("n2")
                try lab.cut("n3")
                try lab.cut("n4", from: "n2")
                #expect(try lab.status().isAllUp == false)
                try lab.up()
                #expect(try lab.status().isAllUp)
                #expect(try fixture.pid(of: "n2") == before[1])
                #expect(try fixture.pid(of: "n1") != before[0])
            }
        }

        @Test("two labs stand side by side, and one goes without the other noticing")
        func two() throws {
            let one = try LabFixture()
            let other = try LabFixture("pidepother", first: 129)
            try one.run { _ throws in
                try other.run { _ throws in
                    #expect(try one.lab.status().isAllUp)
                    #expect(try other.lab.status().isAllUp)
                    #expect(try one.pid(of: "n1") != other.pid(of: "n1"))
                    #expect(try one.reaches("n1", address: "198.51.100.129") == false)
                }
                #expect(try other.traces() == [])
                #expect(try one.lab.status().isAllUp)
            }
        }

        @Test("a second lab of the same range is refused, and the first stays as it is")
        func sameRange() throws {
            let one = try LabFixture()
            let other = try LabFixture("pidepother", first: 10)
            try one.run { _ throws in
                #expect {
                    try other.lab.up()
                } throws: {
                    ($0 as? LabFailure)?.sentence.contains("already routed to pidep-pideptest") == true
                }
                other.clean()
                #expect(try other.traces().filter { !$0.hasPrefix("route") } == [])
                #expect(try one.traces().contains { $0.hasPrefix("route unreachable") })
                #expect(try one.lab.status().isAllUp)
            }
        }

        @Test("two commands on one lab come one after the other")
        func lock() throws {
            let fixture = try LabFixture()
            defer { fixture.clean() }
            let lab = fixture.lab
            let failures = lab.inParallel([1, 2]) { _ throws(LabFailure) in try lab.up() }
            #expect(failures == [])
            #expect(try lab.status().isAllUp)
        }

        @Test(
            "a lab that plays armv7 says so to its nodes and runs armv7 programs; afterwards nothing is left")
        func architecture() throws {
            let fixture = try LabFixture()
            let format = "\(Binfmt.folder)/qemu-arm"
            let wasThere = access(format, F_OK) == 0
            try fixture.run(architecture: "armv7") { lab in
                #expect(try fixture.shell("n1", "cat /etc/pidep-lab-architecture") == "armv7")
                #expect(try lab.status().nodes.map(\.architecture) == ["armv7", "armv7"])
                #expect(try lab.exec("n1", ["sh", "-c", Self.smallestProgram]).code == 7)
                // The next up keeps what the lab plays.
                try lab.up()
                #expect(try fixture.shell("n2", "cat /etc/pidep-lab-architecture") == "armv7")
            }
            #expect((access(format, F_OK) == 0) == wasThere)
        }

        /// Writes and runs a static armv7 program of three instructions: mov r0, #7; mov r7, #1 (exit); svc 0.
        private static var smallestProgram: String {
            // ELF header (little-endian, ET_EXEC, EM_ARM, entry 0x10054, EABI 5), one program header, the code.
            let words: [UInt32] = [
                0x464C_457F, 0x0001_0101, 0, 0, 0x0028_0002, 1, 0x0001_0054, 52, 0, 0x0500_0000, 0x0020_0034,
                0x0000_0001, 0,
                1, 0, 0x0001_0000, 0x0001_0000, 96, 96, 5, 0x1000,
                0xE3A0_0007, 0xE3A0_7001, 0xEF00_0000,
            ]
            let octal = words.flatMap { word in
                (0..<4).map { "\\0" + String((word >> ($0 * 8)) & 0xFF, radix: 8) }
            }
            return "printf '%b' '\(octal.joined())' > /root/seven; chmod +x /root/seven; /root/seven"
        }
    }
}
