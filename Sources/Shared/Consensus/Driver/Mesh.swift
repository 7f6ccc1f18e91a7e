import CLinux
import Consensus
import Reactor

/// This member's connections to all others.
///
/// It dials every member that it knows, again and again, and accepts those that dial it: one that is new knows nobody
/// yet. What is sent goes by the connection that this member dialled, else by one that it accepted.
///
/// It and its connections hold each other until `close`.
final class Mesh: EventSource {
    /// Accepted connections that may be open at once.
    static let acceptedLimit = 128
    /// A complaint about a member is repeated after so long.
    static let complaintInterval: Duration = .seconds(60)

    enum Event {
        case connected(MemberID)
        case disconnected(MemberID)
        case message(SecureChannel.Lane, [UInt8], from: MemberID)
        /// Something for the journal.
        case complaint(String)
    }

    private struct Link {
        var member: Member
        var dialled: Connection?
        var backoff: Backoff
        var retry: Deadline?
        var complained: Duration?
    }

    private let id: MemberID
    private let key: ClusterKey
    private let reactor: Reactor
    private let listener: Int32
    private let handler: (Event) -> Void
    private var links: [Link] = []
    private var accepted: [Connection] = []
    private var complainedOfStrangers: Duration?
    private var isClosed = false

    /// Listens on an address.
    init(
        _ id: MemberID, at address: String, key: ClusterKey, on reactor: Reactor,
        _ handler: @escaping (Event) -> Void
    ) throws(SystemError) {
        guard let place = PeerAddress(address) else {
            throw SystemError("listen on \(address) (IP:PORT or [IP]:PORT)", code: EINVAL)
        }
        listener = cl_listen_tcp(place.host, place.port, 0, 1, 64)
        guard listener >= 0 else { throw SystemError("listen on \(address)", code: -listener) }
        self.id = id
        self.key = key
        self.reactor = reactor
        self.handler = handler
        do throws(SystemError) { try reactor.add(listener, for: .read, self) } catch {
            CLinux.close(listener)
            isClosed = true
            throw error
        }
    }

    /// Closes everything.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        reactor.remove(listener)
        CLinux.close(listener)
        for place in links.indices { hangUp(place) }
        for connection in accepted { connection.close() }
        (links, accepted) = ([], [])
    }

    /// From now on these are the members; connections to those that stay stay.
    func setMembers(_ members: [Member]) {
        guard !isClosed else { return }
        for place in links.indices.reversed() {
            let link = links[place]
            let isSame = members.contains { $0.id == link.member.id && $0.address == link.member.address }
            guard !isSame else { continue }
            hangUp(place)
            links.remove(at: place)
        }
        for member in members where member.id != id {
            guard !links.contains(where: { $0.member.id == member.id }) else { continue }
            links.append(
                Link(member: member, backoff: Backoff(seed: id &* 0x9E37_79B9_7F4A_7C15 ^ member.id)))
            dial(member.id)
        }
    }

    /// Sends a message if there is a way; false when it is dropped.
    func send(_ message: [UInt8], in lane: SecureChannel.Lane, to member: MemberID) -> Bool {
        way(to: member)?.send(message, in: lane) ?? false
    }

    /// Whether there is a connection to a member.
    func isConnected(to member: MemberID) -> Bool { way(to: member) != nil }

    /// Somebody dials.
    func ready(_ readiness: Readiness) {
        while !isClosed {
            let descriptor = cl_accept4(listener)
            guard descriptor >= 0 else { return }
            guard accepted.count < Self.acceptedLimit, let nonce = Self.nonce() else {
                CLinux.close(descriptor)
                continue
            }
            let channel = SecureChannel(id, acceptedWith: key, nonce: nonce)
            let connection = try? Connection(descriptor, channel, on: reactor) {
                self.handleAccepted($0, $1)
            }
            if let connection { accepted.append(connection) }
        }
    }

    // MARK: inside

    private static func nonce() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: SecureChannel.nonceBytes)
        let code = bytes.withUnsafeMutableBytes { cl_random($0.baseAddress, $0.count) }
        return code == 0 ? bytes : nil
    }

    private func way(to member: MemberID) -> Connection? {
        let dialled = links.first { $0.member.id == member }?.dialled
        if let dialled, dialled.channel.peer != nil { return dialled }
        return accepted.last { $0.channel.peer == member }
    }

    private func dial(_ member: MemberID) {
        guard !isClosed, let link = links.firstIndex(where: { $0.member.id == member }),
            links[link].dialled == nil
        else { return }
        let address = links[link].member.address
        guard let place = PeerAddress(address) else {
            return complain(
                link, "\(address) is not IP:PORT. Remove the member and add it with a right address")
        }
        let descriptor = cl_connect_tcp(place.host, place.port, nil)
        guard descriptor >= 0, let nonce = Self.nonce() else {
            if descriptor >= 0 { CLinux.close(descriptor) }
            complain(link, String(cString: cl_strerror(-descriptor)))
            return dialAgain(link)
        }
        let channel = SecureChannel(id, dialled: member, key: key, nonce: nonce)
        let connection = try? Connection(descriptor, channel, on: reactor) {
            self.handleDialled(member, $0, $1)
        }
        links[link].dialled = connection
        if connection == nil { dialAgain(link) }
    }

    private func dialAgain(_ place: Int) {
        let member = links[place].member.id
        let wait = links[place].backoff.next()
        links[place].retry = reactor.schedule(after: wait) { self.dial(member) }
    }

    private func hangUp(_ place: Int) {
        links[place].retry?.cancel()
        links[place].dialled?.close()
        links[place].dialled = nil
    }

    private func handleDialled(_ member: MemberID, _ connection: Connection, _ event: Connection.Event) {
        guard !isClosed, let place = links.firstIndex(where: { $0.member.id == member }) else { return }
        switch event {
        case .opened(let peer):
            links[place].backoff.succeeded()
            links[place].complained = nil
            handler(.connected(peer))
        case .message(let lane, let bytes): handler(.message(lane, bytes, from: member))
        case .closed(let reason):
            let wasOpen = connection.channel.peer != nil
            links[place].dialled = nil
            if let reason { complain(place, reason) }
            dialAgain(place)
            if wasOpen { handler(.disconnected(member)) }
        }
    }

    private func handleAccepted(_ connection: Connection, _ event: Connection.Event) {
        guard !isClosed else { return }
        switch event {
        case .opened(let peer):
            // An older one of the same member is of a life that has ended, or of a network that was cut.
            for old in accepted where old !== connection && old.channel.peer == peer { old.close() }
            accepted.removeAll { $0.isClosed }
            handler(.connected(peer))
        case .message(let lane, let bytes):
            if let peer = connection.channel.peer { handler(.message(lane, bytes, from: peer)) }
        case .closed(let reason):
            accepted.removeAll { $0 === connection }
            if let peer = connection.channel.peer { return handler(.disconnected(peer)) }
            let now = reactor.now
            guard let reason, complainedOfStrangers.map({ now - $0 >= Self.complaintInterval }) ?? true else {
                return
            }
            complainedOfStrangers = now
            handler(.complaint("somebody who connected was sent away: \(reason)"))
        }
    }

    private func complain(_ place: Int, _ reason: String) {
        let now = reactor.now
        guard links[place].complained.map({ now - $0 >= Self.complaintInterval }) ?? true else { return }
        links[place].complained = now
        let member = links[place].member
        handler(.complaint("member \(member.id) at \(member.address) cannot be reached: \(reason)"))
    }
}
