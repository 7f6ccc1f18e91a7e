import ArgumentParser
import CrossBuild
import Deployment
import Events
import Foundation

struct SmokeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smoke", abstract: "Asks every service once.",
        discussion: """
            What the recipes check, on each node and on the virtual address: every page, every statistics page, and
            which node answered. Under 10 seconds; exit code 0, or 1 with a sentence a failure.

              pidep smoke inventory/lab.ini
              pidep smoke inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        do {
            let loaded = try LoadedCluster(inventory)
            try loaded.requireLab()
            let smoke = Smoke(
                cluster: loaded.cluster, nodes: try loaded.withoutRuntime(),
                labFolder: "\(try PackageRoot.find().state)/lab/\(loaded.cluster.name)")
            guard smoke.run(Renderer(.automatic(json: json))) else { throw ExitCode.failure }
        } catch {
            let sentence = (error as? LoadedCluster.Failure)?.sentence ?? (error as? BuildError)?.sentence
            guard let sentence else { throw error }
            FileHandle.standardError.write(Data((sentence + "\n").utf8))
            throw ExitCode.failure
        }
    }
}
