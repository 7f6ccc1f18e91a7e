import Digest
import Inventory
import Manifest
@testable import Recipes
import Testing

@testable import Deployment

@Suite struct PreflightTests {
    static let proxy = """
        defaults
            mode http
            timeout connect 1s
            timeout client 1s
            timeout server 1s
        frontend f
            bind 192.0.2.29:80 transparent
            default_backend b
        backend b
            server n1 192.0.2.1:8080
        """
    static let vrrp = """
        vrrp_instance c {
            interface eth0
            virtual_router_id 51
            priority 100
            virtual_ipaddress {
                192.0.2.29/24 dev eth0
            }
        }
        """

    static let healthy = [
        "preflight", "clock\t1000.5", "release\tdebian\t12", "kernel\t6.1.0-18-amd64", "feature\tsystemd",
        "feature\tpacket", "feature\tmulticast", "memory\t500000", "disk\t/\t500000",
        "interface\tlo\t00:00:00:00:00:00",
        "interface\teth0\tb8:27:eb:00:00:01", "address\tlo\t127.0.0.1/8", "address\teth0\t192.0.2.1/24",
        "socket\ttcp\t0.0.0.0:22\tsshd\tssh.service", "end",
    ]

    func node(_ lines: [String] = healthy, name: String = "n1", asked: Double = 1000) throws -> Preflight.Node
    {
        let texts = ["/etc/pinode/proxy.cfg": Self.proxy, "/etc/pinode/vrrp.conf": Self.vrrp]
        var blobs: [String: [UInt8]] = [:]
        let files = texts.sorted { $0.key < $1.key }.map { path, text in
            let bytes = Array(text.utf8)
            blobs[SHA256Digest(of: bytes).hexadecimal] = bytes
            return ManagedFile(path: path, content: .blob(SHA256Digest(of: bytes), size: bytes.count))
        }
        let manifest = Manifest(
            node: name, architecture: "amd64",
            runtime: .init(version: "1", digest: SHA256Digest(of: [1]), size: 2 << 20), packages: [],
            files: files,
            units: [ManagedUnit(name: "pinode-proxy.service", enabled: true, running: true)])
        let check = Check(
            recipe: "apache", url: "http://192.0.2.1:8080/", status: 200, contains: nil, within: .seconds(1),
            concernsVirtualAddress: false)
        let compiled = CompiledNode(
            node: ClusterNode(name: name, address: "192.0.2.1"), manifest: manifest, blobs: blobs,
            checks: [check],
            origins: [:], warnings: [])
        let facts = try Facts("facts\nend", request: FactsRequest(manifest: manifest, virtualAddress: nil))
        return Preflight.Node(
            compiled: compiled, demands: NodeDemands(compiled), plan: NodePlan(compiled, facts), facts: facts,
            found: try PreflightFacts(lines.joined(separator: "\n")), asked: asked)
    }

    func problems(_ nodes: [Preflight.Node]) -> [String] {
        let members = nodes.map(\.compiled.node) + [ClusterNode(name: "n9", address: "192.0.2.9")]
        let cluster = Cluster(
            name: "c", file: "c.ini", nodes: members, virtualAddress: "192.0.2.29", lab: nil)
        return Preflight(cluster: cluster, nodes: nodes).problems
    }

    /// The healthy answer with one line in another's place.
    static func with(_ line: String, insteadOf prefix: String) -> [String] {
        healthy.map { $0.hasPrefix(prefix) ? line : $0 }
    }

    @Test("a node that can be deployed to has no problems")
    func healthyNode() throws { #expect(problems([try node()]) == []) }

    @Test("configurations say which ports and addresses a node needs")
    func demands() throws {
        let demands = NodeDemands(try node().compiled)
        #expect(
            demands.listeners == [
                .init(address: "192.0.2.29", port: 80), .init(address: "192.0.2.1", port: 8080),
            ])
        #expect(demands.virtualAddresses == [.init(address: "192.0.2.29", interface: "eth0")])
    }

