import CLinux
import Commands
import Foundation
import Testing

/// The real binary on a real (virtual) network. Bounded waits, no measured times.
@Suite(
    .serialized,
    .enabled(
        if: getuid() == 0 && ProcessInfo.processInfo.environment["PIDEP_LAB_TESTS"] == "1",
        "needs root and PIDEP_LAB_TESTS=1"))
struct VRRPInNamespacesTests {
    private func withLan(nodes: Int = 2, _ body: (VirtualLan) throws -> Void) throws {
        let lan = try VirtualLan(nodes: nodes)
        defer { lan.close() }
        try body(lan)
    }

    private func expectHolder(
        _ node: Int?, _ lan: VirtualLan, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let wanted = node.map { [$0] } ?? []
        #expect(lan.eventually { lan.holders == wanted }, "\(lan.story)", sourceLocation: sourceLocation)
    }

    // MARK: our two routers

    @Test("the higher priority holds the address; stopped, killed and started again, it moves there and back")
    func twoOfOurs() throws {
        try withLan { lan in
            var first = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
            lan.end(first, SIGTERM)
            expectHolder(2, lan)
            first = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            // Keepalived would leave the address on node 1.
            lan.end(first, SIGKILL)
            expectHolder(2, lan)
            #expect(
                lan.status(2)?["last_transition"]?["cause"]?.text == "198.51.100.1 gave up (priority 0)",
                "\(lan.story)")
        }
    }

    @Test("a router that is frozen loses the address and, when it goes on, listens before it speaks")
    func frozen() throws {
        try withLan { lan in
            let first = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
            kill(first, SIGSTOP)
            expectHolder(2, lan)
            kill(first, SIGCONT)
            expectHolder(1, lan)
            let log = try String(contentsOfFile: "\(lan.folder)/1/log", encoding: .utf8)
            #expect(log.contains("listens before it speaks"), "\(lan.story)")
        }
    }

    @Test("a new process takes over: the address stays, and nobody else hears of it")
    func takeover() throws {
        try withLan { lan in
            let configuration = VirtualLan.configuration(priority: 200)
            let first = try lan.startOurs(on: 1, configuration)
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
            #expect(lan.eventually { lan.state(2) == "backup" })
            let heard = lan.status(2)?["transitions"]?.integer
            #expect(try lan.takeOver(on: 1, configuration) == 0, "\(lan.story)")
            #expect(lan.eventually { lan.hasEnded(first) }, "\(lan.story)")
            // Three adverts and more: whoever would miss one had taken over by then.
            for _ in 0..<20 {
                #expect(lan.holders == [1], "\(lan.story)")
                usleep(50_000)
            }
            #expect(lan.state(1) == "active")
            #expect(lan.status(1)?["last_transition"]?["cause"]?.text?.contains("took over") == true)
            #expect(lan.status(2)?["transitions"]?.integer == heard)
            // The new process has a guard of its own.
            let second = try lan.process(on: 1)
            kill(second, SIGKILL)
            expectHolder(2, lan)
        }
    }

    @Test(
        "told to yield it gives the address up; the pinned one keeps it over a restart and a reload, until told"
    )
    func moveOnPurpose() throws {
        try withLan { lan in
            let (high, low) = (
                VirtualLan.configuration(priority: 200), VirtualLan.configuration(priority: 100)
            )
            let first = try lan.startOurs(on: 1, high)
            _ = try lan.startOurs(on: 2, low)
            expectHolder(1, lan)
            #expect(lan.eventually { lan.state(2) == "backup" })
            #expect(try lan.say("pin", to: 2).contains("only an active router can be pinned"))
            #expect(try lan.say("yield 3601", to: 1) == "It may last 1 to 3600 seconds.\n")
            #expect(try lan.say("yield now", to: 1).contains("neither a virtual router"))
            #expect(try lan.say("yield 600", to: 1).contains(": backup, priority 1\n"))
            expectHolder(2, lan)
            #expect(
                lan.status(1)?["last_transition"]?["cause"]?.text?.contains("told it to stand back") == true)
            #expect(lan.status(1)?["order"]?["kind"]?.text == "yield")
            #expect(try lan.say("pin 600", to: 2).contains(": active, priority 254\n"))
            lan.end(first, SIGTERM)
            _ = try lan.startOurs(on: 1, high)
            #expect(try lan.takeOver(on: 2, low) == 0, "\(lan.story)")
            #expect(lan.eventually { lan.status(2)?["order"]?["kind"]?.text == "pin" }, "\(lan.story)")
            // Longer than a restarted router listens before it takes over.
            for _ in 0..<30 {
                #expect(lan.holders == [2], "\(lan.story)")
                usleep(50_000)
            }
            #expect(lan.state(1) == "backup")
            try lan.say("resume", to: 2)
            expectHolder(1, lan)
            #expect(lan.status(2)?["order"] == .null)
        }
    }

    @Test("killed together with its guard, the kernel itself removes the address")
    func lifetime() throws {
        try withLan(nodes: 1) { lan in
            let process = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            let watchdog = try lan.guardProcess(of: process)
            #expect(watchdog > 1)
            kill(watchdog, SIGKILL)
            lan.end(process, SIGKILL)
            #expect(lan.holds(1))
            expectHolder(nil, lan)
        }
    }

    @Test("without its cable a router is in fault and without the address; with it, it comes back")
    func cable() throws {
        try withLan { lan in
            _ = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
            try lan.setCable(1, false)
            expectHolder(2, lan)
            #expect(lan.eventually { lan.state(1) == "fault" }, "\(lan.story)")
            try lan.setCable(1, true)
            expectHolder(1, lan)
        }
    }

    @Test("an address that an earlier life left is removed at the start, whatever its prefix")
    func leftOver() throws {
        try withLan { lan in
            _ = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            try lan.addAddress("\(VirtualLan.virtual)/32", on: 2)
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
        }
    }

    @Test("an address that somebody removes comes back")
    func removedByOthers() throws {
        try withLan(nodes: 1) { lan in
            _ = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            try lan.removeAddress("\(VirtualLan.virtual)/24", on: 1)
            expectHolder(1, lan)
        }
    }

    // MARK: what it watches

    @Test("a role that hangs, dies or does not come back gives the address away")
    func role() throws {
        try withLan { lan in
            let tracking = VirtualLan.configuration(
                priority: 200,
                more: "vrrp_track_process proxy {\nprocess pinode proxy\nparam_match partial\nweight 0\n}",
                inInstance: "track_process {\nproxy\n}")
            let path = "\(lan.folder)/1/proxy.sock"
            var proxy = try FakeRole(at: path)
            _ = try lan.startOurs(on: 1, tracking)
            _ = try lan.startOurs(on: 2, VirtualLan.configuration(priority: 100))
            expectHolder(1, lan)
            proxy.hang()
            expectHolder(2, lan)
            #expect(lan.state(1) == "fault")
            proxy.recover()
            expectHolder(1, lan)
            proxy.die()
            expectHolder(2, lan)
            proxy = try FakeRole(at: path)
            expectHolder(1, lan)
            proxy.die()
        }
    }

    @Test("another program's end is seen, and lowers the priority by its weight")
    func program() throws {
        try withLan(nodes: 1) { lan in
            let name = "watched-\(UInt16.random(in: 0...UInt16.max))"
            let copy = "\(lan.folder)/\(name)"
            try FileManager.default.copyItem(atPath: Command.path(of: "sleep") ?? "/bin/sleep", toPath: copy)
            let tracking = VirtualLan.configuration(
                priority: 200, more: "vrrp_track_process w {\nprocess \(name) 100\nweight -50\n}",
                inInstance: "track_process {\nw\n}")
            _ = try lan.startOurs(on: 1, tracking)
            #expect(lan.eventually { lan.status(1)?["effective_priority"]?.integer == 150 }, "\(lan.story)")
            let watched = try lan.start(on: 1, [copy, "100"])
            #expect(lan.eventually { lan.status(1)?["effective_priority"]?.integer == 200 }, "\(lan.story)")
            lan.end(watched, SIGKILL)
            #expect(lan.eventually { lan.status(1)?["effective_priority"]?.integer == 150 }, "\(lan.story)")
        }
    }

    // MARK: Debian's keepalived as the other router

    private static let hasKeepalived = Command.path(of: "keepalived") != nil

    @Test(
        "a keepalived with lower priority follows us, takes over when we are killed or stopped, and gives back",
        .enabled(if: hasKeepalived, "needs Debian's package keepalived"), arguments: [SIGKILL, SIGTERM])
    func keepalivedBelow(signal: Int32) throws {
        try withLan { lan in
            let ours = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            _ = try lan.startKeepalived(on: 2, VirtualLan.configuration(priority: 100))
            lan.end(ours, signal)
            expectHolder(2, lan)
            _ = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 200))
            expectHolder(1, lan)
            #expect(lan.status(1)?["heard"]?["address"]?.text == "198.51.100.2", "\(lan.story)")
        }
    }

    @Test(
        "we follow a keepalived with higher priority, take over when it stops or is killed, and give back",
        .enabled(if: hasKeepalived, "needs Debian's package keepalived"))
    func keepalivedAbove() throws {
        try withLan { lan in
            var theirs = try lan.startKeepalived(on: 2, VirtualLan.configuration(priority: 200))
            expectHolder(2, lan)
            _ = try lan.startOurs(on: 1, VirtualLan.configuration(priority: 100))
            #expect(lan.eventually { lan.status(1)?["active_address"]?.text == "198.51.100.2" })
            lan.end(theirs, SIGTERM)
            expectHolder(1, lan)
            theirs = try lan.startKeepalived(on: 2, VirtualLan.configuration(priority: 200))
            expectHolder(2, lan)
            // Its address stays where it was: that is why ours has a guard.
            lan.end(theirs, SIGKILL, wholeGroup: true)
            #expect(lan.eventually { lan.state(1) == "active" && lan.holds(1) }, "\(lan.story)")
        }
    }
}
