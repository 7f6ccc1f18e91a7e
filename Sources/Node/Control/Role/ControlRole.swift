import CLinux
import Console
import Consensus
import ConsensusDriver
import Control
import Languages
import Reactor
import Service

extension ControlConfiguration {
    /// Who votes from the very first start of the cluster.
    var founding: Membership? {
        Membership(nodes.filter { $0.isFounder }.map { Member($0.id, at: $0.address, as: .voter) })
    }
}

/// The role: a member of consensus, the core, the other roles of this node, a console.
final class ControlRole {
    static var consolePath: String { "\(RuntimeFolder.path)/control.sock" }
    /// Where the other roles of this node talk to it.
    static var clientsPath: String { "\(RuntimeFolder.path)/control-clients.sock" }
    /// The number under which the console asks.
    static let consoleClient: UInt64 = 0
    /// The pause between two members that are taken in.
    static let takeInPause: Duration = .seconds(1)
    /// As VRRP's, sched(7).
    static let realtimePriority: Int32 = 50

    let configuration: ControlConfiguration
    let node: ControlConfiguration.Node
    private let reactor: Reactor
    private let journal: Journal
    private let core: ControlCore
    private let member: ClusterMember<ControlState>
    private var known = ControlCore.Knowledge()
    private var timer: PreciseTimer?
    private var signals: Signals?
    private var console: ConsoleServer?
    private var clients: ClientServer?
    private var watchers: [(client: UInt64, id: UInt64)] = []
    /// Who gets what comes in a lane: one client each.
    private var lanes: [(lane: String, client: UInt64, id: UInt64)] = []
    /// Changes of members that a console waits for, by their numbers.
    private var consoleChanges: [UInt64: ConsoleChange] = [:]
    private var failure: String?
    private var isPerforming = false
    private var isTakingIn = false

    init(
        _ configuration: ControlConfiguration, node: ControlConfiguration.Node, key: ClusterKey,
        journal: Journal
    ) throws(LogError) {
        self.configuration = configuration
        self.node = node
        self.journal = journal
        do throws(SystemError) { reactor = try Reactor() } catch { throw LogError(error.sentence) }
        core = ControlCore(
            node.id, terms: LeaseTerms(length: configuration.leaseTime),
            keeper: MemberKeeper(replaceAfter: configuration.replaceAfter), at: Reactor.clock())
        var seed: UInt32 = 0
        _ = withUnsafeMutableBytes(of: &seed) { cl_random($0.baseAddress, $0.count) }
        member = try ClusterMember(
            .init(
                id: node.id, address: node.address, key: key, folder: configuration.folder,
                founding: node.isFounder ? configuration.founding : nil),
            machine: ControlState(), seed: seed, on: reactor)
        do throws(SystemError) { try start() } catch {
            member.close()
            throw LogError(error.sentence)
        }
    }

    /// Until SIGTERM or SIGINT. Before all that computes: a busy node must not lose its leases.
    func run() {
        let failure = -cl_realtime(Self.realtimePriority)
        if failure > 0 {
            journal.log(
                .warning, "runs without realtime priority: \(String(cString: cl_strerror(failure)))")
        }
        reactor.run()
    }

    private func start() throws(SystemError) {
        signals = try Signals([SIGTERM, SIGINT], on: reactor) { [unowned(unsafe) self] _ in stop() }
        timer = try PreciseTimer(on: reactor) { [unowned(unsafe) self] in
            core.foresee(member.unapplied)
            core.wake(at: Reactor.clock())
            perform()
        }
        member.handler = { [unowned(unsafe) self] event in handle(event) }
        clients = try ClientServer(on: reactor, path: Self.clientsPath) { [unowned(unsafe) self] event in
            handle(event)
        }
        console = try ConsoleServer(on: reactor, path: Self.consolePath) { [unowned(unsafe) self] command in
            ControlConsole(
                configuration: configuration, status: member.status, known: known, core: core,
                failure: failure
            ).answer(command)
        }
        console?.deferred = { [unowned(unsafe) self] command, number in change(command, number) }
        look()
        Supervisor.ready()
    }

    private func stop() {
        Supervisor.stopping()
        journal.log(.notice, "stops")
        end()
    }

    private func end() {
        console?.close()
        clients?.close()
        timer?.stop()
        member.close()
        reactor.stop()
    }

    // MARK: consensus

