import Languages
import PostgreSQLWire

/// Named prepared statements where a server is not always the same: each client has its own names, servers have ours.
extension Pooler {
    /// Parse, Bind, Describe and Close.
    func decidePrepared(
        _ header: MessageHeader, _ body: UnsafeRawBufferPointer, _ client: PoolClient, _ server: PoolServer
    ) -> Decision {
        let isWhole = body.count == header.total - MessageHeader.size
        let tracks = configuration.maxPreparedStatements > 0 && server.pool.mode != .session
        switch header.type {
        case Ask.parse:
            guard reads(server.pool) else {
                client.pool?.database.traffic.serverParses += 1
                return expect(.parse, server)
            }
            if !isWhole, body.count < Self.classifyLimit { return .needsMore }
            guard let name = Self.string(body, 0) else { return nameIsMissing(body, isWhole, client) }
            if isWhole, let text = Self.string(body, name.count + 1) {
                switch verdict(text, client, server) {
                case nil: break
                case .pin(let feature): pin(server, client, feature)
                case .refuse(let feature):
                    failInstead(refusal(of: feature), client, server, isSimple: false)
                    return .done
                case .execute(let place, let query):
                    if server.skipsToSync { return .done }
                    ensure(query, on: server)
                    return renamed(body, header, name.count + 1, place, query, server)
                case .deallocate(let place, let known, let query):
                    if server.skipsToSync { return .done }
                    ensure(query, on: server)
                    forget(known, query, client, server)
                    return renamed(body, header, name.count + 1, place, query, server)
                }
            }
            // A statement without a name lives as long as the transaction, or shorter.
            if name.isEmpty || !tracks {
                client.pool?.database.traffic.serverParses += 1
                return expect(.parse, server)
            }
            guard isWhole else {
                guard header.total <= Self.preparedLimit else {
                    refuse(
                        client, "54000",
                        "a prepared statement of \(header.total) bytes is too long to be kept")
                    return .close
                }
                return .needsMore
            }
            parse(Array(name), Array(body[(name.count + 1)...]), client, server)
            return .done
        case Ask.bind:
            guard tracks else { return expect(.bind, server) }
            guard let portal = Self.string(body, 0), let name = Self.string(body, portal.count + 1) else {
                return nameIsMissing(body, isWhole, client)
            }
            guard !name.isEmpty, let query = client.statements[Array(name)] else {
                return expect(.bind, server)
            }
            if server.skipsToSync { return isWhole ? .done : .forward }
            client.lastStatement = query.inFlight
            ensure(query, on: server)
            server.outstanding.append(.bind)
            var front = [Ask.bind]
            let own = PreparedQuery.serverName(query.number)
            // The rest of the message, which this counts, is behind it.
            let length = UInt32(header.total - 1 - name.count - 1 + own.count)
            withUnsafeBytes(of: length.bigEndian) { front.append(contentsOf: $0) }
            front.append(contentsOf: portal)
            front.append(0)
            front.append(contentsOf: own)
            return .replace(front, portal.count + 1 + name.count + 1)
        case Ask.describe, Ask.close:
            guard tracks else {
                if body.isEmpty, !isWhole { return .needsMore }
                return expect(
                    header.type == Ask.close
                        ? .close : body.first == UInt8(ascii: "S") ? .describeStatement : .describePortal,
                    server, body.isEmpty ? client : nil)
            }
            guard isWhole else {
                return header.total > Self.nameLimit ? nameIsMissing(body, true, client) : .needsMore
            }
            guard let kind = body.first, let name = Self.string(body, 1) else {
                return nameIsMissing(body, true, client)
            }
            let isStatement = kind == UInt8(ascii: "S")
            let query = isStatement && !name.isEmpty ? client.statements[Array(name)] : nil
            if header.type == Ask.close {
                guard let query else { return expect(.close, server) }
                if server.skipsToSync { return .done }
                client.statements[Array(name)] = nil
                client.changes.append(StatementChange(name: Array(name), before: query, after: nil))
                server.outstanding.append(.knownClose)
                tellKnown(server)
                return .done
            }
            guard let query else { return expect(isStatement ? .describeStatement : .describePortal, server) }
            if server.skipsToSync { return .done }
            ensure(query, on: server)
            server.outstanding.append(.describeStatement)
            insert(to: server) { bytes in
                FrontendMessage.message(Ask.describe, to: &bytes) {
                    $0.append(kind)
                    $0.append(contentsOf: PreparedQuery.serverName(query.number))
                }
            }
            return .done
        default: return .forward
        }
    }

    /// A statement prepared by the protocol is deallocated at SQL level: neither side has it then.
    func forget(_ name: [UInt8], _ query: PreparedQuery, _ client: PoolClient, _ server: PoolServer) {
        client.statements[name] = nil
        queries.release(query)
        // What gave the name must not be undone any more.
        for index in client.changes.indices where client.changes[index].after === query {
            if client.changes[index].name == name { client.changes[index].after = nil }
        }
        server.statements.remove(query.number)
    }

