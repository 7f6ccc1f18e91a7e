import ArgumentParser
import CrossBuild
import Events
import Foundation
import Inventory
import Lab

struct LabCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lab", abstract: "The emulated cluster on this machine, and its faults.",
        discussion: """
            A lab plays the nodes of an inventory that says lab = true: a systemd container each, with its own network,
            disk and sshd. It needs root and a few Debian packages; docs/lab.md tells all.

              pidep lab up                      all nodes of inventory/lab.ini
              pidep lab status
              pidep lab exec nustler3 -- bash
              pidep lab run -- curl http://192.0.2.29/
              pidep lab kill nustler3           then: pidep lab start nustler3
              pidep lab down
            """,
        subcommands: [
            Up.self, Down.self, Status.self, Exec.self, Kill.self, Start.self, Freeze.self, Thaw.self,
            Cut.self, Heal.self, Run.self,
        ])
}

/// What every lab command takes.
struct LabOptions: ParsableArguments {
    @Option(help: "The lab's inventory file.") var inventory = "inventory/lab.ini"

    func lab(_ file: String? = nil, reportingTo events: any EventSink) throws -> Lab {
        let cluster = try Cluster.load(file ?? inventory)
        let root = try PackageRoot.find().path
        try Lab.enterNetwork(cluster, root: root)
        return try Lab(cluster: cluster, root: root, events: events)
    }
}

extension LabCommand {
    struct Up: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Starts all nodes, and mends all faults.",
            discussion: """
                The first time on a machine it builds the nodes' root file system (about a minute, from Debian's mirror);
                after that four nodes take a few seconds. Nodes that are up stay as they are.

                  pidep lab up
                  pidep lab up --prefilled           with Apache and PHP installed: a deploy is quicker
                  pidep lab up --arch armv7          the nodes' facts say armv7; such programs run by qemu
                  pidep lab up inventory/other.ini   beside the first, if its range is another
                """)

        @Argument(help: "The lab's inventory file; the same as --inventory.") var file: String?
        @OptionGroup var options: LabOptions
        @Option(help: "The architecture that the nodes' facts report: armv7, arm64 or amd64.") var arch:
            String?
        @Flag(help: "Install the recipes' packages beforehand; without it nodes are bare.") var prefilled =
            false
        @Flag(help: "Print one JSON object a line.") var json = false

        func validate() throws {
            if let arch, !Lab.architectures.contains(arch) {
                throw ValidationError(
                    "--arch \(arch) is none of \(Lab.architectures.joined(separator: ", ")).")
            }
        }

        func run() throws {
            let lab = try options.lab(file, reportingTo: Renderer(.automatic(json: json)))
            try lab.prepareNetwork(prefilled: prefilled)
            try lab.up(architecture: arch, prefilled: prefilled)
        }
    }

    struct Down: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Removes the lab from this machine, whatever state it is in.",
            discussion: """
                The nodes' disks are removed, too: the next `up` starts with bare nodes. The keys stay.

                  pidep lab down
                """)

        @OptionGroup var options: LabOptions
        @Flag(help: "Print one JSON object a line.") var json = false

        func run() throws {
            try options.lab(reportingTo: Renderer(.automatic(json: json))).down()
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what every node is doing.",
            discussion: """
                Exit code 0 when all nodes are up and nothing is cut, else 1.

                  pidep lab status
                  pidep lab status --json
                """)

        @OptionGroup var options: LabOptions
        @Flag(help: "Print one JSON document.") var json = false

        func run() throws {
            let status = try options.lab(reportingTo: Renderer(.automatic(json: json))).status()
            print(json ? status.json.pretty : status.text)
            guard status.isAllUp else { throw ExitCode.failure }
        }
    }

    struct Exec: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a program inside a node, as root and without the network.",
            discussion: """
                Its exit code is passed on.

                  pidep lab exec nustler3 -- bash
                  pidep lab exec nustler3 -- journalctl -u pinode-vrrp
                """)

        @OptionGroup var options: LabOptions
        @Argument(help: "The node's name.") var node: String
        @Argument(parsing: .postTerminator, help: "After --: the program and its arguments.")
        var command: [String] = []

        func validate() throws {
            if command.isEmpty { throw ValidationError("Say what to run: pidep lab exec \(node) -- bash") }
        }

        func run() throws {
            let lab = try options.lab(reportingTo: Renderer(.automatic(json: false)))
            throw ExitCode(try lab.execAttached(node, command))
        }
    }
}

extension LabCommand {
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Runs a program of this machine where it reaches the lab.",
            discussion: """
                On most machines that is simply this machine. Where its own network has the lab's range, the lab is in
                a network namespace of its own, and curl or a browser reach it only from in there.

                  pidep lab run -- curl http://192.0.2.29/node.php
                """)

        @OptionGroup var options: LabOptions
        @Argument(parsing: .postTerminator, help: "After --: the program and its arguments.")
        var command: [String] = []

        func validate() throws {
            if command.isEmpty {
                throw ValidationError("Say what to run: pidep lab run -- curl http://192.0.2.29/")
            }
        }

        func run() throws {
            let lab = try options.lab(reportingTo: Renderer(.automatic(json: false)))
            try Lab.requireBridge(lab.cluster)
            var arguments = command.map { strdup($0) } + [nil]
            execvp(command[0], &arguments)
            throw LabFailure("\(command[0]) cannot be run: \(String(cString: strerror(errno))).")
        }
    }
}

/// Goes to where the lab of an inventory is, before anything else; an inventory that cannot be read is left to the
/// command itself, which says why.
func enterLab(of inventory: String) throws {
    guard let cluster = try? Cluster.load(inventory), cluster.lab != nil else { return }
    try Lab.enterNetwork(cluster, root: PackageRoot.find().path)
}
