import ArgumentParser
import Diagnostics
import Events
import Foundation
import Inventory

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

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says all that is wrong with an inventory, sorted by line.",
            discussion: """
                Exit code 0 when the inventory can be used (warnings do not count), 1 when it cannot.

                  pidep inventory check inventory/lab.ini
                """)

        @Argument(help: "The inventory file.") var file: String

        func run() throws {
            let (inventory, syntax) = Inventory.load(file)
            let (cluster, more) = Cluster.resolve(inventory, knownVariables: nil)
            let diagnostics = (syntax + more).sortedByLine
            write(diagnostics)
            guard let cluster, !diagnostics.containErrors else { throw ExitCode.failure }
            print(cluster.summary)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an inventory resolved: groups, hosts, and where every value comes from.",
            discussion: """
                Prints what resolves even where `check` complains, so that any Ansible inventory can be looked at;
                the complaints go to standard error. With --json in the shape of `ansible-inventory --list`, with
                _meta.origins added.

                  pidep inventory list inventory/lab.ini
                  pidep inventory list inventory/lab.ini --json | jq ._meta.origins.nustler3
                """)

        @Argument(help: "The inventory file.") var file: String
        @Flag(help: "Print one JSON document.") var json = false

        func run() throws {
            let (inventory, diagnostics) = Inventory.load(file)
            write(diagnostics)
            let unreadable = inventory.groups.isEmpty
            guard !unreadable else { throw ExitCode.failure }
            print(
                json ? inventory.json.pretty : inventory.text(colour: Terminal.outputHasColour),
                terminator: "")
        }
    }
}

private func write(_ diagnostics: [Diagnostic]) {
    let text = diagnostics.map { $0.sentence + "\n" }.joined()
    FileHandle.standardError.write(Data(text.utf8))
}
