import CLinux
import Reactor

/// What a running role gives to the process that replaces it, so that clients notice nothing: open descriptors and a text.
///
/// The new process asks, opens everything else, and only then says that it is ready; until then the running one goes on
/// as if nobody had asked.
public final class Handover {
    /// How long the running process may take to answer, and to let go.
    public static let timeout: Duration = .seconds(5)
    /// Bytes that a role's text may have.
    public static let maximumText = 16384

    /// What came, in the order in which it was offered. Whoever takes one sets it to -1; the others are closed at the end.
    public var descriptors: [Int32]
    /// What the running role says about itself.
    public let text: String
    private let connection: Int32

    private init(_ connection: Int32, _ descriptors: [Int32], _ text: String) {
        self.connection = connection
        self.descriptors = descriptors
        self.text = text
    }

    deinit {
        for descriptor in descriptors where descriptor >= 0 { close(descriptor) }
        close(connection)
    }

    private static var milliseconds: Int32 { Int32(timeout.components.seconds * 1000) }

    /// Asks the process that listens at `path`. Throws when there is none, or it does not answer.
    public static func ask(at path: String) throws(SystemError) -> Handover {
        let connection = cl_connect_unix(path)
        guard connection >= 0 else { throw SystemError("ask for a handover at \(path)", code: -connection) }
        var descriptors = [Int32](repeating: -1, count: Int(CL_MAXIMUM_DESCRIPTORS))
        var count = Int32(CL_MAXIMUM_DESCRIPTORS)
        var text = [UInt8](repeating: 0, count: maximumText)
        let size = cl_receive_descriptors(connection, &text, text.count, &descriptors, &count, milliseconds)
        guard size > 0 else {
            close(connection)
            throw SystemError("wait for a handover at \(path)", code: size == 0 ? ECONNRESET : Int32(-size))
        }
        return Handover(
            connection, Array(descriptors.prefix(Int(count))),
            String(decoding: text.prefix(size), as: UTF8.self))
    }

    /// Tells the running process that it is replaced, and waits until it has let go.
    public func complete() throws(SystemError) {
        var answer: UInt8 = UInt8(ascii: "!")
        guard send(connection, &answer, 1, Int32(MSG_NOSIGNAL)) == 1 else {
            throw SystemError("complete a handover")
        }
        var none: Int32 = 0
        let size = cl_receive_descriptors(connection, &answer, 1, nil, &none, Self.milliseconds)
        guard size > 0 else {
            throw SystemError("wait for the end of a handover", code: size == 0 ? ECONNRESET : Int32(-size))
        }
    }
}

/// The running role's side of a handover.
public final class HandoverServer: EventSource {
    private let reactor: Reactor
    private let listener: UnixListener
    private let offer: () -> (text: String, descriptors: [Int32])
    private let completed: () -> Void
    private var connections: [Int32: Client] = [:]

    /// Listens at `path`. `offer` says what a new process gets; `completed` is called when one has taken over.
    public init(
        on reactor: Reactor, path: String, offer: @escaping () -> (text: String, descriptors: [Int32]),
        completed: @escaping () -> Void
    ) throws(SystemError) {
        listener = try UnixListener(path, mode: 0o600, backlog: 4)
        self.reactor = reactor
        self.offer = offer
        self.completed = completed
        try reactor.add(listener.descriptor, for: .read, self)
    }

    /// Ends it.
    public func close() {
        for client in connections.values { client.close() }
        connections = [:]
        reactor.remove(listener.descriptor)
        listener.close()
    }

    /// Somebody asks.
    public func ready(_ readiness: Readiness) {
        while true {
            let descriptor = cl_accept4(listener.descriptor)
            guard descriptor >= 0 else { return }
            let (text, descriptors) = offer()
            let bytes = Array((text.utf8.isEmpty ? "\n" : text).utf8)
            guard cl_peer_is_own(descriptor) != 0,
                cl_send_descriptors(descriptor, bytes, bytes.count, descriptors, Int32(descriptors.count))
                    == 0
            else {
                CLinux.close(descriptor)
                continue
            }
            let client = Client(descriptor, self)
            connections[descriptor] = client
            try? reactor.add(descriptor, for: .read, client)
        }
    }

    private func heard(_ client: Client) {
        var word: UInt8 = 0
        guard recv(client.descriptor, &word, 1, 0) == 1, word == UInt8(ascii: "!") else {
            connections[client.descriptor] = nil
            return client.close()
        }
        completed()
        _ = send(client.descriptor, &word, 1, Int32(MSG_NOSIGNAL))
    }

    private final class Client: EventSource {
        let descriptor: Int32
        private unowned(unsafe) let server: HandoverServer

        init(_ descriptor: Int32, _ server: HandoverServer) {
            self.descriptor = descriptor
            self.server = server
        }

        func ready(_ readiness: Readiness) { server.heard(self) }

        func close() {
            server.reactor.remove(descriptor)
            CLinux.close(descriptor)
        }
    }
}
