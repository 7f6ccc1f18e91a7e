import Commands
import Foundation
import Inventory
import Languages
import Testing

@testable import Recipes

/// The recipe `postgresql` of this project.
@Suite struct PostgreSQLRecipeTests {
    private static let base = """
        [database]
        n1 ansible_host=192.0.2.1
        n2 ansible_host=192.0.2.2
        n3 ansible_host=2001:db8::3 control_id=9
        [database:vars]
        recipes = postgresql control
        control_key = secret:command:echo key
        postgresql_member_password = secret:command:echo member
        postgresql_roles = app reader
        postgresql_password_app = secret:command:echo app
        postgresql_password_reader = secret:command:echo reader
        postgresql_databases = app
        postgresql_owner_app = app

        """

    private func compile(_ variables: String = "", _ base: String = Self.base) throws -> (
        [CompiledNode], [String]
    ) {
        let catalog = try RecipeCatalog.load(Repository.path("recipes"))
        let (parsed, syntax) = Inventory.parse(Array((base + variables).utf8), file: "shelf.ini")
        let (cluster, more) = Cluster.resolve(parsed, knownVariables: catalog.variables)
        guard let cluster else { return ([], (syntax + more).map(\.sentence)) }
        do throws(RecipeFailure) {
            let runtime = Repository.runtime.filter { $0.key == "amd64" }
            return (try catalog.compile(cluster, runtime: runtime), [])
        } catch { return ([], error.diagnostics.map(\.sentence)) }
    }

    private func settings(_ node: CompiledNode, _ kind: String, _ name: String = "") throws -> [String:
        String]
    {
        let text = try #require(node.text("/etc/pinode/database.conf"))
        let (document, diagnostics) = INIDocument.parse(text, file: "database.conf")
        #expect(diagnostics == [])
        let section = try #require(document.sections.first { $0.kind == kind && $0.name == name })
        return Dictionary(uniqueKeysWithValues: section.settings.map { ($0.key, $0.value) })
    }

