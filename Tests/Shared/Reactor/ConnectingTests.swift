import CLinux
import Testing

@testable import Reactor

final class Door: AcceptorOwner {
    var accepted: [Int32] = []
    var peers: [cl_peer] = []
    var failures: [SystemError] = []
    var then: (Acceptor, Int32) -> Void = { _, _ in }
    func acceptor(_ acceptor: Acceptor, accepted descriptor: Int32, from peer: cl_peer) {
        accepted.append(descriptor)
        peers.append(peer)
        then(acceptor, descriptor)
    }
    func acceptorFailed(_ acceptor: Acceptor, _ error: SystemError) { failures.append(error) }
}

@Suite(.serialized) struct ConnectingTests {
    @Test("connects over TCP and sends what was queued before", arguments: drivers)
    func connects(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        defer { close(listener) }
        let door = Door()
        let acceptor = Acceptor(listener, on: reactor, owner: door)
        acceptor.resume()
        let owner = Recorder()
        let channel = Channel(connectingTo: address, on: reactor, owner: owner)
        channel.send("early")
        #expect(owner.connected == 0)
        #expect(reactor.turn { owner.connected == 1 && !door.accepted.isEmpty && channel.queued == 0 })
        let accepted = try #require(door.accepted.first)
        var own = cl_peer()
        #expect(cl_socket_address(channel.descriptor, 0, &own) == 0)
        #expect(door.peers.first?.port == own.port)
        #expect(door.peers.first?.low == 0x7F00_0001)
        #expect(cl_getsockopt_int(accepted, Int32(IPPROTO_TCP), TCP_NODELAY) == 1)
        #expect(readOnce(accepted) == Array("early".utf8))
        close(accepted)
        #expect(reactor.turn { !owner.ends.isEmpty })
        channel.close()
        acceptor.pause()
    }

    @Test("nobody there: the end is told with the cause", arguments: drivers)
    func refused(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        close(listener)
        let owner = Recorder()
        let channel = Channel(connectingTo: address, on: reactor, owner: owner)
        let other = Recorder()
        let missing = Channel(connectingToPath: "/nonexistent/socket", on: reactor, owner: other)
        #expect(owner.ends.isEmpty && other.ends.isEmpty)
        #expect(reactor.turn { !owner.ends.isEmpty && !other.ends.isEmpty })
        #expect(owner.ends == [SystemError("connect", code: ECONNREFUSED)])
        #expect(other.ends == [SystemError("connect", code: ENOENT)])
        #expect(owner.connected == 0)
        channel.close()
        missing.close()
    }

    @Test("an end right behind the last bytes is told", arguments: drivers)
    func endWithBytes(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        defer { close(listener) }
        for round in 0..<20 {
            var to = address
            var done: Int32 = 0
            let peer = cl_connect_peer(&to, &done)
            var from = cl_peer()
            #expect(cl_poll_readable(listener, 1000) == 1)
            let descriptor = cl_accept_peer(listener, &from)
            try #require(descriptor >= 0)
            let owner = Recorder()
            let channel = Channel(descriptor, on: reactor, owner: owner)
            // Before the receive is there, and after.
            if round % 2 == 0 { reactor.settle(1) }
            let bytes = [UInt8](repeating: 9, count: round % 4 < 2 ? 3 : Int(Ring.bufferSize))
            #expect(bytes.withUnsafeBytes { cl_send(peer, $0.baseAddress, $0.count) } == bytes.count)
            shutdown(peer, Int32(SHUT_WR))
            #expect(reactor.turn { owner.ends == [nil] })
            #expect(owner.bytes == bytes)
            channel.close()
            close(peer)
        }
    }

    @Test("a listener that goes is emptied first: who has connected is served", arguments: drivers)
    func drains(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        let door = Door()
        let acceptor = Acceptor(listener, on: reactor, owner: door)
        acceptor.resume()
        reactor.settle(2)
        let clients = (0..<5).map { _ in Channel(connectingTo: address, on: reactor, owner: Recorder()) }
        acceptor.pause()
        acceptor.drain()
        #expect(door.accepted.count == 5)
        close(listener)
        let late = Recorder()
        let channel = Channel(connectingTo: address, on: reactor, owner: late)
        #expect(reactor.turn { !late.ends.isEmpty })
        #expect(late.ends.first??.code == ECONNREFUSED)
        for descriptor in door.accepted { close(descriptor) }
        for client in clients + [channel] { client.close() }
    }

    @Test("where the kernel does not wait on a non-blocking listener, epoll does", arguments: drivers)
    func acceptsByEvents(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        defer { close(listener) }
        let door = Door()
        let acceptor = Acceptor(listener, on: reactor, owner: door)
        acceptor.needsEvents = true
        acceptor.resume()
        let clients = (0..<5).map { _ in Channel(connectingTo: address, on: reactor, owner: Recorder()) }
        #expect(reactor.turn { door.accepted.count == 5 })
        acceptor.pause()
        for descriptor in door.accepted { close(descriptor) }
        for client in clients { client.close() }
    }

    @Test("connects to a Unix socket", arguments: drivers)
    func unix(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let path = "/tmp/pidep-channel-\(getpid())-\(driver.name)"
        let listener = cl_listen_unix(path, 0o600, 5)
        try #require(listener >= 0)
        defer {
            close(listener)
            unlink(path)
        }
        let owner = Recorder()
        let channel = Channel(connectingToPath: path, on: reactor, owner: owner)
        #expect(reactor.turn { owner.connected == 1 })
        channel.close()
    }

    @Test(
        "an acceptor that pauses in the middle of a burst takes no more until it resumes", arguments: drivers)
    func pausedAcceptor(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        let door = Door()
        door.then = { acceptor, _ in if door.accepted.count % 5 == 0 { acceptor.pause() } }
        let acceptor = Acceptor(listener, on: reactor, owner: door)
        acceptor.resume()
        let clients = (0..<20).map { _ in Channel(connectingTo: address, on: reactor, owner: Recorder()) }
        for expected in [5, 10, 15, 20] {
            #expect(reactor.turn { door.accepted.count >= expected })
            reactor.settle()
            #expect(door.accepted.count == expected)
            #expect(acceptor.isPaused)
            acceptor.resume()
        }
        acceptor.pause()
        reactor.settle(1)
        for client in clients { client.close() }
        for descriptor in door.accepted { close(descriptor) }
        close(listener)
    }
}
