import CLinux
import Consensus
import Reactor

/// A member of a cluster on a Reactor: a Replica with its log on a disk, its messages on TCP and its deadline.
///
/// Everything happens in the Reactor's thread; only the log is written in one of its own. It and the Reactor hold each other
/// until `close`.
public final class ClusterMember<Machine: StateMachine> {
    /// What makes a member.
    public struct Configuration: Sendable {
        /// Its number.
        public var id: MemberID
        /// Where it listens and where the others reach it: `192.0.2.1:4100`.
        public var address: String
        /// The cluster's secret.
        public var key: ClusterKey
        /// The folder of its log, which must be there and no other member's.
        public var folder: String
        /// Its times and bounds.
        public var settings: Settings
        /// The first voters, on each of them at the very first start of the cluster; nil for a member that is taken in later.
        /// It counts only while the folder is empty.
        public var founding: Membership?

        /// A configuration.
        public init(
            id: MemberID, address: String, key: ClusterKey, folder: String, settings: Settings = Settings(),
            founding: Membership? = nil
        ) {
            self.id = id
            self.address = address
            self.key = key
            self.folder = folder
            self.settings = settings
            self.founding = founding
        }
    }

    /// What the role is told.
    public enum Event: Sendable {
        /// See `status`.
        case standingChanged
        /// See `status`.
        case membershipChanged
        /// The machine's state was replaced by a leader's snapshot.
        case restored
        /// The machine's state has changed: commands were applied.
        case applied
        /// A message of the role on another member (`send`).
        case message([UInt8], from: MemberID)
        /// What the role on another member passed on (`pass`).
        case passed([UInt8], from: MemberID)
        /// A connection to a member is there, or is gone; more than one may be there.
        case connected(MemberID)
        case disconnected(MemberID)
        /// Something for the journal.
        case note(String)
        /// The member does nothing any more; why.
        case stopped(String)
        /// It stopped for want of room, and there is some again: opened anew it has all that it acknowledged.
        case roomAgain
    }

    /// Called for every event, in the Reactor's thread.
    public var handler: (Event) -> Void = { _ in }

    private let reactor: Reactor
    private let replica: Replica<Machine>
    private let reservedKiB: UInt16
    private var writer: LogWriter?
    private var mesh: Mesh?
    private var timer: PreciseTimer?
    private let disk: FileDisk
    private var nextLook: Deadline?
    private var lacksRoom = false
    private var lock: Int32
    private var completions: [(proposal: ProposalID, body: (Outcome) -> Void)] = []
    private var notes: [String] = []
    private var isPerforming = false
    private var toldApplied: UInt64 = 0
    private var isStopped = false

    /// Opens the log and joins. `seed` must differ from member to member.
    public init(_ configuration: Configuration, machine: Machine, seed: UInt32, on reactor: Reactor)
        throws(LogError)
    {
        let folder = configuration.folder
        self.reactor = reactor
        reservedKiB = configuration.settings.reservedKiB
        lock = try OfflineMember.lock(folder)
        let disk = FileDisk(folder)
        self.disk = disk
        var store = LogStore(disk, member: configuration.id)
        let state: StoredState
        do throws(LogError) {
            let found = try store.load()
            let isNew = found.lastIndex == 0 && found.term <= 1
            if isNew, let founding = configuration.founding {
                state = try store.found(founding)
            } else {
                state = found
            }
        } catch {
            CLinux.close(lock)
            throw error
        }
        guard
            let replica = Replica(
                configuration.id, seed: seed, settings: configuration.settings, machine: machine,
                state: state,
                at: Reactor.clock())
        else {
            CLinux.close(lock)
            throw LogError(
                "this version cannot read the snapshot in \(folder). Install the version that wrote it")
        }
        self.replica = replica
        replica.freeKiB = disk.freeKiB
        notes = store.notes
        do throws(SystemError) {
            writer = try LogWriter(store, on: reactor) { self.handle($0) }
            mesh = try Mesh(configuration.id, at: configuration.address, key: configuration.key, on: reactor)
            {
                self.handle($0)
            }
            timer = try PreciseTimer(on: reactor) { self.wake() }
        } catch {
            close()
            throw LogError(error.sentence)
        }
        mesh?.setMembers(replica.membership.members)
        reactor.schedule(after: .zero) { self.begin() }
        lookAtRoom()
    }

    /// How often room on the disk is looked at. A leader takes no proposal while most voters have no room, and nothing is
    /// written then that would tell that there is some again.
    private static var roomInterval: Duration { .seconds(1) }

    /// Room for more than the first command.
    private var enoughKiB: UInt16 { max(256, UInt16(clamping: 2 * Int(reservedKiB))) }

    private func lookAtRoom() {
        replica.freeKiB = disk.freeKiB
        if lacksRoom, replica.freeKiB >= enoughKiB {
            lacksRoom = false
            handler(.roomAgain)
        }
        guard !isStopped else { return }
        nextLook = reactor.schedule(after: Self.roomInterval) { [unowned(unsafe) self] in lookAtRoom() }
    }

    // MARK: what the role asks for

    /// What the member is and knows.
    public var status: Status { replica.status }
    /// The state, a little old perhaps (`Replica.machine`).
    public var machine: Machine { replica.machine }
    /// Whether this member leads, as far as it knows.
    public var isLeader: Bool { replica.isLeader }
    /// On a leader: the last entry that a member has on its disk.
    public func progress(of member: MemberID) -> UInt64 { replica.progress(of: member) }
    /// Entries that are in the log here and not applied yet (`Replica.unapplied`).
    public var unapplied: [Entry] { replica.unapplied }
    /// How long a member has said nothing.
    public func silence(of member: MemberID) -> Duration { replica.silence(of: member, at: Reactor.clock()) }
    /// Whether there is a connection to a member.
    public func isConnected(to member: MemberID) -> Bool { mesh?.isConnected(to: member) ?? false }

