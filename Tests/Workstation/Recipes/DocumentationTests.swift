import Foundation
import Testing

@testable import Recipes

/// The documentation and the code know the same words.
@Suite struct DocumentationTests {
    private let text: String

    init() throws { text = try String(contentsOfFile: Repository.path("docs/recipes.md"), encoding: .utf8) }

    @Test("docs/recipes.md explains every word of recipe.yaml", arguments: RecipeReader.words.keys.sorted())
    func words(place: String) throws {
        for word in try #require(RecipeReader.words[place]) {
            #expect(text.contains("`\(word)`") || text.contains("`\(word): true`"), "\(place): \(word)")
        }
    }

    @Test("docs/recipes.md explains every fact of a template", arguments: TemplateFacts.names)
    func facts(name: String) { #expect(text.contains("`\(name)`")) }

    @Test("docs/recipes.md lists every recipe and every variable")
    func recipes() throws {
        let catalog = try RecipeCatalog.load(Repository.path("recipes"))
        for (name, _) in catalog.summaries { #expect(text.contains("| `\(name)` |"), "\(name)") }
        for variable in catalog.variables { #expect(text.contains("`\(variable)`"), "\(variable)") }
    }

    /// The annotated recipe of docs/recipes.md.
    private func example() throws -> String {
        let begin = try #require(text.range(of: "```yaml\n# recipes/everything/recipe.yaml\n"))
        let end = try #require(text[begin.upperBound...].range(of: "\n```"))
        return String(text[begin.upperBound..<end.lowerBound])
    }

    @Test("the annotated recipe of docs/recipes.md can be loaded and compiled")
    func exampleLoads() throws {
        let recipes = try TemporaryRecipes([
            "everything/recipe.yaml": try example(), "apache/recipe.yaml": "summary: x",
            "everything/templates/main.conf":
                "{{every_text}} {{every_time_seconds}}{{#every_list}} {{.}}{{/every_list}}{{#web}}{{name}}{{/web}}",
            "everything/templates/proxy.cfg": """
            defaults
                mode http
                timeout connect {{every_time}}
                timeout client 1s
                timeout server 1s
            frontend f
                bind {{host}}:{{every_port}}
            """,
            "everything/files/raw": "raw", "everything/options": "colour\n",
            "everything/templates/option": "{{value}}",
            "everything/files/everything.service": "[Service]\nExecStart=/bin/true\n",
        ])
        #expect(recipes.problems() == [])
        let (nodes, problems) = try recipes.compile(
            "[web]\nn1 ansible_host=192.0.2.1\n[web:vars]\nrecipes = everything\n")
        #expect(problems == [])
        #expect(nodes.first?.text("/etc/everything/main.conf") == "hello 5 a bn1")
    }

    @Test("the annotated recipe shows every word", arguments: RecipeReader.words.keys.sorted())
    func exampleIsComplete(place: String) throws {
        let example = try example()
        for word in try #require(RecipeReader.words[place]) {
            #expect(example.contains("\(word):"), "\(place): \(word)")
        }
    }

    @Test(
        "the annotated recipe shows every kind of variable",
        arguments: [
            "text", "integer", "boolean", "duration", "port", "address", "network", "size", "list", "choice",
            "secret",
        ])
    func exampleKinds(kind: String) throws { #expect(try example().contains("kind: \(kind),")) }
}
