import HTTP1
import Languages

/// Copies heads: the field block as it came, without hop-by-hop fields, with what we add.
enum Rewriting {
    /// Writes the request that a server gets.
    static func request(
        _ head: RequestHead, _ bytes: UnsafeRawBufferPointer, from peer: Peer?, policy: StreamPolicy,
        to output: inout BufferWriter
    ) {
        guard let base = bytes.baseAddress else { return }
        output.append(base + head.methodName.lower, head.methodName.count)
        output.append(byte: 0x20)
        if head.path.isEmpty || bytes[head.path.lower] == 0x3F { output.append(byte: 0x2F) }
        output.append(base + head.path.lower, head.path.count)
        let hasHost = head.fields.seen.contains(.host)
        // Only HTTP/1.0 may come without Host, and without Host only HTTP/1.0 may go out.
        output.append(hasHost ? " HTTP/1.1\r\n" : " HTTP/1.0\r\n")
        fields(head.fields, bytes, from: .client, to: &output)
        if let peer, !policy.forwardedFor.isEmpty { forwardedFor(head, peer, policy, to: &output) }
        if head.framing == .chunked { output.append("Transfer-Encoding: chunked\r\n") }
        if head.asksForWebSocket { output.append("Connection: Upgrade\r\nUpgrade: websocket\r\n") }
        output.append("\r\n")
    }

    private static func forwardedFor(
        _ head: RequestHead, _ peer: Peer, _ policy: StreamPolicy, to output: inout BufferWriter
    ) {
        if policy.forwardedForIfNone, policy.forwardedForIsUsual, head.fields.seen.contains(.forwardedFor) {
            return
        }
        if let network = policy.forwardedForExcept, network.contains(peer.address) { return }
        output.append(policy.forwardedFor)
        switch peer.address {
        case .v4(let value):
            var shift: UInt32 = 24
            while true {
                output.append(number: Int(value >> shift & 255))
                guard shift > 0 else { break }
                output.append(byte: 0x2E)
                shift -= 8
            }
        case .v6: output.append(Array(peer.address.text.utf8))
        }
        output.append("\r\n")
    }

    /// What a response tells its client about the connection.
    enum Persistence {
        /// Nothing: HTTP/1.1 stays open by itself.
        case implied
        case keepAlive
        case close
        case webSocket
    }

    /// Writes the response that a client gets.
    static func response(
        _ head: ResponseHead, _ bytes: UnsafeRawBufferPointer, chunked: Bool, _ persistence: Persistence,
        to output: inout BufferWriter
    ) {
        guard let base = bytes.baseAddress else { return }
        output.append("HTTP/1.1 ")
        output.append(base + head.statusAndReason.lower, head.statusAndReason.count)
        // Without a reason the blank before it must stand all the same.
        output.append(head.statusAndReason.count == 3 ? " \r\n" : "\r\n")
        fields(head.fields, bytes, from: .server, to: &output)
        if chunked { output.append("Transfer-Encoding: chunked\r\n") }
        switch persistence {
        case .implied: break
        case .keepAlive: output.append("Connection: keep-alive\r\n")
        case .close: output.append("Connection: close\r\n")
        case .webSocket: output.append("Connection: Upgrade\r\nUpgrade: websocket\r\n")
        }
        output.append("\r\n")
    }

    private static func fields(
        _ fields: FieldBlock, _ bytes: UnsafeRawBufferPointer, from sender: Sender,
        to output: inout BufferWriter
    ) {
        if !fields.seen.isDisjoint(with: [.manyDrops, .nominations]) {
            return slowly(fields, bytes, from: sender, to: &output)
        }
        guard let base = bytes.baseAddress else { return }
        var start = fields.range.lower
        for index in 0..<fields.dropCount {
            let drop = fields.drop(index)
            output.append(base + start, drop.lower - start)
            start = drop.upper
        }
        output.append(base + start, fields.range.upper - start)
    }

    /// Line by line, for heads whose Connection field names other fields.
    private static func slowly(
        _ fields: FieldBlock, _ bytes: UnsafeRawBufferPointer, from sender: Sender,
        to output: inout BufferWriter
    ) {
        guard let base = bytes.baseAddress else { return }
        let span = bytes.bytes
        var lines = FieldLines(fields.range)
        while let line = lines.next(span) {
            if fields.passes(line, span, from: sender) {
                output.append(base + line.whole.lower, line.whole.count)
            }
        }
    }
}
