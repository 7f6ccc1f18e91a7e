import Languages
import PostgreSQLWire

/// What a client sends, and what becomes of it.
extension Pooler {
    /// A client that waits for a server may send on so far; then it is not listened to. In bytes.
    static let heldLimit = 64 * 1024
    /// Names of statements and portals together may be so long. In bytes.
    static let nameLimit = 16 * 1024
    /// A Parse that is kept for other servers may be so long. In bytes.
    static let preparedLimit = 1 << 20
    /// So many answers may be owed at a time; then the client is not listened to.
    static let pipelineLimit = 16 * 1024

    func takeRequests(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) {
        client.pool?.database.traffic.received += UInt64(bytes.count)
        if client.held.isEmpty {
            let used = digest(bytes, from: client)
            if used < bytes.count, !client.isClosed {
                client.held.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[used...]))
            }
        } else {
            client.held.append(contentsOf: bytes)
            digestHeld(client)
        }
        if client.held.count > Self.heldLimit, waits(client) { pause(client) }
    }

    /// Something else must happen before what it sends is dealt with.
    private func waits(_ client: PoolClient) -> Bool {
        switch client.state {
        case .waiting, .settling, .welcome: true
        case .console: client.console?.isGathering == true
        case .startup, .login, .idle, .active: false
        }
    }

    /// Goes on with what a client had sent before it could be dealt with.
    func digestHeld(_ client: PoolClient) {
        guard !client.held.isEmpty, !client.isClosed else { return }
        let wasPaused = client.isPaused
        var held: [UInt8] = []
        swap(&held, &client.held)
        let used = held.withUnsafeBytes { digest($0, from: client) }
        guard !client.isClosed else { return }
        // An idle client keeps no buffer.
        if used < held.count { client.held = used == 0 ? held : Array(held[used...]) }
        if wasPaused, client.held.count <= Self.heldLimit, !waits(client), !isFull(client) { resume(client) }
    }

    /// Too much of what it sent has not left yet, or too much of it is not answered.
    private func isFull(_ client: PoolClient) -> Bool {
        guard let server = client.server else { return false }
        return server.outstanding.count > Self.pipelineLimit
            || driver.queued(on: server.link) > Self.highWater
    }

    /// Deals with whole messages and with as much of others as can go on; returns how many bytes that were.
    private func digest(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int {
        switch client.state {
        case .active, .idle: return relay(bytes, from: client)
        case .waiting, .settling, .welcome: return 0
        case .console: return takeConsole(bytes, from: client)
        case .startup, .login:
            let state = client.state
            let used =
                state == .startup ? takeStartup(bytes, from: client) : takeLogin(bytes, from: client)
            // A client need not wait for its answer before it asks for more.
            guard used > 0, used < bytes.count, !client.isClosed, client.state != state else { return used }
            return used + digest(UnsafeRawBufferPointer(rebasing: bytes[used...]), from: client)
        }
    }

    private func relay(_ bytes: UnsafeRawBufferPointer, from client: PoolClient) -> Int {
        let end = bytes.count
        var at = 0
        /// Where what is to go to the server as it is begins.
        var from = 0
        let limit = Int(clamping: configuration.maxPacketSize)
        client.lastActiveAt = now
        func flush(_ server: PoolServer) {
            if at > from { send(UnsafeRawBufferPointer(rebasing: bytes[from..<at]), to: server) }
            from = at
        }
        while at < end {
            if client.passing > 0 {
                let count = min(client.passing, end - at)
                client.passing -= count
                at += count
                if client.dropsPassing {
                    from = at
                    client.dropsPassing = client.passing > 0
                }
                continue
            }
            guard end - at >= MessageHeader.size else { break }
            guard let header = MessageHeader(bytes, at: at, limit: limit) else {
                if let server = client.server { flush(server) }
                refuse(client, "08P01", "broken packet header: a length that cannot be")
                return end
            }
            let available = min(header.total, end - at)
            if client.server == nil {
                switch header.type {
                case Ask.terminate:
                    clientEnded(client, "client close request")
                    return end
                case Ask.copyData, Ask.copyDone, Ask.copyFail:
                    // What a client sends of a COPY that has failed already (PostgreSQL 15 manual, 55.2.6).
                    at += available
                    from = at
                    client.passing = header.total - available
                    client.dropsPassing = client.passing > 0
                    continue
                default: break
                }
            }
            guard client.server != nil || obtainServer(for: client), let server = client.server else {
                return at
            }
            let body = UnsafeRawBufferPointer(rebasing: bytes[(at + MessageHeader.size)..<(at + available)])
            window = RelayWindow(bytes: bytes, from: from, end: at)
            let decision = decide(header, body, client, server)
            from = window.from
            switch decision {
            case .forward:
                at += available
                client.passing = header.total - available
            case .needsMore:
                flush(server)
                return at
            case .done:
                flush(server)
                at += header.total
                from = at
            case .replace(let replacement, let length):
                flush(server)
                send(replacement, to: server)
                // The rest of the message goes on as it is.
                from = at + MessageHeader.size + length
                at += available
                client.passing = header.total - available
            case .close:
                return end
            }
        }
        if let server = client.server {
            flush(server)
            holdBack(client, for: server)
            if server.outstanding.count > Self.pipelineLimit { pause(client) }
            if client.passing == 0, server.isAtRest, server.mayRest { finish(server) }
        }
        return at
    }

    /// What becomes of a message.
    enum Decision {
        /// It goes to the server as it is.
        case forward
        /// More of it must be there first.
        case needsMore
        /// It has been dealt with; the whole of it is there.
        case done
        /// These bytes go in the place of its header and of so many bytes of its body.
        case replace([UInt8], Int)
        /// The client is closed.
        case close
    }

    @inline(__always)
    private func decide(
        _ header: MessageHeader, _ body: UnsafeRawBufferPointer, _ client: PoolClient, _ server: PoolServer
    ) -> Decision {
        switch header.type {
        case Ask.query:
            beginRequest(client, server)
            return decideQuery(header, body, client, server)
        case Ask.sync:
            beginRequest(client, server)
            server.skipsToSync = false
            // While it takes in a COPY a server does not hear it (PostgreSQL 15 manual, 55.2.6).
            if !server.takesCopy { server.outstanding.append(.sync) }
            return .forward
        case Ask.parse, Ask.bind, Ask.describe, Ask.close:
            beginRequest(client, server)
            let decision = decidePrepared(header, body, client, server)
            // Once, in however many pieces it comes.
            if case .needsMore = decision { return decision }
            if header.type == Ask.bind {
                server.pool.database.traffic.binds += 1
            } else if header.type == Ask.parse {
                server.pool.database.traffic.clientParses += 1
            }
            return decision
        case Ask.execute:
            beginRequest(client, server)
            if !server.skipsToSync { server.outstanding.append(.execute) }
            return .forward
        case Ask.flush:
            beginRequest(client, server)
            return .forward
        case Ask.copyData: return .forward
        case Ask.copyDone, Ask.copyFail:
            if server.takesCopy { server.takesCopy = false } else { server.outstanding.appendCopyEnd() }
            return .forward
        case Ask.functionCall:
            beginRequest(client, server)
            if !server.skipsToSync { server.outstanding.append(.query) }
            return .forward
        case Ask.terminate:
            flushWindow(server)
            clientEnded(client, "client close request")
            return .close
        default:
            refuse(client, "08P01", "unknown message type \(header.type) from the client")
            return .close
        }
    }

    @inline(__always)
    private func decideQuery(
        _ header: MessageHeader, _ body: UnsafeRawBufferPointer, _ client: PoolClient, _ server: PoolServer
    ) -> Decision {
        if configuration.disablePqexec {
            refuse(
                client, "08P01", "PQexec disallowed",
                hint: "disable_pqexec allows the extended protocol only.")
            return .close
        }
        if reads(server.pool) {
            let isWhole = body.count == header.total - MessageHeader.size
            if !isWhole, body.count < Self.classifyLimit { return .needsMore }
            if isWhole, body.count > 0, body[body.count - 1] == 0 {
                let text = UnsafeRawBufferPointer(rebasing: body.dropLast())
                switch verdict(text, client, server) {
                case nil: break
                case .pin(let feature): pin(server, client, feature)
                case .refuse(let feature):
                    failInstead(refusal(of: feature), client, server, isSimple: true)
                    return .done
                case .execute where server.skipsToSync, .deallocate where server.skipsToSync: return .forward
                case .execute(let place, let query):
                    renamed(text, place, query, server)
                    return .done
                case .deallocate(let place, let known, let query):
                    renamed(text, place, query, server, deallocates: true)
                    client.statements[known] = nil
                    client.changes.append(StatementChange(name: known, before: query, after: nil))
                    return .done
                }
            } else {
                client.lastStatement = .mayCommit
            }
        }
        if !server.skipsToSync { server.outstanding.append(.query) }
        return .forward
    }

    /// The clocks of transactions and queries run from the first message of each.
    @inline(__always)
    private func beginRequest(_ client: PoolClient, _ server: PoolServer) {
        if server.outstanding.isEmpty, client.queryAt == 0 { client.queryAt = now }
        if client.transactionAt == 0 { client.transactionAt = now }
        server.mayRest = false
    }
}