    private func handle(_ event: ClusterMember<ControlState>.Event) {
        switch event {
        case .standingChanged:
            let status = member.status
            switch status.standing {
            case .leader: journal.log(.notice, "leads in term \(Recovery.name(of: status.term))")
            case .follower:
                if let leader = status.leader {
                    journal.log(.notice, "follows \(name(leader)) in term \(Recovery.name(of: status.term))")
                }
            case .candidate: break
            }
            look()
        case .membershipChanged, .restored, .applied: look()
        case .message(let bytes, let sender):
            guard let message = ControlMessage(bytes) else {
                return journal.log(
                    .warning, "\(name(sender)) said something that this version does not understand")
            }
            core.foresee(member.unapplied)
            core.receive(message, from: sender, at: Reactor.clock())
            perform()
        case .passed(let bytes, let sender):
            // A lane that nobody here listens to is one of a role that does not run.
            guard let message = LaneMessage(encoded: bytes),
                let lane = lanes.first(where: { $0.lane == message.lane })
            else { return }
            clients?.offer(ClientAnswer.told(message, by: sender), to: lane.client)
        case .connected, .disconnected: break
        case .note(let sentence): journal.log(.notice, sentence)
        case .stopped(let reason):
            // It stays, to say so: whoever asks gets this sentence, and nobody a promise.
            failure = reason
            journal.log(.error, "agrees on nothing any more: \(reason)")
            look()
        case .roomAgain:
            // The service's manager starts it anew.
            journal.log(.notice, "there is room on the disk again: begins anew with its log")
            end()
        }
    }

    /// A member's name, or its number when the file does not have it.
    private func name(_ id: MemberID) -> String {
        configuration.nodes.first { $0.id == id }?.name ?? "member \(id)"
    }

    /// Tells the core what consensus knows.
    private func look() {
        let status = member.status
        var addresses: [MemberID: String] = [:]
        for member in status.membership.members { addresses[member.id] = member.address }
        known = ControlCore.Knowledge(
            state: member.machine, applied: status.applied,
            voters: failure == nil ? status.membership.voters.map { $0.id } : [], addresses: addresses,
            areVotersSettled: status.isMembershipCommitted, leader: failure == nil ? status.leader : nil)
        core.update(known, at: Reactor.clock())
        for watcher in watchers {
            clients?.send(ClientAnswer.state(watcher.id, member: node.id, known), to: watcher.client)
        }
        perform()
        takeIn()
    }

    // MARK: members

    /// As leader, makes members of the nodes that the file has and the cluster does not know yet: they follow, and vote only
    /// when somebody says so. One after the other, and each writes once.
    private func takeIn() {
        let status = member.status
        guard status.standing == .leader, failure == nil, !isTakingIn, status.isMembershipCommitted,
            let stranger = configuration.nodes.first(where: { status.membership[$0.id] == nil })
        else { return }
        isTakingIn = true
        do throws(Refusal) {
            try member.add(Member(stranger.id, at: stranger.address, as: .standby)) {
                [unowned(unsafe) self] outcome in
                if case .applied = outcome {
                    journal.log(.notice, "takes \(stranger.name) in as member \(stranger.id)")
                }
                takeInLater()
            }
        } catch {
            journal.log(.warning, "cannot take \(stranger.name) in: \(error.sentence)")
            takeInLater()
        }
    }

    private func takeInLater() {
        reactor.schedule(after: Self.takeInPause) { [unowned(unsafe) self] in
            isTakingIn = false
            takeIn()
        }
    }

    /// What this node, as the leader, sees of the members.
    private func lookAtMembers() {
        let status = member.status
        let sights = status.membership.members.map { one in
            let known = one.id == node.id ? status.last : member.progress(of: one.id)
            return MemberSight(
                id: one.id, address: one.address, role: one.role, silence: member.silence(of: one.id),
                missing: status.last > known ? status.last - known : 0)
        }
        core.see(sights, at: Reactor.clock())
    }

    /// A change of the members that somebody types; false: it is none.
    private func change(_ command: String, _ number: UInt64) -> Bool {
        switch ConsoleChange.parse(command) {
        case nil: return false
        case .mistake(let sentence)?: console?.reply(number, sentence)
        case .change(let change)?:
            if let failure {
                console?.reply(number, "refused: this member has stopped: \(failure)")
                break
            }
            consoleChanges[number] = change
            core.request(
                change.change, by: .init(client: Self.consoleClient, request: number), at: Reactor.clock())
            perform()
        }
        return true
    }

    private func answered(_ number: UInt64, _ result: ControlResult) {
        guard let change = consoleChanges.removeValue(forKey: number) else { return }
        console?.reply(
            number,
            change.sentence(result) { id in configuration.nodes.first { $0.id == id }?.name })
    }

    // MARK: clients

