import CLinux
import Database
import JSON
import Reactor

/// This node's control, over its socket: the lease `primary`, the fact `database`, and the lane to the same role on other nodes.
final class ControlLink: EventSource {
    static let lease = "primary"
    static let fact = "database"
    /// How long until a lost connection is tried again.
    static let reconnectDelay: Duration = .milliseconds(50)
    /// Bytes that a line of control's may have: all facts and leases.
    static let lineLimit = 4 << 20
    /// Bytes that may wait for control to read them; then the connection is given up.
    static let unsentLimit = 1 << 20

    enum Event {
        case answer(request: UInt64, ControlAnswer)
        case seen(ControlView)
        case told(AgentMessage, by: MemberID)
    }

    private struct Pending {
        let id: UInt64
        let request: ControlRequest
        let sentAt: Duration
        /// For an acquisition that succeeded: its epoch, which must be valid before it counts.
        var epoch: UInt64?
    }

    private let reactor: Reactor
    private let path: String
    private let handler: (Event) -> Void
    private var descriptor: Int32 = -1
    private var received: [UInt8] = []
    private var unsent: [UInt8] = []
    private var pending: [Pending] = []
    /// A change that another version had before: answered when that one is known.
    private var conflicts: [(id: UInt64, version: UInt64)] = []
    /// As control last told it.
    private(set) var view: ControlView?
    private(set) var voters: [UInt64] = []
    private(set) var hasLeader = false

    var isConnected: Bool { descriptor >= 0 }

    init(on reactor: Reactor, path: String, _ handler: @escaping (Event) -> Void) {
        self.reactor = reactor
        self.path = path
        self.handler = handler
        connect()
    }

    // MARK: the connection

    private func connect() {
        let result = cl_connect_unix(path)
        guard result >= 0 else { return connectLater() }
        do throws(SystemError) { try reactor.add(result, for: .read, self) } catch {
            close(result)
            return connectLater()
        }
        descriptor = result
        send("{\"id\":1,\"watch\":true}")
        send("{\"id\":2,\"lane\":\"\(AgentMessage.lane)\"}")
    }

    private func connectLater() {
        _ = reactor.schedule(after: Self.reconnectDelay) { [unowned(unsafe) self] in connect() }
    }

    private func end() {
        guard descriptor >= 0 else { return }
        reactor.remove(descriptor)
        close(descriptor)
        descriptor = -1
        received = []
        unsent = []
        // The core asks anew when it has waited long enough.
        pending = []
        conflicts = []
        hasLeader = false
        connectLater()
    }

