import CLinux
import Foundation
import Testing

@testable import Reactor

/// A worker thread: a Reactor of its own, on a listener that others share, which sends back what comes.
private final class Worker: AcceptorOwner, ChannelOwner, EventSource, @unchecked Sendable {
    private let listener: Int32
    private let driver: IODriver
    /// Readable when the worker is to end.
    private let bell: Int32
    private let done = DispatchSemaphore(value: 0)
    private var reactor: Reactor?
    /// To be read after `end`.
    private(set) var accepted = 0
    private(set) var driverInUse: IODriver?

    init(_ listener: Int32, driver: IODriver) {
        self.listener = listener
        self.driver = driver
        bell = eventfd(0, Int32(EFD_NONBLOCK))
        Thread.detachNewThread { self.run() }
    }

    private func run() {
        defer { done.signal() }
        guard let reactor = try? Reactor(driver: driver) else { return }
        self.reactor = reactor
        let acceptor = Acceptor(listener, on: reactor, owner: self)
        acceptor.resume()
        try? reactor.add(bell, for: .read, self)
        reactor.run()
        acceptor.pause()
        driverInUse = reactor.driverInUse
        self.reactor = nil
    }

    func end() {
        var one: UInt64 = 1
        write(bell, &one, 8)
        done.wait()
        close(bell)
    }

    func ready(_ readiness: Readiness) { reactor?.stop() }
    func acceptor(_ acceptor: Acceptor, accepted descriptor: Int32, from peer: cl_peer) {
        accepted += 1
        if let reactor { _ = Channel(descriptor, on: reactor, owner: self) }
    }
    func acceptorFailed(_ acceptor: Acceptor, _ error: SystemError) {}
    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer) { channel.send(bytes) }
    func channelDrained(_ channel: Channel) {}
    func channelEnded(_ channel: Channel, _ error: SystemError?) { channel.close() }
}

@Suite(.serialized) struct WorkersTests {
    @Test("threads that share a listener serve every client once", arguments: drivers)
    func sharedListener(driver: IODriver) throws {
        let (listener, address) = try listenOnLoopback()
        let workers = (0..<3).map { _ in Worker(listener, driver: driver) }
        let reactor = try Reactor(driver: driver)
        var answered = 0
        for round in 0..<20 {
            let clients = (0..<20).map { number in
                let text = "client \(round) \(number)"
                let owner = Recorder()
                let channel = Channel(connectingTo: address, on: reactor, owner: owner)
                owner.whenReceived = { channel, _ in
                    guard owner.bytes == Array(text.utf8) else { return }
                    answered += 1
                    channel.close()
                }
                channel.send(text)
                return channel
            }
            #expect(reactor.turn { answered == (round + 1) * clients.count })
        }
        for worker in workers { worker.end() }
        close(listener)
        #expect(workers.reduce(0) { $0 + $1.accepted } == 400)
        for worker in workers { #expect(worker.driverInUse == reactor.driverInUse) }
    }
}
