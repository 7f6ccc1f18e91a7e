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
}
