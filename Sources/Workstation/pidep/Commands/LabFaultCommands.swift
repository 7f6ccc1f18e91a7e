import ArgumentParser
import Events
import Lab

/// A command that does one thing to one node.
protocol LabNodeCommand: ParsableCommand {
    var target: LabTarget { get }
    func act(on lab: Lab) throws
}

/// Which node of which lab.
struct LabTarget: ParsableArguments {
    @OptionGroup var options: LabOptions
    @Argument(help: "The node's name.") var node: String
    @Flag(help: "Print one JSON object a line.") var json = false
}

extension LabNodeCommand {
    func run() throws {
        try act(on: target.options.lab(reportingTo: Renderer(.automatic(json: target.json))))
    }
}

extension LabCommand {
    struct Kill: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ends all processes of a node at once; its neighbours hear nothing of it.",
            discussion: """
                  pidep lab kill nustler3
                  pidep lab kill nustler3 --power    what it had not synced to its disk is lost, too
                """)

        @OptionGroup var target: LabTarget
        @Flag(help: "As a power cut: drop what was not synced to the disk.") var power = false

        func act(on lab: Lab) throws { try lab.kill(target.node, power: power) }
    }

    struct Start: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts a node that was killed, from its disk.",
            discussion: """
                  pidep lab start nustler3
                """)

        @OptionGroup var target: LabTarget

        func act(on lab: Lab) throws { try lab.start(target.node) }
    }

    struct Freeze: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets all processes of a node stand still.",
            discussion: """
                  pidep lab freeze nustler3
                """)

        @OptionGroup var target: LabTarget

        func act(on lab: Lab) throws { try lab.freeze(target.node) }
    }

    struct Thaw: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a frozen node go on.",
            discussion: """
                  pidep lab thaw nustler3
                """)

        @OptionGroup var target: LabTarget

        func act(on lab: Lab) throws { try lab.thaw(target.node) }
    }

    struct Cut: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Pulls a node's network cable, or makes it deaf to one other node.",
            discussion: """
                  pidep lab cut nustler3
                  pidep lab cut nustler3 --from nustler4    packets of nustler4 no longer reach nustler3
                """)

        @OptionGroup var target: LabTarget
        @Option(help: "Only what this node sends gets lost.") var from: String?

        func act(on lab: Lab) throws {
            if let from { try lab.cut(target.node, from: from) } else { try lab.cut(target.node) }
        }
    }

    struct Heal: LabNodeCommand {
        static let configuration = CommandConfiguration(
            abstract: "Mends a node's cable, and every way to and from it.",
            discussion: """
                  pidep lab heal nustler3
                """)

        @OptionGroup var target: LabTarget

        func act(on lab: Lab) throws { try lab.heal(target.node) }
    }
}
