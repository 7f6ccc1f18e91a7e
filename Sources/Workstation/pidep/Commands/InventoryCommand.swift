import ArgumentParser
import Diagnostics
import Events
import Foundation
import Inventory
import Recipes

struct InventoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inventory", abstract: "Checks and lists inventory files.",
        discussion: """
            An inventory names the nodes of a cluster in Ansible's INI conventions; docs/inventory.md tells all.

              pidep inventory check inventory/lab.ini
              pidep inventory list inventory/lab.ini
              pidep inventory list inventory/lab.ini --json
            """,
        subcommands: [Check.self, List.self])

    struct Source: ParsableArguments {
        @Argument(help: "The inventory file.") var file: String
        @Option(help: "The folder of recipes (default: recipes, beside the inventory's folder).")
        var recipes: String?

        /// Reads it all; what is wrong goes to standard error.
        func read() -> InventoryCheck {
            let check = InventoryCheck(file, recipes: recipes)
            let text = check.diagnostics.map { $0.sentence + "\n" }.joined()
            FileHandle.standardError.write(Data(text.utf8))
            return check
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says all that is wrong with an inventory, sorted by line.",
            discussion: """
                Reads the recipes that it names, too, renders every configuration and reads it as the node would.
                Exit code 0 when the inventory can be used (warnings do not count), 1 when it cannot.

                  pidep inventory check inventory/lab.ini
                """)

        @OptionGroup var source: Source

        func run() throws {
            guard let cluster = source.read().cluster else { throw ExitCode.failure }
            print(cluster.summary)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an inventory resolved: groups, hosts, and where every value comes from.",
            discussion: """
                Prints what resolves even where `check` complains, so that any Ansible inventory can be looked at;
                the complaints go to standard error. With --json in the shape of `ansible-inventory --list`, with
                _meta.origins added. Exit code 1 only when there is nothing to show.

                  pidep inventory list inventory/lab.ini
                  pidep inventory list inventory/lab.ini --json | jq ._meta.origins.nustler3
                """)

        @OptionGroup var source: Source
        @Flag(help: "Print one JSON document.") var json = false

        func run() throws {
            let inventory = source.read().inventory
            guard !inventory.groups.isEmpty else { throw ExitCode.failure }
            print(
                json ? inventory.json.pretty : inventory.text(colour: Terminal.outputHasColour),
                terminator: "")
        }
    }
}
