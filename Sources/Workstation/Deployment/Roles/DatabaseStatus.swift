import JSON

/// `pidep database status`: what all nodes say, put together.
public struct DatabaseStatus: Sendable {
    /// The node that was asked, and its answer or why there is none.
    struct Entry: Sendable {
        var node: String
        var answer: Result<DatabaseAnswer, RoleConsoles.Silence>
    }

    /// The inventory file.
    var inventory: String
    /// In the order of the inventory.
    var entries: [Entry]

    /// Asks all nodes.
    public init(_ consoles: RoleConsoles) {
        inventory = consoles.inventory
        entries = consoles.askAll("show json").map { node, text in
            Entry(
                node: node,
                answer: text.flatMap { text in
                    DatabaseAnswer(text).map { .success($0) }
                        ?? .failure(
                            .init(
                                sentence: "\(node): its database says what this pidep does not understand: "
                                    + "pidep deploy \(consoles.inventory) makes both one version",
                                isReachable: true))
                })
        }
    }

    /// All answers.
    var answers: [DatabaseAnswer] {
        entries.compactMap { entry in if case .success(let answer) = entry.answer { answer } else { nil } }
    }

    /// Who says of itself that it is the primary; of several the one of the latest epoch first.
    var primaries: [DatabaseAnswer] { answers.filter(\.isPrimary).sorted { $0.epoch > $1.epoch } }

    /// The primary.
    var primary: DatabaseAnswer? { primaries.first }

    /// Whose word counts: the primary's, else that of the node which knows the latest epoch.
    var freshest: DatabaseAnswer? {
        primary
            ?? answers.max {
                ($0.epoch, $0.timeline ?? 0, $0.heard) < ($1.epoch, $1.timeline ?? 0, $1.heard)
            }
    }

    /// The nodes of the inventory, as the freshest answer knows them; one that it has not heard of, and that answered itself,
    /// as it knows itself.
    var nodes: [DatabaseAnswer.Node] {
        entries.map { entry in
            if let node = freshest?.nodes.first(where: { $0.name == entry.node }),
                node.state != DatabaseAnswer.Node.silent
            {
                return node
            }
            if case .success(let answer) = entry.answer, let own = answer.own { return own }
            return freshest?.nodes.first { $0.name == entry.node } ?? .init(unheard: entry.node)
        }
    }

    /// Every reason why not all is well, a sentence each.
    public var problems: [String] {
        var problems: [String] = []
        for entry in entries {
            if case .failure(let silence) = entry.answer { problems.append(silence.sentence) }
        }
        if primaries.count > 1 {
            problems.append(
                "\(primaries.map(\.node).joined(separator: " and ")) both say that they are the primary: the one of the "
                    + "earlier epoch stops within a lease's length. If it stays so, stop pinode-database there"
            )
        }
        guard let freshest else { return problems }
        if primary == nil {
            problems.append(
                "no node is the primary: a majority of control and enough voters must be there. "
                    + "pidep control status \(inventory), pidep logs \(inventory) --role database")
        }
        if freshest.isWaiting {
            problems.append(
                "commits wait: fewer than \(freshest.acknowledgements) of the standbys that must have them are "
                    + "streaming, and durability is \(freshest.durability ?? "strict")")
        }
        for node in nodes where node.name != primary?.node {
            switch node.state {
            case "streaming": break
            case DatabaseAnswer.Node.silent:
                // Why it is silent has been said where pidep could not ask it either.
                guard answers.contains(where: { $0.node == node.name }) else { continue }
                problems.append("\(node.name): the other nodes do not hear of it")
            default: problems.append("\(node.name): is \(node.state)\(job(of: node.name))")
            }
        }
        return problems
    }

    private func job(of node: String) -> String {
        guard let job = answers.first(where: { $0.node == node })?.job else { return "" }
        return " (\(job.text))"
    }
}

extension DatabaseAnswer {
    /// How many nodes it has heard of.
    var heard: Int { nodes.count { $0.state != Node.silent } }
}

extension DatabaseAnswer.Job {
    /// `copy from nustler1, 43 %`.
    var text: String {
        name + (from.map { " from \($0)" } ?? "") + (percent.map { ", \($0) %" } ?? "")
    }
}
