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
              pidep status inventory/lab.ini --watch
              pidep status inventory/lab.ini --json
            """)

    @Argument(help: "The inventory file.") var inventory: String
    @Flag(help: "Go on and redraw every two seconds, until Ctrl-C.") var watch = false
    @Flag(help: "Print one JSON document; with --watch one a line.") var json = false

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
        let questions = StatusQuestions(
            cluster.cluster, labFolder: "\(root.state)/lab/\(cluster.cluster.name)")
        guard !watch else { return try follow(questions) }
        let status = questions.ask()
        print(json ? status.json.pretty : status.text(colour: Terminal.outputHasColour))
        guard status.problems.isEmpty else { throw ExitCode.failure }
    }

    /// How long a screen stands.
    private static let pause: Duration = .seconds(2)

    private func follow(_ questions: StatusQuestions) throws {
        let interruption = Interruption.onSignals()
        while !interruption.isRequested {
            let status = questions.ask()
            if json {
                print(status.json.compact)
            } else {
                // Home and clear: one screen, redrawn; a file gets one after the other.
                let clear = isatty(1) == 1 ? "\u{1B}[H\u{1B}[2J" : ""
                let clock = DateFormatter()
                clock.dateFormat = "HH:mm:ss"
                let time = clock.string(from: Date())
                print("\(clear)\(time), every \(Self.pause.components.seconds) s until Ctrl-C")
                print(status.text(colour: Terminal.outputHasColour))
            }
            fflush(nil)
            let end = ContinuousClock.now + Self.pause
            while ContinuousClock.now < end, !interruption.isRequested { usleep(50_000) }
        }
        throw ExitCode(130)
    }
}
