import Foundation
import Inventory
import Manifest
import Testing

@testable import Recipes

@Suite struct SecretCompilerTests {
    private let inventory = """
        [web]
        n1 ansible_host=192.0.2.1
        [web:vars]
        recipes = a
        password = secret:command:echo "correct horse"
        """

    private func recipe(_ files: String, checks: String = "[]") -> [String: String] {
        [
            "a/recipe.yaml": """
            summary: x
            variables: {password: {kind: secret, about: y}}
            files: [\(files)]
            checks: \(checks)
            """,
            "a/templates/t": "user=web\npassword={{password}}\n",
        ]
    }

    @Test("a file has the secret, what is shown of it has not")
    func revealed() throws {
        let recipes = try TemporaryRecipes(recipe(#"{to: /etc/a, template: t, mode: "0640"}"#))
        let catalog = try RecipeCatalog.load(recipes.folder)
        let (parsed, _) = Inventory.parse(Array(inventory.utf8), file: "shelf.ini")
        let cluster = try #require(Cluster.resolve(parsed, knownVariables: catalog.variables).0)
        let runtime = ["amd64": Manifest.Runtime(version: "1", digest: .init(of: []), size: 0)]
        let secrets = try SecretStore.load(cluster)
        let node = try #require(try catalog.compile(cluster, runtime: runtime, secrets: secrets).first)
        #expect(node.text("/etc/a") == "user=web\npassword=correct horse\n")
        #expect(Array(node.redacted.values) == ["user=web\npassword=<secret password>\n"])
        #expect(node.used["/etc/a"]?.map(\.value) == ["<secret password>"])
        let shown = try #require(try catalog.compile(cluster, runtime: runtime).first)
        #expect(shown.text("/etc/a") == "user=web\npassword=<secret password>\n")
    }

    @Test("a secret with a quote is one in a list of users, too")
    func quoted() throws {
        var files = recipe(#"{to: /etc/a, template: t, mode: "0600", language: userlist}"#)
        files["a/templates/t"] = #""web" "{{password}}""# + "\n"
        let recipes = try TemporaryRecipes(files)
        let catalog = try RecipeCatalog.load(recipes.folder)
        let text = inventory.replacing(#"echo "correct horse""#, with: #"echo 'my "correct" horse'"#)
        let (parsed, _) = Inventory.parse(Array(text.utf8), file: "shelf.ini")
        let cluster = try #require(Cluster.resolve(parsed, knownVariables: catalog.variables).0)
        let runtime = ["amd64": Manifest.Runtime(version: "1", digest: .init(of: []), size: 0)]
        let node = try #require(
            try catalog.compile(cluster, runtime: runtime, secrets: SecretStore.load(cluster)).first)
        #expect(node.text("/etc/a") == "\"web\" \"my \"\"correct\"\" horse\"\n")
        #expect(Array(node.redacted.values) == ["\"web\" \"<secret password>\"\n"])
    }

    @Test(
        "a secret stands in files of private modes and nowhere else",
        arguments: [
            (#"{to: /etc/a, template: t}"#, "[]", "/etc/a holds the secret password, and its mode is 0644"),
            (#"{to: /etc/a, template: t, mode: "0660"}"#, "[]", "its mode is 0660"),
            (#"{to: "/etc/{{password}}", directory: true}"#, "[]", "the secret password stands in a path"),
            (#"{to: /etc/l, link: "{{password}}"}"#, "[]", "the secret password stands in a link"),
            ("", #"[{http: "http://{{address}}/{{password}}"}]"#, "the secret password stands in a check"),
            (
                "", #"[{http: "http://{{address}}/", contains: "{{password}}"}]"#,
                "the secret password stands in a check"
            ),
        ])
    func refused(files: String, checks: String, expected: String) throws {
        let recipes = try TemporaryRecipes(recipe(files, checks: checks))
        let (_, problems) = try recipes.compile(inventory)
        #expect(problems.contains { $0.contains(expected) }, "\(problems)")
        #expect(!"\(problems)".contains("horse"))
    }

    @Test("a secret has no default, and is not written in clear")
    func clear() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\nvariables: {password: {kind: secret, about: y, default: hunter2}}\n"
        ])
        #expect(throws: RecipeFailure.self) { try RecipeCatalog.load(recipes.folder) }
        let good = try TemporaryRecipes(recipe(""))
        let text = inventory.replacing("secret:command:echo \"correct horse\"", with: "hunter2")
        let (_, problems) = try good.compile(text)
        #expect(problems.contains { $0.contains("stands here in clear") }, "\(problems)")
        #expect(!"\(problems)".contains("hunter2"))
    }
}
