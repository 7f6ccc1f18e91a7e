import CLinux
import Reactor

/// The agent's end of its socket to the keeper.
final class KeeperLink: EventSource {
    /// The descriptor that the keeper gives it.
    static let descriptor: Int32 = 3
    /// How often the agent says that it lives.
    static let aliveInterval: Duration = .seconds(1)

    private let reactor: Reactor
    private let handler: (KeeperMessage) -> Void
    private let gone: () -> Void
    private var counter: UInt32

    /// `first`: the first number for a program; those before are in use.
    init(
        on reactor: Reactor, first: UInt32, gone: @escaping () -> Void,
        _ handler: @escaping (KeeperMessage) -> Void
    ) throws(SystemError) {
        self.reactor = reactor
        self.handler = handler
        self.gone = gone
        counter = first
        _ = cl_set_nonblocking(Self.descriptor)
        try reactor.add(Self.descriptor, for: .read, self)
        beAlive()
    }

    private func beAlive() {
        tell(.alive)
        _ = reactor.schedule(after: Self.aliveInterval) { [unowned(unsafe) self] in beAlive() }
    }

    /// Starts a program; its number.
    func start(
        _ arguments: [String], environment: [String] = [], output: String, input: String = ""
    ) -> UInt32 {
        counter += 1
        tell(
            .start(
                ProgramRequest(
                    id: counter, arguments: arguments, environment: environment, output: output, input: input)
            ))
        return counter
    }

    /// The last number that was used.
    var last: UInt32 { counter }

    func tell(_ message: KeeperMessage) {
        let bytes = message.bytes
        let count = bytes.withUnsafeBytes {
            send(Self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, cl_errno() != EAGAIN { gone() }
    }

    /// Messages came.
    func ready(_ readiness: Readiness) {
        var buffer = [UInt8](repeating: 0, count: KeeperMessage.limit)
        while true {
            let count = recv(Self.descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count < 0, cl_errno() == EAGAIN || cl_errno() == EINTR { return }
            guard count > 0 else { return gone() }
            if let message = KeeperMessage(buffer[0..<count]) { handler(message) }
        }
    }
}
