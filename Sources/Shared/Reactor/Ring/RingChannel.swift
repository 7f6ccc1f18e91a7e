import CLinux

/// A channel's way in and out with the io_uring driver.
extension Channel {
    /// A pause cancels no receive before something comes: mostly it is over by then.
    private var wantsReceive: Bool {
        failure == 0 && held.count == 0 && state.isDisjoint(with: [.ended, .readable])
    }

    /// What keeps a place of the ring's table taken.
    static let underWay: State = [.receives, .sends, .polls]

    /// The channel's place, and how it begins.
    ///
    /// A multishot receive of a Unix socket does not see an end that came together with bytes: since Linux 6.17 the
    /// kernel knows how many bytes are left and, when none are, waits for a wake-up that has been already (seen with
    /// 6.18; TCP counts the end as one byte more).
    func enter(_ ring: Ring) {
        place = ring.place(for: self)
        state.insert(.waitsFirst)
        if cl_getsockopt_int(socket, SOL_SOCKET, SO_DOMAIN) == AF_UNIX { state.insert(.needsHangup) }
        reactor.putIntoOutbox(self)
    }

    /// Submits what is missing between what the owner wants and what is under way. False when the ring is full.
    func submit(to ring: Ring) -> Bool {
        guard ring.hasRoom(3) else { return false }
        if state.contains(.closed) {
            if socket >= 0 {
                cl_ring_cancel_and_close(ring.handle, socket)
                socket = -1
            }
            return true
        }
        if state.contains(.connecting) {
            if !state.contains(.polls) {
                state.insert(.polls)
                cl_ring_poll(ring.handle, socket, Readiness.write.rawValue, 0, ring.data(place, .connect))
            }
            return true
        }
        if state.contains(.needsHangup) {
            state.remove(.needsHangup)
            state.insert(.polls)
            cl_ring_poll(ring.handle, socket, Readiness.readHangup.rawValue, 0, ring.data(place, .hangup))
        }
        if wantsReceive, state.isDisjoint(with: [.receives, .paused]) {
            let isFirst: Int32 = state.contains(.waitsFirst) ? 1 : 0
            state.remove(.waitsFirst)
            state.insert(.receives)
            cl_ring_receive(ring.handle, socket, isFirst, ring.data(place, .receive))
        } else if !wantsReceive, state.contains(.receives), !state.contains(.cancels) {
            state.insert(.cancels)
            cl_ring_cancel(ring.handle, ring.data(place, .receive))
        }
        if let block = output.first, state.isDisjoint(with: [.sends, .cannotSend]) {
            let isFull: Int32 = state.contains(.full) ? 1 : 0
            state.insert(.sends)
            let bytes = block.rest
            cl_ring_send(ring.handle, socket, bytes.baseAddress, bytes.count, isFull, ring.data(place, .send))
        }
        if output.count == 0 { outputIsEmpty() }
        return true
    }

    /// Something that was submitted for this channel has been done.
    func completed(_ operation: Ring.Operation, _ completion: cl_completion, _ ring: Ring) {
        switch operation {
        case .receive: receiveCompleted(completion, ring)
        case .send: sendCompleted(completion.result)
        case .connect:
            state.remove(.polls)
            if !state.contains(.closed) { finishConnecting([.write]) }
        case .hangup:
            state.remove(.polls)
            state.insert([.readable, .endIsNear])
            if !state.contains(.receives) { reactor.putIntoBacklog(self) }
        case .accept, .events: break
        }
        if state.contains(.closed) {
            leaveRing(ring)
        } else if needsSubmission(after: operation) {
            reactor.putIntoOutbox(self)
        }
    }

    private func needsSubmission(after operation: Ring.Operation) -> Bool {
        switch operation {
        case .send: output.count > 0
        case .receive: !state.contains(.receives) || held.count > 0
        case .connect, .hangup, .accept, .events: true
        }
    }

    /// A channel that is closed leaves when nothing is under way for it.
    func leaveRing(_ ring: Ring) {
        guard state.contains(.attached), state.isDisjoint(with: Self.underWay) else { return }
        state.remove(.attached)
        output.dropAll(to: &reactor.blocks)
        if socket >= 0 { CLinux.close(socket) }
        socket = -1
        ring.release(place)
    }

    private func receiveCompleted(_ completion: cl_completion, _ ring: Ring) {
        var completion = completion
        if cl_completion_has_more(&completion) == 0 { state.remove([.receives, .cancels]) }
        guard state.isDisjoint(with: [.closed, .ended]) else { return }
        switch completion.result {
        case 1...:
            guard let start = cl_ring_bytes(ring.handle, &completion) else { return }
            let bytes = UnsafeRawBufferPointer(start: start, count: Int(completion.result))
            if state.contains(.paused) || held.count > 0 {
                held.append(bytes, from: &reactor.blocks)
            } else {
                owner?.channel(self, received: bytes)
            }
        case 0:
            // Read once more after a pause, and after what is held.
            state.insert(.readable)
            reactor.putIntoBacklog(self)
        case -ENOBUFS, -ECANCELED, -EINTR: break
        case -EAGAIN: state.insert(.waitsFirst)
        default: receivingFailed(-completion.result)
        }
        if state.contains(.readable), !state.contains(.receives) { reactor.putIntoBacklog(self) }
    }

    private func sendCompleted(_ result: Int32) {
        state.remove([.sends, .full])
        if state.contains(.closed) { return }
        if state.contains(.cannotSend) {
            output.dropAll(to: &reactor.blocks)
        } else if result >= 0 {
            if let block = output.first, result < block.rest.count { state.insert(.full) }
            output.drop(Int(result), to: &reactor.blocks)
            if output.count == 0 { outputIsEmpty() }
        } else if result == -EAGAIN || result == -EINTR || result == -ECANCELED {
            state.insert(.full)
        } else {
            sendingFailed(-result)
        }
    }

    /// Ends what is under way, so that another may have the socket.
    func detach(from ring: Ring) {
        state.insert(.paused)
        if !state.isDisjoint(with: Self.underWay), ring.hasRoom(2) {
            if state.contains(.receives) { cl_ring_cancel(ring.handle, ring.data(place, .receive)) }
            if state.contains(.polls) { cl_ring_cancel(ring.handle, ring.data(place, .hangup)) }
            ring.wait(for: place) { state.isDisjoint(with: Self.underWay) }
        }
        guard state.isDisjoint(with: Self.underWay) else { return }
        state.remove(.attached)
        ring.release(place)
    }
}
