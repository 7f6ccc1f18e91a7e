import Diagnostics
import Testing

@testable import Recipes

/// What somebody who writes a recipe is told.
@Suite struct RecipeErrorsTests {
    @Test(
        "a word, kind or value that means nothing is an error with its line and the nearest word",
        arguments: [
            ("package: [nginx]\n", 2, "\"package\" is not a word of a recipe. Did you mean \"packages\"?"),
            (
                "variables:\n  port: {kind: prot, default: 80, about: x}\n", 3,
                "\"prot\" is not a kind of value. Did you mean \"port\"?"
            ),
            (
                "variables:\n  a: {kind: port, default: 99999, about: x}\n", 3,
                "the default of a is \"99999\". Write a port, a whole number from 1 to 65535."
            ),
            (
                "variables:\n  a: {kind: text, defualt: x, about: x}\n", 3,
                "\"defualt\" is not a word of a variable. Did you mean \"default\"?"
            ),
            (
                "variables:\n  vip: {kind: text, default: x, about: x}\n", 3,
                "\"vip\" is a fact that every template has. Give the variable another name."
            ),
            (
                "packages: [Apache2]\n", 2,
                "\"Apache2\" is not a Debian package's name. As in apache2 or php-pgsql."
            ),
            ("packages: apache2\n", 2, "packages must be a list. Write [a, b], or a line \"- a\" for each."),
            (
                "files:\n  - {to: etc/x, absent: true}\n", 3,
                "\"etc/x\" cannot be a file's path: it is not absolute."
            ),
            (
                "files:\n  - {to: /etc/../x, absent: true}\n", 3,
                "\"/etc/../x\" cannot be a file's path: it contains \"..\"."
            ),
            (
                "files:\n  - {to: /etc/x, absent: true, directory: true}\n", 3,
                "a file must have one of template, file, directory, link, absent, and this has directory and absent."
                    + " docs/recipes.md explains each."
            ),
            (
                "files:\n  - {to: /etc/x, directory: true, mode: \"0888\"}\n", 3,
                "the mode is \"0888\". Write octal digits in quotes, as in \"0644\"."
            ),
            (
                "files:\n  - {to: /x, directory: true, owner: Root}\n", 3,
                "the owner is \"Root\". Write a name, as in root or www-data."
            ),
            (
                "files:\n  - {to: /x, file: missing}\n", 3,
                "there is no file a/files/missing. Names are relative to the recipe's folder files."
            ),
            (
                "files:\n  - {to: /x, file: ../recipe.yaml}\n", 3,
                "there is no file a/files/../recipe.yaml. Names are relative to the recipe's folder files."
            ),
            (
                "files:\n  - {to: /x, directory: true, language: haproxi}\n", 3,
                "\"haproxi\" is not a configuration language that pidep can check. Did you mean \"haproxy\"?"
            ),
            (
                "services:\n  - {unit: a, enabled: maybe}\n", 3,
                "enabled is \"maybe\". Write true or false (yes, no, on, off, 1 and 0 are the same)."
            ),
            (
                "checks:\n  - {http: \"http://{{adress}}/\"}\n", 3,
                "\"adress\" is neither a variable of a recipe, nor a group that this recipe names, nor a fact."
                    + " Did you mean \"address\"?"
            ),
            (
                "checks:\n  - {http: \"http://{{address}}/\", within: 5}\n", 3,
                "within is \"5\". Write a time with its unit, as in 250us, 100ms, 5s, 2m, 1h or 1d."
            ),
            (
                "packages:\n  - {name: nginx, when: {labb: true}}\n", 3,
                "\"labb\" is neither a variable of a recipe nor a fact. Did you mean \"lab\"?"
            ),
            ("after: [nginx]\n", 2, "there is no recipe \"nginx\". The recipes are a."),
            ("after: [a]\n", 2, "a comes after a, which comes after a. Delete one of the two."),
            ("files: [\n", 3, "this is not YAML: did not find expected node content."),
            ("summary: y\n", 1, "\"summary\" stands more than once in one mapping. Merge the two."),
        ])
    func words(yaml: String, line: Int, sentence: String) throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\n" + yaml])
        #expect(recipes.problems() == ["a/recipe.yaml:\(line): \(sentence)"])
    }

    @Test("all that is wrong comes at once, in the order of the lines")
    func all() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\nafer: [b]\npackages: [X]\nservices: [{}]\n"
        ])
        #expect(recipes.problems().map { String($0.prefix(17)) } == (2...4).map { "a/recipe.yaml:\($0): " })
    }

    @Test("a template's mistakes are told with the template's own line")
    func templates() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\nfiles:\n  - {to: /x, template: t}\n",
            "a/templates/t": "one\ntwo {{adress}}\n",
        ])
        #expect(
            recipes.problems() == [
                "a/templates/t:2: \"adress\" is neither a variable of a recipe, nor a group that this recipe names,"
                    + " nor a fact. Did you mean \"address\"?"
            ])
    }

    @Test("two recipes may share a variable only when they mean the same")
    func sharedVariables() throws {
        func recipe(_ preset: String) -> String {
            "summary: x\nvariables:\n  port: {kind: port, default: \(preset), about: x}\n"
        }
        let same = try TemporaryRecipes(["a/recipe.yaml": recipe("80"), "b/recipe.yaml": recipe("80")])
        #expect(same.problems() == [])
        let other = try TemporaryRecipes(["a/recipe.yaml": recipe("80"), "b/recipe.yaml": recipe("81")])
        #expect(
            other.problems() == [
                "b/recipe.yaml:3: port is another variable in a/recipe.yaml:3. Give both the same kind and"
                    + " default, or one of them another name."
            ])
    }

    @Test("a folder that is not there is an error with advice")
    func noFolder() {
        #expect(throws: RecipeFailure.self) { try RecipeCatalog.load("/nonexistent/recipes") }
    }
}
