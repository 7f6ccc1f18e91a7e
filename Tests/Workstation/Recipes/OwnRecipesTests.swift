import Commands
import Foundation
import Inventory
import Languages
import Testing

@testable import Recipes

/// The recipes of this project, for the inventories of this project.
@Suite struct OwnRecipesTests {
    @Test(
        "every node of the lab gets Apache, control and PostgreSQL, and only the edge nodes proxy and vrrp, Apache first"
    )
    func unitsOfTheLab() throws {
        let nodes = try Repository.compile("lab.ini")
        let others = ["apache2.service", "pinode-control.service", "pinode-database.service"]
        let edge = [
            "apache2.service", "pinode-proxy.service", "pinode-vrrp.service", "pinode-control.service",
            "pinode-database.service",
        ]
        #expect(
            nodes.map { $0.manifest.units.map(\.name) } == [
                others, others, edge, edge,
            ])
        #expect(
            nodes[3].manifest.units.map(\.onNewRuntime) == [.nothing, .reload, .reload, .restart, .reload])
    }

    @Test(
        "of four nodes three found the cluster, each has its own number, and the key is nobody else's to read"
    )
    func control() throws {
        let node = try Repository.compile("lab.ini")[3]
        let text = try #require(node.text("/etc/pinode/control.conf"))
        let (control, diagnostics) = ControlConfiguration.parse(text, file: "control.conf")
        #expect(diagnostics == [])
        #expect(control.own?.name == "nustler4")
        #expect(control.nodes.map(\.id) == [1, 2, 3, 4])
        #expect(control.nodes.map(\.isFounder) == [true, true, true, false])
        #expect(control.nodes.map(\.address).last == "192.0.2.4:4100")
        #expect(control.leaseTime == ControlConfiguration.leaseTime)
        #expect(
            control.folder == ControlConfiguration.folder && control.keyFile == ControlConfiguration.keyFile)
        let key = try #require(node.manifest.files.first { $0.path == control.keyFile })
        #expect(key.mode == 0o600 && key.restart == ["pinode-control.service"])
        #expect(node.text(control.keyFile) == "<secret control_key>\n")
    }

    @Test("a number that two nodes would have is told before anything is touched, and so are two nodes alone")
    func controlNumbers() throws {
        let catalog = try RecipeCatalog.load(Repository.path("recipes"))
        var cluster = try Cluster.load(
            Repository.path("inventory/lab.ini"), knownVariables: catalog.variables)
        cluster.nodes[3].variables["control_id"] = Variable(text: "2", file: "lab.ini", line: 1)
        let runtime = Repository.runtime.filter { $0.key == "amd64" }
        let failure = #expect(throws: RecipeFailure.self) { try catalog.compile(cluster, runtime: runtime) }
        #expect(failure?.sentence.contains("two nodes have the number 2") == true)
        cluster.nodes[3].variables["control_id"] = Variable(text: "9", file: "lab.ini", line: 1)
        let text = try #require(
            try catalog.compile(cluster, runtime: runtime)[0].text("/etc/pinode/control.conf"))
        #expect(text.contains("[node nustler4]\nid = 9\n"))
        for index in 2...3 {
            cluster.nodes[index].recipes.removeAll { ["control", "postgresql"].contains($0) }
        }
        let two = try catalog.compile(cluster, runtime: runtime)
        #expect(two[0].warnings.map(\.problem).first?.hasPrefix("two nodes are no protection") == true)
    }

    @Test("the first cluster's own inventory compiles, for armv7")
    func nustler() throws {
        let nodes = try Repository.compile("nustler.ini", on: "armv7")
        #expect(nodes.map(\.manifest.architecture) == ["armv7", "armv7", "armv7", "armv7"])
        #expect(try #require(nodes[3].text("/etc/pinode/proxy.cfg")).contains("bind 192.168.3.4:1935\n"))
    }

    @Test("Apache listens on the node's own address only, and a changed address restarts it")
    func listen() throws {
        let node = try Repository.compile("lab.ini")[1]
        #expect(try #require(node.text("/etc/apache2/ports.conf")).hasSuffix("\nListen 192.0.2.2:80\n"))
        let file = try #require(node.manifest.files.first { $0.path == "/etc/apache2/ports.conf" })
        #expect(file.restart == ["apache2.service"])
    }

    @Test("the proxy shares requests among all web nodes and shows statistics on four addresses")
    func proxy() throws {
        let text = try #require(try Repository.compile("lab.ini")[2].text("/etc/pinode/proxy.cfg"))
        for index in 1...4 {
            #expect(text.contains("    server nustler\(index) 192.0.2.\(index):80 check"))
        }
        let binds = text.split(separator: "\n").filter { $0.contains(" bind ") }.map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        #expect(
            binds == [
                "bind 192.0.2.29:80 transparent", "bind 192.0.2.3:1936", "bind 192.0.2.29:1936 transparent",
                "bind 192.0.2.29:1935 transparent",
            ])
    }

    @Test("the first edge node has the higher priority, and an inventory may say otherwise")
    func priorities() throws {
        let nodes = try Repository.compile("lab.ini")
        #expect(try #require(nodes[2].text("/etc/pinode/vrrp.conf")).contains("    priority 200\n"))
        #expect(try #require(nodes[3].text("/etc/pinode/vrrp.conf")).contains("    priority 190\n"))
        let catalog = try RecipeCatalog.load(Repository.path("recipes"))
        var cluster = try Cluster.load(Repository.path("inventory/lab.ini"))
        cluster.nodes[3].variables["vrrp_priority"] = Variable(text: "250", file: "lab.ini", line: 1)
        cluster.nodes[3].variables["vrrp_advert_interval"] = Variable(text: "20ms", file: "lab.ini", line: 1)
        let changed = try catalog.compile(
            cluster, runtime: Repository.runtime.filter { $0.key == "amd64" })
        let text = try #require(changed[3].text("/etc/pinode/vrrp.conf"))
        #expect(text.contains("    priority 250\n"))
        #expect(text.contains("    advert_int 0.02\n"))
    }

    @Test("MemoryDenyWriteExecute is lifted in an armv7 lab and nowhere else")
    func dropIn() throws {
        let path = "/etc/systemd/system/pinode-vrrp.service.d/lab.conf"
        #expect(try Repository.compile("lab.ini", on: "armv7")[2].text(path)?.contains("=no\n") == true)
        #expect(try Repository.compile("lab.ini", on: "amd64")[2].text(path) == nil)
        #expect(try Repository.compile("nustler.ini", on: "armv7")[2].text(path) == nil)
    }

    @Test(
        "the roles' own parsers find nothing odd in what is rendered", arguments: ["lab.ini", "nustler.ini"])
    func ownParsers(inventory: String) {
        let check = InventoryCheck(Repository.path("inventory/\(inventory)"))
        #expect(check.diagnostics == [])
        #expect(check.cluster != nil)
        #expect(LanguageCheckers.roles.keys.sorted() == LanguageCheckers.languages)
    }

    @Test("checks know whether they concern the node or the virtual address")
    func checks() throws {
        let checks = try Repository.compile("lab.ini")[2].checks
        #expect(checks.filter(\.concernsVirtualAddress).allSatisfy { $0.url.contains("//192.0.2.29") })
        let own = checks.filter { !$0.concernsVirtualAddress }
        #expect(own.contains { $0.url == "http://192.0.2.3:1936/haproxy?stats" && $0.within == .seconds(5) })
        #expect(own.contains { $0.contains == "\"node\":\"nustler3\"" && $0.status == 200 })
    }

    @Test(
        "Debian's HAProxy accepts the rendered proxy.cfg",
        .enabled(if: Command.path(of: "haproxy") != nil, "haproxy is not installed"))
    func haproxy() throws {
        let text = try #require(try Repository.compile("lab.ini")[3].text("/etc/pinode/proxy.cfg"))
        try withFile(text) { try Command(["haproxy", "-c", "-f", $0]).run() }
    }

    @Test(
        "Debian's Keepalived accepts the rendered vrrp.conf",
        .enabled(if: Command.path(of: "keepalived") != nil, "keepalived is not installed"))
    func keepalived() throws {
        let text = try #require(try Repository.compile("lab.ini")[3].text("/etc/pinode/vrrp.conf"))
        // Its test looks for the interface: a network namespace of the test's own has one.
        let script = "ip link add eth0 type veth peer name eth1 && exec keepalived -t -f \"$0\""
        try withFile(text) { try Command(["unshare", "-rn", "sh", "-c", script, $0]).run() }
    }

    @Test(
        "PHP accepts the rendered pages",
        .enabled(if: Command.path(of: "php") != nil, "php is not installed"),
        arguments: ["index.php", "node.php", "nfo.php"])
    func php(page: String) throws {
        let text = try #require(try Repository.compile("lab.ini")[0].text("/var/www/html/\(page)"))
        try withFile(text) { try Command(["php", "-l", $0]).run() }
    }

    @Test(
        "systemd finds nothing to complain about in our units",
        .enabled(if: Command.path(of: "systemd-analyze") != nil, "systemd-analyze is not installed"),
        arguments: [
            "pinode-proxy.service", "pinode-vrrp.service", "pinode-control.service",
            "pinode-database.service",
        ])
    func units(unit: String) throws {
        let node = try Repository.compile("lab.ini")[2]
        let text = try #require(node.text("/etc/systemd/system/\(unit)"))
            // The binary is not on this machine.
            .replacingOccurrences(of: "/opt/pinode/current/pinode", with: "/bin/true")
        let folder = NSTemporaryDirectory() + "pidep-units-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try text.write(toFile: "\(folder)/\(unit)", atomically: false, encoding: .utf8)
        let output = try Command(["systemd-analyze", "verify", "--man=no", "\(folder)/\(unit)"]).runAny()
        let complaints = output.standardError.split(separator: "\n").filter {
            $0.contains("\(folder)/\(unit):")
        }
        #expect(complaints == [])
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let path = NSTemporaryDirectory() + "pidep-rendered-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }
}
