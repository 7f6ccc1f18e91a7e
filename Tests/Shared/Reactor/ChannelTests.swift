import CLinux
import Testing

@testable import Reactor

@Suite(.serialized) struct ChannelTests {
    @Test("bytes go both ways", arguments: drivers)
    func bothWays(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("hello")
        #expect(reactor.turn { owner.bytes.count == 5 })
        #expect(String(decoding: owner.bytes, as: UTF8.self) == "hello")
        channel.send("good")
        channel.send("bye")
        #expect(channel.queued == 7)
        #expect(reactor.turn { channel.queued == 0 })
        #expect(pair.read() == Array("goodbye".utf8))
        channel.close()
    }

    @Test("what is sent in one turn leaves in one call", arguments: drivers)
    func oneCall(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        // Packets keep their bounds: one packet is one call.
        let pair = try Pair(Int(SOCK_SEQPACKET.rawValue))
        defer { close(pair.theirs) }
        let owner = Recorder()
        owner.whenReceived = { channel, _ in for _ in 0..<10 { channel.send("a") } }
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("go")
        #expect(reactor.turn { owner.receptions == 1 })
        #expect(reactor.turn { channel.queued == 0 })
        #expect(pair.read() == Array("aaaaaaaaaa".utf8))
        channel.close()
    }

    @Test("a pause holds back bytes and the end, and loses nothing", arguments: drivers)
    func pause(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        owner.whenReceived = { channel, _ in channel.pause() }
        pair.write("one")
        #expect(reactor.turn { owner.receptions == 1 })
        pair.write("two")
        reactor.settle()
        pair.write("three")
        close(pair.theirs)
        reactor.settle()
        #expect(owner.receptions == 1)
        #expect(owner.ends.isEmpty)
        owner.whenReceived = { _, _ in }
        channel.resume()
        #expect(reactor.turn { !owner.ends.isEmpty })
        #expect(String(decoding: owner.bytes, as: UTF8.self) == "onetwothree")
        channel.close()
    }

    @Test("who has been told of the peer's end can still send", arguments: drivers)
    func halfClosed(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("last words")
        shutdown(pair.theirs, Int32(SHUT_WR))
        #expect(reactor.turn { !owner.ends.isEmpty })
        #expect(owner.ends == [nil])
        #expect(owner.bytes.count == 10)
        channel.send("answer")
        channel.shutdownSending()
        #expect(reactor.turn { channel.queued == 0 })
        reactor.settle()
        #expect(pair.read() == Array("answer".utf8))
        #expect(pair.read() == [])
        #expect(owner.ends.count == 1)
        channel.close()
    }

    @Test("after close nothing is told and the socket is gone", arguments: drivers)
    func closed(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let owner = Recorder()
        owner.whenReceived = { channel, _ in
            channel.send("never")
            channel.close()
        }
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("x")
        #expect(reactor.turn { owner.receptions == 1 })
        pair.write("y")
        reactor.settle()
        #expect(owner.receptions == 1)
        #expect(owner.ends.isEmpty)
        #expect(channel.queued == 0)
        #expect(pair.read() == nil || pair.read() == [])
        #expect(!pair.isOpen)
    }

    @Test("drained is told once after more than the high water has gone, and only then", arguments: drivers)
    func drained(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        cl_setsockopt_int(pair.ours, SOL_SOCKET, SO_SNDBUF, 8192)
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        reactor.settle(1)
        let large = [UInt8](repeating: 7, count: 3 * Channel.highWater)
        for _ in 0..<2 { channel.send(large) }
        var got = 0
        #expect(
            reactor.turn {
                got += pair.read()?.count ?? 0
                return owner.drained == 1
            })
        #expect(channel.queued == 0)
        got += pair.read()?.count ?? 0
        #expect(got == 2 * large.count)
        channel.send("little")
        reactor.settle()
        #expect(owner.drained == 1)
        channel.close()
    }

    @Test("a peer that goes is an error of who sends to it", arguments: drivers)
    func brokenPipe(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        cl_setsockopt_int(pair.ours, SOL_SOCKET, SO_SNDBUF, 8192)
        reactor.settle(2)
        channel.pause()
        channel.send([UInt8](repeating: 0, count: 4 * Channel.highWater))
        reactor.settle(2)
        #expect(channel.queued > Channel.highWater)
        close(pair.theirs)
        #expect(reactor.turn { owner.drained == 1 && !owner.ends.isEmpty })
        #expect(owner.ends.first??.code == EPIPE)
        #expect(channel.queued == 0)
        channel.close()
    }

    @Test("what the peer had said before a send to it failed is still told", arguments: drivers)
    func lastWords(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("FATAL")
        close(pair.theirs)
        channel.send("query")
        #expect(reactor.turn { !owner.ends.isEmpty })
        #expect(String(decoding: owner.bytes, as: UTF8.self) == "FATAL")
        #expect(owner.ends.count == 1)
        channel.close()
    }

    @Test("close after sending delivers everything and an end", arguments: drivers)
    func closeAfterSending(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        cl_setsockopt_int(pair.ours, SOL_SOCKET, SO_SNDBUF, 8192)
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        reactor.settle(1)
        channel.send([UInt8](repeating: 1, count: 200_000))
        channel.closeAfterSending(within: .seconds(60))
        pair.write("not told")
        var got = 0
        var ended = false
        #expect(
            reactor.turn {
                while let bytes = pair.read(), !ended {
                    got += bytes.count
                    ended = bytes.isEmpty
                }
                return ended
            })
        #expect(got == 200_000)
        #expect(pair.isOpen)
        close(pair.theirs)
        #expect(reactor.turn { !pair.isOpen })
        #expect(owner.bytes.isEmpty && owner.ends.isEmpty)
    }

    @Test("a peer that does not read is not waited for longer than said", arguments: drivers)
    func lingeringEnds(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let channel = Channel(pair.ours, on: reactor, owner: Recorder())
        channel.send([UInt8](repeating: 1, count: 2_000_000))
        channel.closeAfterSending(within: .milliseconds(20))
        #expect(reactor.turn { !pair.isOpen })
    }

    @Test("a detached socket lives on, with what had come", arguments: drivers)
    func detach(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        channel.send("first")
        #expect(channel.detach() == nil)
        #expect(reactor.turn { channel.queued == 0 })
        channel.pause()
        pair.write("second")
        reactor.settle()
        let handed = try #require(channel.detach())
        #expect(handed.descriptor == pair.ours)
        defer { close(handed.descriptor) }
        #expect(channel.descriptor == -1)
        pair.write("third")
        reactor.settle()
        #expect(owner.bytes.isEmpty)
        let all = handed.unread + (readOnce(handed.descriptor) ?? [])
        #expect(String(decoding: all, as: UTF8.self) == "secondthird")
    }

    @Test("a Reactor that goes closes its channels", arguments: drivers)
    func reactorGoes(driver: IODriver) throws {
        var reactor: Reactor? = try Reactor(driver: driver)
        let pair = try Pair()
        let second = try Pair()
        defer {
            close(pair.theirs)
            close(second.theirs)
        }
        let channels = try [pair, second].map {
            try Channel($0.ours, on: #require(reactor), owner: Recorder())
        }
        reactor?.settle(2)
        channels[0].send("x")
        reactor = nil
        #expect(!pair.isOpen)
        channels[1].send("nothing happens")
        channels[1].close()
    }
}
