import CLinux

/// The Reactor's lists of channels that have something to do in the next turn.
extension Reactor {
    static let receiveBufferSize = 64 * 1024
    /// Blocks that one sendmsg(2) takes.
    static let vectorsPerCall = 16

    func enlist(_ channel: Channel) { newChannels.append(channel) }

    func putIntoOutbox(_ channel: Channel) {
        guard !channel.state.contains(.inOutbox) else { return }
        channel.state.insert(.inOutbox)
        outbox.append(channel)
    }

    func putIntoBacklog(_ channel: Channel) {
        guard !channel.state.contains(.inBacklog) else { return }
        channel.state.insert(.inBacklog)
        backlog.append(channel)
    }

    /// What owners have asked for since the last turn goes to the kernel.
    func attachAndFlush() {
        if !hasChosen, driver == .ioUring || !newChannels.isEmpty || !newAcceptors.isEmpty { chooseDriver() }
        if !newAcceptors.isEmpty {
            let acceptors = newAcceptors
            newAcceptors.removeAll()
            for acceptor in acceptors where !acceptor.start() { newAcceptors.append(acceptor) }
        }
        if !newChannels.isEmpty {
            let channels = newChannels
            newChannels.removeAll()
            for channel in channels where !channel.state.contains(.closed) { attach(channel) }
        }
        guard !outbox.isEmpty else { return }
        swap(&outbox, &spare)
        for channel in spare { channel.flush() }
        spare.removeAll(keepingCapacity: true)
    }

    /// In the thread that turns, because a ring belongs to one thread; and not before something needs it.
    private func chooseDriver() {
        hasChosen = true
        guard driver != .epoll else { return }
        do throws(SystemError) { ring = try Ring(buffers: ringBuffers) } catch { refusal = error }
    }

    /// Those that have more to read or to tell than their event was good for. Each once a turn.
    func workOffBacklog() {
        guard !backlog.isEmpty else { return }
        swap(&backlog, &spare)
        for channel in spare {
            channel.state.remove(.inBacklog)
            channel.proceed()
        }
        spare.removeAll(keepingCapacity: true)
    }

    private func attach(_ channel: Channel) {
        if channel.failure == 0 {
            if let ring {
                channel.enter(ring)
            } else {
                watch(channel)
            }
        }
        if channel.failure != 0 {
            channel.state.insert(.cannotSend)
            channel.output.dropAll(to: &blocks)
            putIntoBacklog(channel)
            return
        }
        channel.state.insert(.attached)
    }

    /// The channel's socket belongs to the Reactor no more and is closed.
    func dismiss(_ channel: Channel) {
        guard channel.socket >= 0 else { return }
        if let ring, channel.state.contains(.attached) {
            channel.leaveRing(ring)
            if channel.socket >= 0 { putIntoOutbox(channel) }
            return
        }
        if channel.state.contains(.attached) { forget(channel.socket) }
        CLinux.close(channel.socket)
        channel.socket = -1
    }

    /// The channel's socket belongs to the Reactor no more. Bytes that were received and not told.
    func release(_ channel: Channel) -> [UInt8] {
        guard channel.state.contains(.attached) else { return [] }
        if let ring {
            channel.detach(from: ring)
        } else {
            remove(channel.socket)
        }
        var unread: [UInt8] = []
        while let block = channel.held.first {
            let bytes = block.rest
            unread.append(contentsOf: bytes)
            channel.held.drop(bytes.count, to: &blocks)
        }
        return unread
    }

    func closeLater(_ channel: Channel, within limit: Duration) -> Deadline {
        let deadline = Deadline(at: Self.clock() + limit) { channel.close() }
        channelDeadlines.insert(deadline)
        return deadline
    }
}