    /// Proposes a command; `completion` is called once, when its outcome is known.
    public func propose(_ command: [UInt8], _ completion: @escaping (Outcome) -> Void) throws(Refusal) {
        try complete(completion) { (replica, now) throws(Refusal) in try replica.propose(command, at: now) }
    }

    /// Takes in a member as standby or spare.
    public func add(_ member: Member, _ completion: @escaping (Outcome) -> Void) throws(Refusal) {
        try complete(completion) { (replica, now) throws(Refusal) in try replica.add(member, at: now) }
    }

    /// Gives a member another role.
    public func assign(_ role: Role, to member: MemberID, _ completion: @escaping (Outcome) -> Void)
        throws(Refusal)
    {
        try complete(completion) { (replica, now) throws(Refusal) in
            try replica.assign(role, to: member, at: now)
        }
    }

    /// Sends a member away.
    public func remove(_ member: MemberID, _ completion: @escaping (Outcome) -> Void) throws(Refusal) {
        try complete(completion) { (replica, now) throws(Refusal) in try replica.remove(member, at: now) }
    }

    /// Hands the leadership over; `.standingChanged` tells when it has worked.
    public func transfer(to member: MemberID?) throws(Refusal) {
        defer { perform() }
        try replica.transfer(to: member, at: Reactor.clock())
    }

    /// Sends a message to the role on another member, ahead of what consensus sends; false when it is dropped. Like a datagram it
    /// may get lost with its connection.
    public func send(_ message: [UInt8], to member: MemberID) -> Bool {
        mesh?.send(message, in: .role, to: member) ?? false
    }

    /// Sends a message of the role's clients: behind the role's own, and no more than `SecureChannel.passedLimit` bytes wait.
    /// False when it is dropped; it may get lost, too.
    public func pass(_ message: [UInt8], to member: MemberID) -> Bool {
        mesh?.send(message, in: .passed, to: member) ?? false
    }

    /// Leaves: what was to be written is written, then everything is closed. Nothing is called any more.
    public func close() {
        guard lock >= 0 else { return }
        isStopped = true
        handler = { _ in }
        completions = []
        timer?.stop()
        nextLook?.cancel()
        mesh?.close()
        writer?.stop()
        (timer, mesh, writer) = (nil, nil, nil)
        CLinux.close(lock)
        lock = -1
    }

    // MARK: inside

    private func begin() {
        for note in notes { handler(.note(note)) }
        notes = []
        perform()
    }

    private func wake() {
        replica.wake(at: Reactor.clock())
        perform()
    }

    private func complete(
        _ completion: @escaping (Outcome) -> Void,
        _ body: (Replica<Machine>, Duration) throws(Refusal) -> ProposalID
    ) throws(Refusal) {
        let proposal = try body(replica, Reactor.clock())
        completions.append((proposal, completion))
        perform()
    }

    private func handle(_ report: LogWriter.Report) {
        switch report {
        case .persisted(let ticket, let freeKiB):
            replica.freeKiB = freeKiB
            replica.persisted(ticket, at: Reactor.clock())
        case .failed(let error):
            lacksRoom = error.isForRoom
            replica.storageFailed(error.sentence)
        }
        perform()
    }

    private func handle(_ event: Mesh.Event) {
        switch event {
        case .message(.consensus, let bytes, let member):
            guard let message = Message(encoded: bytes) else {
                return handler(.note("member \(member) said something that this version does not understand"))
            }
            replica.receive(message, from: member, at: Reactor.clock())
            perform()
        case .message(.role, let bytes, let member): handler(.message(bytes, from: member))
        case .message(.passed, let bytes, let member): handler(.passed(bytes, from: member))
        case .connected(let member): handler(.connected(member))
        case .disconnected(let member): handler(.disconnected(member))
        case .complaint(let sentence): handler(.note(sentence))
        }
    }

    /// Does what the replica wants, until it wants nothing more; a handler may ask for more meanwhile.
    private func perform() {
        guard !isPerforming, !isStopped else { return }
        isPerforming = true
        while !isStopped {
            let actions = replica.takeActions()
            for action in actions where !isStopped { perform(action) }
            let applied = replica.status.applied
            if applied != toldApplied, !isStopped {
                toldApplied = applied
                handler(.applied)
            } else if actions.isEmpty {
                break
            }
        }
        isPerforming = false
        if !isStopped { timer?.arm(at: replica.deadline) }
    }

    private func perform(_ action: Replica<Machine>.Action) {
        switch action {
        case .persist(let write, let ticket): writer?.add(write, ticket)
        case .send(let message, let member): _ = mesh?.send(message.encoded, in: .consensus, to: member)
        case .finished(let proposal, let outcome): finish(proposal, outcome)
        case .standingChanged: handler(.standingChanged)
        case .membershipChanged:
            mesh?.setMembers(replica.membership.members)
            handler(.membershipChanged)
        case .restored: handler(.restored)
        case .stopped(let reason):
            mesh?.close()
            handler(.stopped(reason))
        }
    }

    private func finish(_ proposal: ProposalID, _ outcome: Outcome) {
        guard let place = completions.firstIndex(where: { $0.proposal == proposal }) else { return }
        let completion = completions.remove(at: place).body
        completion(outcome)
    }
}
