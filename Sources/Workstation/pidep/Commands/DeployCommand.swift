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
            The first node that fails gets its release from before again, and the run ends there. Ctrl-C brings the
            node in hand to its end, then stops.
            Exit code 0 done or nothing to do, 1 failed before anything was touched, 6 failed and this node rolled
            back, 7 failed and left as it is, 130 interrupted; docs/deploy.md tells what to do then.

              pidep deploy inventory/lab.ini
              pidep deploy inventory/lab.ini --yes --limit nustler2
              pidep deploy inventory/lab.ini --batch 25% --message "new certificates"
              pidep deploy inventory/lab.ini --resume
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

    @Option(
        help: "How many nodes at a time: a number, or a share as 25%. At most half of those that do the same."
    )
    var batch = "1"
    @Option(
        help:
            "After a change that may cut a node off: it undoes it unless confirmed so many seconds later (10 to 600)."
    )
    var confirmWithin = 60
    @Flag(help: "Only the nodes that the last deploy of this inventory failed at or did not reach.")
    var resume = false
    @Option(help: "Why, for the nodes' history and for whoever meets the lock.") var message = ""

    func validate() throws {
        guard Batch(batch) != nil else {
            throw ValidationError(
                "--batch takes a number from 1 or a share from 1% to 100%, not \"\(batch)\"")
        }
        guard (10...600).contains(confirmWithin) else {
            throw ValidationError("--confirm-within takes 10 to 600 seconds, not \(confirmWithin)")
        }
        guard !resume || (options.limit == nil && plan == nil) else {
            throw ValidationError("--resume chooses the nodes itself: without --limit and --plan")
        }
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
        if resume {
            guard try sayFailures({ try deploying.resume() }) else { return }
        }
        let pace = Rollout.Pace(
            stability: .seconds(stayHealthy), batch: Batch(batch) ?? .one,
            confirmTime: .seconds(confirmWithin))
        let outcome = deploying.deploy(pace: pace, message: message) { yes || DeployOptions.confirm() }
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
    @Flag(
        name: .customLong("refresh"),
        help: "Ask the package server what is new, for packages that have to be installed.")
    var refreshPackages = false
    @OptionGroup var login: LoginOptions
    @Flag(help: "Print one event a line, as JSON.") var json = false

    func deploying(_ command: String, _ inventory: String) -> Deploying {
        var deploying = Deploying(
            command: command, inventory: inventory, limit: limit, colour: !json && Terminal.outputHasColour,
            brief: brief,
            sink: Renderer(.automatic(json: json)), asking: login.asking)
        deploying.refreshPackages = refreshPackages
        return deploying
    }

    static func ask(_ question: String) -> Bool {
        FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
        return ["y", "yes"].contains((readLine() ?? "").lowercased())
    }
}
