import Diagnostics
import Manifest
import Testing

@testable import Recipes

@Suite struct CompilerTests {
    private let inventory = """
        [web]
        n1 ansible_host=192.0.2.1
        n2 ansible_host=192.0.2.2
        [web:vars]
        recipes = a
        [all:vars]
        vip = 192.0.2.29
        """

    @Test("files, links, directories and absences become what a manifest says about paths")
    func files() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            files:
              - {to: /srv, directory: true, owner: www-data, group: adm}
              - {to: "/srv/{{name}}.txt", template: t, mode: "0600", restart: s, reload: [s, t.socket]}
              - {to: /srv/raw, file: raw}
              - {to: /srv/link, link: "{{name}}.txt"}
              - {to: /srv/old, absent: true}
            services: [{unit: s, runtime: restart}, {unit: t.socket, enabled: false, running: false}]
            packages: [nginx, nginx]
            """,
            "a/templates/t": "I am {{name}} at {{address}}\n", "a/files/raw": "{{name}}",
        ])
        let (nodes, problems) = try recipes.compile(inventory)
        #expect(problems == [])
        let node = try #require(nodes.last)
        #expect(node.text("/srv/n2.txt") == "I am n2 at 192.0.2.2\n")
        #expect(node.text("/srv/raw") == "{{name}}")
        #expect(
            node.manifest.files.map(\.path) == ["/srv", "/srv/n2.txt", "/srv/raw", "/srv/link", "/srv/old"])
        #expect(node.manifest.files[0].mode == 0o755)
        #expect(node.manifest.files[0].owner == "www-data" && node.manifest.files[0].group == "adm")
        #expect(node.manifest.files[1].mode == 0o600)
        #expect(node.manifest.files[1].restart == ["s.service"])
        #expect(node.manifest.files[1].reload == ["s.service", "t.socket"])
        #expect(node.manifest.files[3].content == .link(to: "n2.txt"))
        #expect(node.manifest.files[4].content == .absent)
        #expect(node.manifest.packages == ["nginx"])
        #expect(
            node.manifest.units == [
                ManagedUnit(name: "s.service", enabled: true, running: true, onNewRuntime: .restart),
                ManagedUnit(name: "t.socket", enabled: false, running: false),
            ])
        #expect(
            node.origins["/srv/raw"]
                == CompiledNode.Origin(
                    recipe: "a", source: recipes.folder + "/a/files/raw", line: 5))
    }

    @Test("two recipes that claim one path are an error that names both places, equal directories are not")
    func claims() throws {
        func recipe(_ file: String) -> String {
            "summary: x\nfiles:\n  - {to: /srv, directory: true}\n  - {to: /srv/x, \(file)}\n"
        }
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": recipe("absent: true"), "b/recipe.yaml": recipe("link: y"),
        ])
        let (_, problems) = try recipes.compile("n1 ansible_host=192.0.2.1 recipes=a,b")
        #expect(
            problems == [
                "b/recipe.yaml:4: /srv/x is also claimed by a/recipe.yaml:4. Only one recipe of a node may decide"
                    + " about a path."
            ])
    }

    @Test("a file below something that is no directory is an error")
    func parents() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml":
                "summary: x\nfiles:\n  - {to: /srv, link: /x}\n  - {to: /srv/x, directory: true}\n"
        ])
        let (_, problems) = try recipes.compile("n1 ansible_host=192.0.2.1 recipes=a")
        #expect(
            problems == [
                "a/recipe.yaml:4: /srv/x lies below /srv, which is no directory. Change one of the two."
            ])
    }

    @Test("recipes run in the inventory's order, but none before those that it comes after")
    func order() throws {
        func recipe(_ unit: String, _ after: String) -> String {
            "summary: x\nafter: [\(after)]\nservices: [{unit: \(unit)}]\n"
        }
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": recipe("a", "c"), "b/recipe.yaml": recipe("b", ""),
            "c/recipe.yaml": recipe("c", ""),
        ])
        let (nodes, _) = try recipes.compile("n1 ansible_host=192.0.2.1 recipes='a b c'")
        #expect(nodes[0].manifest.units.map(\.name) == ["b.service", "c.service", "a.service"])
    }

    @Test("conditions compare variables and facts as text, and all must hold")
    func conditions() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            variables:
              engine: {kind: choice, choices: [pinode, debian], default: pinode, about: x}
            packages:
              - {name: first-one, when: {engine: debian}}
              - {name: first-two, when: {is_first: true, engine: pinode}}
            """
        ])
        let (nodes, _) = try recipes.compile(inventory + "\n[web:vars]\nengine = pinode\n")
        #expect(nodes.map(\.manifest.packages) == [["first-two"], []])
        let (others, _) = try recipes.compile(inventory + "\n[web:vars]\nengine = debian\n")
        #expect(others.map(\.manifest.packages) == [["first-one"], ["first-one"]])
    }

    @Test("a node's values are known in lists of nodes, each with its own")
    func lists() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            groups: [web]
            variables:
              weight: {kind: integer, min: 1, max: 9, default: 1, about: x}
              pause: {kind: duration, default: 250ms, about: x}
            files: [{to: /x, template: t}]
            """,
            "a/templates/t":
                "{{#web}}{{name}}={{weight}}{{#is_self}}!{{/is_self}}{{^is_last}},{{/is_last}}{{/web}}"
                + " {{pause_seconds}} {{#peers}}{{name}}{{/peers}} {{rank}} {{descending}} {{cluster}}",
        ])
        let (nodes, problems) = try recipes.compile(inventory + "\n[more]\nn2 weight=7\n")
        #expect(problems == [])
        #expect(
            nodes.map { $0.text("/x") } == [
                "n1=1!,n2=7 0.25 n2 1 200 shelf", "n1=1,n2=7! 0.25 n1 2 190 shelf",
            ])
    }

    @Test(
        "what the inventory lacks or misspells is told with the inventory's line",
        arguments: [
            ("n1 ansible_host=192.0.2.1 recipes=b", "there is no recipe \"b\" in "),
            ("n1 recipes=a size=1", "recipes need the IP address of n1, and \"n1\" is none."),
            ("n1 ansible_host=192.0.2.1 recipes=a", "n1 has no size, which the recipe a needs (x)."),
            (
                "n1 ansible_host=192.0.2.1 recipes=a size=big",
                "size is \"big\", which cannot be used. Write a whole number from 1 to 9."
            ),
        ])
    func inventoryErrors(line: String, start: String) throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml":
                "summary: x\nvariables:\n  size: {kind: integer, min: 1, max: 9, about: x}\n"
        ])
        let (_, problems) = try recipes.compile(line)
        #expect(problems.count == 1)
        #expect(problems.first?.hasPrefix("shelf.ini:1: \(start)") == true, "\(problems)")
    }

    @Test("a recipe whose group nobody is in, or whose runtime is not built, is not compiled")
    func lacking() throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\ngroups: [store]\n"])
        #expect(
            try recipes.compile("n1 ansible_host=192.0.2.1 recipes=a").1 == [
                "shelf.ini:1: the recipe a needs nodes in a group \"store\", and there are none. Add a section"
                    + " [store]."
            ])
        let plain = try TemporaryRecipes(["a/recipe.yaml": "summary: x\n"])
        let node = "n1 ansible_host=192.0.2.1 arch=armv7 recipes=a"
        #expect(
            try plain.compile(node).1 == [
                "shelf.ini:1: there is no node runtime for n1, which is armv7. Run pidep build --arch armv7."
            ])
        #expect(
            try plain.compile("n1 ansible_host=192.0.2.1 recipes=a", runtime: Repository.runtime).1 == [
                "shelf.ini:1: the architecture of n1 is not known. Set arch to armv7, arm64 or amd64."
            ])
    }

    @Test("a rendered configuration is read with the parser of its language, and a misspelt unit is found")
    func languages() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            files: [{to: /x, template: t, language: haproxy, restart: pinode-proxi}]
            services: [{unit: pinode-proxy}]
            """,
            "a/templates/t": "global\n  bind {{name}}\n",
        ])
        let checker: LanguageChecker = { text, file in
            text == "global\n  bind n1\n"
                ? [
                    Diagnostic(file: file, line: 2, problem: "bind is not known in global"),
                    Diagnostic(.warning, file: file, line: 1, problem: "maxconn is not set"),
                ] : []
        }
        let (_, problems) = try recipes.compile(
            "n1 ansible_host=192.0.2.1 recipes=a", checkers: ["haproxy": checker])
        #expect(
            problems == [
                "a/recipe.yaml:2: /x restarts or reloads pinode-proxi.service, which is no service of a recipe of n1."
                    + " Did you mean \"pinode-proxy.service\"?",
                "a/templates/t, rendered for n1:2: bind is not known in global.",
            ])
    }

    @Test("what a role's parser only warns of keeps nobody from deploying")
    func languageWarnings() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\nfiles: [{to: /x, template: t, language: keepalived}]\n",
            "a/templates/t": "x\n",
        ])
        let (nodes, problems) = try recipes.compile(
            "n1 ansible_host=192.0.2.1 recipes=a",
            checkers: ["keepalived": { [Diagnostic(.warning, file: $1, line: 1, problem: "odd: \($0)")] }])
        #expect(problems == [])
        #expect(nodes.first?.warnings.map(\.problem) == ["odd: x\n"])
    }

    @Test(
        "a path that only rendering reveals is checked, too", arguments: ["..", "a/../b", "a//b"])
    func renderedPaths(value: String) throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            variables: {part: {kind: text, default: x, about: x}}
            files: [{to: "/srv/{{part}}", directory: true}]
            """
        ])
        let (_, problems) = try recipes.compile("n1 ansible_host=192.0.2.1 recipes=a part=\(value)")
        #expect(problems.count == 1)
        #expect(problems.first?.contains("cannot be a file's path") == true)
    }

    @Test("priorities fall evenly and stay within what VRRP allows, however many nodes there are")
    func descending() {
        #expect((1...4).map { TemplateFacts.descending(rank: $0, of: 4) } == [200, 190, 180, 170])
        for count in [1, 20, 25, 199, 250] {
            let all = (1...count).map { TemplateFacts.descending(rank: $0, of: count) }
            #expect(all.allSatisfy { (1...254).contains($0) })
            if count <= 199 { #expect(Set(all).count == count) }
        }
    }
}
