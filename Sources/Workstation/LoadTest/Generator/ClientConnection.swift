import CLinux
import Reactor

/// One place for a connection: opened when a request needs it, kept open afterwards where both sides allow it.
final class ClientConnection: EventSource {
    private enum State {
        case closed
        case connecting
        case sending(sent: Int)
        case receiving
        case idle
    }

    let number: Int
    private let reactor: Reactor
    private let target: Target
    private let bytes: [UInt8]
    private let keepsOpen: Bool
    private let buffer: UnsafeMutableRawBufferPointer
    /// Told once for each request, never from inside `start`'s caller before `start` was called.
    private let ended: (_ connection: Int, _ request: Int, Outcome) -> Void

    private var state = State.closed
    private var descriptor: Int32 = -1
    private var request = -1
    private var reader = ResponseReader()

    init(
        _ number: Int, on reactor: Reactor, to target: Target, sending bytes: [UInt8], keepsOpen: Bool,
        buffer: UnsafeMutableRawBufferPointer, ended: @escaping (Int, Int, Outcome) -> Void
    ) {
        self.number = number
        self.reactor = reactor
        self.target = target
        self.bytes = bytes
        self.keepsOpen = keepsOpen
        self.buffer = buffer
        self.ended = ended
    }

    /// Sends a request, over a new connection when none is open.
    func start(_ request: Int) {
        self.request = request
        reader = ResponseReader()
        if case .idle = state { return send(from: 0) }
        let result = cl_connect_tcp(target.address, target.port, target.device)
        guard result >= 0 else { return end(.failed(Failure(errno: -result))) }
        descriptor = result
        _ = cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        state = .connecting
        do throws(SystemError) {
            try reactor.add(descriptor, for: .write, self)
        } catch {
            closeDescriptor()
            end(.failed(Failure(errno: error.code)))
        }
    }

    /// Gives up what is under way, without telling.
    func abandon() { closeDescriptor() }

    func ready(_ readiness: Readiness) {
        switch state {
        case .closed: break
        case .connecting:
            let code = cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR)
            code == 0 ? send(from: 0) : fail(Failure(errno: abs(code)))
        case .sending(let sent): send(from: sent)
        case .receiving: receive()
        case .idle:
            // The server ended a connection that nobody uses, or says something that nobody asked for.
            closeDescriptor()
        }
    }

    private func send(from start: Int) {
        let wasIdle = if case .idle = state { true } else { false }
        var sent = start
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 {
                sent += count
            } else if cl_errno() == EAGAIN {
                state = .sending(sent: sent)
                if wasIdle { reactor.modify(descriptor, for: .write) }
                return
            } else if cl_errno() != EINTR {
                return fail(Failure(errno: cl_errno()))
            }
        }
        state = .receiving
        if !wasIdle { reactor.modify(descriptor, for: .read) }
    }

    private func receive() {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count < 0 {
            guard cl_errno() != EAGAIN, cl_errno() != EINTR else { return }
            return fail(Failure(errno: cl_errno()))
        }
        let progress =
            count == 0 ? reader.end() : reader.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        switch progress {
        case .more: if count == 0 { fail(.closed) }
        case .malformed: fail(.malformed)
        case .whole(let answer):
            if answer.reusable && keepsOpen { state = .idle } else { closeDescriptor() }
            end(answer.outcome)
        }
    }

    private func fail(_ failure: Failure) {
        closeDescriptor()
        end(.failed(failure))
    }

    private func end(_ outcome: Outcome) {
        let request = request
        self.request = -1
        ended(number, request, outcome)
    }

    private func closeDescriptor() {
        guard descriptor >= 0 else { return }
        reactor.remove(descriptor)
        close(descriptor)
        descriptor = -1
        state = .closed
    }
}
