import ArgumentParser
import CrossBuild
import Deployment
import Events
import Foundation

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "A line a node: how the cluster is.",
        discussion: """
            Who is reachable, who holds the virtual address, version, uptime, load, memory, disk, temperature, and
            what each proxy thinks of each server. Exit code 0 only if all is well; else every reason in a sentence.

              pidep status inventory/lab.ini
              pidep status inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        try enterLab(of: inventory)
        let cluster: LoadedCluster
        let root: PackageRoot
        do {
            cluster = try LoadedCluster(inventory)
            try cluster.requireLab()
            root = try PackageRoot.find()
        } catch {
            let sentence =
                (error as? LoadedCluster.Failure)?.sentence ?? (error as? BuildError)?.sentence ?? "\(error)"
            FileHandle.standardError.write(Data((sentence + "\n").utf8))
            throw ExitCode.failure
        }
        let status = ClusterStatus.ask(
            cluster.cluster, labFolder: "\(root.state)/lab/\(cluster.cluster.name)")
        print(json ? status.json.pretty : status.text(colour: Terminal.outputHasColour))
        guard status.problems.isEmpty else { throw ExitCode.failure }
    }
}
