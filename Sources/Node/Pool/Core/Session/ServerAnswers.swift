import Languages
import PostgreSQLWire

/// What a server sends, and who hears it.
extension Pooler {
    /// A message other than a row that is longer is passed on without a look. In bytes.
    static let answerLimit = 64 * 1024

    func takeAnswers(_ bytes: UnsafeRawBufferPointer, from server: PoolServer) {
        server.pool.database.traffic.sent += UInt64(bytes.count)
        if server.held.isEmpty {
            let used = digest(bytes, from: server)
            if used < bytes.count, !server.isClosed {
                server.held.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[used...]))
            }
        } else {
            var held: [UInt8] = []
            swap(&held, &server.held)
            held.append(contentsOf: bytes)
            let used = held.withUnsafeBytes { digest($0, from: server) }
            if used < held.count, !server.isClosed { server.held = Array(held[used...]) }
        }
    }

    private func digest(_ bytes: UnsafeRawBufferPointer, from server: PoolServer) -> Int {
        let end = bytes.count
        var at = 0
        var from = 0
        while at < end {
            if server.passing > 0 {
                let count = min(server.passing, end - at)
                server.passing -= count
                at += count
                continue
            }
            guard end - at >= MessageHeader.size else { break }
            guard let header = MessageHeader(bytes, at: at, limit: Int(Int32.max)) else {
                serverEnded(server, "broken packet header from the server")
                return end
            }
            let available = min(header.total, end - at)
            if server.state == .active, let client = server.client {
                // Rows are most of what comes, and nothing in them matters here.
                if header.type == Answer.dataRow || header.type == Answer.copyData {
                    at += available
                    server.passing = header.total - available
                    continue
                }
                if available < header.total {
                    if header.total <= Self.answerLimit { break }
                    at += available
                    server.passing = header.total - available
                    noteLong(header.type, server)
                    continue
                }
                let message = UnsafeRawBufferPointer(rebasing: bytes[at..<(at + header.total)])
                let body = UnsafeRawBufferPointer(rebasing: message[MessageHeader.size...])
                let isForClient = note(header.type, body, server, client)
                if !isForClient {
                    send(UnsafeRawBufferPointer(rebasing: bytes[from..<at]), to: client)
                    from = at + header.total
                    if let error = replacement {
                        replacement = nil
                        say(to: client) { BackendWriter.error(error, to: &$0) }
                    }
                }
                at += header.total
                if header.type == Answer.ready {
                    send(UnsafeRawBufferPointer(rebasing: bytes[from..<at]), to: client)
                    from = at
                    holdBack(server, for: client)
                    ready(server, client)
                    if server.isClosed { return end }
                }
                // Also right behind a ReadyForQuery: it is its turn before any other answer comes.
                if let first = server.outstanding.first, server.client === client,
                    first.kind == .knownParse || first.kind == .knownClose
                {
                    send(UnsafeRawBufferPointer(rebasing: bytes[from..<at]), to: client)
                    from = at
                    tellKnown(server)
                }
                continue
            }
            guard header.total <= Self.answerLimit else {
                serverEnded(server, "a message of \(header.total) bytes that nobody asked for")
                return end
            }
            if available < header.total { break }
            let body = UnsafeRawBufferPointer(
                rebasing: bytes[(at + MessageHeader.size)..<(at + header.total)])
            at += header.total
            from = at
            takeOwn(header.type, body, server)
            if server.isClosed { return end }
        }
        if let client = server.client {
            if at > from {
                send(UnsafeRawBufferPointer(rebasing: bytes[from..<at]), to: client)
                holdBack(server, for: client)
            }
            // Whoever sends much without a Sync is answered without a ReadyForQuery.
            if client.isPaused, server.state == .active, server.outstanding.count <= Self.pipelineLimit / 2,
                driver.queued(on: server.link) <= Self.highWater
            {
                resume(client)
            }
        }
        return at
    }

    /// What a message that is for a client tells us; false: the client must not hear it.
    private func note(
        _ type: UInt8, _ body: UnsafeRawBufferPointer, _ server: PoolServer, _ client: PoolClient
    ) -> Bool {
        let first = server.outstanding.first
        if server.isInDoubt, type != Answer.ready { return false }
        switch type {
        case Answer.ready:
            server.isInDoubt = false
            server.transaction = body.first ?? UInt8(ascii: "I")
            guard let first, first.kind.endsWithReady else {
                return true
            }
            server.outstanding.removeFirst()
            return first.kind != .ownSync
        case Answer.parseComplete:
            guard let first, first.kind == .parse || first.kind == .ownParse else { return true }
            server.outstanding.removeFirst()
            if first.kind == .parse, first.query != 0 { settle(client) }
            return first.kind != .ownParse
        case Answer.closeComplete:
            guard let first, first.kind == .close || first.kind == .ownClose else { return true }
            server.outstanding.removeFirst()
            return first.kind != .ownClose
        case Answer.bindComplete:
            if first?.kind == .bind { server.outstanding.removeFirst() }
            return true
        case Answer.rowDescription, Answer.noData:
            if first?.kind == .describeStatement || first?.kind == .describePortal {
                server.outstanding.removeFirst()
            }
            return true
        case Answer.commandComplete:
            noteTag(body, server, client)
            if first?.kind == .execute {
                server.outstanding.removeFirst()
            } else if let first, first.kind == .deallocate {
                server.statements.remove(first.query)
                settle(client)
            }
            return true
        case Answer.emptyQuery, Answer.portalSuspended:
            if first?.kind == .execute { server.outstanding.removeFirst() }
            return true
        case Answer.copyIn:
            server.takesCopy = !server.outstanding.beginCopy()
            return true
        case Answer.error: return noteError(body, server, client)
        case Answer.notice: return noteNotice(body, server)
        case Answer.parameterStatus:
            noteParameter(body, server, client)
            return true
        default: return true
        }
    }

    /// A message too long to be looked at: of those that end a request only a row description can be.
    private func noteLong(_ type: UInt8, _ server: PoolServer) {
        if type == Answer.rowDescription,
            server.outstanding.first?.kind == .describeStatement
                || server.outstanding.first?.kind == .describePortal
        {
            server.outstanding.removeFirst()
        }
        if type == Answer.error, let client = server.client { skipAfterError(server, client) }
    }

    /// PostgreSQL has committed on its own disk and waits no longer for a standby, because of a cancel request: the client must not
    /// take that for a commit (source: syncrep.c's warnings of PostgreSQL 13 to 17).
    private func noteNotice(_ body: UnsafeRawBufferPointer, _ server: PoolServer) -> Bool {
        let notice = ServerMessage.read(body)
        guard notice.code == "01000",
            notice.text.hasPrefix("canceling wait for synchronous replication")
                || notice.text.hasPrefix("canceling the wait for synchronous replication")
        else { return true }
        server.isInDoubt = true
        replacement = Self.inDoubt(severity: "ERROR")
        return false
    }

    /// What a client is told whose COMMIT, or statement that commits by itself, nobody has confirmed.
    static func inDoubt(severity: String) -> ServerMessage {
        ServerMessage(
            severity: severity, code: "08007",
            text: "it is not known whether the transaction was committed",
            detail: "The server was lost, or stopped waiting for a standby, before it had confirmed it.",
            hint: "Look whether its effects are there before it is done again.")
    }

    private func noteError(_ body: UnsafeRawBufferPointer, _ server: PoolServer, _ client: PoolClient) -> Bool
    {
        let first = server.outstanding.first
        let severity = ServerMessage.read(body)
        if severity.isFatal {
            // The connection ends; what the client is told depends on what was under way.
            server.fatal = severity
            return false
        }
        let replaced = skipAfterError(server, client)
        guard let first else { return true }
        // An error of what the pool put in front is not the client's; what the client asked will fail for the same reason.
        if first.kind == .ownParse, server.outstanding.first?.kind == .ownSync { return false }
        guard let replaced else { return true }
        replacement = replaced
        return false
    }

    /// What the server does not do after an error has not happened. Returns what the client is told in place of the error, if the
    /// pool has made it fail.
    @discardableResult
    private func skipAfterError(_ server: PoolServer, _ client: PoolClient) -> ServerMessage? {
        server.takesCopy = false
        guard let first = server.outstanding.first else { return nil }
        var replaced: ServerMessage?
        if first.kind == .failingParse || first.kind == .failingQuery, !client.replacedErrors.isEmpty {
            replaced = client.replacedErrors.removeFirst()
            if server.transaction == UInt8(ascii: "E") {
                replaced = Self.aborted
            }
        }
        if first.kind == .deallocate { undo(1, client) }
        guard !first.kind.endsWithReady else { return replaced }
        var skipped: [Outstanding.Entry] = []
        let hasSync = server.outstanding.skipToSync { skipped.append($0) }
        server.skipsToSync = !hasSync
        var changes = 0
        for (index, entry) in skipped.enumerated() {
            switch entry.kind {
            case .parse where entry.query != 0, .knownParse, .knownClose, .deallocate: changes += 1
            case .failingParse where index > 0, .failingQuery where index > 0:
                if !client.replacedErrors.isEmpty { client.replacedErrors.removeFirst() }
            default: break
            }
        }
        // From the end, as one thing may have been done and undone.
        for entry in skipped.reversed() where entry.query != 0 {
            switch entry.kind {
            case .parse, .ownParse: server.statements.remove(entry.query)
            case .ownClose: server.statements.restore(entry.query)
            default: break
            }
        }
        noteStatementsBehind(server)
        undo(changes, client)
        return replaced
    }

    /// `DEALLOCATE ALL` and `DISCARD ALL` leave no prepared statement, ours neither.
    private func noteTag(_ body: UnsafeRawBufferPointer, _ server: PoolServer, _ client: PoolClient) {
        guard body.first == UInt8(ascii: "D"), server.statements.count > 0 || !client.statements.isEmpty
        else {
            return
        }
        func says(_ tag: StaticString) -> Bool {
            guard body.count == tag.utf8CodeUnitCount + 1 else { return false }
            return tag.withUTF8Buffer { $0.elementsEqual(body.dropLast()) }
        }
        if says("DEALLOCATE ALL") || says("DISCARD ALL") {
            if body.count == 12 { server.isPinned = false }
            server.statements.removeAll()
            noteStatementsBehind(server)
            forgetStatementsSoFar(of: client)
        }
    }

    /// What was sent behind that which just happened is still to be prepared, and closed.
    private func noteStatementsBehind(_ server: PoolServer) {
        for entry in server.outstanding.all where entry.query != 0 {
            switch entry.kind {
            case .parse, .ownParse:
                server.statements.remove(entry.query)
                server.statements.insert(entry.query)
            case .ownClose: server.statements.remove(entry.query)
            default: break
            }
        }
    }

    private func noteParameter(_ body: UnsafeRawBufferPointer, _ server: PoolServer, _ client: PoolClient?) {
        guard let name = Self.string(body, 0), let value = Self.string(body, name.count + 1) else { return }
        let text = String(decoding: value, as: UTF8.self)
        let nameText = String(decoding: name, as: UTF8.self)
        if let index = names.index(of: nameText) {
            server.parameters[index] = text
            client?.parameters[index] = text
        }
    }

    // MARK: what no client hears

    private func takeOwn(_ type: UInt8, _ body: UnsafeRawBufferPointer, _ server: PoolServer) {
        switch (type, server.state) {
        case (Answer.parameterStatus, .login):
            noteWelcome(body, server)
            noteParameter(body, server, nil)
        case (Answer.parameterStatus, _): noteParameter(body, server, nil)
        case (Answer.notice, _), (Answer.notification, _): break
        case (_, .login): takeLogin(type, body, server)
        case (Answer.error, .busy):
            server.taskFailed = true
            let message = ServerMessage.read(body)
            if message.isFatal { serverEnded(server, message.sentence) }
        case (Answer.ready, .busy):
            server.transaction = body.first ?? UInt8(ascii: "I")
            finishTask(server)
        case (Answer.dataRow, .busy) where server.task == .secret: noteSecretRow(body, server)
        case (_, .busy): break
        case (Answer.error, _):
            serverEnded(server, ServerMessage.read(body).sentence)
        default: serverEnded(server, "the server says something that nobody asked for")
        }
    }

    private func noteWelcome(_ body: UnsafeRawBufferPointer, _ server: PoolServer) {
        guard let name = Self.string(body, 0), let value = Self.string(body, name.count + 1) else { return }
        server.welcome.append(
            (name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self)))
    }
}

extension ServerMessage {
    /// Reads an error or a notice; what cannot be read is left out.
    static func read(_ body: UnsafeRawBufferPointer) -> ServerMessage {
        var message = ServerMessage(severity: "ERROR", code: "", text: "")
        var at = 0
        while at < body.count, body[at] != 0, let value = Pooler.string(body, at + 1) {
            let text = String(decoding: value, as: UTF8.self)
            switch body[at] {
            case UInt8(ascii: "V"): message.severity = text
            case UInt8(ascii: "C"): message.code = text
            case UInt8(ascii: "M"): message.text = text
            case UInt8(ascii: "D"): message.detail = text
            case UInt8(ascii: "H"): message.hint = text
            default: break
            }
            at += value.count + 2
        }
        return message
    }
}
