import Foundation
import Inventory
import Recipes
import Testing

@testable import Deployment

/// Over the project's own lab inventory and recipes, which are there wherever the tests run.
@Suite struct ExplainingTests {
    let explaining: Explaining

    init() throws {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardizedFileURL
            .path
        explaining = Explaining(try LoadedCluster("\(root)/inventory/lab.ini"))
    }

    func failure(_ place: String) throws -> String {
        try #require(throws: DeploymentFailure.self) { try explaining.explain(place) }.sentence
    }

    @Test("the text names recipe, template, owner and what is restarted, and what nodes have alike once")
    func text() throws {
        let text = try explaining.explain("nustler3:/etc/pinode/proxy.cfg").text(colour: false)
        #expect(text.hasPrefix("nustler3:/etc/pinode/proxy.cfg\n"))
        #expect(text.contains("recipes/proxy/templates/proxy.cfg\n"))
        #expect(text.contains("  on change    reloads pinode-proxy.service\n"))
        #expect(text.contains("  owner        root:root, mode 0644\n"))
        let ports = text.split(separator: "\n").filter { $0.contains("  http_port ") }
        #expect(ports.count == 1)
        #expect(ports.first?.hasSuffix("of nustler1 nustler2 nustler3 nustler4") == true)
        #expect(ports.first?.contains("recipes/apache/recipe.yaml:5 (the recipe's default)") == true)
    }

    @Test("the document has every value with the kind, file and line of its origin")
    func json() throws {
        let document = try explaining.explain("nustler4:/etc/pinode/proxy.cfg").json
        let port = document["values"]?.elements?.first { $0["name"]?.text == "stats_port" }
        #expect(port?["value"]?.text == "1935")
        #expect(port?["from"]?["kind"]?.text == "inventory")
        #expect(port?["from"]?["line"]?.integer == 12)
        #expect(document["reload"]?.elements?.compactMap(\.text) == ["pinode-proxy.service"])
    }

    @Test("an unmanaged path is a sentence with the nearest one")
    func unmanaged() throws {
        #expect(
            try failure("nustler1:/etc/apache2/port.conf")
                == "no recipe of nustler1 decides about /etc/apache2/port.conf. "
                + "The nearest path that one decides about is /etc/apache2/ports.conf")
    }

    @Test("a path that other nodes have is a sentence with their names")
    func elsewhere() throws {
        #expect(
            try failure("nustler1:/etc/pinode/proxy.cfg")
                == "no recipe of nustler1 decides about /etc/pinode/proxy.cfg; "
                + "the recipe proxy does, which nustler3, nustler4 have")
    }

    @Test("a misspelt node, and what is no place at all, are sentences")
    func nonsense() throws {
        #expect(
            try failure("nustler9:/etc").hasSuffix("has no node \"nustler9\". Did you mean \"nustler1\"?"))
        for place in ["nustler1", "nustler1:etc", ":/etc", "/etc:x"] {
            #expect(try failure(place).contains("is no path on a node"))
        }
    }
}
