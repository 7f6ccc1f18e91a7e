import CLinux

/// What an acceptor tells its owner, always from `Reactor.turn`.
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

    /// Sets TCP_NODELAY on the listener, which connections inherit. Begins with `resume`; the owner must
    /// outlive it, or `pause` it before it goes.
    public init(_ listener: Int32, on reactor: Reactor, owner: any AcceptorOwner) {
        descriptor = listener
        self.reactor = reactor
        self.owner = owner
        cl_setsockopt_int(listener, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    }

    /// Takes connections from now on.
    public func resume() throws(SystemError) {
        guard isPaused else { return }
        try reactor.add(descriptor, for: [.read, .exclusive], AcceptorWatch(self))
        isPaused = false
    }

    /// Takes no more: they wait in the kernel's queue.
    public func pause() {
        guard !isPaused else { return }
        isPaused = true
        reactor.remove(descriptor)
    }

    fileprivate func takeBatch() {
        for accepted in 0..<batch {
            guard !isPaused else { return }
            var peer = cl_peer()
            let result = cl_accept_peer(descriptor, &peer)
            guard result >= 0 else {
                batch = 1
                told(-result)
                return
            }
            owner.acceptor(self, accepted: result, from: peer)
            if accepted == batch - 1 { batch = min(batch * 2, Self.largestBatch) }
        }
    }

    private func told(_ code: Int32) {
        // The client went away before we came: nothing to say.
        guard code != EAGAIN, code != ECONNABORTED, code != EINTR else { return }
        pause()
        owner.acceptorFailed(self, SystemError("accept a connection", code: code))
    }
}

/// Keeps `ready` out of Acceptor's public face.
private final class AcceptorWatch: EventSource {
    private let acceptor: Acceptor
    init(_ acceptor: Acceptor) { self.acceptor = acceptor }
    func ready(_ readiness: Readiness) { acceptor.takeBatch() }
}
