import ArgumentParser
import Deployment
import Events
import Foundation
import SSH

struct DeployCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy", abstract: "Makes the nodes what inventory and recipes say.",
        discussion: """
            Shows the plan and asks, then goes from node to node: edge nodes after the others, the holder of the
            virtual address last. Each node must pass its recipes' checks before the next is touched.
            The first node that fails gets its release from before again, and the run ends there.
            Exit code 0 done or nothing to do, 1 failed before anything was touched, 6 failed and this node rolled
            back, 7 failed and left as it is; docs/deploy.md tells what to do then.

              pidep deploy inventory/lab.ini
              pidep deploy inventory/lab.ini --yes --limit nustler2
              pidep deploy inventory/lab.ini --yes --json
              pidep plan inventory/lab.ini --out today.plan && pidep deploy --plan today.plan
            """)

    @Argument(help: "The inventory file; a plan has its own.") var inventory: String?
    @OptionGroup var options: DeployOptions
    @Option(
        help: ArgumentHelp(
            "Carry out a plan that pidep plan --out made, without asking; stops if a node has changed since.",
            valueName: "file"))
    var plan: String?
    @Flag(help: "Do not ask.") var yes = false
    @Option(help: "How many seconds a node must stay healthy before the next one is touched (0 to 600).")
    var stayHealthy: Int = Int(Rollout.stabilityTime.components.seconds)

    func validate() throws {
        guard (inventory == nil) != (plan == nil) else {
            throw ValidationError("name the inventory, or a plan with --plan; a plan has its own inventory")
        }
        guard plan == nil || options.limit == nil else {
            throw ValidationError(
                "--limit was chosen when the plan was made: pidep plan INVENTORY --limit … --out FILE")
        }
        guard (0...600).contains(stayHealthy) else {
            throw ValidationError("--stay-healthy takes 0 to 600 seconds, not \(stayHealthy)")
        }
    }

    func run() throws {
        let planned = try plan.map { path in try sayFailures { try PlanFile.read(path) } }
        guard let inventory = planned?.inventory ?? inventory else { return }
        try enterLab(of: inventory)
        var deploying = options.deploying("deploy", inventory)
        deploying.use(planned)
        let outcome = deploying.deploy(stability: .seconds(stayHealthy)) { yes || DeployOptions.confirm() }
        guard outcome == .done else { throw ExitCode(outcome.rawValue) }
    }
}

extension DeployOptions {
    /// One question; without a terminal nothing is done.
    static func confirm() -> Bool {
        guard isatty(0) == 1, isatty(2) == 1 else {
            FileHandle.standardError.write(
                Data(
                    "Nothing was changed: there is no terminal to ask on. Add --yes to go on without.\n".utf8)
            )
            return false
        }
        return DeployOptions.ask("Carry this out?")
    }
}

/// What plan and deploy have in common.
struct DeployOptions: ParsableArguments {
    @Option(help: "Only these nodes: names, groups, a:b, a:!b, a:&b, wildcards.") var limit: String?
    @Flag(help: "Show which files change, without their lines.") var brief = false
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func deploying(_ command: String, _ inventory: String) -> Deploying {
        Deploying(
            command: command, inventory: inventory, limit: limit, colour: !json && Terminal.outputHasColour,
            brief: brief,
            sink: Renderer(.automatic(json: json)), trust: Self.trust)
    }

    /// All unknown keys at once, and one question.
    @Sendable static func trust(_ keys: [HostKey]) -> Bool {
        guard isatty(0) == 1, isatty(2) == 1 else { return false }
        let lines = keys.map { "  \($0.host)  \($0.algorithm) \($0.fingerprint)\n" }.joined()
        FileHandle.standardError.write(Data("These host keys are not known yet:\n\(lines)".utf8))
        return ask("Are they what the nodes themselves show, shall they be trusted?")
    }

    static func ask(_ question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
