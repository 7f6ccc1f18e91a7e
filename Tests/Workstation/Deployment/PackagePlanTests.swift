import Digest
import Foundation
import Inventory
import Manifest
import NodePackages
import Testing

@testable import Deployment
@testable import Recipes

@Suite struct PackagePlanTests {
    private func compiled(_ packages: [String]) -> CompiledNode {
        CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"),
            manifest: Manifest(
                node: "n1", architecture: "amd64",
                runtime: .init(version: "2", digest: SHA256Digest(of: [2]), size: 1), packages: packages,
                files: [], units: []),
            blobs: [:], checks: [], origins: [:], warnings: [])
    }

    private func facts(_ lines: [String], _ node: CompiledNode) throws -> Facts {
        try Facts(
            (["facts"] + lines + ["end", ""]).joined(separator: "\n"),
            request: FactsRequest(manifest: node.manifest, virtualAddress: nil))
    }

    private func package(_ name: String, _ to: String, from: String? = nil, dependency: Bool = false)
        -> PackageResolution.Package
    {
        .init(
            name: name, from: from, to: to, size: 1000, digest: SHA256Digest(of: Array(name.utf8)),
            isDependency: dependency)
    }

    private func lines(_ plan: NodePlan, brief: Bool = false) -> [String] {
        plan.text(colour: false, brief: brief).split(separator: "\n").map(String.init)
            .filter { $0.contains("package ") || $0.contains("dependenc") }
    }

    @Test("packages go from none to a version, what they need is listed after them")
    func fromTo() throws {
        let node = compiled(["apache2"])
        let resolution = PackageResolution(packages: [
            package("libapr1", "1.7.2-3", dependency: true), package("apache2", "2.4.62-1~deb12u2"),
        ])
        let plan = NodePlan(node, try facts([], node), packages: resolution)
        #expect(
            lines(plan) == [
                "  + package apache2 install (none → 2.4.62-1~deb12u2)",
                "  + package libapr1 install (none → 1.7.2-3, a dependency)",
            ])
    }

    @Test("a dependency that is made newer says from what")
    func upgrade() throws {
        let node = compiled(["apache2"])
        let resolution = PackageResolution(packages: [
            package("libssl3", "3.0.17", from: "3.0.15", dependency: true), package("apache2", "2.4"),
        ])
        #expect(
            lines(NodePlan(node, try facts([], node), packages: resolution)).last
                == "  + package libssl3 upgrade (3.0.15 → 3.0.17, a dependency)")
    }

    @Test("in brief, dependencies are one line")
    func brief() throws {
        let node = compiled(["apache2"])
        let names = ["a", "b", "c", "d"]
        let resolution = PackageResolution(
            packages: names.map { package($0, "1", dependency: true) } + [package("apache2", "2.4")])
        #expect(
            lines(NodePlan(node, try facts([], node), packages: resolution), brief: true) == [
                "  + package apache2 install (none → 2.4)",
                "  + install 4 dependencies (a none → 1, b none → 1, c none → 1, …)",
            ])
    }

    @Test("what was unpacked and not configured needs no file and is still a step")
    func interrupted() throws {
        let node = compiled(["apache2"])
        let half = try facts(["package\tapache2\thalf-configured\t2.4"], node)
        let plan = NodePlan(node, half, packages: PackageResolution(packages: []))
        #expect(lines(plan) == ["  + package apache2 install (it is there, to be configured)"])
    }

    @Test("a package that is there is left at its version")
    func present() throws {
        let node = compiled(["apache2"])
        let there = try facts(["package\tapache2\tinstalled\t2.4.59-1"], node)
        #expect(lines(NodePlan(node, there, packages: PackageResolution(packages: []))) == [])
    }

    @Test("with the node's own apt the version is the node's affair")
    func ownApt() throws {
        let node = compiled(["apache2"])
        #expect(
            lines(NodePlan(node, try facts([], node))) == [
                "  + package apache2 install (none → what the node's own apt finds)"
            ])
    }

    @Test("a package that no recipe wants any more stays, and the plan says so without calling it a change")
    func stays() throws {
        let before = compiled(["apache2", "php-pgsql"])
        let node = compiled(["apache2"])
        let manifest = Data(before.manifest.document).base64EncodedString()
        let now = try facts(
            [
                "release\t\(before.manifest.release)", "manifest\t\(manifest)",
                "package\tapache2\tinstalled\t2.4",
            ], node)
        let plan = NodePlan(node, now, packages: PackageResolution(packages: []))
        #expect(plan.notes.count == 1)
        #expect(
            plan.text(colour: false).contains("= package php-pgsql stays, though no recipe wants it any more")
        )
        #expect(!plan.steps.contains { $0.kind == .package })
    }
}
