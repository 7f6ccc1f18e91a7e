import Diagnostics
import Foundation
import Inventory
import Manifest
import Testing

@testable import Recipes

@Suite struct ExplanationTests {
    static let recipe = """
        summary: Greets
        groups: [web]
        variables:
          greeting:
            kind: text
            about: what to say
            default: hello
          port: {default: 80, kind: port, about: where}
          pause: {default: 2s, kind: duration, about: how long}
          extra: {kind: text, optional: true, about: more}
          unused: {default: 1, kind: integer, about: nothing}
        files:
          - {to: /etc/greet.conf, template: greet.conf, mode: "0600", restart: greet, when: {lab: false}}
          - {to: /etc/greet.d, directory: true}
          - {to: "/etc/greet.d/{{name}}", file: plain}
        services:
          - {unit: greet}

        """
    static let template = """
        {{greeting}} {{pause_seconds}}{{#extra}} {{unused}}{{/extra}}
        {{#web}}{{name}}:{{port}} {{/web}}
        """
    static let inventory = """
        [web]
        n1 ansible_host=192.0.2.1 port=8080
        n2 ansible_host=192.0.2.2
        [web:vars]
        recipes = greet
        greeting = moin
        """

    func explain(_ path: String, on name: String = "n2") throws -> Explanation? {
        let recipes = try TemporaryRecipes([
            "greet/recipe.yaml": Self.recipe, "greet/templates/greet.conf": Self.template,
            "greet/files/plain": "plain",
        ])
        let catalog = try RecipeCatalog.load(recipes.folder)
        let (inventory, _) = Inventory.parse(Array(Self.inventory.utf8), file: "shelf.ini")
        let cluster = try #require(Cluster.resolve(inventory, knownVariables: catalog.variables).0)
        let nodes = try catalog.compile(cluster, runtime: Repository.runtime.filter { $0.key == "amd64" })
        let node = try #require(nodes.first { $0.node.name == name })
        guard
            var result = catalog.explain(path, on: node, cluster: cluster, inventory: inventory)
        else { return nil }
        func short(_ text: String) -> String {
            text.replacingOccurrences(of: recipes.folder + "/", with: "")
        }
        result.recipeFile = short(result.recipeFile)
        result.source = result.source.map { short($0) }
        result.values = result.values.map { value in
            var value = value
            switch value.source {
            case .preset(let file, let line): value.source = .preset(file: short(file), line: line)
            case .unset(let file, let line): value.source = .unset(file: short(file), line: line)
            case .inventory, .computed: break
            }
            return value
        }
        return result
    }

    @Test("a file's recipe, template, line, mode and owner are named")
    func place() throws {
        let explanation = try #require(try explain("/etc/greet.conf"))
        #expect(explanation.recipe == "greet")
        #expect(explanation.recipeFile == "greet/recipe.yaml")
        #expect(explanation.line == 13)
        #expect(explanation.source == "greet/templates/greet.conf")
        #expect(explanation.isTemplate)
        #expect(explanation.file.mode == 0o600)
        #expect(explanation.file.restart == ["greet.service"])
        #expect(explanation.assigned == .inventory(file: "shelf.ini", line: 5))
    }

    @Test("every value that was looked up is named with its origin, and no other")
    func values() throws {
        let explanation = try #require(try explain("/etc/greet.conf"))
        let yaml = "greet/recipe.yaml"
        func value(_ node: String, _ name: String, _ text: String?, _ source: Explanation.Source)
            -> Explanation.Value
        { .init(used: UsedValue(node: node, name: name, value: text), source: source) }
        #expect(
            explanation.values == [
                value("n2", "lab", "false", .computed("the inventory does not say lab")),
                value("n2", "greeting", "moin", .inventory(file: "shelf.ini", line: 6)),
                value("n2", "pause_seconds", "2", .preset(file: yaml, line: 9)),
                value("n2", "extra", nil, .unset(file: yaml, line: 10)),
                value("n2", "web", "n1 n2", .inventory(file: "shelf.ini", line: 1)),
                value("n1", "name", "n1", .inventory(file: "shelf.ini", line: 2)),
                value("n1", "port", "8080", .inventory(file: "shelf.ini", line: 2)),
                value("n2", "name", "n2", .inventory(file: "shelf.ini", line: 3)),
                value("n2", "port", "80", .preset(file: yaml, line: 8)),
            ])
    }

    @Test("recipes beside the inventory's folder are named without a detour")
    func folder() throws {
        let files = try TemporaryRecipes(["inventory/a.ini": "", "recipes/x": ""])
        #expect(
            RecipeCatalog.folder(forInventory: "\(files.folder)/inventory/a.ini") == "\(files.folder)/recipes"
        )
        #expect(
            RecipeCatalog.folder(forInventory: "\(files.folder)/inventory/../inventory/a.ini")
                == "\(files.folder)/inventory/../recipes")
        #expect(RecipeCatalog.folder(forInventory: "\(files.folder)/a/a.ini") == "\(files.folder)/recipes")
    }

    @Test("a default is where the word default stands, not where the variable begins")
    func defaultLine() throws {
        let recipes = try TemporaryRecipes([
            "greet/recipe.yaml": Self.recipe, "greet/templates/greet.conf": "x",
        ])
        let (recipe, _) = RecipeReader.read("\(recipes.folder)/greet")
        #expect(recipe.variables.first { $0.name == "greeting" }?.presetLine == 7)
    }

    @Test("a path that is made of a name is explained by it; a plain file's text is of no value")
    func pathFromName() throws {
        let explanation = try #require(try explain("/etc/greet.d/n1", on: "n1"))
        #expect(explanation.values.map(\.used.name) == ["name"])
        #expect(!explanation.isTemplate)
        #expect(try explain("/etc/greet.d")?.values == [])
    }

    @Test("a path that nobody decides about has no explanation")
    func unmanaged() throws { #expect(try explain("/etc/greet.d/n1", on: "n2") == nil) }

    @Test(
        "the nearest managed path is the one spelt alike, else the one with the longest common beginning",
        arguments: [
            ("/etc/pinode/proxi.cfg", "/etc/pinode/proxy.cfg"),
            ("/etc/apache2/mods-enabled/remoteip.conf", "/etc/apache2/ports.conf"),
            ("/usr/share/doc/something/else", "/etc/apache2/ports.conf"),
        ])
    func nearest(path: String, expected: String) {
        let managed = ["/etc/apache2/ports.conf", "/etc/pinode", "/etc/pinode/proxy.cfg"]
        #expect(nearestPath(to: path, among: managed) == expected)
        #expect(nearestPath(to: path, among: []) == nil)
    }
}