    @Test("database.conf has the node, all members with control's numbers, roles, databases and parameters")
    func file() throws {
        let (nodes, problems) = try compile(
            "postgresql_networks = 192.0.2.0/24 2001:db8::/64\npostgresql_parameter_work_mem = 8MB\n")
        #expect(problems == [])
        let postgresql = try settings(nodes[1], "postgresql")
        #expect(
            postgresql["node"] == "n2" && postgresql["version"] == "15"
                && postgresql["durability"] == "strict")
        #expect(try settings(nodes[1], "node", "n1") == ["id": "1", "address": "192.0.2.1"])
        #expect(try settings(nodes[1], "node", "n3") == ["id": "9", "address": "2001:db8::3"])
        #expect(try settings(nodes[1], "access") == ["networks": "192.0.2.0/24 2001:db8::/64"])
        let parameters = try settings(nodes[1], "parameters")
        #expect(parameters["work_mem"] == "8MB" && parameters["shared_buffers"] == "128MB")
        #expect(parameters["max_connections"] == "100")
        #expect(
            try settings(nodes[1], "role", "reader") == [
                "password_file": "/etc/pinode/database/reader.password"
            ])
        #expect(try settings(nodes[1], "database", "app") == ["owner": "app"])
        let control = try #require(nodes[1].text("/etc/pinode/control.conf"))
        #expect(ControlConfiguration.parse(control, file: "").0.nodes.map(\.id) == [1, 2, 9])
    }

    @Test("backups and another data folder stand in database.conf only where the inventory wants them")
    func backups() throws {
        let plain = try #require(try compile().0[0].text("/etc/pinode/database.conf"))
        #expect(!plain.contains("[backup]") && !plain.contains("data =") && plain.contains("adopt = no\n"))
        let (nodes, problems) = try compile(
            "postgresql_backup_node = n2\npostgresql_backup_every = 6h\npostgresql_adopt = yes\n"
                + "postgresql_data = /var/lib/postgresql/15/main\n")
        #expect(problems == [])
        #expect(
            try settings(nodes[0], "backup") == [
                "node": "n2", "folder": "/var/backups/pidep", "keep": "7", "every": "6h",
            ])
        #expect(try settings(nodes[0], "postgresql")["data"] == "/var/lib/postgresql/15/main")
        #expect(try settings(nodes[0], "postgresql")["adopt"] == "yes")
    }

    @Test("passwords stand in files of their own that nobody else reads, and nowhere else")
    func passwords() throws {
        let node = try compile().0[0]
        for (name, secret) in [
            ("database/app.password", "postgresql_password_app"),
            ("database.key", "postgresql_member_password"),
        ] {
            let file = try #require(node.manifest.files.first { $0.path == "/etc/pinode/\(name)" })
            #expect(file.mode == 0o600)
            #expect(node.text(file.path) == "<secret \(secret)>\n")
        }
        #expect(node.redacted.count == 4)
        #expect(node.manifest.files.first { $0.path == "/etc/pinode/database.conf" }?.mode == 0o600)
    }

    @Test("Debian's package makes no cluster and Debian's units start none")
    func debianKeepsOut() throws {
        let node = try compile().0[0]
        let files = node.manifest.files
        let early = try #require(
            files.first { $0.path == "/etc/postgresql-common/createcluster.d/pidep.conf" })
        #expect(early.isEarly)
        #expect(node.text(early.path)?.contains("create_main_cluster = false\n") == true)
        for unit in ["postgresql.service", "postgresql@.service"] {
            #expect(
                files.first { $0.path == "/etc/systemd/system/\(unit)" }?.content == .link(to: "/dev/null"))
        }
        #expect(node.manifest.packages == ["postgresql-15", "ssl-cert"])
        #expect(
            try compile("postgresql_version = 17\n").0[0].manifest.packages == ["postgresql-17", "ssl-cert"])
        #expect(node.manifest.units.map(\.name) == ["pinode-control.service", "pinode-database.service"])
        #expect(node.manifest.units[1].onNewRuntime == .reload)
        #expect(node.checks.map(\.url).contains("http://192.0.2.1:8008/liveness"))
    }

    @Test(
        "Debian's engine is a server of its own, without control and with the same roles, databases and parameters"
    )
    func debian() throws {
        let base = Self.base.replacing("postgresql control", with: "postgresql")
        let (nodes, problems) = try compile("postgresql_engine = debian\n", base)
        #expect(problems == [])
        #expect(nodes[0].manifest.units.map(\.name) == ["pidep-postgresql.service"])
        #expect(
            !nodes[0].manifest.files.contains {
                $0.path.contains("createcluster") || $0.content == .link(to: "/dev/null")
            })
        #expect(nodes[0].text("/etc/pinode/database/debian.conf")?.contains("work_mem = '4MB'\n") == true)
        let statements = try #require(nodes[0].text("/etc/pinode/database/debian.sql"))
        #expect(
            statements.contains(
                "ALTER ROLE \"reader\" LOGIN PASSWORD $pidep$<secret postgresql_password_reader>$pidep$;"))
        #expect(statements.contains("ALTER DATABASE \"app\" OWNER TO \"app\";"))
        #expect(nodes[0].checks.isEmpty)
    }

    @Test(
        "what cannot be is told with its line",
        arguments: [
            (
                "postgresql_parameter_shared_bufers = 1GB",
                "shelf.ini:14: postgresql_parameter_shared_bufers: there is no"
            ),
            (
                "postgresql_parameter_wal_level = minimal",
                "shelf.ini:14: postgresql_parameter_wal_level cannot be set: pinode decides about it"
            ),
            (
                "postgresql_parameter_fsync = off",
                "shelf.ini:14: postgresql_parameter_fsync cannot be set: data would be lost"
            ),
            ("postgresql_version = 12", "shelf.ini:14: postgresql_version is \"12\""),
            ("postgresql_durability = none", "shelf.ini:14: postgresql_durability is \"none\""),
            (
                "postgresql_owner_shop = app",
                "shelf.ini:14: postgresql_owner_shop: \"shop\" is no word of postgresql_databases"
            ),
        ])
    func errors(line: String, expected: String) throws {
        let (_, problems) = try compile("\(line)\n")
        #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
    }

    @Test("without control there is no cluster")
    func needsControl() throws {
        let (_, problems) = try compile("", Self.base.replacing("postgresql control", with: "postgresql"))
        #expect(
            problems.first?.contains("has the recipe postgresql, which needs control beside it") == true,
            "\(problems)")
    }

    private static let program = "/usr/lib/postgresql/15/bin/postgres"

    @Test(
        "every parameter of a real PostgreSQL is known",
        .enabled(if: FileManager.default.isExecutableFile(atPath: program), "PostgreSQL 15 is not installed"))
    func parameters() throws {
        let path = Repository.path("recipes/postgresql/parameters")
        let known = FamilyKeys(try String(contentsOfFile: path, encoding: .utf8), file: "parameters")
        let described = try Command([Self.program, "--describe-config"]).run().standardOutput
        let names = described.split(separator: "\n").compactMap {
            $0.split(separator: "\t").first.map(String.init)
        }
        #expect(names.count > 300)
        let variable = Variable(text: "x", file: "a.ini", line: 1)
        for name in names {
            let problem = known.problem(name, "p_\(name)", variable)?.problem ?? ""
            #expect(!problem.contains("there is no"), "\(name)")
        }
    }
}
