import CLinux
import Testing

@testable import Reactor

final class Counter: EventSource {
    var calls = 0
    var then: () -> Void = {}
    func ready(_ readiness: Readiness) {
        calls += 1
        then()
    }
}

@Suite struct ReactorTests {
    @Test("deadlines fire in the order of their times, cancelled ones never")
    func deadlines() throws {
        let reactor = try Reactor()
        var order: [Int] = []
        let start = Reactor.clock()
        for value in [3, 1, 2] { reactor.schedule(at: start + .microseconds(value)) { order.append(value) } }
        reactor.schedule(at: start) { order.append(99) }.cancel()
        while order.count < 3 { reactor.turn(limit: .milliseconds(10)) }
        #expect(order == [1, 2, 3])
    }

    @Test("a source that was removed in this turn is not called in it")
    func removedInTurn() throws {
        let reactor = try Reactor()
        let first = Counter()
        let second = Counter()
        let a = eventfd(1, Int32(EFD_NONBLOCK))
        let b = eventfd(1, Int32(EFD_NONBLOCK))
        defer {
            close(a)
            close(b)
        }
        first.then = { reactor.remove(b) }
        second.then = { reactor.remove(a) }
        try reactor.add(a, for: .read, first)
        try reactor.add(b, for: .read, second)
        reactor.turn(limit: .zero)
        #expect(first.calls + second.calls == 1)
    }

    @Test("the heap gives back every entry in order, whatever the order of insertion")
    func heap() {
        var generator = SystemRandomNumberGenerator()
        var heap = DeadlineHeap()
        for _ in 0..<500 {
            heap.insert(Deadline(at: .nanoseconds(Int64.random(in: 0..<100, using: &generator))) {})
        }
        var last = Duration.zero
        var count = 0
        while let entry = heap.popDue(at: .seconds(1)) {
            #expect(entry.time >= last)
            last = entry.time
            count += 1
        }
        #expect(count == 500)
    }
}
