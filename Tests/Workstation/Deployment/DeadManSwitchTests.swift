import Foundation
import Testing

@testable import Deployment

@Suite struct DeadManSwitchTests {
    static func plan(_ steps: (NodePlan.Step.Kind, String, String)...) -> NodePlan {
        var plan = NodePlan(node: "n1", steps: [])
        plan.steps = steps.map { NodePlan.Step(kind: $0.0, name: $0.1, action: $0.2, detail: "") }
        return plan
    }

    @Test(
        "a change of what a node is reached by arms it, any other does not",
        arguments: [
            (NodePlan.Step.Kind.file, "/etc/ssh/sshd_config.d/x.conf", true),
            (.file, "/etc/nftables.conf", true),
            (.file, "/etc/network/interfaces", true), (.file, "/home/pi/.ssh/authorized_keys", true),
            (.file, "/etc/sudoers.d/pi", true), (.unit, "ssh.service", true),
            (.unit, "nftables.service", true),
            (.sysctl, "net.ipv4.ip_forward", true), (.file, "/etc/apache2/ports.conf", false),
            (.unit, "apache2.service", false), (.sysctl, "vm.swappiness", false),
            (.package, "openssh-server", false),
            (.release, "/etc/ssh/", false),
        ])
    func needed(kind: NodePlan.Step.Kind, name: String, expected: Bool) {
        let dead = DeadManSwitch(
            Self.plan((kind, name, "change")), previous: nil, release: "aa", confirmTime: .seconds(60))
        #expect((dead != nil) == expected)
    }

    /// The node's commands in a folder of this test, with stand-ins for what only a node has.
    private func run(_ script: String, in root: String) throws -> String {
        let tools =
            "systemctl() { echo \"$@\" >>\(root)/calls; }; logger() { :; }; flock() { :; }; sync() { :; }\n"
        let moved = script.replacing("/var/lib/pinode", with: "\(root)/state").replacing(
            "/etc/systemd", with: "\(root)/units"
        )
        .replacing("\"/$path", with: "\"\(root)/$path").replacing("/opt/pinode", with: "\(root)/opt")
        .replacing("exec 9>", with: ": >")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", "umask 077; mkdir -p \(root)/state \(root)/units/system\n" + tools + moved,
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    private func write(_ text: String, _ path: String, mode: Int = 0o644) throws {
        let url = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: url, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    @Test(
        "a node that had no release gets its files back, with their modes, and loses those that it did not have"
    )
    func restore() throws {
        let root = NSTemporaryDirectory() + "pidep-dead-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try write("before", "\(root)/etc/ssh/sshd_config", mode: 0o640)
        try write("x", "\(root)/etc/link-target")
        try FileManager.default.createSymbolicLink(
            atPath: "\(root)/etc/alias", withDestinationPath: "link-target")
        let plan = Self.plan(
            (.file, "/etc/ssh/sshd_config", "change"), (.file, "/etc/ssh", "attributes"),
            (.file, "/etc/it's new", "create"),
            (.file, "/etc/alias", "change"), (.unit, "ssh.service", "reload"),
            (.unit, "nftables.service", "enable"),
            (.unit, "nftables.service", "start"))
        let dead = try #require(DeadManSwitch(plan, previous: nil, release: "aa", confirmTime: .seconds(60)))
        let folderMode =
            try FileManager.default.attributesOfItem(atPath: "\(root)/etc/ssh")[.posixPermissions] as? Int
        #expect(try run(dead.arming, in: root) == "")
        try write("after", "\(root)/etc/ssh/sshd_config", mode: 0o600)
        try write("new", "\(root)/etc/it's new")
        try FileManager.default.removeItem(atPath: "\(root)/etc/alias")
        try write("a file", "\(root)/etc/alias")
        let script = try String(contentsOfFile: "\(root)/state/revert/run", encoding: .utf8)
        #expect(
            script == dead.revert.replacing("/var/lib/pinode", with: "\(root)/state")
                .replacing("/etc/systemd", with: "\(root)/units").replacing(
                    "\"/$path", with: "\"\(root)/$path"
                )
                .replacing("/opt/pinode", with: "\(root)/opt").replacing("exec 9>", with: ": >") + "\n")
        #expect(try run(script, in: "\(root)") == "")
        #expect(try String(contentsOfFile: "\(root)/etc/ssh/sshd_config", encoding: .utf8) == "before")
        let mode =
            try FileManager.default.attributesOfItem(atPath: "\(root)/etc/ssh/sshd_config")[.posixPermissions]
            as? Int
        #expect(mode == 0o640)
        #expect(
            try FileManager.default.attributesOfItem(atPath: "\(root)/etc/ssh")[.posixPermissions] as? Int
                == folderMode)
        #expect(!FileManager.default.fileExists(atPath: "\(root)/etc/it's new"))
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(root)/etc/alias") == "link-target")
        #expect(try String(contentsOfFile: "\(root)/state/reverted", encoding: .utf8) == "reverted\n")
        #expect(!FileManager.default.fileExists(atPath: "\(root)/state/revert"))
        let calls = try String(contentsOfFile: "\(root)/calls", encoding: .utf8)
        for call in [
            "start pinode-revert.timer", "stop pinode-revert.timer", "stop nftables.service",
            "disable nftables.service",
            "restart ssh.service",
        ] {
            #expect(calls.contains("\(call)\n"), "\(calls)")
        }
    }

    @Test("a node that had a release applies it")
    func previous() throws {
        let plan = Self.plan((.file, "/etc/nftables.conf", "change"))
        let dead = try #require(DeadManSwitch(plan, previous: "bb", release: "aa", confirmTime: .seconds(60)))
        #expect(
            dead.revert.contains(
                "/opt/pinode/releases/bb/pinode apply --manifest /opt/pinode/releases/bb/manifest.json"))
        // The same release, edited on the node: there is nothing to go back to but the saved files.
        let same = try #require(DeadManSwitch(plan, previous: "aa", release: "aa", confirmTime: .seconds(60)))
        #expect(!same.revert.contains(" apply "))
    }
}