    /// A Parse whose text names a prepared statement as the client does, with the server's name in its place.
    private func renamed(
        _ body: UnsafeRawBufferPointer, _ header: MessageHeader, _ start: Int, _ place: SQLName.Part,
        _ query: PreparedQuery, _ server: PoolServer
    ) -> Decision {
        let own = PreparedQuery.serverName(query.number).dropLast()
        server.pool.database.traffic.serverParses += 1
        server.outstanding.append(.parse)
        insert(to: server) { bytes in
            FrontendMessage.message(Ask.parse, to: &bytes) {
                $0.append(contentsOf: body[..<(start + place.start)])
                $0.append(contentsOf: own)
                $0.append(contentsOf: body[(start + place.end)...])
            }
        }
        return .done
    }

    /// A Query of the same kind. Where the server has not got the statement, it gets it first, with a Sync of its own: a Query
    /// behind a Parse that failed would never be answered.
    func renamed(
        _ text: UnsafeRawBufferPointer, _ place: SQLName.Part, _ query: PreparedQuery, _ server: PoolServer,
        deallocates: Bool = false
    ) {
        if !server.statements.touch(query.number) {
            sendParse(query, to: server, .ownParse)
            insert(to: server) { FrontendMessage.message(Ask.sync, to: &$0) { _ in } }
            server.outstanding.append(.ownSync)
        }
        let own = PreparedQuery.serverName(query.number).dropLast()
        server.outstanding.append(deallocates ? .deallocate : .query, deallocates ? query.number : 0)
        insert(to: server) { bytes in
            FrontendMessage.message(Ask.query, to: &bytes) {
                $0.append(contentsOf: text[..<place.start])
                $0.append(contentsOf: own)
                $0.append(contentsOf: text[place.end...])
                $0.append(0)
            }
        }
    }

    /// It goes on as it is. While a server ignores everything it owes nothing for it.
    private func expect(_ kind: Outstanding.Kind, _ server: PoolServer, _ broken: PoolClient? = nil)
        -> Decision
    {
        if let broken {
            refuse(broken, "08P01", "a message of the extended protocol is empty")
            return .close
        }
        if !server.skipsToSync { server.outstanding.append(kind) }
        return .forward
    }

    private func parse(_ name: [UInt8], _ definition: [UInt8], _ client: PoolClient, _ server: PoolServer) {
        if server.skipsToSync { return }
        guard client.statements[name] == nil else {
            let text = "prepared statement \"\(String(decoding: name, as: UTF8.self))\" already exists"
            return failInstead(
                ServerMessage(severity: "ERROR", code: "42P05", text: text), client, server, isSimple: false)
        }
        // The server would refuse it, so it must not be told that it is known.
        if server.transaction == UInt8(ascii: "E"), server.outstanding.isEmpty {
            return failInstead(Self.aborted, client, server, isSimple: false)
        }
        let query = queries.use(definition)
        query.inFlight = client.lastStatement
        client.statements[name] = query
        client.changes.append(StatementChange(name: name, before: nil, after: query))
        if server.statements.touch(query.number) {
            server.outstanding.append(.knownParse, query.number)
            tellKnown(server)
        } else {
            sendParse(query, to: server, .parse)
        }
    }

    /// Makes sure that a server has a query before it is used.
    private func ensure(_ query: PreparedQuery, on server: PoolServer) {
        if !server.statements.touch(query.number) { sendParse(query, to: server, .ownParse) }
    }

    private func sendParse(_ query: PreparedQuery, to server: PoolServer, _ kind: Outstanding.Kind) {
        server.pool.database.traffic.serverParses += 1
        server.statements.insert(query.number)
        var evicted: [UInt32] = []
        while let number = server.statements.evict(above: max(1, configuration.maxPreparedStatements)) {
            evicted.append(number)
        }
        insert(to: server) { bytes in
            for number in evicted {
                FrontendMessage.message(Ask.close, to: &bytes) {
                    $0.append(UInt8(ascii: "S"))
                    $0.append(contentsOf: PreparedQuery.serverName(number))
                }
            }
            FrontendMessage.message(Ask.parse, to: &bytes) {
                $0.append(contentsOf: PreparedQuery.serverName(query.number))
                $0.append(contentsOf: query.definition)
            }
        }
        for number in evicted { server.outstanding.append(.ownClose, number) }
        server.outstanding.append(kind, query.number)
    }

    /// Tells the client what it need not wait for, as soon as it is its turn.
    func tellKnown(_ server: PoolServer) {
        while let entry = server.outstanding.first {
            switch entry.kind {
            case .knownParse:
                if let client = server.client { say(to: client) { BackendWriter.parseComplete(to: &$0) } }
            case .knownClose:
                if let client = server.client { say(to: client) { BackendWriter.closeComplete(to: &$0) } }
            default: return
            }
            server.outstanding.removeFirst()
            if let client = server.client { settle(client) }
        }
    }

    private func nameIsMissing(_ body: UnsafeRawBufferPointer, _ isWhole: Bool, _ client: PoolClient)
        -> Decision
    {
        if !isWhole, body.count < Self.nameLimit { return .needsMore }
        refuse(client, "08P01", "a name in a message of the extended protocol does not end")
        return .close
    }

    /// Bytes up to the zero byte.
    static func string(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> UnsafeRawBufferPointer? {
        guard start <= bytes.count else { return nil }
        var at = start
        while at < bytes.count {
            if bytes[at] == 0 { return UnsafeRawBufferPointer(rebasing: bytes[start..<at]) }
            at += 1
        }
        return nil
    }
}
