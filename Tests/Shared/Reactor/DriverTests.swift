import CLinux
import Testing

@testable import Reactor

@Suite(.serialized) struct DriverTests {
    @Test("each driver is used where it is asked for; here the kernel has both", arguments: drivers)
    func inUse(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let channel = Channel(pair.ours, on: reactor, owner: Recorder())
        #expect(reactor.driverInUse == .automatic)
        reactor.settle(1)
        if reactor.refusal == nil {
            #expect(reactor.driverInUse == driver)
        } else {
            #expect(reactor.driverInUse == .epoll)
        }
        channel.close()
    }

    @Test(
        "where the kernel refuses a ring, epoll does the work and the cause can be told", arguments: drivers)
    func fallsBack(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        reactor.ringBuffers = 3
        let pair = try Pair()
        defer { close(pair.theirs) }
        let owner = Recorder()
        let channel = Channel(pair.ours, on: reactor, owner: owner)
        pair.write("hello")
        #expect(reactor.turn { owner.bytes.count == 5 })
        #expect(reactor.driverInUse == .epoll)
        #expect((reactor.refusal != nil) == (driver == .ioUring))
        channel.close()
    }

    @Test("a Reactor without channels makes no ring unless told to")
    func noRing() throws {
        let reactor = try Reactor(driver: .automatic)
        reactor.settle(2)
        #expect(reactor.ring == nil)
    }

    @Test("words of the environment", arguments: IODriver.allCases)
    func words(driver: IODriver) { #expect(IODriver(driver.name) == driver) }

    @Test("a word that is none is refused") func unknown() { #expect(IODriver("uring") == nil) }

    @Test(
        "event sources beside channels are told of everything, level-triggered ones again", arguments: drivers
    )
    func sources(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let channel = Channel(pair.ours, on: reactor, owner: Recorder())
        let source = Counter()
        let bell = eventfd(0, Int32(EFD_NONBLOCK))
        defer { close(bell) }
        try reactor.add(bell, for: .read, source)
        reactor.settle(3)
        #expect(source.calls == 0)
        var one: UInt64 = 1
        for expected in 1...3 {
            write(bell, &one, 8)
            let before = source.calls
            source.then = { read(bell, &one, 8) }
            #expect(reactor.turn { source.calls > before })
            #expect(source.calls == expected)
        }
        source.then = {}
        write(bell, &one, 8)
        let before = source.calls
        #expect(reactor.turn { source.calls >= before + 5 })
        reactor.remove(bell)
        channel.close()
    }

    @Test("a timer's turn comes while nothing else happens", arguments: drivers)
    func timer(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        let pair = try Pair()
        defer { close(pair.theirs) }
        let channel = Channel(pair.ours, on: reactor, owner: Recorder())
        var fired = false
        reactor.schedule(after: .milliseconds(5)) { fired = true }
        for _ in 0..<100 where !fired { reactor.turn(limit: .seconds(60)) }
        #expect(fired)
        channel.close()
    }

    @Test("more bytes in one turn than the kernel has buffers for", arguments: drivers)
    func manyAtOnce(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        reactor.ringBuffers = 4
        let count = 300
        let pairs = try (0..<count).map { _ in try Pair() }
        let owners = pairs.map { _ in Recorder() }
        let channels = zip(pairs, owners).map { Channel($0.ours, on: reactor, owner: $1) }
        reactor.settle(2)
        for round in 1...5 {
            for (number, pair) in pairs.enumerated() { pair.write("\(number) ") }
            let complete = {
                owners.enumerated().allSatisfy { $1.bytes.count == round * "\($0) ".utf8.count }
            }
            #expect(reactor.turn(until: complete))
        }
        for (number, owner) in owners.enumerated() {
            #expect(owner.bytes == Array(String(repeating: "\(number) ", count: 5).utf8))
        }
        for pair in pairs { close(pair.theirs) }
        #expect(reactor.turn { owners.allSatisfy { $0.ends == [nil] } })
        for channel in channels { channel.close() }
    }

    @Test("a descriptor's number that is used again gets nothing of its predecessor's", arguments: drivers)
    func reuse(driver: IODriver) throws {
        let reactor = try Reactor(driver: driver)
        for round in 0..<300 {
            let pair = try Pair()
            let owner = Recorder()
            let channel = Channel(pair.ours, on: reactor, owner: owner)
            if round % 3 != 0 { reactor.turn(waiting: 0) }
            pair.write("round \(round)")
            if round % 2 == 0 {
                channel.send("x")
                channel.close()
            } else {
                #expect(reactor.turn { !owner.bytes.isEmpty })
                #expect(owner.bytes == Array("round \(round)".utf8))
                close(pair.theirs)
                if round % 4 == 1 { reactor.turn(waiting: 0) }
                channel.close()
                continue
            }
            close(pair.theirs)
        }
        reactor.settle(2)
        #expect(reactor.blocks.used == 0)
    }
}
