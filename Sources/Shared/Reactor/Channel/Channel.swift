import CLinux

/// A connected stream socket (TCP or Unix) as bytes that come and bytes that go, the same with both drivers.
///
/// The Reactor keeps a channel, and a channel its owner, until `close`. A channel that has nothing to send and
/// has received nothing in this turn holds no buffer.
public final class Channel {
    /// Whoever sends more than this without waiting for `channelDrained` lets memory grow. Bytes.
    public static let highWater = 64 * 1024

    struct State: OptionSet {
        let rawValue: UInt32
        /// The connection is in the making.
        static let connecting = State(rawValue: 1 << 0)
        static let paused = State(rawValue: 1 << 1)
        /// The kernel may have bytes, or the end, that it will not tell of again.
        static let readable = State(rawValue: 1 << 2)
        /// The kernel has told of the end: a short read needs no second one to see it.
        static let endIsNear = State(rawValue: 1 << 3)
        /// The kernel has no room; it tells when it has again.
        static let full = State(rawValue: 1 << 4)
        /// The owner has been told of the end.
        static let ended = State(rawValue: 1 << 5)
        static let closed = State(rawValue: 1 << 6)
        /// Nothing more is to be sent behind what waits.
        static let finishes = State(rawValue: 1 << 7)
        /// Nothing can be sent any more.
        static let cannotSend = State(rawValue: 1 << 8)
        /// The owner waits for `channelDrained`.
        static let owesDrained = State(rawValue: 1 << 9)
        /// In the Reactor's list of channels that have something to send.
        static let inOutbox = State(rawValue: 1 << 10)
        /// In the Reactor's list of channels that have something to do without an event of the kernel's.
        static let inBacklog = State(rawValue: 1 << 11)
        /// `closeAfterSending`: nothing is told any more, the socket goes when the peer has had all.
        static let lingers = State(rawValue: 1 << 12)
        /// In the hands of the driver.
        static let attached = State(rawValue: 1 << 13)
        // With io_uring only: what is under way in the kernel, and how.
        static let receives = State(rawValue: 1 << 14)
        static let sends = State(rawValue: 1 << 15)
        static let polls = State(rawValue: 1 << 16)
        /// The end has to be polled for beside the receive.
        static let needsHangup = State(rawValue: 1 << 19)
        /// The receive is being cancelled.
        static let cancels = State(rawValue: 1 << 17)
        /// The next receive finds nothing yet.
        static let waitsFirst = State(rawValue: 1 << 18)
    }

    /// For the owner: it finds by it, without a dictionary, what belongs to this channel.
    public var tag: UInt64 = 0
    /// The socket, for getsockname(2), SO_PEERCRED and the like; -1 after `close` and `detach`.
    public var descriptor: Int32 { state.contains(.closed) ? -1 : socket }
    /// Bytes that the kernel has not taken yet.
    public var queued: Int { state.contains(.closed) ? 0 : output.count }

    unowned(unsafe) let reactor: Reactor
    var owner: (any ChannelOwner)?
    var state: State
    /// With io_uring it may outlive `close` until the kernel has let go of it.
    var socket: Int32
    var output = ChannelOutput()
    /// What came during a pause, with io_uring.
    var held = ChannelOutput()
    /// Ends `closeAfterSending`.
    var lastMoment: Deadline?
    /// In the ring's table.
    var place: UInt32 = 0
    /// An errno to be told at the end, and what was tried.
    var failure: Int32 = 0
    var failedCall = Call.connect

    enum Call: UInt8 { case watch, connect, receive, send }

    /// Takes a connected socket, which must be non-blocking, and reads from it until `pause`. TCP_NODELAY is
    /// the caller's to set: sockets of an `Acceptor` have it.
    public init(_ descriptor: Int32, on reactor: Reactor, owner: any ChannelOwner) {
        socket = descriptor
        self.reactor = reactor
        self.owner = owner
        state = []
        reactor.enlist(self)
    }

    /// Connects to a TCP address. How long that may last is the owner's to say, by `close`.
    public convenience init(connectingTo peer: cl_peer, on reactor: Reactor, owner: any ChannelOwner) {
        var peer = peer
        var done: Int32 = 0
        self.init(connecting: cl_connect_peer(&peer, &done), reactor, owner)
    }

    /// Connects to a Unix socket's path; a leading `@` means the abstract namespace.
    public convenience init(connectingToPath path: String, on reactor: Reactor, owner: any ChannelOwner) {
        self.init(connecting: path.withCString { cl_connect_unix($0) }, reactor, owner)
    }

