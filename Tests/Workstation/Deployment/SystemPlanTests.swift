import Digest
import Foundation
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

/// Users, groups, the kernel and folders in plans.
@Suite struct SystemPlanTests {
    private func compiled(_ change: (inout Manifest) -> Void) -> CompiledNode {
        var manifest = Manifest(
            node: "n1", architecture: "amd64",
            runtime: .init(version: "2", digest: SHA256Digest(of: [2]), size: 1), packages: [], files: [],
            units: [])
        change(&manifest)
        return CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"), manifest: manifest, blobs: [:], checks: [],
            origins: [:], warnings: [])
    }

    private func plan(_ node: CompiledNode, _ lines: [String], before: Manifest? = nil) throws -> [String] {
        let request = FactsRequest(manifest: node.manifest, virtualAddress: nil)
        let current = before ?? node.manifest
        let all =
            ["facts", "release\t\(current.release)", "manifest\t\(base64(current.document))"] + lines + [
                "end", "",
            ]
        let facts = try Facts(all.joined(separator: "\n"), request: request)
        return NodePlan(node, facts).steps.map {
            "\($0.kind.rawValue) \($0.name) \($0.action): \($0.detail)"
        }.filter { !$0.hasPrefix("release") }
    }

    private func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    private static let accounts = [
        "passwd\troot:x:0:0:root:/root:/bin/bash", "passwd\tweb:x:33:33::/var/www:/usr/sbin/nologin",
        "group\troot:x:0:", "group\tweb:x:33:", "group\tvideo:x:44:",
    ]

    @Test("users and groups are shown with all that is set, and what changes from what to what")
    func accounts() throws {
        let node = compiled {
            $0.groups = [ManagedGroup(name: "agent", id: 950)]
            $0.users = [
                ManagedUser(name: "agent", id: 950, group: "agent"),
                ManagedUser(name: "web", group: "agent", groups: ["video"], shell: "/bin/sh"),
            ]
        }
        #expect(
            try plan(node, Self.accounts) == [
                "group agent create: gid 950",
                "user agent create: uid 950, group agent, home /nonexistent, shell /usr/sbin/nologin",
                "user web change: group web → agent, shell /usr/sbin/nologin → /bin/sh",
                "user web change: into the group video",
            ])
    }

    @Test("what an earlier deploy made and nobody wants is shown as removed, after everything else")
    func removals() throws {
        let node = compiled { $0.sysctls = [ManagedSysctl(key: "net.a", value: "1")] }
        let belongings = "user web\ngroup video\nmember root video\n"
        #expect(
            try plan(
                node, Self.accounts + ["belongings\t\(base64(Array(belongings.utf8)))", "sysctl\tnet.a\t0"])
                == [
                    "sysctl net.a change: 0 → 1",
                    "user web remove: made by an earlier deploy, no recipe wants it any more",
                    "group video remove: made by an earlier deploy, no recipe wants it any more",
                ])
    }

    @Test("modules that are not loaded are loaded; parameters are compared with the running kernel's")
    func kernel() throws {
        let node = compiled {
            $0.modules = ["nf_conntrack", "dummy"]
            $0.sysctls = [
                ManagedSysctl(key: "net.ipv4.tcp_rmem", value: "4096 131072 6291456"),
                ManagedSysctl(key: "net.ipv4.ip_forward", value: "1"),
            ]
        }
        #expect(
            try plan(
                node,
                [
                    "module\tnf_conntrack\tloaded", "module\tdummy\tthere",
                    "sysctl\tnet.ipv4.tcp_rmem\t4096\t131072\t6291456", "sysctl\tnet.ipv4.ip_forward\t0",
                ]) == ["module dummy load: ", "sysctl net.ipv4.ip_forward change: 0 → 1"])
    }

    @Test("a folder of an earlier deploy goes when nothing else is in it, and with it the one around it")
    func folders() throws {
        let node = compiled { _ in }
        var before = node.manifest
        before.files = [ManagedFile(path: "/srv/a/b/file", content: .link(to: "x"))]
        let facts = [
            "path\tl\t777\troot\troot\t1\t/srv/a/b/file\tx",
            "belongings\t\(base64(Array("directory /srv/a\ndirectory /srv/a/b\ndirectory /srv/c\n".utf8)))",
            "entries\t/srv/a\tb", "entries\t/srv/a/b\tfile", "entries\t/srv/c\tsomebody's",
        ]
        let folder = "folder, made by an earlier deploy, empty and not wanted any more"
        #expect(
            try plan(node, facts, before: before) == [
                "file /srv/a/b/file remove: no recipe wants it any more", "file /srv/a/b remove: \(folder)",
                "file /srv/a remove: \(folder)",
            ])
    }

    @Test("what an apply that was killed had begun is taken away by a plan that does not want it")
    func begun() throws {
        let node = compiled { _ in }
        var begun = node.manifest
        begun.files = [ManagedFile(path: "/srv/new", content: .link(to: "x"))]
        let facts = [
            "begun\t\(base64(begun.document))", "path\tl\t777\troot\troot\t1\t/srv/new\tx",
        ]
        #expect(try plan(node, facts) == ["file /srv/new remove: no recipe wants it any more"])
        let all = ["facts", "begun\t\(base64(begun.document))", "end", ""].joined(separator: "\n")
        let request = FactsRequest(manifest: node.manifest, virtualAddress: nil)
        let asked = FactsRequest(supplementing: try Facts(all, request: request), for: node.manifest)
        #expect(asked?.paths.map(\.path) == ["/srv/new"])
    }

    @Test(
        "the facts script that a shell runs answers what the plan reads: this machine's own accounts and kernel"
    )
    func script() throws {
        let node = compiled {
            $0.users = [ManagedUser(name: "root", group: "root")]
            $0.modules = ["no_such_module"]
            $0.sysctls = [
                ManagedSysctl(key: "kernel.ostype", value: "Linux"),
                ManagedSysctl(key: "kernel.pid_max", value: "1"),
                ManagedSysctl(key: "net.no.such", value: "1"),
            ]
        }
        let request = FactsRequest(manifest: node.manifest, virtualAddress: nil)
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-s"]
        let (input, output) = (Pipe(), Pipe())
        shell.standardInput = input
        shell.standardOutput = output
        try shell.run()
        input.fileHandleForWriting.write(Data(request.script.utf8))
        try input.fileHandleForWriting.close()
        let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        shell.waitUntilExit()
        let facts = try Facts(answer, request: request)
        #expect(facts.accounts.user("root")?.id == 0)
        #expect(facts.accounts.group("root")?.id == 0)
        #expect(facts.modules == [:])
        // A number of several digits: the kernel gives it whole or not at all.
        let number = try String(contentsOfFile: "/proc/sys/kernel/pid_max", encoding: .utf8)
        #expect(facts.sysctls == ["kernel.ostype": "Linux", "kernel.pid_max": number.filter { $0 != "\n" }])
    }
}
