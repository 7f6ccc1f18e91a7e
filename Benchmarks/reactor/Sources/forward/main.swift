// Passes bytes on between clients and a server: forward DRIVER LISTEN-PORT SERVER-PORT, both on 127.0.0.1.
import CLinux
import Reactor

/// A client and its connection to the server, each the other's destination.
final class Pair: ChannelOwner {
    private var client: Channel?
    private var server: Channel?

    init(_ descriptor: Int32, to address: cl_peer, on reactor: Reactor) {
        client = Channel(descriptor, on: reactor, owner: self)
        server = Channel(connectingTo: address, on: reactor, owner: self)
    }

    private func other(_ channel: Channel) -> Channel? { channel === client ? server : client }

    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer) {
        guard let other = other(channel) else { return }
        other.send(bytes)
        if other.queued > Channel.highWater { channel.pause() }
    }

    func channelDrained(_ channel: Channel) { other(channel)?.resume() }

    func channelEnded(_ channel: Channel, _ error: SystemError?) {
        client?.close()
        server?.close()
        client = nil
        server = nil
    }
}

final class Forwarder: AcceptorOwner {
    let reactor: Reactor
    let server: cl_peer

    init(_ reactor: Reactor, to server: cl_peer) {
        self.reactor = reactor
        self.server = server
    }

    func acceptor(_ acceptor: Acceptor, accepted descriptor: Int32, from peer: cl_peer) {
        _ = Pair(descriptor, to: server, on: reactor)
    }

    func acceptorFailed(_ acceptor: Acceptor, _ error: SystemError) { print(error.sentence) }
}

func loopback(_ argument: Int32) -> cl_peer {
    var peer = cl_peer()
    peer.low = 0x7F00_0001
    peer.port = UInt16(String(cString: cl_argument(argument))) ?? 0
    return peer
}

func forward() throws(SystemError) {
    guard cl_argument_count() == 4, let driver = IODriver(String(cString: cl_argument(1))) else {
        print("usage: forward automatic|epoll|io_uring LISTEN-PORT SERVER-PORT")
        exit(2)
    }
    var address = loopback(2)
    let listener = cl_listen_peer(&address, 0, 4096)
    guard listener >= 0 else { throw SystemError("listen", code: -listener) }
    let reactor = try Reactor(driver: driver)
    let forwarder = Forwarder(reactor, to: loopback(3))
    let acceptor = Acceptor(listener, on: reactor, owner: forwarder)
    acceptor.resume()
    reactor.turn(limit: .zero)
    // A figure under the wrong name would be worse than none.
    if driver != .automatic, reactor.driverInUse != driver {
        throw reactor.refusal ?? SystemError("choose a driver", code: ENOTSUP)
    }
    reactor.run()
}

do throws(SystemError) { try forward() } catch {
    print(error.sentence)
    exit(1)
}
