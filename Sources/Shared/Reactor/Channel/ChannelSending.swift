import CLinux

/// The way out; what is queued waits in the Reactor's outbox for the turn.
extension Channel {
    /// From this size on bytes go to the kernel without a copy into the queue.
    static let directSize = 16 * 1024

    /// With epoll large pieces that have nothing before them need no copy. How many bytes the kernel has taken.
    func sendAtOnce(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count >= Self.directSize, state.contains(.attached), reactor.ring == nil,
            state.isDisjoint(with: [.connecting, .full])
        else { return 0 }
        let result = cl_send(socket, bytes.baseAddress, bytes.count)
        if result < bytes.count { state.insert(.full) }
        if result < 0, result != -Int(EAGAIN) { sendingFailed(Int32(-result)) }
        return state.contains(.cannotSend) ? bytes.count : max(0, result)
    }

    /// Much waits already: the kernel may have it before the turn.
    func flushEarly() {
        if reactor.ring == nil, state.contains(.attached), state.isDisjoint(with: [.connecting, .full]) {
            writeQueued()
        }
    }

    /// Sends what is queued, as far as the kernel has room.
    func flush() {
        state.remove(.inOutbox)
        guard state.contains(.attached) else { return }
        if let ring = reactor.ring {
            if !submit(to: ring) { reactor.putIntoOutbox(self) }
            return
        }
        guard state.isDisjoint(with: [.closed, .connecting]) else { return }
        if output.count > 0, !state.contains(.full) { writeQueued() }
        if output.count == 0 { outputIsEmpty() }
    }

    /// What was to follow the last byte follows.
    func outputIsEmpty() {
        if state.contains(.finishes), !state.contains(.cannotSend) {
            state.insert(.cannotSend)
            shutdown(socket, Int32(SHUT_WR))
        }
        if state.contains(.lingers), state.contains(.ended) {
            close()
        } else if state.contains(.owesDrained) {
            reactor.putIntoBacklog(self)
        }
    }

    private func writeQueued() {
        while output.count > 0 {
            let vectors = reactor.vectors
            var used = 0
            var size = 0
            var next = output.first
            while let block = next, used < Reactor.vectorsPerCall {
                vectors[used] = iovec(
                    iov_base: block.bytes + Int(block.pointee.start), iov_len: block.rest.count)
                size += block.rest.count
                used += 1
                next = block.pointee.next
            }
            let result = cl_send_vectors(socket, vectors, Int32(used))
            if result < size { state.insert(.full) }
            guard result >= 0 else {
                if result != -Int(EAGAIN) { sendingFailed(Int32(-result)) }
                return
            }
            output.drop(result, to: &reactor.blocks)
            if result < size { return }
        }
    }

    /// The peer will get no more. Bytes that it had sent before can still be read; then the failure is told.
    func sendingFailed(_ code: Int32) {
        state.insert([.cannotSend, .readable])
        if failure == 0 {
            failure = code
            failedCall = .send
        }
        output.dropAll(to: &reactor.blocks)
        reactor.putIntoBacklog(self)
    }
}
