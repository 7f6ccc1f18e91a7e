import Digest
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

@Suite struct SmokeTests {
    private func check(_ path: String, contains: String? = nil, status: Int = 200) -> Check {
        Check(
            recipe: "r", url: "http://192.0.2.1\(path)", status: status, contains: contains,
            within: .seconds(1), concernsVirtualAddress: false)
    }

    private func node(_ checks: [Check]) -> CompiledNode {
        let manifest = Manifest(
            node: "n1", architecture: "amd64",
            runtime: .init(version: "2", digest: SHA256Digest(of: [2]), size: 1), packages: [], files: [],
            units: [])
        return CompiledNode(
            node: ClusterNode(name: "n1", address: "192.0.2.1"), manifest: manifest, blobs: [:],
            checks: checks, origins: [:], warnings: [])
    }

    @Test("each page is asked once, for all that is wanted of it")
    func once() {
        let smoke = Smoke(
            cluster: Cluster(name: "c", file: "c.ini", nodes: [], virtualAddress: nil, lab: nil),
            nodes: [
                node([check("/"), check("/a")]),
                node([check("/", contains: "n1"), check("/a"), check("/", status: 404)]),
            ])
        #expect(smoke.checks == [check("/a"), check("/", contains: "n1"), check("/", status: 404)])
    }
}