    private func handle(_ event: ClientServer.Event) {
        switch event {
        case .gone(let client):
            watchers.removeAll { $0.client == client }
            lanes.removeAll { $0.client == client }
            core.forget(client: client)
        case .line(let line, let client):
            guard let (id, request) = ClientRequest.parse(line) else {
                clients?.send(ClientAnswer.misunderstood(), to: client)
                return
            }
            handle(request, by: .init(client: client, request: id))
        }
        perform()
    }

    private func handle(_ request: ClientRequest, by asker: ControlCore.Asker) {
        let now = Reactor.clock()
        switch request {
        case .watch, .lane, .tell: break
        default:
            guard let failure else { break }
            clients?.send(ClientAnswer.result(asker.request, .refused(failure)), to: asker.client)
            return
        }
        switch request {
        case .take(let lease, let after):
            core.request(.command(.take(lease: lease, owner: node.id, after: after)), by: asker, at: now)
        case .release(let lease, let epoch):
            core.request(.command(.release(lease: lease, owner: node.id, epoch: epoch)), by: asker, at: now)
        case .renew(let lease, let epoch, let asked):
            core.foresee(member.unapplied)
            core.renew(lease, epoch: epoch, asked: asked, by: asker, at: now)
        case .set(let name, let value, let expecting):
            core.request(.command(.set(name: name, value: value, expecting: expecting)), by: asker, at: now)
        case .sync: core.request(.command(.nothing), by: asker, at: now)
        case .watch:
            watchers.append((asker.client, asker.request))
            clients?.send(ClientAnswer.state(asker.request, member: node.id, known), to: asker.client)
        case .lane(let lane): subscribe(asker, to: lane)
        case .tell(node.id, _): clients?.send(ClientAnswer.tellsItself(), to: asker.client)
        case .tell(let receiver, let message): _ = member.pass(message.encoded, to: receiver)
        case .change(let change): core.request(change, by: asker, at: now)
        }
    }

    /// The last one gets it: one that comes again after a crash does not wait for its former connection to be noticed.
    private func subscribe(_ asker: ControlCore.Asker, to lane: String) {
        if let place = lanes.firstIndex(where: { $0.lane == lane }) {
            let former = lanes.remove(at: place)
            if former.client != asker.client {
                clients?.send(ClientAnswer.lane(former.id, lane, isOwn: false), to: former.client)
            }
        }
        lanes.append((lane, asker.client, asker.request))
        clients?.send(ClientAnswer.lane(asker.request, lane, isOwn: true), to: asker.client)
    }

    // MARK: core

    private func perform() {
        guard !isPerforming else { return }
        isPerforming = true
        while true {
            let actions = core.takeActions()
            if actions.isEmpty { break }
            for action in actions { perform(action) }
        }
        isPerforming = false
        timer?.arm(at: core.deadline)
    }

    private func perform(_ action: ControlCore.Action) {
        switch action {
        case .send(let message, let receiver): _ = member.send(message.bytes, to: receiver)
        case .propose(let change, let ticket): propose(change, ticket)
        case .look: lookAtMembers()
        case .note(let sentence): journal.log(.notice, sentence)
        case .answer(let asker, let result) where asker.client == Self.consoleClient:
            answered(asker.request, result)
        case .answer(let asker, let result):
            clients?.send(ClientAnswer.result(asker.request, result), to: asker.client)
        case .valid(let asker, let until):
            clients?.send(ClientAnswer.valid(asker.request, until: until), to: asker.client)
        case .refused(let asker, let reason):
            clients?.send(ClientAnswer.refused(asker.request, reason), to: asker.client)
        }
    }

    private func propose(_ change: ControlChange, _ ticket: UInt64) {
        let completion = { [unowned(unsafe) self] (outcome: Outcome) in
            let result: ControlResult =
                switch outcome {
                case .applied(let index, let answer):
                    .applied(index: index, answer.isEmpty ? .done : ControlAnswer(answer) ?? .unknown)
                case .unknown: .unknown
                case .notCaughtUp:
                    .refused("the member did not catch up with the log. Is it running and connected?")
                }
            core.finished(ticket, result, at: Reactor.clock())
            look()
        }
        do throws(Refusal) {
            switch change {
            case .command(let command): try member.propose(command.bytes, completion)
            case .add(let id, let address):
                try member.add(Member(id, at: address, as: .standby), completion)
            case .assign(let role, let id): try member.assign(role, to: id, completion)
            case .remove(let id): try member.remove(id, completion)
            case .transfer(let id): try member.transfer(to: id)
            }
        } catch {
            let result: ControlResult =
                switch error {
                case .notLeader, .tooMany: .unknown
                default: .refused(error.sentence)
                }
            core.finished(ticket, result, at: Reactor.clock())
        }
    }
}
