import Testing

@testable import Recipes

/// Variables that differ in the end of their names, and what recipes make of them.
@Suite struct FamilyTests {
    private let recipes: TemporaryRecipes

    init() throws {
        recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            variables:
              roles: {kind: list, default: "", about: who}
              password_*: {kind: secret, of: roles, about: of a role}
              color_*: {kind: text, of: roles, optional: true, about: of a role}
              parameter_*: {kind: text, keys: parameters, default: {fsync: "on", work_mem: 4MB}, about: of the server}
            files:
              - {to: /etc/a.conf, template: a.conf}
              - {to: "/etc/a/{{key}}", template: password, mode: "0600", each: password}
            """,
            "a/parameters": "# known\nfsync\nwork_mem\nshared_buffers\nport the role decides about it\n",
            "a/templates/a.conf":
                "{{#parameter}}{{key}}={{value}} {{/parameter}}|{{#password}}{{key}} {{/password}}|\\\n"
                + "{{#color}}{{key}}={{value}}{{/color}}",
            "a/templates/password": "{{key}} of {{name}}: {{value}}",
        ])
    }

    private func compile(_ variables: String) throws -> ([CompiledNode], [String]) {
        try recipes.compile("[web]\nn1 ansible_host=192.0.2.1\n[web:vars]\nrecipes = a\n\(variables)\n")
    }

    @Test("the inventory's come before the recipe's own, sorted, and two underscores are a dot")
    func defaults() throws {
        let (nodes, problems) = try compile("parameter_work_mem = 8MB\nparameter_pg_x__y = 1")
        #expect(problems == [])
        #expect(nodes[0].text("/etc/a.conf")?.hasPrefix("fsync=on pg_x.y=1 work_mem=8MB |") == true)
    }

    @Test("a file for each, and those of a list are in the list's order")
    func each() throws {
        let (nodes, problems) = try compile(
            "roles = b a\npassword_a = secret:command:echo secret-a\npassword_b = secret:command:echo secret-b\ncolor_b = red"
        )
        #expect(problems == [])
        #expect(nodes[0].text("/etc/a/a") == "a of n1: <secret password_a>")
        #expect(nodes[0].text("/etc/a/b") == "b of n1: <secret password_b>")
        #expect(nodes[0].text("/etc/a.conf")?.contains("|b a |") == true)
        #expect(nodes[0].text("/etc/a.conf")?.hasSuffix("b=red") == true)
        #expect(
            nodes[0].used["/etc/a/a"]?.contains(
                .init(node: "n1", name: "password_a", value: "<secret password_a>")) == true)
    }

    @Test(
        "what does not belong there is told with its line",
        arguments: [
            (
                "parameter_wrok_mem = 1",
                "shelf.ini:5: parameter_wrok_mem: there is no \"wrok_mem\". Did you mean parameter_work_mem?"
            ),
            (
                "parameter_port = 1",
                "shelf.ini:5: parameter_port cannot be set: the role decides about it. Delete it."
            ),
            ("roles = a", "shelf.ini:5: roles has \"a\", and there is no password_a (of a role)."),
            (
                "password_x = secret:env:X",
                "shelf.ini:5: password_x: \"x\" is no word of roles. Add it to roles"
            ),
            (
                "roles = a\npassword_a = hunter2",
                "shelf.ini:6: password_a is a secret and stands here in clear."
            ),
            (
                "parametre_fsync = on",
                "shelf.ini:5: \"parametre_fsync\" is not a variable that pidep or a recipe knows."
            ),
        ])
    func errors(variables: String, expected: String) throws {
        let (_, problems) = try compile(variables)
        #expect(problems.contains { $0.hasPrefix(expected) }, "\(problems)")
    }

    @Test(
        "a recipe whose words do not fit a family is told so",
        arguments: [
            (
                "a: {kind: text, about: x, default: y, of: b}",
                "a is one variable, and of and keys belong to a family"
            ),
            ("a_*: {kind: text, about: x, of: b}", "\"b\" is no variable of the kind list"),
            ("a_*: {kind: text, about: x, keys: nowhere}", "there is no file a/nowhere"),
            (
                "a_*: {kind: text, about: x, optional: true}",
                "a_* is a family and has a default or is optional"
            ),
            ("a_*: {kind: port, about: x, default: {b: c}}", "the default of a_b is \"c\""),
            ("a: {kind: text, about: x, default: {b: c}}", "default must be text"),
        ])
    func recipeErrors(variable: String, expected: String) throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\nvariables:\n  \(variable)\n"])
        #expect(recipes.problems().contains { $0.contains(expected) }, "\(recipes.problems())")
    }

    @Test("each must name a family")
    func noFamily() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml":
                "summary: x\nvariables: {b_*: {kind: text, about: x}}\nfiles: [{to: /x, directory: true, each: c}]\n"
        ])
        #expect(
            recipes.problems() == [
                "a/recipe.yaml:3: \"c\" is no family of variables. Did you mean \"b\"?"
            ])
    }
}
