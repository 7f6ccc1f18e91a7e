import CLinux
import Languages
import Pool
import Reactor
import Service
import SocketAddresses

/// The pool's core on one Reactor: channels for its links, listening sockets, dice and the log.
final class PoolWorker: PoolDriver, ChannelOwner, AcceptorOwner {
    /// How long what was queued may take to leave after a connection was closed.
    static let farewell: Duration = .seconds(5)
    /// After a failure to take connections, mostly for want of descriptors, none are taken for so long.
    static let acceptPause: Duration = .milliseconds(100)

    let reactor: Reactor
    private(set) var pooler: Pooler!
    private let journal: Journal
    private let verbosity: Int
    /// By link.
    private var channels: [Channel?] = []
    private var acceptors: [Acceptor] = []
    private var dice = Dice()
    /// Reads the file again; says why not, if not.
    var reloading: () -> String? = { nil }

    let workerIndex: Int
    let workerCount: Int
    let permits: any PermitBook
    /// Of all workers.
    private let mailboxes: [ThreadMailbox<WorkerMail>]
    private var mail: MailSource?
    /// Told at every turn.
    var pulse: WorkerPulse?
    /// This worker is done, or wants all to end at once.
    var finishing: () -> Void = {}
    var stopping: () -> Void = {}
    /// A worker other than the first is done.
    var othersFinished: (Int) -> Void = { _ in }

    init(
        _ index: Int, _ whole: PoolFile.Whole, _ permits: any PermitBook,
        _ mailboxes: [ThreadMailbox<WorkerMail>],
        journal: Journal
    ) throws(SystemError) {
        // A channel tells that it is drained from its own mark on.
        precondition(Pooler.highWater >= Channel.highWater)
        workerIndex = index
        workerCount = mailboxes.count
        self.permits = permits
        self.mailboxes = mailboxes
        reactor = try Reactor()
        self.journal = journal
        verbosity = whole.configuration.verbose
        pooler = Pooler(whole.configuration, secrets: whole.secrets, driver: self, now: reactor.now)
        let mail = MailSource(mailboxes[index]) { [unowned(unsafe) self] in take($0) }
        self.mail = mail
        try reactor.add(mailboxes[index].bell, for: .read, mail)
    }

    /// Takes connections from a listening socket.
    func listen(on descriptor: Int32) {
        SocketTuning(pooler.configuration).apply(to: descriptor)
        let acceptor = Acceptor(descriptor, on: reactor, owner: self)
        acceptors.append(acceptor)
        acceptor.resume()
    }

    private func take(_ mail: WorkerMail) {
        let now = reactor.nowNanoseconds
        switch mail {
        case .message(let message): pooler.received(message, at: now)
        case .shutDown(let waitsForClients):
            stopListening()
            pooler.shutDown(waitsForClients: waitsForClients, at: now)
        case .pause: pooler.pauseAll(at: now)
        case .resume: pooler.resumeAll(at: now)
        case .stop: isRunning = false
        case .finished(let worker): othersFinished(worker)
        }
    }

    /// Clients of all workers.
    var permitsOfClients: Int { permits.count(permits.place("clients")) }

    func stopListening() {
        for acceptor in acceptors { acceptor.pause() }
        acceptors = []
    }

    /// Turns until `stop`.
    func run() {
        isRunning = true
        while isRunning { turn() }
    }

    private var isRunning = false

    /// From within this thread.
    func end() { isRunning = false }

    func stop() { stopping() }

    func finished() { finishing() }

    func tell(_ worker: Int, _ message: PoolMessage) { mailboxes[worker].post(.message(message)) }

    /// Waits for events or the core's next deadline, at most a second, and handles them.
    func turn() {
        var limit: Duration = .seconds(1)
        if let deadline = pooler.deadline { limit = min(limit, max(.zero, deadline - Reactor.clock())) }
        reactor.turn(limit: limit)
        pulse?.beat(workerIndex)
        if reactor.nowNanoseconds >= pooler.deadlineNanoseconds { pooler.time(at: reactor.nowNanoseconds) }
    }

