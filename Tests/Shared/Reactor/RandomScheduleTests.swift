import CLinux
import Testing

@testable import Reactor

/// The numbers of Vigna's SplitMix64: a seed gives the same schedule again.
struct Dice {
    var state: UInt64
    mutating func next(below limit: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int(truncatingIfNeeded: (z ^ (z >> 31)) % UInt64(limit))
    }
}

/// One end of a connection: sends a stream whose bytes are known and checks the one that it gets.
final class StreamEnd: ChannelOwner {
    var channel: Channel?
    let salt: Int
    let peersSalt: Int
    var sent = 0
    var received = 0
    var wrong = 0
    var ended = false
    var error: SystemError?
    var toldAfterEnd = false
    var toldWhilePaused = false
    var drainedWithQueue = false

    init(salt: Int, peersSalt: Int) {
        self.salt = salt
        self.peersSalt = peersSalt
    }

    private static let period = 65521
    /// Random bytes, three times over, so that each stretch of a stream lies in one piece.
    private static let table: [UInt8] = {
        var dice = Dice(state: 42)
        let once = (0..<period).map { _ in UInt8(dice.next(below: 256)) }
        return once + once + once
    }()
    private static func begin(_ place: Int, _ salt: Int) -> Int { (place + salt * 251) % period }

    func send(_ count: Int) {
        let begin = Self.begin(sent, salt)
        Self.table.withUnsafeBytes {
            channel?.send(UnsafeRawBufferPointer(rebasing: $0[begin..<begin + count]))
        }
        sent += count
    }

    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer) {
        if ended { toldAfterEnd = true }
        if channel.isPaused { toldWhilePaused = true }
        let begin = Self.begin(received, peersSalt)
        Self.table.withUnsafeBytes { table in
            guard let expected = table.baseAddress, let got = bytes.baseAddress else { return }
            if memcmp(expected + begin, got, bytes.count) != 0 { wrong += 1 }
        }
        received += bytes.count
    }
    func channelDrained(_ channel: Channel) { if channel.queued > 0 { drainedWithQueue = true } }
    func channelEnded(_ channel: Channel, _ error: SystemError?) {
        if ended { toldAfterEnd = true }
        ended = true
        self.error = error
    }
    var isSound: Bool { wrong == 0 && !toldAfterEnd && !toldWhilePaused && !drainedWithQueue }
}

@Suite(.serialized) struct RandomScheduleTests {
    struct Case: CustomTestStringConvertible {
        var driver: IODriver
        var seed: UInt64
        var testDescription: String { "\(driver.name), seed \(seed)" }
    }
    static let cases = drivers.flatMap { driver in (1...12).map { Case(driver: driver, seed: $0) } }

    @Test("whatever the order of sends, pauses and ends, both ends get each other's bytes", arguments: cases)
    func schedules(_ test: Case) throws {
        var dice = Dice(state: test.seed)
        let reactor = try Reactor(driver: test.driver)
        // So few that the kernel runs out of them all the time (ENOBUFS).
        if test.seed % 2 == 0 { reactor.ringBuffers = 2 }
        var ends: [(StreamEnd, StreamEnd)] = []
        for index in 0..<8 {
            let pair = try Pair()
            let small = Int32(4096 << dice.next(below: 4))
            for descriptor in [pair.ours, pair.theirs] {
                cl_setsockopt_int(descriptor, SOL_SOCKET, SO_SNDBUF, small)
            }
            let left = StreamEnd(salt: index, peersSalt: index + 100)
            let right = StreamEnd(salt: index + 100, peersSalt: index)
            left.channel = Channel(pair.ours, on: reactor, owner: left)
            right.channel = Channel(pair.theirs, on: reactor, owner: right)
            ends.append((left, right))
        }
        for _ in 0..<600 {
            let pair = ends[dice.next(below: ends.count)]
            let end = dice.next(below: 2) == 0 ? pair.0 : pair.1
            switch dice.next(below: 8) {
            case 0, 1: end.send(1 + dice.next(below: 200))
            case 2: if (end.channel?.queued ?? 0) < 500_000 { end.send(1 + dice.next(below: 90_000)) }
            case 3: end.channel?.pause()
            case 4: end.channel?.resume()
            default: reactor.turn(waiting: 0)
            }
        }
        for (left, right) in ends {
            for end in [left, right] {
                end.channel?.resume()
                end.channel?.shutdownSending()
            }
        }
        #expect(reactor.turn { ends.allSatisfy { $0.0.ended && $0.1.ended } })
        for (left, right) in ends {
            #expect(left.isSound && right.isSound)
            #expect(left.received == right.sent && right.received == left.sent)
            #expect(left.error == nil && right.error == nil)
            left.channel?.close()
            right.channel?.close()
        }
        reactor.settle(2)
        #expect(reactor.blocks.used == 0)
    }

