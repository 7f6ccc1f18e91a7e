import Digest
import Foundation
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

@Suite struct NodePlanTests {
    static let old = Array("Listen 80\nTimeout 5\n".utf8)
    static let new = Array("Listen 192.0.2.1:80\nTimeout 5\n".utf8)

    func compiled() -> CompiledNode {
        let manifest = Manifest(
            node: "n1", architecture: "amd64",
            runtime: .init(version: "2", digest: SHA256Digest(of: [2]), size: 1), packages: ["apache2"],
            files: [
                ManagedFile(
                    path: "/etc/ports.conf", content: .blob(SHA256Digest(of: Self.new), size: Self.new.count),
                    restart: ["apache2.service"]),
                ManagedFile(path: "/srv", content: .directory, mode: 0o755),
                ManagedFile(path: "/etc/old", content: .absent),
            ],
            units: [
                ManagedUnit(name: "apache2.service", enabled: true, running: true),
                ManagedUnit(
                    name: "pinode-proxy.service", enabled: true, running: true, onNewRuntime: .restart),
            ])
        return CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"), manifest: manifest,
            blobs: [SHA256Digest(of: Self.new).hexadecimal: Self.new], checks: [], origins: [:], warnings: [])
    }

    /// Facts in the very words of a node's answer.
    func facts(_ lines: [String], _ node: CompiledNode) throws -> Facts {
        let request = FactsRequest(manifest: node.manifest, virtualAddress: "192.0.2.29")
        return try Facts((["facts"] + lines + ["end", ""]).joined(separator: "\n"), request: request)
    }

    func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// A node that is just as it shall be.
    func equal(_ node: CompiledNode, active: String = "active") -> [String] {
        let digest = SHA256Digest(of: Self.new).hexadecimal
        return [
            "hostname\tn1", "machine\tx86_64", "release\t\(node.manifest.release)",
            "manifest\t\(base64(node.manifest.document))",
            "path\tf\t644\troot\troot\t\(Self.new.count)\t/etc/ports.conf\t",
            "path\td\t755\troot\troot\t4096\t/srv\t", "sum\t\(digest)\t/etc/ports.conf",
            "package\tapache2\tinstalled\t2.4",
            "unit\tId=apache2.service", "unit\tLoadState=loaded", "unit\tActiveState=\(active)",
            "unit\tUnitFileState=enabled", "unit\t", "unit\tId=pinode-proxy.service",
            "unit\tLoadState=loaded",
            "unit\tActiveState=active", "unit\tUnitFileState=enabled",
        ]
    }

    func steps(_ plan: NodePlan) -> [String] { plan.steps.map { "\($0.action) \($0.name)" } }

    @Test("a node that is as it shall be has nothing to do")
    func nothing() throws {
        let node = compiled()
        #expect(NodePlan(node, try facts(equal(node), node)).steps == [])
    }

    @Test("a bare node gets everything")
    func bare() throws {
        let node = compiled()
        let plan = NodePlan(node, try facts(["hostname\tn1", "machine\tx86_64"], node))
        #expect(
            steps(plan) == [
                "install apache2", "create /etc/ports.conf", "create /srv",
                "activate \(node.manifest.release)",
                "enable apache2.service", "start apache2.service", "enable pinode-proxy.service",
                "start pinode-proxy.service",
            ])
    }

    @Test(
        "a new node has nothing that could be missed, unless somebody runs there already what would be restarted"
    )
    func missed() throws {
        let node = compiled()
        let bare = ["hostname\tn1", "machine\tx86_64"]
        #expect(NodePlan(node, try facts(bare, node)).touchesNothingThatRuns)
        let running = [
            "unit\tId=apache2.service", "unit\tLoadState=loaded", "unit\tActiveState=active",
            "unit\tUnitFileState=enabled",
        ]
        #expect(!NodePlan(node, try facts(bare + running, node)).touchesNothingThatRuns)
    }

    @Test("a changed file is shown with its diff, and its unit's restart with the reason")
    func changed() throws {
        let node = compiled()
        var lines = equal(node)
        lines[6] = "sum\t\(SHA256Digest(of: Self.old).hexadecimal)\t/etc/ports.conf"
        lines.append("content\t/etc/ports.conf\t\(base64(Self.old))")
        let plan = NodePlan(node, try facts(lines, node))
        #expect(steps(plan) == ["change /etc/ports.conf", "restart apache2.service"])
        #expect(plan.steps[0].diff.contains("-Listen 80"))
        #expect(plan.steps[0].diff.contains("+Listen 192.0.2.1:80"))
        #expect(plan.steps[1].detail == "/etc/ports.conf changed")
        #expect(plan.text(colour: false).contains("restart apache2.service because /etc/ports.conf changed"))
    }

    @Test("a mode, a stopped unit and a file that shall be gone are steps")
    func drift() throws {
        let node = compiled()
        var lines = equal(node, active: "failed")
        lines[4] = lines[4].replacing("644", with: "600")
        lines.append("path\tf\t644\troot\troot\t1\t/etc/old\t")
        #expect(
            steps(NodePlan(node, try facts(lines, node))) == [
                "attributes /etc/ports.conf", "remove /etc/old", "start apache2.service",
            ])
    }

    @Test("a new runtime restarts what runs it")
    func runtime() throws {
        let node = compiled()
        var before = node.manifest
        before.runtime = .init(version: "1", digest: SHA256Digest(of: [1]), size: 1)
        var lines = equal(node)
        lines[2] = "release\t\(before.release)"
        lines[3] = "manifest\t\(base64(before.document))"
        let plan = NodePlan(node, try facts(lines, node))
        #expect(steps(plan) == ["activate \(node.manifest.release)", "restart pinode-proxy.service"])
        #expect(plan.steps[1].detail == "the runtime is new")
    }

    @Test("what an interrupted apply owes is in the plan")
    func pending() throws {
        let node = compiled()
        let lines = equal(node) + ["pending\t\(base64(Array("restart apache2.service\n".utf8)))"]
        #expect(steps(NodePlan(node, try facts(lines, node))) == ["restart apache2.service"])
    }

    @Test("what no recipe wants any more goes")
    func retired() throws {
        let node = compiled()
        var before = node.manifest
        before.files.append(ManagedFile(path: "/etc/vrrp.conf", content: .link(to: "x")))
        before.units.append(ManagedUnit(name: "pinode-vrrp.service", enabled: true, running: true))
        var lines = equal(node)
        lines[2] = "release\t\(before.release)"
        lines[3] = "manifest\t\(base64(before.document))"
        var facts = try facts(lines, node)
        let request = try #require(FactsRequest(supplementing: facts, for: node.manifest))
        #expect(request.paths.map(\.path) == ["/etc/vrrp.conf"])
        let answer = """
            facts
            path\tl\t777\troot\troot\t1\t/etc/vrrp.conf\tx
            unit\tId=pinode-vrrp.service
            unit\tLoadState=loaded
            unit\tActiveState=active
            unit\tUnitFileState=enabled
            end
            """
        try facts.add(answer, request: request)
        let all = steps(NodePlan(node, facts))
        #expect(all.contains("remove /etc/vrrp.conf"))
        #expect(all.contains("stop pinode-vrrp.service"))
        #expect(all.contains("disable pinode-vrrp.service"))
    }

    @Test("what no recipe wants any more and nobody has any more is no step")
    func retiredAndGone() throws {
        let node = compiled()
        var before = node.manifest
        before.files.append(ManagedFile(path: "/etc/vrrp.conf", content: .link(to: "x")))
        var lines = equal(node)
        lines[2] = "release\t\(before.release)"
        lines[3] = "manifest\t\(base64(before.document))"
        #expect(steps(NodePlan(node, try facts(lines, node))) == ["activate \(node.manifest.release)"])
    }

    /// A node whose ports.conf somebody edited, with what the supplement brings.
    func edited(_ begun: [String] = []) throws -> (CompiledNode, Facts) {
        let node = compiled()
        var lines = equal(node)
        let edit = Array("Listen 81\nTimeout 5\n".utf8)
        lines[6] = "sum\t\(SHA256Digest(of: edit).hexadecimal)\t/etc/ports.conf"
        lines += ["content\t/etc/ports.conf\t\(base64(edit))"] + begun
        var facts = try facts(lines, node)
        let request = try #require(FactsRequest(supplementing: facts, for: node.manifest))
        #expect(request.deployed.map(\.path) == ["/etc/ports.conf"])
        try facts.add("facts\ndeployed\t/etc/ports.conf\t\(base64(Self.new))\nend", request: request)
        return (node, facts)
    }

    @Test("an edit on the node is shown before it is overwritten")
    func edit() throws {
        let (node, facts) = try edited()
        let plan = NodePlan(node, facts)
        #expect(plan.steps[0].edit.contains("-Listen 192.0.2.1:80"))
        #expect(plan.steps[0].edit.contains("+Listen 81"))
        #expect(plan.steps[0].diff.contains("-Listen 81"))
        let text = plan.text(colour: false)
        #expect(text.contains("edited on the node since the last deploy:"))
        #expect(text.contains("this deploy:"))
    }

    @Test("what an apply that was cut has written is nobody's edit")
    func interrupted() throws {
        let edit = Array("Listen 81\nTimeout 5\n".utf8)
        var begun = compiled().manifest
        begun.files[0].content = .blob(SHA256Digest(of: edit), size: edit.count)
        let (node, facts) = try edited(["begun\t\(base64(begun.document))"])
        #expect(NodePlan(node, facts).steps[0].edit == [])
    }

    @Test("a mode changed by hand, and a file taken away, are told as edits")
    func attributeEdit() throws {
        let node = compiled()
        var lines = equal(node)
        lines[4] = lines[4].replacing("644", with: "600")
        #expect(
            NodePlan(node, try facts(lines, node)).steps[0].edit == ["0644 root:root was made 0600 root:root"]
        )
        lines.remove(at: 6)
        lines.remove(at: 4)
        #expect(NodePlan(node, try facts(lines, node)).steps[0].edit == ["it was removed"])
    }

    @Test("units are told as state changes")
    func unitStates() throws {
        let node = compiled()
        let plan = NodePlan(node, try facts(equal(node, active: "failed"), node))
        #expect(plan.text(colour: false).contains("+ start apache2.service (failed → active)"))
    }

    @Test("a lab's file says the architecture, whatever the kernel is")
    func architecture() throws {
        let node = compiled()
        #expect(try facts(["machine\tx86_64", "architecture\tarmv7"], node).architecture == "armv7")
        #expect(try facts(["machine\taarch64"], node).architecture == "arm64")
    }

    @Test("an answer that was cut is no facts")
    func cut() {
        let request = FactsRequest(manifest: compiled().manifest, virtualAddress: nil)
        for text in ["", "facts\nhostname\tn1\n", "Welcome!\nend\n"] {
            #expect(throws: Facts.Failure.self) { try Facts(text, request: request) }
        }
    }

    @Test(
        "limits pick nodes by name, group, wildcard and their combinations",
        arguments: [
            ("n2", "n2"), ("web", "n1 n2 n3"), ("web:!edge", "n1 n2"), ("web:&edge", "n3"),
            ("n1:n3", "n1 n3"),
            ("n1,n3", "n1 n3"), ("n*:!n2", "n1 n3 n4"), ("!edge", "n1 n2 n4"), ("all", "n1 n2 n3 n4"),
        ])
    func limit(pattern: String, expected: String) throws {
        #expect(
            try NodeSelection.nodes(of: cluster, limit: pattern).map(\.name).joined(separator: " ")
                == expected)
    }

    @Test("a limit that names nothing is an error, not an empty run")
    func emptyLimit() {
        for pattern in ["n9", "web:!all", "edge:!n3"] {
            #expect(throws: NodeSelection.Failure.self) {
                try NodeSelection.nodes(of: cluster, limit: pattern)
            }
        }
    }

    var cluster: Cluster {
        let groups = [["web", "all"], ["web", "all"], ["edge", "web", "all"], ["all"]]
        let nodes = groups.enumerated().map {
            ClusterNode(name: "n\($0 + 1)", address: "192.0.2.\($0 + 1)", groups: $1)
        }
        return Cluster(name: "c", file: "c.ini", nodes: nodes, virtualAddress: nil, lab: nil)
    }
}