    /// Lines came, or there is room.
    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) || readiness.contains(.hangup) { receive() }
        if descriptor >= 0 { flush() }
    }

    private func receive() {
        var chunk = [UInt8](repeating: 0, count: 32 << 10)
        while descriptor >= 0 {
            let count = recv(descriptor, &chunk, chunk.count, Int32(MSG_DONTWAIT))
            if count < 0, cl_errno() == EAGAIN || cl_errno() == EINTR { break }
            guard count > 0 else { return end() }
            received += chunk[0..<count]
            while let newline = received.firstIndex(of: 10) {
                let line = Array(received[..<newline])
                received.removeFirst(newline + 1)
                if let json = try? JSONValue.parse(line) { handle(json) }
            }
            if received.count > Self.lineLimit { return end() }
        }
    }

    private func send(_ line: String) {
        guard descriptor >= 0 else { return }
        unsent += Array(line.utf8)
        unsent.append(10)
        if unsent.count > Self.unsentLimit { return end() }
        flush()
    }

    private func flush() {
        while !unsent.isEmpty {
            let count = unsent.withUnsafeBytes {
                CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
            }
            guard count > 0 else { break }
            unsent.removeFirst(count)
        }
        reactor.modify(descriptor, for: unsent.isEmpty ? .read : [.read, .write])
    }

    // MARK: from the agent

    func tell(_ message: AgentMessage, to member: MemberID) {
        send(
            JSONValue.object([
                .init("tell", .integer(Int64(member.number))), .init("lane", .string(AgentMessage.lane)),
                .init("bytes", .bytes(message.bytes)),
            ]).compact)
    }

    /// Numbers below 10 are this class's own.
    private static let base: UInt64 = 10

    func ask(_ id: UInt64, _ request: ControlRequest) {
        let now = Reactor.clock()
        let number = id + Self.base
        pending.append(Pending(id: id, request: request, sentAt: now))
        if pending.count > 64 { pending.removeFirst() }
        switch request {
        case .acquire:
            send("{\"id\":\(number),\"take\":\"\(Self.lease)\",\"after\":\(view?.epoch ?? 0)}")
        case .renew(let epoch): renew(number, epoch, now)
        case .release(let epoch):
            send("{\"id\":\(number),\"release\":\"\(Self.lease)\",\"epoch\":\(epoch)}")
        case .replace(let agreement, let expected):
            send(
                JSONValue.object([
                    .init("id", .integer(Int64(number))), .init("set", .string(Self.fact)),
                    .init("value", .string(Self.digits(agreement.bytes))),
                    .init("expecting", .integer(Int64(expected))),
                ]).compact)
        }
    }

    private func renew(_ number: UInt64, _ epoch: UInt64, _ now: Duration) {
        send(
            "{\"id\":\(number),\"renew\":\"\(Self.lease)\",\"epoch\":\(epoch),\"asked\":\(now.wholeNanoseconds)}"
        )
    }

    // MARK: from control

    private func handle(_ json: JSONValue) {
        if json["facts"] != nil { return see(json) }
        if let member = json["told"]?.integer, json["lane"]?.text == AgentMessage.lane,
            let bytes = json["bytes"]?.bytes, let message = AgentMessage(bytes),
            let sender = MemberID(Int(truncatingIfNeeded: member))
        {
            return handler(.told(message, by: sender))
        }
        guard let number = json["id"]?.integer, number >= Int64(Self.base),
            let index = pending.firstIndex(where: { $0.id == UInt64(number) - Self.base })
        else { return }
        if let until = json["valid"]?.integer { return valid(index, .nanoseconds(until)) }
        if let reason = json["refused"]?.text { return refused(index, reason) }
        if let result = json["result"] { finish(index, result) }
    }

    private func valid(_ index: Int, _ until: Duration) {
        let request = pending[index]
        let epoch: UInt64? =
            switch request.request {
            case .renew(let epoch): epoch
            case .acquire: request.epoch
            case .release, .replace: nil
            }
        guard let epoch else { return }
        pending.remove(at: index)
        handler(.answer(request: request.id, .granted(epoch: epoch, term: until - request.sentAt)))
    }

    private func refused(_ index: Int, _ reason: String) {
        // `promised` and `silent` are one voter's: control goes on asking them by itself.
        guard reason == "deposed" else { return }
        let request = pending.remove(at: index)
        handler(.answer(request: request.id, .refused(wait: .zero)))
    }

    private func finish(_ index: Int, _ result: JSONValue) {
        let request = pending[index]
        if let wait = result["for"]?.integer {
            pending.remove(at: index)
            return handler(.answer(request: request.id, .refused(wait: .nanoseconds(wait))))
        }
        guard let answer = result["answer"] else {
            // Unknown: the core asks anew.
            pending.remove(at: index)
            return
        }
        switch request.request {
        case .acquire:
            if let epoch = answer["taken"]?.integer {
                pending[index].epoch = UInt64(epoch)
                return renew(request.id + Self.base, UInt64(epoch), Reactor.clock())
            }
            pending.remove(at: index)
            handler(.answer(request: request.id, .refused(wait: .zero)))
        case .renew, .release: pending.remove(at: index)
        case .replace:
            pending.remove(at: index)
            if let version = answer["written"]?.integer {
                handler(.answer(request: request.id, .replaced(version: UInt64(version))))
            } else if let version = answer["changed"]?.integer {
                conflicts.append((request.id, UInt64(version)))
                answerConflicts()
            }
        }
    }

    private func see(_ json: JSONValue) {
        let lease = json["leases"]?[Self.lease]
        let epoch = UInt64(lease?["epoch"]?.integer ?? 0)
        let owner = lease?["owner"]?.integer ?? 0
        let released = UInt64(lease?["released"]?.integer ?? 0)
        let fact = json["facts"]?[Self.fact]
        hasLeader = (json["leader"]?.integer ?? 0) != 0
        voters = (json["voters"]?.elements ?? []).compactMap { $0.integer.map { UInt64($0) } }
        let seen = ControlView(
            owner: released == epoch ? nil : MemberID(Int(truncatingIfNeeded: owner)), epoch: epoch,
            agreement: fact?["value"]?.text.flatMap { Self.bytes($0) }.flatMap { Agreement(bytes: $0) },
            version: UInt64(fact?["version"]?.integer ?? 0))
        view = seen
        handler(.seen(seen))
        answerConflicts()
    }

    private func answerConflicts() {
        guard let view else { return }
        let known = conflicts.filter { $0.version <= view.version }
        conflicts.removeAll { $0.version <= view.version }
        for conflict in known {
            handler(.answer(request: conflict.id, .conflict(view.agreement, version: view.version)))
        }
    }

    // MARK: digits

    static func digits(_ bytes: [UInt8]) -> String { JSONValue.bytes(bytes).text ?? "" }

    static func bytes(_ digits: String) -> [UInt8]? { JSONValue.string(digits).bytes }
}

extension Duration {
    /// Whole nanoseconds: 292 years fit.
    var wholeNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