    @Test(
        "peers that vanish in the middle give a prefix, one end, and no byte of another's", arguments: cases)
    func vanishing(_ test: Case) throws {
        var dice = Dice(state: test.seed &+ 1000)
        let reactor = try Reactor(driver: test.driver)
        // So few that the kernel runs out of them all the time (ENOBUFS).
        if test.seed % 2 == 0 { reactor.ringBuffers = 2 }
        var live: [(StreamEnd, StreamEnd)] = []
        var all: [(StreamEnd, StreamEnd)] = []
        for round in 0..<1500 {
            switch dice.next(below: 6) {
            case 0 where live.count < 40:
                let pair = try Pair()
                let salt = dice.next(below: 256)
                let left = StreamEnd(salt: salt, peersSalt: salt ^ 0x55)
                let right = StreamEnd(salt: salt ^ 0x55, peersSalt: salt)
                left.channel = Channel(pair.ours, on: reactor, owner: left)
                right.channel = Channel(pair.theirs, on: reactor, owner: right)
                live.append((left, right))
                all.append((left, right))
            case 1 where !live.isEmpty:
                // The one goes; the other is told, or goes before it is.
                let (left, right) = live.remove(at: dice.next(below: live.count))
                left.channel?.close()
                if dice.next(below: 2) == 0 { right.channel?.close() } else { right.send(1) }
            case 2, 3:
                guard !live.isEmpty else { continue }
                let pair = live[dice.next(below: live.count)]
                (round % 2 == 0 ? pair.0 : pair.1).send(1 + dice.next(below: 40_000))
            default: reactor.turn(waiting: 0)
            }
        }
        for (left, right) in all {
            left.channel?.close()
            #expect(reactor.turn { right.ended || right.channel?.descriptor == -1 })
            right.channel?.close()
            #expect(left.isSound && right.isSound)
            #expect(left.received <= right.sent && right.received <= left.sent)
        }
        reactor.settle(2)
        #expect(reactor.blocks.used == 0)
    }

    @Test("thousands of connections, opened and closed", arguments: drivers)
    func thousands(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let (listener, address) = try listenOnLoopback()
        defer { close(listener) }
        let door = Door()
        let server = Recorder()
        server.whenReceived = { channel, bytes in
            channel.send(bytes)
            channel.closeAfterSending(within: .seconds(10))
        }
        door.then = { _, descriptor in _ = Channel(descriptor, on: reactor, owner: server) }
        let acceptor = Acceptor(listener, on: reactor, owner: door)
        acceptor.resume()
        var done = 0
        var wrong = 0
        for _ in 0..<30 {
            let clients = (0..<100).map { number in
                let owner = Recorder()
                owner.whenEnded = { channel in
                    if owner.bytes != Array("number \(number)".utf8) { wrong += 1 }
                    done += 1
                    channel.close()
                }
                let channel = Channel(connectingTo: address, on: reactor, owner: owner)
                channel.send("number \(number)")
                return channel
            }
            let target = done + 100
            #expect(reactor.turn { done == target })
            #expect(clients.allSatisfy { $0.descriptor == -1 })
        }
        #expect(wrong == 0)
        #expect(door.accepted.count == 3000)
        acceptor.pause()
    }
}
