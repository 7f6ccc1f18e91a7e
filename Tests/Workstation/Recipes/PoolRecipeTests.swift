import Commands
import Foundation
import Inventory
import Languages
import Testing

@testable import Recipes

/// The recipe `pool` of this project.
@Suite struct PoolRecipeTests {
    private static let base = """
        [database]
        n1 ansible_host=192.0.2.1
        n2 ansible_host=192.0.2.2
        [edge]
        n3 ansible_host=192.0.2.3
        [edge:vars]
        recipes = pool
        [all:vars]
        vip = 192.0.2.29
        postgresql_roles = app reader
        postgresql_password_app = secret:command:echo app
        postgresql_password_reader = secret:command:echo reader
        postgresql_databases = app blog

        """

    /// The edge node, or what is wrong.
    private func compile(_ variables: String = "", _ base: String = Self.base) throws -> (
        CompiledNode?, [String]
    ) {
        let catalog = try RecipeCatalog.load(Repository.path("recipes"))
        let (parsed, syntax) = Inventory.parse(Array((base + variables).utf8), file: "shelf.ini")
        let (cluster, more) = Cluster.resolve(parsed, knownVariables: catalog.variables)
        guard let cluster else { return (nil, (syntax + more).map(\.sentence)) }
        do throws(RecipeFailure) {
            let runtime = Repository.runtime.filter { $0.key == "amd64" }
            let nodes = try catalog.compile(cluster, runtime: runtime, checkers: LanguageCheckers.roles)
            return (nodes.first(where: { $0.node.name == "n3" }), [])
        } catch { return (nil, error.diagnostics.map(\.sentence)) }
    }

    private func edge(_ variables: String = "", _ base: String = Self.base) throws -> CompiledNode {
        let (node, problems) = try compile(variables, base)
        #expect(problems == [])
        return try #require(node)
    }