    @Test(
        "what stands in the way is a sentence",
        arguments: [
            (with("release\tubuntu\t24.04", insteadOf: "release"), "n1: runs ubuntu 24.04, and pidep knows"),
            (with("release\tdebian\t10", insteadOf: "release"), "n1: runs debian 10"),
            (
                with("kernel\t4.19.0", insteadOf: "kernel"),
                "n1: has the kernel 4.19.0, and 5.10 is the oldest"
            ),
            (with("feature\tother", insteadOf: "feature\tsystemd"), "n1: does not run under systemd"),
            (with("feature\tother", insteadOf: "feature\tpacket"), "n1: has a kernel without packet sockets"),
            (
                with("memory\t40000", insteadOf: "memory"),
                "n1: has 40 MiB of memory left, and 48 MiB are needed"
            ),
            (
                with("disk\t/\t30000", insteadOf: "disk"),
                "n1: has 30 MiB left on /, and 37 MiB are needed there"
            ),
            (
                with("interface\tend0\tb8:27:eb:00:00:01", insteadOf: "interface\teth0"),
                "n1: has no interface eth0 for the virtual address: set interface= in the inventory (it has end0)"
            ),
            (
                with("address\teth0\t198.51.100.7/24", insteadOf: "address\teth0"),
                "n1: the virtual address 192.0.2.29 is in no network of eth0 (198.51.100.7/24)"
            ),
            (
                with("socket\ttcp\t*:80\tlighttpd\tlighttpd.service", insteadOf: "socket"),
                "n1: port 80 of 192.0.2.29 is held by lighttpd (lighttpd.service): stop it with systemctl disable --now"
            ),
            (
                with("socket\ttcp\t192.0.2.1:8080\tpython3\t", insteadOf: "socket"),
                "n1: port 8080 of 192.0.2.1 is held by python3: stop it there"
            ),
            (
                with("neighbour\t192.0.2.29\teth0\t02:00:00:00:00:07", insteadOf: "feature\tmulticast"),
                "n1: the virtual address 192.0.2.29 is in use by a stranger, 02:00:00:00:00:07 on eth0"
            ),
        ])
    func problem(lines: [String], expected: String) throws {
        let all = problems([try node(lines)])
        #expect(all.contains { $0.hasPrefix(expected) }, "\(all)")
    }

    @Test(
        "ports of others' addresses and of our own units are free",
        arguments: [
            "socket\ttcp\t192.0.2.77:80\tlighttpd\tlighttpd.service", "socket\tudp\t0.0.0.0:80\tx\tx.service",
            "socket\ttcp\t0.0.0.0:80\tpinode\tpinode-proxy.service", "socket\ttcp\t[::1]:80\tx\tx.service",
        ])
    func freePorts(socket: String) throws {
        #expect(problems([try node(Self.with(socket, insteadOf: "socket"))]) == [])
    }

    @Test(
        "a virtual address that a node of this cluster answers for is in use by no stranger",
        arguments: [
            [
                "neighbour\t192.0.2.29\teth0\t02:00:00:00:00:09",
                "neighbour\t192.0.2.9\teth0\t02:00:00:00:00:09",
            ],
            ["neighbour\t192.0.2.29\teth0\tb8:27:eb:00:00:01"],
            ["neighbour\t192.0.2.29\teth0\t00:00:5e:00:01:33"],
        ])
    func ownAddress(neighbours: [String]) throws {
        #expect(problems([try node(Self.healthy.dropLast() + neighbours + ["end"])]) == [])
    }

    @Test("clocks that differ too much are told once, whatever the workstation's clock says")
    func clocks() throws {
        let skewed = try node(Self.with("clock\t1009.5", insteadOf: "clock"), name: "n2")
        #expect(
            problems([try node(), skewed]).map { $0.prefix(40) } == [
                "the clocks of n2 and n1 differ by 9 s, a"
            ])
        let late = [try node(asked: 5000), try node(asked: 5001)]
        #expect(problems(late) == [])
    }

    @Test("all problems of all nodes come at once")
    func all() throws {
        let bad = Self.with("release\tubuntu\t24.04", insteadOf: "release")
            .map { $0.hasPrefix("memory") ? "memory\t1" : $0 }
        #expect(problems([try node(bad), try node(bad, name: "n2")]).count == 4)
    }

    @Test("an answer that was cut is no answer")
    func cut() {
        for text in ["", "preflight\nclock\t1", "Welcome!\npreflight\nend"] {
            #expect(throws: Facts.Failure.self) { try PreflightFacts(text) }
        }
    }

    @Test(
        "a path belongs to the deepest mount point above it",
        arguments: [("/var/lib/x", "/var"), ("/variable", "/"), ("/var", "/var"), ("/etc/a", "/")])
    func mounts(path: String, expected: String) {
        #expect(Preflight.mount(of: path, among: ["/", "/var", "/srv"]) == expected)
    }
}
