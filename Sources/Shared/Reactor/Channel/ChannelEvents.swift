import CLinux

/// The way in with the epoll driver, and what is told.
extension Channel {
    /// An event of the kernel's, which tells only of changes.
    func ready(_ readiness: Readiness) {
        if state.contains(.connecting) {
            finishConnecting(readiness)
            return
        }
        if readiness.contains(.write), state.contains(.full) {
            state.remove(.full)
            if output.count > 0 { flush() }
        }
        if !readiness.isDisjoint(with: [.readHangup, .hangup, .error]) {
            state.insert([.readable, .endIsNear])
        }
        if readiness.contains(.read) { state.insert(.readable) }
        proceed()
    }

    func finishConnecting(_ readiness: Readiness) {
        guard !readiness.isDisjoint(with: [.write, .error, .hangup]) else { return }
        state.remove(.connecting)
        failure = cl_getsockopt_int(socket, SOL_SOCKET, SO_ERROR)
        guard failure == 0 else {
            failure = abs(failure)
            failedCall = .connect
            state.insert(.cannotSend)
            output.dropAll(to: &reactor.blocks)
            end(error)
            return
        }
        if output.count > 0 || state.contains(.finishes) { reactor.putIntoOutbox(self) }
        if !readiness.isDisjoint(with: [.read, .readHangup]) { state.insert(.readable) }
        owner?.channelConnected(self)
        proceed()
    }

    /// Does what there is to do: tells of an empty queue and of what a pause held back, reads once.
    func proceed() {
        if state.contains(.owesDrained), output.count == 0 {
            state.remove(.owesDrained)
            owner?.channelDrained(self)
        }
        while let block = held.first, state.isDisjoint(with: [.paused, .closed]) {
            let bytes = block.rest
            owner?.channel(self, received: bytes)
            // Gone if the owner has closed.
            if held.count > 0 { held.drop(bytes.count, to: &reactor.blocks) }
        }
        if failure != 0, !state.contains(.attached) || state.contains(.paused) {
            end(error)
        } else if state.contains(.readable),
            state.isDisjoint(with: [.paused, .closed, .ended, .connecting, .receives])
        {
            read()
        }
        if reactor.ring != nil, state.contains(.attached) { reactor.putIntoOutbox(self) }
    }

    private func read() {
        let buffer = reactor.receiveBuffer
        let count = recv(socket, buffer.baseAddress, buffer.count, 0)
        if count > 0 {
            if count < buffer.count, failure == 0, !state.contains(.endIsNear) { state.remove(.readable) }
            owner?.channel(self, received: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            // The others first: a peer that sends without end must not keep them from their turn.
            if state.contains(.readable), state.isDisjoint(with: [.paused, .closed]) {
                reactor.putIntoBacklog(self)
            }
        } else if count == 0 {
            end(failure == 0 ? nil : error)
        } else {
            let code = cl_errno()
            if code == EINTR {
                reactor.putIntoBacklog(self)
            } else if code != EAGAIN || failure != 0 {
                receivingFailed(code)
            } else {
                state.remove(.readable)
            }
        }
    }
    /// Nothing will come any more, nor go; a failure of sending that was first is the one to tell.
    func receivingFailed(_ code: Int32) {
        if failure == 0 {
            failure = code
            failedCall = .receive
        }
        state.insert(.cannotSend)
        if !state.contains(.sends) { output.dropAll(to: &reactor.blocks) }
        end(error)
    }
}