    private func configuration(_ node: CompiledNode) throws -> PoolConfiguration {
        let (configuration, found) = PoolConfiguration.parse(
            try #require(node.text("/etc/pinode/pool.ini")), file: "pool.ini")
        #expect(found == [])
        return configuration
    }

    @Test("clients find each database and its read-only twin on PostgreSQL's port of the virtual address")
    func databases() throws {
        let configuration = try self.configuration(edge())
        #expect(configuration.listenAddr.map(\.text) == ["192.0.2.29"])
        #expect(configuration.listenPort == 5432)
        #expect(configuration.unixSocketDir == "/run/pinode-pool")
        #expect(configuration.databases.map(\.name) == ["app", "app_ro", "blog", "blog_ro"])
        for database in configuration.databases {
            #expect(database.host.map(\.text) == ["192.0.2.1", "192.0.2.2"])
            #expect(database.port == 5432 && database.followsLease)
        }
        let blog = try #require(configuration.database(named: "blog"))
        #expect(blog.dbname == "blog" && blog.readStandbys == .explicit && blog.readYourWrites == .session)
        let twin = try #require(configuration.database(named: "blog_ro"))
        #expect(twin.dbname == "blog" && twin.targetSessionAttrs == .preferStandby)
        #expect(configuration.poolMode == .transaction && configuration.queryWaitTimeout == .seconds(30))
    }

    @Test("without a list of databases all of them are there, each with its twin")
    func all() throws {
        let base = Self.base.replacing("postgresql_databases = app blog\n", with: "")
        let configuration = try self.configuration(edge("pool_read_standbys = auto\n", base))
        #expect(configuration.databases.isEmpty)
        #expect(configuration.database(named: "shop")?.readStandbys == .auto)
        #expect(configuration.database(named: "shop_ro")?.dbname == "shop")
    }

    @Test("roles and passwords stand in a file of their own that nobody else reads")
    func users() throws {
        let node = try edge()
        let file = try #require(node.manifest.files.first { $0.path == "/etc/pinode/pool.users" })
        #expect(file.mode == 0o600 && file.owner == "root")
        let (list, found) = Userlist.parse(try #require(node.text(file.path)), file: "users")
        #expect(found == [])
        #expect(list.users.map(\.name) == ["app", "reader"])
        #expect(list["app"]?.secret == .plain("<secret postgresql_password_app>"))
        #expect(try #require(node.text("/etc/pinode/pool.ini")).contains("<secret") == false)
    }

    @Test("who may connect is everybody with a password, or the networks that the inventory names")
    func networks() throws {
        func method(_ node: CompiledNode, _ address: String?) throws -> HBARules.Method? {
            let (rules, found) = HBARules.parse(try #require(node.text("/etc/pinode/pool.hba")), file: "hba")
            #expect(found == [])
            return rules.method(
                for: "app", database: "app", address: address.flatMap { PoolAddress($0) }, isTLS: false,
                isLocal: address == nil)
        }
        #expect(try method(edge(), "203.0.113.9") == .scramSHA256)
        #expect(try method(edge(), "2001:db8::9") == .scramSHA256)
        let node = try edge("pool_networks = 192.0.2.0/24\n")
        #expect(try method(node, "192.0.2.9") == .scramSHA256)
        #expect(try method(node, "203.0.113.9") == nil)
        #expect(try method(node, nil) == .scramSHA256)
    }

    @Test("pinode's unit runs the file, and is told when one of the three files changes")
    func unit() throws {
        let node = try edge()
        #expect(node.manifest.units.map(\.name) == ["pinode-pool.service"])
        #expect(node.manifest.units[0].onNewRuntime == .reload)
        #expect(node.manifest.packages == [])
        for name in ["pool.ini", "pool.hba", "pool.users"] {
            let file = try #require(node.manifest.files.first { $0.path == "/etc/pinode/\(name)" })
            #expect(file.reload == ["pinode-pool.service"])
        }
        let unit = try #require(node.text("/etc/systemd/system/pinode-pool.service"))
        #expect(unit.contains("ExecStart=/opt/pinode/current/pinode pool -f /etc/pinode/pool.ini\n"))
        #expect(node.checks.compactMap(\.console).count == 1)
    }

    @Test("Debian's engine runs the very same file, for one PostgreSQL")
    func debian() throws {
        let server = "pool_server = 192.0.2.1\n"
        let node = try edge("pool_engine = debian\n" + server)
        #expect(node.manifest.units.map(\.name) == ["pgbouncer.service"])
        #expect(node.manifest.packages == ["pgbouncer"])
        #expect(node.manifest.files.first { $0.path == "/etc/pinode/pool.users" }?.owner == "postgres")
        #expect(
            node.text("/etc/systemd/system/pgbouncer.service.d/pidep.conf")?.contains(
                "ExecStart=/usr/sbin/pgbouncer /etc/pinode/pool.ini\n") == true)
        for path in ["/etc/pinode/pool.ini", "/etc/pinode/pool.hba", "/etc/pinode/pool.users"] {
            #expect(try node.text(path) == edge(server).text(path))
        }
        let configuration = try self.configuration(node)
        #expect(configuration.database(named: "app")?.host.map(\.text) == ["192.0.2.1"])
        #expect(configuration.database(named: "app")?.followsLease == false)
        #expect(configuration.database(named: "app_ro")?.host.map(\.text) == ["192.0.2.1", "192.0.2.2"])
    }

    @Test("Debian's engine must be told who takes the writes, for it follows no lease")
    func debianNeedsServer() throws {
        let (_, problems) = try compile("pool_engine = debian\n")
        #expect(problems.count == 1)
        #expect(problems.first?.contains("pool_server") == true)
    }

    @Test("what the parser refuses is found before anything is deployed")
    func refused() throws {
        let (_, problems) = try compile("pool_networks = 192.0.2.1/24\n")
        #expect(problems.contains { $0.contains("192.0.2.1/24 has bits outside of its mask") })
    }

    static let isPossible =
        FileManager.default.isExecutableFile(atPath: "/usr/sbin/pgbouncer")
        && (geteuid() != 0 || getpwnam("postgres") != nil)

    @Test(
        "Debian's PgBouncer accepts the rendered files",
        .enabled(if: isPossible, "needs Debian's package pgbouncer"),
        arguments: ["", "pool_server = 192.0.2.1\n"])
    func pgbouncer(variables: String) throws {
        let node = try edge(
            variables + "pool_admin_users = app reader\npool_networks = 192.0.2.0/24 2001:db8::/32\n")
        let folder = NSTemporaryDirectory() + "pool-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        chmod(folder, 0o777)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["pool.ini", "pool.hba", "pool.users"] {
            // The virtual address is not this machine's, and neither is the folder of the socket.
            let text = try #require(node.text("/etc/pinode/\(name)"))
                .replacing("listen_addr = 192.0.2.29", with: "listen_addr =")
                .replacing("/run/pinode-pool", with: folder).replacing("/etc/pinode/", with: folder + "/")
            try text.write(toFile: "\(folder)/\(name)", atomically: false, encoding: .utf8)
        }
        let script = """
            cd "$1" && /usr/sbin/pgbouncer pool.ini 2>log & pid=$!
            until grep -q "process up" "$1/log" 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
            kill -INT $pid 2>/dev/null; wait $pid; cat "$1/log"
            """
        let account = geteuid() == 0 ? ["/usr/sbin/runuser", "-u", "postgres", "--"] : []
        let log = try Command(account + ["sh", "-c", script, "sh", folder], timeout: 60).runAny()
            .standardOutput
        #expect(log.contains("process up") && !log.contains("ERROR") && !log.contains(" WARNING "), "\(log)")
    }

    @Test(
        "systemd finds nothing to complain about in the unit",
        .enabled(if: Command.path(of: "systemd-analyze") != nil, "systemd-analyze is not installed"))
    func systemd() throws {
        let text = try #require(try edge().text("/etc/systemd/system/pinode-pool.service"))
            // The binary is not on this machine.
            .replacing("/opt/pinode/current/pinode", with: "/bin/true")
        let path = NSTemporaryDirectory() + "pool-\(UUID().uuidString).service"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let output = try Command(["systemd-analyze", "verify", "--man=no", path]).runAny()
        #expect(output.standardError.split(separator: "\n").filter { $0.contains("\(path):") } == [])
    }
}
