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
        if channel.failure == 0 { watch(channel) }
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
        guard channel.descriptor >= 0 else { return }
        if channel.state.contains(.attached) { forget(channel.descriptor) }
        CLinux.close(channel.descriptor)
        channel.descriptor = -1
    }

    /// The channel's socket belongs to the Reactor no more. Bytes that were received and not told.
    func release(_ channel: Channel) -> [UInt8] {
        if channel.state.contains(.attached) { remove(channel.descriptor) }
        return []
    }

    func limitLingering(of channel: Channel, to limit: Duration) {
        channelDeadlines.insert(Deadline(at: Self.clock() + limit) { channel.close() })
    }
}
