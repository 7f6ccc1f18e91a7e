import CLinux
import Foundation
import Testing

/// A listening socket that drops who connects (`cl_drop_new_connections`), as the kernel does it.
@Suite struct DroppingTests {
    /// How long a connection that must not come about is waited for, in milliseconds.
    static let doubt: Int32 = 300

    private func listen(_ address: cl_peer) throws -> (Int32, UInt16) {
        var address = address
        let listener = cl_listen_peer(&address, 0, 16)
        try #require(listener >= 0)
        var own = cl_peer()
        try #require(cl_socket_address(listener, 0, &own) == 0)
        return (listener, own.port)
    }

    private var loopback: cl_peer {
        var peer = cl_peer()
        peer.low = 0x7f00_0001
        return peer
    }

    private var any: cl_peer {
        var peer = cl_peer()
        peer.is_v6 = 1
        return peer
    }

    @Test("a socket of both families drops the clients of both")
    func families() throws {
        let (listener, port) = try listen(any)
        defer { close(listener) }
        try #require(cl_drop_new_connections(listener, 1) == 0)
        let old = try Socket(port: port, waits: false)
        var there = cl_peer()
        there.is_v6 = 1
        there.low = 1
        there.port = port
        var isDone: Int32 = 0
        let new = cl_connect_peer(&there, &isDone)
        try #require(new >= 0)
        defer { close(new) }
        var entry = pollfd(fd: new, events: Int16(POLLOUT), revents: 0)
        #expect(isDone == 0 && poll(&entry, 1, Self.doubt) == 0)
        #expect(!old.isConnected(within: Self.doubt))
        try #require(cl_drop_new_connections(listener, 0) == 0)
        #expect(try Socket(port: port).isConnected(within: 0))
    }

    /// TCP_DEFER_ACCEPT leaves a handshake open at this end until the client's first bytes come.
    @Test("a client whose handshake was under way is taken, and heard for as long as it stays")
    func underWay() throws {
        let (listener, port) = try listen(loopback)
        defer { close(listener) }
        cl_setsockopt_int(listener, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, 10)
        let client = try Socket(port: port)
        var address = cl_peer()
        #expect(cl_accept_peer(listener, &address) == -EAGAIN)
        var own = cl_peer()
        try #require(cl_socket_address(listener, 0, &own) == 0)
        #expect(cl_count_connections(&own, 1) == 1)
        try #require(cl_drop_new_connections(listener, 1) == 0)
        client.send("a")
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, Int32(Socket.patience * 1000)) == 1)
        let accepted = cl_accept_peer(listener, &address)
        try #require(accepted >= 0)
        let server = Socket(accepted)
        #expect(server.read(1) == Array("a".utf8))
        client.send("b")
        #expect(server.read(1) == Array("b".utf8))
    }

    @Test("a client that an earlier process left in the queue is heard, too")
    func inherited() throws {
        let (listener, port) = try listen(loopback)
        defer { close(listener) }
        // As that process left it: nothing in this one says that it has dropped.
        cl_setsockopt_int(listener, Int32(IPPROTO_TCP), TCP_DEFER_ACCEPT, 10)
        let client = try Socket(port: port)
        cl_setsockopt_int(listener, Int32(IPPROTO_IP), 21, 255)
        client.send("a")
        try #require(cl_drop_new_connections(listener, 0) == 0)
        var entry = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        #expect(poll(&entry, 1, Int32(Socket.patience * 1000)) == 1)
        var address = cl_peer()
        let server = Socket(cl_accept_peer(listener, &address))
        #expect(server.read(1) == Array("a".utf8))
        client.send("b")
        #expect(server.read(1) == Array("b".utf8))
    }
}
