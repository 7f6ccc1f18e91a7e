import ArgumentParser
import Deployment
import Events
import Foundation

struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Says why a file of a node is as it is.",
        discussion: """
            Which recipe decides about it, from which template, every value that went into it and where that value
            comes from, and what is restarted when it changes. Reads inventory and recipes, asks no node.
            Exit code 1, and the nearest managed path, where no recipe decides about the path.

              pidep explain inventory/lab.ini nustler3:/etc/pinode/proxy.cfg
              pidep explain inventory/lab.ini nustler1:/etc/apache2/ports.conf --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Argument(help: ArgumentHelp("A node and an absolute path on it.", valueName: "node:/path")) var place:
        String
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        try sayFailures {
            let explanation = try Explaining(LoadedCluster(inventory)).explain(place)
            print(json ? explanation.json.pretty : explanation.text(colour: Terminal.outputHasColour))
        }
    }
}

/// Runs the body; what fails is said on standard error, and is exit code 1.
func sayFailures<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch {
        let sentence =
            (error as? DeploymentFailure)?.sentence ?? (error as? LoadedCluster.Failure)?.sentence
        guard let sentence else { throw error }
        FileHandle.standardError.write(Data((Redaction.apply(sentence) + "\n").utf8))
        throw ExitCode.failure
    }
}
