import PostgreSQLWire

/// A cancel request on its way to the server that works for a client.
struct CancelErrand {
    let server: PoolServer
    let startedAt: Nanoseconds
}

/// Cancel requests: on a connection of their own, that tells nothing and is closed when all is done.
extension Pooler {
    func takeCancel(_ process: Int32, _ secret: [UInt8], _ request: PoolClient) {
        var key = UInt64(UInt32(bitPattern: process))
        for byte in secret { key = key << 8 | UInt64(byte) }
        let target = secret.count == 4 ? cancelKeys[key] : nil
        clientEnded(request, "cancel request")
        let worker = Int(key >> Self.workerShift & 0x1F)
        if secret.count == 4, worker != driver.workerIndex, worker < driver.workerCount {
            return driver.tell(worker, .cancel(key))
        }
        guard let target else {
            return driver.log(.info, "a cancel request for nobody came from \(request.peer.address)")
        }
        cancel(target)
    }

    func cancel(_ client: PoolClient) {
        guard let server = client.server, server.state == .active, !server.isAtRest || !server.mayRest else {
            // What waits for a server has not begun: there is nothing to cancel but the waiting itself.
            if client.state == .waiting || client.state == .settling {
                refuse(client, "57014", "canceling statement due to user request")
            }
            return
        }
        // It would not undo the commit, but end the wait for a standby, and then nobody knows.
        guard client.lastStatement != .commit || server.transaction == UInt8(ascii: "I") else {
            return log(.info, client, "a cancel request came while it commits, and is not passed on")
        }
        let link = takeLink()
        cancels[link] = CancelErrand(server: server, startedAt: now)
        server.cancelsUnderWay += 1
        driver.connect(link, to: server.endpoint)
        wakeJanitor()
    }

    func sendCancel(_ link: Link) {
        guard let errand = cancels[link] else { return }
        let bytes = FrontendMessage.cancel(
            process: errand.server.processIdentifier, secret: errand.server.secret)
        bytes.withUnsafeBytes { driver.send($0, on: link) }
    }

    /// The server closes the connection when the request has been carried out; not before that may its session be another's.
    func finishCancel(_ link: Link) {
        guard let errand = cancels.removeValue(forKey: link) else { return }
        driver.close(link, afterSending: false)
        freeLink(link)
        let server = errand.server
        server.cancelsUnderWay -= 1
        if server.cancelsUnderWay == 0, !server.isClosed, server.state == .idle, server.client == nil {
            server.pool.idle.removeAll { $0 === server }
            rest(server)
        }
    }
}
