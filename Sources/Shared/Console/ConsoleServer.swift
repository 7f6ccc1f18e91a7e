import CLinux
import Reactor

/// The Unix-socket command line that every role has, with the manners of HAProxy's (management.txt 9.3):
/// commands end with a newline or `;`, an answer ends with an empty line and closes the connection, unless
/// the first command was `prompt`, after which `> ` follows every answer and the connection stays.
public final class ConsoleServer: EventSource {
    /// Bytes a command line may have.
    public static let maximumLine = 4096
    /// Connections at once; a further one is closed at once.
    public static let maximumConnections = 32
    /// How long a connection without `prompt` may stay idle.
    public static let idleTimeout: Duration = .seconds(10)

    private let reactor: Reactor
    private let listener: UnixListener
    private let answer: (String) -> String?
    /// Takes a command whose answer comes later, by `reply` with this number; false: it is one for `answer`.
    public var deferred: (String, UInt64) -> Bool = { _, _ in false }
    private var connections: [Int32: ConsoleConnection] = [:]
    /// Whose command waits for its answer, by the command's number.
    private var waiting: [UInt64: Int32] = [:]
    private var next: UInt64 = 1

    /// Listens at `path`; `answer` gets one command and returns its answer without the empty line, or nil to
    /// close the connection without one: a role whose other threads hang must not look alive.
    public init(
        on reactor: Reactor, path: String, mode: UInt32 = 0o600, answer: @escaping (String) -> String?
    ) throws(SystemError) {
        listener = try UnixListener(path, mode: mode, backlog: 16)
        self.reactor = reactor
        self.answer = answer
        try reactor.add(listener.descriptor, for: .read, self)
    }

    /// Closes all connections and removes the socket, unless another process has put its own there.
    public func close() {
        for connection in connections.values { connection.close() }
        connections = [:]
        waiting = [:]
        reactor.remove(listener.descriptor)
        listener.close()
    }

    /// Accepts connections.
    public func ready(_ readiness: Readiness) {
        while true {
            let descriptor = cl_accept4(listener.descriptor)
            guard descriptor >= 0 else { return }
            guard connections.count < Self.maximumConnections else {
                CLinux.close(descriptor)
                continue
            }
            let connection = ConsoleConnection(
                descriptor, on: reactor, answer: { [unowned(unsafe) self] in ask($0, for: descriptor) }
            ) { [unowned(unsafe) self] in
                connections[descriptor] = nil
                for (number, owner) in waiting where owner == descriptor { waiting[number] = nil }
            }
            connections[descriptor] = connection
            connection.start()
        }
    }

    /// The answer to a command that `deferred` took. Nobody gets it when its client is gone.
    public func reply(_ number: UInt64, _ text: String) {
        guard let descriptor = waiting.removeValue(forKey: number) else { return }
        connections[descriptor]?.resume(text)
    }

    private func ask(_ command: String, for descriptor: Int32) -> ConsoleConnection.Answer {
        let number = next
        next += 1
        waiting[number] = descriptor
        if deferred(command, number) { return .later }
        waiting[number] = nil
        return answer(command).map { .text($0) } ?? .none
    }
}
