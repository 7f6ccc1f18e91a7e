import Testing

@testable import Recipes

/// What recipes can say about all nodes that have them.
@Suite struct ClusterRecipeTests {
    private let recipe = [
        "a/recipe.yaml": """
        summary: x
        files:
          - {to: /etc/a, template: a}
          - {to: /etc/b.d/early, template: a, early: true}
        services: [{unit: a}, {unit: idle, running: false}]
        checks:
          - {console: control show health, contains: "ok: {{name}}", cluster: true}
        """,
        "a/templates/a":
            "{{#siblings}}{{number}}{{#is_founder}}!{{/is_founder}} {{/siblings}}{{#is_founder}}me{{/is_founder}}",
        "b/recipe.yaml": "summary: x\nvariables: {e: {kind: choice, choices: [y, z], default: y, about: x}}\n"
            + "needs: [{recipe: a, when: {e: y}}]\n",
    ]

    private func nodes(_ count: Int, _ variables: String = "recipes = a") throws -> ([CompiledNode], [String])
    {
        let hosts = (1...count).map { "n\($0) ansible_host=192.0.2.\($0)\n" }.joined()
        return try TemporaryRecipes(recipe).compile(
            "[other]\nx ansible_host=192.0.2.99\n[web]\n\(hosts)[web:vars]\n\(variables)\n")
    }

    @Test(
        "numbers are places in the inventory, and 1, 3 or 5 nodes found a cluster",
        arguments: [
            (1, "2! me"), (2, "2! 3 me"), (3, "2! 3! 4! me"), (6, "2! 3! 4! 5 6 7 me"),
            (7, "2! 3! 4! 5! 6! 7 8 me"),
        ])
    func founders(count: Int, expected: String) throws {
        let (nodes, problems) = try nodes(count)
        #expect(problems == [])
        #expect(nodes[1].text("/etc/a") == expected)
        #expect(nodes[count].text("/etc/a")?.hasSuffix("me") == (count == 1 || count == 3))
    }

    @Test("a console's question belongs to its node, and to the units that run together")
    func console() throws {
        let check = try #require(try nodes(2).0[1].checks.first)
        #expect(check.console == .init(node: "n1", role: "control", command: "show health"))
        #expect(check.contains == "ok: n1")
        #expect(check.together == ["a.service"])
    }

    @Test("what packages read is marked, and only that")
    func early() throws {
        let files = try nodes(1).0[1].manifest.files
        #expect(files.map(\.isEarly) == [false, true])
    }

    @Test("a recipe that another one needs must be there, when it is needed")
    func needs() throws {
        #expect(
            try nodes(1, "recipes = b").1 == [
                "shelf.ini:6: n1 has the recipe b, which needs a beside it. Add a to its recipes."
            ])
        #expect(try nodes(1, "recipes = b\ne = z").1 == [])
        #expect(try nodes(1, "recipes = b a").1 == [])
    }

    @Test(
        "a request of no sort, of both sorts, and an early file of somebody else's are told",
        arguments: [
            ("checks: [{contains: x}]", "a check must have one of http and console"),
            ("checks: [{console: control}]", "a check must have one of http and console"),
            (
                "checks: [{console: control x, http: \"http://x/\"}]",
                "a check must have one of http and console"
            ),
            (
                "files: [{to: /x, directory: true, early: true, owner: web}]",
                "a file that is early has another owner"
            ),
            ("needs: [c]", "there is no recipe \"c\""),
        ])
    func errors(text: String, expected: String) throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\n\(text)\n"])
        #expect(recipes.problems().contains { $0.contains(expected) }, "\(recipes.problems())")
    }
}
