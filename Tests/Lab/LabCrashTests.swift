import CLinux
import Commands
import Foundation
import Testing

@testable import Lab

/// Going down, and coming back from whatever was interrupted.
extension LabEndToEnd {
    @Suite struct Crashes {
        @Test("down leaves nothing, twice in a row, and the next nodes are bare")
        func down() throws {
            let fixture = try LabFixture()
            defer { fixture.clean() }
            #expect(try fixture.traces() == [])
            try fixture.lab.up()
            #expect(try fixture.traces().count > 12)
            _ = try fixture.shell("n1", "touch /root/deployed && sync")
            let key = readFile(fixture.lab.names.key)
            try fixture.lab.down()
            #expect(try fixture.traces() == [])
            try fixture.lab.down()
            #expect(try fixture.traces() == [])
            try fixture.lab.up()
            #expect(try fixture.shell("n1", "ls /root") == "")
            #expect(readFile(fixture.lab.names.key) == key)
        }

        @Test("down takes faulty nodes down, too")
        func downWithFaults() throws {
            let fixture = try LabFixture(nodes: 4)
            try fixture.run { lab in
                try lab.kill("n1", power: true)
                try lab.freeze("n2")
                try lab.cut("n3")
                try lab.cut("n4", from: "n3")
                try lab.down()
                #expect(try fixture.traces() == [])
            }
        }

        @Test("a node that lost its first process is dead, and up brings it back with its disk")
        func initDies() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                _ = try fixture.shell("n1", "echo kept > /root/file && sync")
                #expect(kill(try fixture.pid(of: "n1"), SIGKILL) == 0)
                // systemd-nspawn notices and ends, with all that is left.
                while try fixture.status(of: "n1").state != .killed { usleep(10_000) }
                try lab.up()
                #expect(try fixture.shell("n1", "cat /root/file") == "kept")
            }
        }

        @Test("after this machine was restarted, up finds the disks as they were")
        func restarted() throws {
            let fixture = try LabFixture()
            try fixture.run { lab in
                _ = try fixture.shell("n1", "echo kept > /root/file && sync")
                // What a restart takes away: processes, mounts, interfaces and /run.
                for node in ["n1", "n2"] { try lab.kill(node) }
                try Command(["ip", "link", "del", lab.names.bridge]).run()
                try MountPoint.unmountAll(below: lab.names.runFolder, within: .seconds(5))
                try FileManager.default.removeItem(atPath: lab.names.runFolder)
                #expect(!Lab.isUp(fixture.cluster))
                #expect(throws: LabFailure.self) { try Lab.requireBridge(fixture.cluster) }
                try lab.up()
                #expect(try fixture.shell("n1", "cat /root/file") == "kept")
                try Lab.requireRoute(fixture.cluster, to: "198.51.100.1")
            }
        }

        @Test("up that is killed at any moment leaves nothing that down does not remove")
        func killedUp() throws {
            let fixture = try LabFixture(nodes: 3)
            defer { fixture.clean() }
            let inventory = LabFixture.inventoryFile("pideptest")
            let nodes = (1...3).map { "n\($0) ansible_host=198.51.100.\($0)\n" }.joined()
            let all = "[all:vars]\nlab = true\nlab_network = 198.51.100.0/25\nlab_disk = 256M\n"
            try "[web]\n\(nodes)\(all)".write(toFile: inventory, atomically: true, encoding: .utf8)
            defer { unlink(inventory) }
            for round in 1...8 {
                let delay = Int.random(in: 0...2000)
                try killUp(of: inventory, after: delay)
                try fixture.lab.down()
                #expect(try fixture.traces() == [], "round \(round): up was killed after \(delay) ms")
            }
            // And what was begun can go on instead.
            try killUp(of: inventory, after: 700)
            try fixture.lab.up()
            #expect(try fixture.lab.status().isAllUp)
        }

        private func killUp(of inventory: String, after milliseconds: Int) throws {
            let up = Process()
            up.executableURL = try LabFixture.pidep()
            up.currentDirectoryURL = URL(fileURLWithPath: LabFixture.project)
            up.arguments = ["lab", "up", inventory]
            up.standardError = FileHandle.nullDevice
            try up.run()
            usleep(UInt32(milliseconds) * 1000)
            kill(up.processIdentifier, SIGKILL)
            up.waitUntilExit()
            // The longest delays may come too late; then it must have done its work.
            if up.terminationReason == .exit { #expect(up.terminationStatus == 0) }
        }
    }
}