    /// With a socket whose connection is in the making, or the negative errno of one that cannot be made.
    private init(connecting result: Int32, _ reactor: Reactor, _ owner: any ChannelOwner) {
        socket = max(result, -1)
        self.reactor = reactor
        self.owner = owner
        state = .connecting
        if result < 0 { failure = -result }
        reactor.enlist(self)
    }

    deinit {
        if socket >= 0 { CLinux.close(socket) }
    }

    /// Queues a copy of the bytes. All that was queued leaves together, at the latest when the Reactor turns
    /// next. After `shutdownSending`, `close` or a failure they are dropped.
    public func send(_ bytes: UnsafeRawBufferPointer) {
        guard state.isDisjoint(with: [.closed, .finishes, .cannotSend, .lingers]), bytes.count > 0 else {
            return
        }
        if output.count == 0 {
            let taken = sendAtOnce(bytes)
            guard taken < bytes.count else { return }
            output.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]), from: &reactor.blocks)
            reactor.putIntoOutbox(self)
        } else {
            output.append(bytes, from: &reactor.blocks)
            if output.count >= Self.highWater { flushEarly() }
        }
        if output.count > Self.highWater { state.insert(.owesDrained) }
    }

    /// Until `resume` neither bytes nor the peer's end are told; a failure may be. What has been received by
    /// then is kept: with io_uring what one turn brings, at most `Ring.buffers` for all channels together.
    public func pause() { state.insert(.paused) }

    /// Ends a pause.
    public func resume() {
        guard state.contains(.paused), !state.contains(.closed) else { return }
        state.remove(.paused)
        if state.contains(.readable) || held.count > 0 { reactor.putIntoBacklog(self) }
        // With io_uring the receive may have ended meanwhile.
        if reactor.ring != nil { reactor.putIntoOutbox(self) }
    }

    /// Whether bytes are held back by `pause`.
    public var isPaused: Bool { state.contains(.paused) }

    /// Lets the peer see an end behind what is queued. It may go on sending.
    public func shutdownSending() {
        guard state.isDisjoint(with: [.closed, .finishes, .cannotSend]) else { return }
        state.insert(.finishes)
        reactor.putIntoOutbox(self)
    }

    /// Nothing is told any more; what is queued is dropped and the socket closed.
    public func close() {
        guard !state.contains(.closed) else { return }
        state.insert(.closed)
        owner = nil
        lastMoment?.cancel()
        lastMoment = nil
        if !state.contains(.sends) { output.dropAll(to: &reactor.blocks) }
        held.dropAll(to: &reactor.blocks)
        reactor.dismiss(self)
    }

    /// Nothing is told any more. What is queued is sent, then an end; the socket is closed when the peer ends,
    /// too (an earlier close(2) could destroy what it has not read yet, RFC 9293 section 3.10.4), or after so long.
    public func closeAfterSending(within limit: Duration) {
        guard state.isDisjoint(with: [.closed, .lingers]) else { return }
        owner = nil
        guard state.isDisjoint(with: [.connecting, .cannotSend]) else {
            close()
            return
        }
        state.insert([.lingers, .finishes])
        resume()
        reactor.putIntoOutbox(self)
        lastMoment = reactor.closeLater(self, within: limit)
    }

    /// Hands the socket back, for another process or thread, with bytes that had been received and not been told
    /// yet (a paused channel may have some); the channel is closed then. Nil while bytes are queued.
    public func detach() -> (descriptor: Int32, unread: [UInt8])? {
        guard state.isDisjoint(with: [.closed, .connecting]), output.count == 0, socket >= 0 else {
            return nil
        }
        let unread = reactor.release(self)
        let result = socket
        socket = -1
        close()
        return (result, unread)
    }

    var error: SystemError {
        let action =
            switch failedCall {
            case .watch: "watch a socket"
            case .connect: "connect"
            case .receive: "receive"
            case .send: "send"
            }
        return SystemError(action, code: failure)
    }

    /// Tells of the end, once.
    func end(_ error: SystemError?) {
        guard state.isDisjoint(with: [.closed, .ended]) else { return }
        state.insert(.ended)
        state.remove(.readable)
        if state.contains(.lingers) {
            // Without a failure what is queued may still be on its way.
            if error != nil || output.count == 0 { close() }
            return
        }
        owner?.channelEnded(self, error)
    }
}
