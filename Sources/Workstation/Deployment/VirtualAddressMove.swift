import Foundation
import JSON
import SSH

/// Takes the virtual address off a node whose `pinode-proxy` or `pinode-vrrp` restarts, and brings it back, so that no
/// client loses a request: the proxy lets its clients go, then drops attempts to connect (they are repeated and find the
/// new holder), and when nothing is under way any more the router stands back. Where that cannot be done the restart comes
/// all the same, with a warning: another edge node takes over then as at a failure.
final class VirtualAddressMove {
    /// How long another edge node may take to be ready for the address.
    static let standbyLimit: Duration = .seconds(15)
    /// How long clients from before may take to end what they have and go.
    static let clientLimit: Duration = .seconds(15)
    /// How long what is under way may take once nobody new is taken.
    static let flightLimit: Duration = .seconds(10)
    /// How long the other node may take to be the holder.
    static let takeoverLimit: Duration = .seconds(15)
    /// How long the proxy lets clients go, and how long it drops new ones, before it is ready again by itself.
    static let frontendTime: Duration = .seconds(60)
    /// How long the routers are held to the move, should this machine never end it: an installation of packages and checks.
    static let orderTime: Duration = .seconds(1800)
    private static let pause: UInt32 = 50_000
    private static let pinode = "/opt/pinode/current/pinode"
    static let units = ["pinode-proxy.service", "pinode-vrrp.service"]

    /// An edge node: its name, and a way to run a script there as root (nil: it could not be run).
    struct Edge {
        var name: String
        var run: (_ script: String) -> String?
    }

    /// Where a node's virtual router stands (`show vrrp json`).
    struct Router: Equatable {
        var state: String
        var priority: Int64
        var preempts: Bool
        var localAddress: String
        var activeAddress: String

        /// Nil when the answer is none.
        init?(_ text: String) {
            guard let document = try? JSONValue.parse(text),
                let instance = document["instances"]?.elements?.first, let state = instance["state"]?.text
            else { return nil }
            self.state = state
            priority = instance["priority"]?.integer ?? 0
            preempts = instance["preempt"]?.boolean ?? true
            localAddress = instance["local_address"]?.text ?? ""
            activeAddress = instance["active_address"]?.text ?? ""
        }
    }

    private let node: Edge
    private let others: [Edge]
    /// Takes what happens: whether it is a warning, and a sentence.
    private let tell: (_ isWarning: Bool, _ message: String) -> Void
    /// Who has the address meanwhile.
    private var holder: Edge?

    /// For a node and the other edge nodes at hand.
    init(
        _ node: Edge, others: [Edge], tell: @escaping (_ isWarning: Bool, _ message: String) -> Void
    ) {
        self.node = node
        self.others = others
        self.tell = tell
    }

    /// For the node in hand; nil when its plan restarts neither of the two, or they do not run yet.
    convenience init?(
        _ member: Member, among members: [Member],
        tell: @escaping (_ isWarning: Bool, _ message: String) -> Void
    ) {
        guard Self.restarts(member.plan.steps), Self.runsBoth(member) else { return nil }
        let others = members.filter { $0 !== member && Self.runsBoth($0) }
        self.init(Self.edge(member), others: others.map(Self.edge), tell: tell)
    }

    /// Whether the steps of a plan restart or stop what holds the address or serves it.
    static func restarts(_ steps: [NodePlan.Step]) -> Bool {
        steps.contains {
            $0.kind == .unit && units.contains($0.name) && ["restart", "stop"].contains($0.action)
        }
    }

    private static func runsBoth(_ member: Member) -> Bool {
        units.allSatisfy { name in member.facts.units.contains { $0.name == name && $0.isRunning } }
    }

    private static func edge(_ member: Member) -> Edge {
        Edge(name: member.compiled.node.name) { script in
            try? member.session.perform(
                "sh -s", step: "moving the virtual address", input: Array(script.utf8)
            ).text
        }
    }

    // MARK: there

    /// The address leaves the node, if the node has it.
    func begin() {
        guard let before = router(node), before.state == "active" else { return }
        guard let other = standby(for: before) else {
            return tell(
                true,
                others.isEmpty
                    ? "has the virtual address, and no other edge node is part of this run: clients will notice"
                    : "has the virtual address, and no other edge node is ready for it after "
                        + "\(Self.standbyLimit.components.seconds) s: clients will notice")
        }
        tell(false, "moving the virtual address to \(other.name)")
        guard move(from: node, to: other) else { return }
        holder = other
        // Not before it is the holder: only an active router can be pinned.
        _ = other.run("\(Self.pinode) ctl vrrp pin \(Self.orderTime.components.seconds)")
        // The node's own checks ask its proxy.
        _ = node.run("\(Self.pinode) ctl proxy set frontends state ready")
    }