    // MARK: what comes

    func acceptor(_ acceptor: Acceptor, accepted descriptor: Int32, from peer: cl_peer) {
        let link = pooler.accepted(from: describe(descriptor, peer), at: reactor.nowNanoseconds)
        put(Channel(descriptor, on: reactor, owner: self), at: link)
    }

    func acceptorFailed(_ acceptor: Acceptor, _ error: SystemError) {
        journal.log(.error, "cannot take connections for now: \(error.sentence)")
        reactor.schedule(after: Self.acceptPause) { acceptor.resume() }
    }

    func channelConnected(_ channel: Channel) {
        pooler.connected(Link(truncatingIfNeeded: channel.tag), at: reactor.nowNanoseconds)
    }

    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer) {
        pooler.received(bytes, on: Link(truncatingIfNeeded: channel.tag), at: reactor.nowNanoseconds)
    }

    func channelDrained(_ channel: Channel) {
        pooler.drained(Link(truncatingIfNeeded: channel.tag), at: reactor.nowNanoseconds)
    }

    func channelEnded(_ channel: Channel, _ error: SystemError?) {
        pooler.ended(
            Link(truncatingIfNeeded: channel.tag), error?.sentence, at: reactor.nowNanoseconds)
    }

    private func describe(_ descriptor: Int32, _ peer: cl_peer) -> Peer {
        if peer.port == 0, peer.low == 0, peer.high == 0 {
            var local = Peer(address: "unix", port: 0)
            local.isOwnUser = cl_peer_is_own(descriptor) != 0
            return local
        }
        return Peer(address: PoolAddress(peer).text, port: peer.port)
    }

    func ownEnd(of link: Link) -> (address: String, port: UInt16)? {
        guard let channel = channels[Int(link)] else { return nil }
        var own = cl_peer()
        guard cl_socket_address(channel.descriptor, 0, &own) == 0, own.port != 0 else { return nil }
        return (PoolAddress(own).text, own.port)
    }

    private func put(_ channel: Channel, at link: Link) {
        while channels.count <= Int(link) { channels.append(nil) }
        channel.tag = UInt64(link)
        channels[Int(link)] = channel
    }

    // MARK: what the core wants

    func send(_ bytes: UnsafeRawBufferPointer, on link: Link) { channels[Int(link)]?.send(bytes) }

    func queued(on link: Link) -> Int { channels[Int(link)]?.queued ?? 0 }

    func connect(_ link: Link, to endpoint: Endpoint) {
        switch endpoint.host {
        case .address(let address):
            let channel = Channel(connectingTo: address.raw(port: endpoint.port), on: reactor, owner: self)
            SocketTuning(pooler.configuration).apply(to: channel.descriptor)
            put(channel, at: link)
        case .folder, .abstract:
            put(Channel(connectingToPath: endpoint.path ?? "", on: reactor, owner: self), at: link)
        }
    }

    func close(_ link: Link, afterSending: Bool) {
        guard let channel = channels[Int(link)] else { return }
        channels[Int(link)] = nil
        if afterSending { channel.closeAfterSending(within: Self.farewell) } else { channel.close() }
    }

    func pause(_ link: Link) { channels[Int(link)]?.pause() }

    func resume(_ link: Link) { channels[Int(link)]?.resume() }

    func descriptor(of link: Link) -> Int32 { channels[Int(link)]?.descriptor ?? -1 }

    func wallSeconds() -> Int64 { Int64(cl_wall_ns() / 1_000_000_000) }

    func reload() -> String? { reloading() }

    func entropy(_ count: Int) -> [UInt8] { dice.bytes(count) }

    func log(_ level: PoolLogLevel, _ sentence: String) {
        switch level {
        case .error: journal.log(.error, sentence)
        case .warning: journal.log(.warning, sentence)
        case .info: journal.log(.information, sentence)
        case .debug: if verbosity > 0 { journal.log(.debug, sentence) }
        }
    }
}
