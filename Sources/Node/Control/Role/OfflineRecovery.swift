import Consensus
import ConsensusDriver
import Control
import Languages

/// `pinode control -f FILE recover` and `rejoin`: when a majority of the voters is gone for good, one node begins another life of
/// the cluster alone, and the others throw their logs away and are taken in by it.
struct OfflineRecovery {
    private let configuration: ControlConfiguration
    private let node: ControlConfiguration.Node
    private let file: String

    init(_ configuration: ControlConfiguration, _ node: ControlConfiguration.Node, file: String) {
        self.configuration = configuration
        self.node = node
        self.file = file
    }

    /// Says what is known here and what could be lost; and, when that is accepted, makes this node the only member.
    func recover(acceptsLoss: Bool) throws(LogError) -> String {
        let member = try OfflineMember(node.id, in: configuration.folder)
        let state = try member.load()
        guard state.lastIndex > 0 else {
            throw LogError("\(node.name) knows nothing of a cluster: its log is empty. Recover another node")
        }
        let known = try knowledge(state)
        var lines = describe(state, known)
        guard acceptsLoss else {
            lines += [
                "Could be lost: whatever was agreed on after this last entry. A node that was cut off before the others were lost may "
                    + "lack a lot: ask each node that is left, and recover the one with the highest term, and of those the one with "
                    + "the highest entry.",
                "Nothing was changed. If less than a majority of the voters will ever come back, then on this node alone: pinode control "
                    + "-f \(file) recover --accept-loss. \(others)",
            ]
            return joined(lines)
        }
        _ = try member.recover(
            Member(node.id, at: node.address, as: .voter), on: state, data: known.recovered.snapshot())
        lines.append(
            "\(node.name) is the only member now, and votes alone once it is started. The nodes of its file are taken in as "
                + "followers; promote two of them. \(others)")
        return joined(lines)
    }

    /// Throws this node's log away; it waits to be taken in.
    func rejoin(acceptsLoss: Bool) throws(LogError) -> String {
        let member = try OfflineMember(node.id, in: configuration.folder)
        guard acceptsLoss else {
            return
                "Nothing was changed. After another node was recovered, this node's log in \(configuration.folder) is worth nothing: "
                + "pinode control -f \(file) rejoin --accept-loss throws it away, and the recovered node takes this one in. On a "
                + "voter of a cluster that was not recovered this could lose what was agreed on."
        }
        try member.discard()
        return
            "The log of \(node.name) is gone. Start it: it founds nothing, votes for nobody and waits until a leader takes it in."
    }

    /// What is to be done elsewhere.
    private var others: String {
        "On every other node, before it is started again: pinode control -f \(file) rejoin --accept-loss. Do not empty its folder by "
            + "hand: a founder with an empty folder founds a cluster. A node whose old log is still there stops as soon as it hears of "
            + "the recovered cluster; until then a majority of such nodes, cut off from it, would go on as the old cluster."
    }

    private func knowledge(_ state: StoredState) throws(LogError) -> ControlState {
        var known = ControlState()
        if let snapshot = state.snapshot, !known.restore(snapshot.data) {
            throw LogError("this version cannot read the snapshot. Install the version that wrote it")
        }
        // All of the log counts: what was not agreed on yet, nobody can have been refused.
        for (offset, entry) in state.entries.enumerated() where entry.kind == .command {
            let index = state.firstIndex + UInt64(offset)
            if index > state.snapshot?.index ?? 0 { _ = known.apply(entry.data, at: index) }
        }
        return known
    }

    private func describe(_ state: StoredState, _ known: ControlState) -> [String] {
        let term = state.entries.last?.term ?? state.snapshot?.term ?? 0
        var lines = [
            "\(node.name), member \(node.id) of cluster \(configuration.cluster): last entry \(state.lastIndex) of term "
                + Recovery.name(of: term)
        ]
        for member in membership(state).members {
            lines.append("member \(member.id) \(name(member.id)) at \(member.address): \(member.role.name)")
        }
        for lease in known.leases.keys.sorted() {
            let agreed = known.lease(lease)
            lines.append(
                "lease \(lease): \(agreed.owner.map { name($0) } ?? "nobody"), epoch \(agreed.epoch)")
        }
        for fact in known.facts.keys.sorted() {
            lines.append("fact \(fact): version \(known.version(of: fact))")
        }
        return lines
    }

    private func membership(_ state: StoredState) -> Membership {
        let entry = state.entries.last { $0.kind == .membership }
        return entry.flatMap { Membership(encoded: $0.data) } ?? state.snapshot?.membership ?? .empty
    }

    private func name(_ id: MemberID) -> String {
        configuration.nodes.first { $0.id == id }?.name ?? "member \(id)"
    }

    private func joined(_ lines: [String]) -> String {
        var text = ""
        for line in lines { text += text.isEmpty ? line : "\n" + line }
        return text
    }
}

extension Role {
    /// For people.
    var name: String {
        switch self {
        case .voter: "voter"
        case .standby: "follower"
        case .spare: "spare"
        }
    }
}
