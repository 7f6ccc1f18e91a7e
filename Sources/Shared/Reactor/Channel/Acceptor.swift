import CLinux

/// What an acceptor tells its owner, always from `Reactor.turn` (and from `drain`).
public protocol AcceptorOwner: AnyObject {
    /// A connection, non-blocking, that the owner has to close or to give to a `Channel`; its peer's address is
    /// all zero for a Unix socket.
    func acceptor(_ acceptor: Acceptor, accepted descriptor: Int32, from peer: cl_peer)
    /// A connection could not be taken, mostly for want of descriptors. The acceptor has paused.
    func acceptorFailed(_ acceptor: Acceptor, _ error: SystemError)
}

/// A listening socket of which connections are taken. Several Reactors may share the socket: the kernel wakes one
/// of them a connection.
public final class Acceptor {
    /// Connections that one event takes at most before others have their turn.
    static let largestBatch = 32

    /// The listening socket. The caller owns it and closes it after `pause`.
    public let descriptor: Int32
    /// For the owner.
    public var tag: UInt64 = 0
    /// Whether connections are taken.
    public private(set) var isPaused = true

    private unowned(unsafe) let reactor: Reactor
    private unowned(unsafe) let owner: any AcceptorOwner
    /// One until a burst shows: a further accept4(2) that finds nothing would be a wasted call.
    private var batch = 1
    private var isWatched = false

    // With io_uring: the place in its table while an accept is under way, and what came during a pause.
    private var place: UInt32?
    private var isCancelled = false
    private var early: [Int32] = []
    /// Kernels differ in whether they accept on a non-blocking listener without being asked again.
    var needsEvents = false

    /// Sets TCP_NODELAY on the listener, which connections inherit. Begins with `resume`; the owner must
    /// outlive it, or `pause` it before it goes.
    public init(_ listener: Int32, on reactor: Reactor, owner: any AcceptorOwner) {
        descriptor = listener
        self.reactor = reactor
        self.owner = owner
        cl_setsockopt_int(listener, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    deinit { for descriptor in early { close(descriptor) } }

    /// Takes connections from the next turn on.
    public func resume() {
        guard isPaused else { return }
        isPaused = false
        reactor.newAcceptors.append(self)
    }

    /// Takes no more: they wait in the kernel's queue. Those that the kernel has taken for us by then are told of
    /// after `resume`, or by `drain`.
    public func pause() {
        guard !isPaused else { return }
        isPaused = true
        if isWatched {
            isWatched = false
            reactor.remove(descriptor)
        }
        cancel()
    }

    /// Tells at once, from inside this call, of all clients that have connected by now. For a listener that goes:
    /// they would be reset.
    public func drain() {
        tellEarly(evenPaused: true)
        while let (descriptor, peer) = take() { owner.acceptor(self, accepted: descriptor, from: peer) }
    }

    /// From the Reactor's turn after `resume`. False when it has to be tried again.
    func start() -> Bool {
        guard !isPaused else { return true }
        tellEarly(evenPaused: false)
        guard !isPaused, !isWatched else { return true }
        if let ring = reactor.ring, !needsEvents {
            guard place == nil || isCancelled else { return true }
            // The one before has to end first.
            guard place == nil, ring.hasRoom(1) else { return false }
            let place = ring.place(for: nil, self)
            self.place = place
            cl_ring_accept(ring.handle, descriptor, ring.data(place, .accept))
            return true
        }
        do throws(SystemError) {
            try reactor.add(descriptor, for: [.read, .exclusive], AcceptorWatch(self))
            isWatched = true
        } catch {
            isPaused = true
            owner.acceptorFailed(self, error)
        }
        return true
    }

    fileprivate func takeBatch() {
        for accepted in 0..<batch {
            guard !isPaused else { return }
            guard let (descriptor, peer) = take() else {
                batch = 1
                return
            }
            owner.acceptor(self, accepted: descriptor, from: peer)
            if accepted == batch - 1 { batch = min(batch * 2, Self.largestBatch) }
        }
    }

    private func take() -> (Int32, cl_peer)? {
        var peer = cl_peer()
        let result = cl_accept_peer(descriptor, &peer)
        guard result < 0 else { return (result, peer) }
        failed(-result)
        return nil
    }

    private func failed(_ code: Int32) {
        // The client went away before we came: nothing to say.
        guard code != EAGAIN, code != ECONNABORTED, code != EINTR, !isPaused else { return }
        pause()
        owner.acceptorFailed(self, SystemError("accept a connection", code: code))
    }

    private func tell(_ descriptor: Int32) {
        var peer = cl_peer()
        // A peer that has gone already has no address; the channel will notice.
        cl_socket_address(descriptor, 1, &peer)
        owner.acceptor(self, accepted: descriptor, from: peer)
    }

    /// The owner may pause in the middle.
    private func tellEarly(evenPaused: Bool) {
        while !early.isEmpty, evenPaused || !isPaused { tell(early.removeFirst()) }
    }

    // MARK: With io_uring

    private func cancel() {
        guard let place, !isCancelled, let ring = reactor.ring, ring.hasRoom(1) else { return }
        isCancelled = true
        cl_ring_cancel(ring.handle, ring.data(place, .accept))
        // At once: the caller may be about to close the listener, which the kernel would keep open for us.
        ring.enter(waiting: 0)
    }

    /// A connection, or the end of what was submitted.
    func completed(_ completion: cl_completion, _ ring: Ring) {
        var completion = completion
        if cl_completion_has_more(&completion) == 0 {
            if let place { ring.release(place) }
            place = nil
            isCancelled = false
            if !isPaused { reactor.newAcceptors.append(self) }
        }
        switch completion.result {
        case 0...:
            if isPaused || !early.isEmpty { early.append(completion.result) } else { tell(completion.result) }
        case -ECANCELED: break
        case -EAGAIN: needsEvents = true
        default: failed(-completion.result)
        }
    }
}

/// Keeps `ready` out of Acceptor's public face.
private final class AcceptorWatch: EventSource {
    private let acceptor: Acceptor
    init(_ acceptor: Acceptor) { self.acceptor = acceptor }
    func ready(_ readiness: Readiness) { acceptor.takeBatch() }
}