    private func standby(for holder: Router) -> Edge? {
        guard !others.isEmpty else { return nil }
        var found: Edge?
        _ = wait(Self.standbyLimit) {
            found = others.first { edge in
                guard let state = router(edge), state.state == "backup" else { return false }
                return state.activeAddress == holder.localAddress && isReady(edge)
            }
            return found != nil
        }
        return found
    }

    private func isReady(_ edge: Edge) -> Bool {
        edge.run("\(Self.pinode) ctl proxy show info")?.split(separator: "\n").contains("Frontends: ready")
            == true
    }

    // MARK: and back

    /// The address comes back, if that is how the nodes' priorities are; else the other one keeps it.
    func end() {
        guard let other = holder else { return }
        holder = nil
        _ = node.run("\(Self.pinode) ctl vrrp resume")
        let isBack = wait(Self.standbyLimit) { router(node)?.state == "backup" && isReady(node) }
        guard isBack, let own = router(node), let others = router(other) else {
            _ = other.run("\(Self.pinode) ctl vrrp resume")
            return tell(true, "is not ready to have the virtual address back: \(other.name) keeps it")
        }
        guard own.preempts, own.priority > others.priority else {
            _ = other.run("\(Self.pinode) ctl vrrp resume")
            return tell(false, "the virtual address stays on \(other.name)")
        }
        tell(false, "moving the virtual address back from \(other.name)")
        guard move(from: other, to: node) else { return }
        _ = other.run(
            "\(Self.pinode) ctl vrrp resume; \(Self.pinode) ctl proxy set frontends state ready")
    }

    // MARK: a move

    /// Says whether the address is where it shall be. If not, both are as before.
    private func move(from: Edge, to: Edge) -> Bool {
        let said = from.run(Self.leaving)
        for line in said?.split(separator: "\n") ?? [] {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "earlier" || words[0] == "left" {
                tell(
                    true, "\(from.name) still had \(words[1]) connections when the virtual address left it")
            }
        }
        guard said?.split(separator: "\n").last == "yielded" else {
            let refusal = said?.split(separator: "\n").first { $0.hasPrefix("refused ") }?.dropFirst(8)
            let reason = refusal.map { "its proxy says: \($0)" } ?? "its runtime is too old?"
            return giveUp(from, "\(from.name) cannot give the virtual address up cleanly: \(reason)")
        }
        guard wait(Self.takeoverLimit, until: { router(to)?.state == "active" }) else {
            return giveUp(
                from,
                "\(to.name) did not take the virtual address within \(Self.takeoverLimit.components.seconds) s"
            )
        }
        return true
    }

    private func giveUp(_ from: Edge, _ sentence: String) -> Bool {
        _ = from.run("\(Self.pinode) ctl vrrp resume; \(Self.pinode) ctl proxy set frontends state ready")
        tell(true, sentence)
        return false
    }

    /// What the holder does. In one script: while new clients are dropped every moment counts. Its lines: `earlier N`
    /// and `left N` for connections that were there at the end of a limit, `refused TEXT` when the proxy does not obey, and
    /// at the end `yielded`.
    static let leaving = """
        p=\(pinode)
        number() { $p ctl proxy show info | sed -n "s/^$1: //p"; }
        order() {
            answer=$($p ctl proxy set frontends state "$1" \(frontendTime.components.seconds))
            [ -z "$answer" ] || { echo "refused $answer"; exit 0; }
        }
        $p ctl vrrp help | grep -q yield || exit 0
        order drain
        i=0
        while n=$(number Frontends_earlier); [ "${n:-1}" != 0 ]; do
            i=$((i + 1))
            [ $i -le \(clientLimit.components.seconds * 10) ] || { echo "earlier ${n:-?}"; break; }
            sleep 0.1
        done
        order maint
        i=0
        while n=$(number Frontends_left); [ "${n:-1}" != 0 ]; do
            i=$((i + 1))
            [ $i -le \(flightLimit.components.seconds * 50) ] || { echo "left ${n:-?}"; break; }
            sleep 0.02
        done
        $p ctl vrrp yield \(orderTime.components.seconds) >/dev/null && echo yielded

        """

    private func router(_ edge: Edge) -> Router? {
        edge.run("\(Self.pinode) ctl vrrp show vrrp json").flatMap { Router($0) }
    }

    private func wait(_ limit: Duration, until isDone: () -> Bool) -> Bool {
        let end = ContinuousClock.now + limit
        while !isDone() {
            guard ContinuousClock.now < end else { return false }
            usleep(Self.pause)
        }
        return true
    }
}
