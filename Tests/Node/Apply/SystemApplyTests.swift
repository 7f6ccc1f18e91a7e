import CLinux
import Foundation
import Manifest
import Testing

@testable import Apply

/// Users, groups, modules, parameters, timers, drop-ins and folders on a node of stand-ins.
@Suite struct SystemApplyTests {
    /// A node with the first manifest, its diary forgotten.
    func node() throws -> TestNode {
        let node = try TestNode()
        try #require(node.apply(.first) == 0, "\(node.events)")
        return node
    }

    @Test(
        "users and groups are made before the files that belong to them, and the second time nothing is done")
    func accounts() throws {
        let node = try node()
        #expect(node.read("etc/passwd")?.contains("::/srv/agent:/usr/sbin/nologin\n") == true)
        #expect(node.read("etc/group")?.contains(":agent,web\n") == true)
        #expect(
            node.read("var/lib/pinode/belongings")?.contains("group agent\ngroup readers\nuser agent\n")
                == true)
        node.forgetLog()
        #expect(node.apply(.first) == 0)
        #expect(node.events == [#"{"event":"done","changed":0}"#])
    }

    @Test("what is not wanted any more goes if an apply made it; who was there before stays")
    func removal() throws {
        let node = try node()
        #expect(node.apply(.second) == 0, "\(node.events)")
        let users = try #require(node.read("etc/passwd"))
        let groups = try #require(node.read("etc/group"))
        #expect(!users.contains("agent:") && users.contains("web:") && users.contains("keeper:x:950:950"))
        #expect(!groups.contains("agent:") && groups.contains("readers:") && !groups.contains("web\n"))
        #expect(node.read("srv/agent/settings") == nil && node.mode("srv/agent") == 0xFFFF)
        #expect(node.events.contains(#"{"event":"user","name":"agent","action":"removed"}"#))
        #expect(node.events.contains(#"{"event":"file","path":"/srv/agent","action":"removed"}"#))
    }

    @Test("a folder that an apply made stays while something of somebody else lies in it")
    func foreignContent() throws {
        let node = try node()
        node.write("precious", "srv/agent/notes")
        #expect(node.apply(.second) == 0)
        #expect(node.read("srv/agent/notes") == "precious")
        unlink("\(node.root)/srv/agent/notes")
        #expect(node.apply(.second) == 0)
        #expect(node.mode("srv/agent") == 0xFFFF)
    }

    @Test("a folder that was there before stays, empty as it is")
    func foreignFolder() throws {
        let node = try TestNode()
        mkdir("\(node.root)/srv", 0o755)
        mkdir("\(node.root)/srv/agent", 0o755)
        #expect(node.apply(.first) == 0)
        #expect(node.apply(.second) == 0)
        #expect(node.mode("srv/agent") == 0o755)
    }

    @Test("a module is loaded before the parameters that it brings are set, and drift is mended")
    func kernel() throws {
        let node = try node()
        node.forgetLog()
        #expect(node.apply(.second) == 0, "\(node.events)")
        #expect(node.log.first { $0.hasPrefix("modprobe") } == "modprobe nf_conntrack")
        #expect(node.read("proc/sys/net/netfilter/nf_conntrack_max") == "65536\n")
        #expect(node.read("proc/sys/net/ipv4/ip_forward") == "0\n")
        node.write("1\n", "proc/sys/net/ipv4/ip_forward")
        #expect(node.apply(.second) == 0)
        #expect(
            node.events == [
                #"{"event":"sysctl","name":"net.ipv4.ip_forward","action":"changed"}"#,
                #"{"event":"done","changed":1}"#,
            ])
    }

    @Test("a parameter, module or account number that cannot be had touches nothing")
    func refused() throws {
        let node = try node()
        let before = try NodeState(node.root)
        func refuses(_ words: String, _ change: (inout Manifest) -> Void) throws {
            var desired = Desired.second
            change(&desired.manifest)
            node.forgetLog()
            #expect(node.apply(desired) == 1)
            #expect(node.events.last?.contains(words) == true, "\(node.events)")
            let changed = try NodeState(node.root).differences(from: before).filter {
                !$0.hasPrefix("/var/lib/pinode/incoming")
            }
            #expect(changed == [])
            #expect(node.log == [])
        }
        try refuses("this kernel has no sysctl net.ipv4.ip_forwrad") {
            $0.modules = []
            $0.sysctls = [ManagedSysctl(key: "net.ipv4.ip_forwrad", value: "1")]
        }
        try refuses("this kernel has no module nf_contrack") { $0.modules = ["nf_contrack"] }
        try refuses("shall have the number 901") {
            $0.users = [ManagedUser(name: "web", id: 901, group: "web")]
        }
        try refuses("which this node does not know") { $0.users = [ManagedUser(name: "x", group: "nowhere")] }
    }

    @Test("a module that is built into the kernel needs no loading")
    func builtin() throws {
        let node = try node()
        node.forgetLog()
        var desired = Desired.first
        desired.manifest.modules = ["ipv6"]
        #expect(node.apply(desired) == 0, "\(node.events)")
        #expect(!node.log.contains { $0.hasPrefix("modprobe") })
    }

    @Test(
        "a timer is enabled and started, restarted when its file changes, and stopped when it is not wanted")
    func timer() throws {
        let node = try node()
        #expect(node.log.contains("enable agent.timer") && node.log.contains("start agent.timer"))
        node.forgetLog()
        var desired = Desired.first
        desired.manifest.files.removeAll { $0.path.hasSuffix("agent.timer") }
        desired.file("/etc/systemd/system/agent.timer", "[Timer] daily", restart: ["agent.timer"])
        #expect(node.apply(desired) == 0)
        #expect(node.log == ["daemon-reload", "restart agent.timer"])
        #expect(node.apply(.second) == 0)
        #expect(node.log.contains("stop agent.timer") && node.log.contains("disable agent.timer"))
    }

    @Test("a drop-in that comes or goes makes systemd read its files again, then restarts its unit")
    func dropIn() throws {
        let node = try node()
        var desired = Desired.first
        desired.file("/etc/systemd/system/web.service.d/x.conf", "[Service] x", restart: ["web.service"])
        for (change, content) in [(desired, "oneruntime 1[Service] x"), (Desired.first, "oneruntime 1")] {
            node.forgetLog()
            #expect(node.apply(change) == 0)
            #expect(node.log == ["daemon-reload", "restart web.service"])
            #expect(node.read("systemd/active/web.service") == content)
        }
        #expect(node.mode("etc/systemd/system/web.service.d") == 0xFFFF)
    }
}
