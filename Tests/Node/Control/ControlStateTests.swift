import Consensus
import JSON
import Testing

@testable import Control

@Suite struct ControlStateTests {
    private var state = ControlState()

    @Test("a lease has one owner an epoch, and a command that comes twice is answered alike")
    mutating func take() {
        #expect(state.perform(.take(lease: "a", owner: 1, after: 0), at: 5) == .taken(epoch: 1))
        #expect(state.perform(.take(lease: "a", owner: 1, after: 0), at: 6) == .taken(epoch: 1))
        #expect(state.perform(.take(lease: "a", owner: 2, after: 0), at: 7) == .owned(by: 1, epoch: 1))
        #expect(state.perform(.take(lease: "a", owner: 2, after: 1), at: 8) == .taken(epoch: 2))
        #expect(state.perform(.take(lease: "a", owner: 1, after: 0), at: 9) == .owned(by: 2, epoch: 2))
    }

    @Test("only its owner gives a lease back, and a late take of the same epoch does not bring it back")
    mutating func release() {
        _ = state.perform(.take(lease: "a", owner: 1, after: 0), at: 1)
        #expect(state.perform(.release(lease: "a", owner: 2, epoch: 1), at: 2) == .owned(by: 1, epoch: 1))
        #expect(state.perform(.release(lease: "a", owner: 1, epoch: 1), at: 3) == .released)
        #expect(state.perform(.release(lease: "a", owner: 1, epoch: 1), at: 4) == .released)
        #expect(state.lease("a") == .init(owner: nil, epoch: 1, released: 1))
        #expect(state.perform(.take(lease: "a", owner: 1, after: 0), at: 5) == .owned(by: nil, epoch: 1))
    }

    @Test("a fact is written only over the version that its writer knew, once")
    mutating func facts() {
        #expect(state.perform(.set(name: "f", value: "x", expecting: 0), at: 3) == .written(version: 3))
        #expect(state.perform(.set(name: "f", value: "x", expecting: 0), at: 4) == .written(version: 3))
        #expect(state.perform(.set(name: "f", value: "y", expecting: 0), at: 5) == .changed(version: 3))
        #expect(state.perform(.set(name: "f", value: "y", expecting: 3), at: 6) == .written(version: 6))
        #expect(state.perform(.set(name: "f", value: nil, expecting: 3), at: 7) == .changed(version: 6))
        #expect(state.perform(.set(name: "f", value: nil, expecting: 6), at: 8) == .written(version: 0))
        #expect(state.facts.isEmpty)
    }

    @Test("there is an end to facts, leases and bytes")
    mutating func limits() {
        let value = String(repeating: "x", count: ControlState.valueLimit)
        for index in 0..<64 {
            #expect(
                state.perform(.set(name: "f\(index)", value: value, expecting: 0), at: 9)
                    == .written(version: 9))
        }
        #expect(state.perform(.set(name: "more", value: "x", expecting: 0), at: 9) == .full)
        #expect(ControlCommand(ControlCommand.set(name: "f", value: value + "x", expecting: 0).bytes) == nil)
        for index in 0..<UInt64(ControlState.leaseLimit) {
            #expect(
                state.perform(.take(lease: "l\(index)", owner: 1, after: 0), at: 9) == .taken(epoch: 1))
        }
        #expect(state.perform(.take(lease: "more", owner: 1, after: 0), at: 9) == .full)
        #expect(state.snapshot().count <= Settings.snapshotLimit)
    }

    @Test("a snapshot is the state; anything else is refused and changes nothing")
    mutating func snapshot() {
        _ = state.perform(.take(lease: "a", owner: 1, after: 0), at: 1)
        _ = state.perform(.set(name: "f", value: "line\n\"quoted\" ü", expecting: 0), at: 2)
        var other = ControlState()
        #expect(other.restore(state.snapshot()) && other == state)
        for bytes in [[], Array("{}".utf8), Array(#"{"format":2,"facts":[],"leases":[]}"#.utf8)] as [[UInt8]]
        {
            #expect(!other.restore(bytes) && other == state)
        }
    }

    @Test("a command that this version does not know changes nothing, on every member alike")
    mutating func unknown() {
        let before = state
        #expect(state.apply(Array(#"{"fly":"away"}"#.utf8), at: 1) == ControlAnswer.unknown.bytes)
        #expect(state == before)
    }

    @Test(
        "commands, answers, results and messages are read as they were written",
        arguments: [
            ControlCommand.take(lease: "db/primary", owner: 3, after: 7),
            .release(lease: "a", owner: 1, epoch: 2), .set(name: "f", value: "v", expecting: 1),
            .set(name: "f", value: nil, expecting: 1), .nothing,
        ])
    func coding(command: ControlCommand) {
        #expect(ControlCommand(command.bytes) == command)
        let answers: [ControlAnswer] = [
            .taken(epoch: 1), .released, .owned(by: nil, epoch: 3), .owned(by: 2, epoch: 3),
            .written(version: 4), .changed(version: 0), .full, .done, .unknown,
        ]
        var messages: [ControlMessage] = [
            .renew(Renewal(lease: "a", epoch: 1, voters: [1, 2, 3], stamp: .nanoseconds(12_345))),
            .granted(lease: "a", epoch: 1, stamp: .seconds(3)),
            .refused(lease: "a", epoch: 1, reason: "silent"),
            .forward(ticket: 9, .command(command)), .forward(ticket: 9, .add(4, address: "192.0.2.4:4100")),
            .forward(ticket: 9, .assign(.voter, 4)), .forward(ticket: 9, .remove(4)),
        ]
        for answer in answers {
            #expect(ControlAnswer(answer.bytes) == answer)
            messages.append(.forwarded(ticket: 1, .applied(index: 2, answer)))
        }
        for result in [
            ControlResult.refused("no"), .held(by: 2, for: .milliseconds(20)), .unknown,
        ] {
            messages.append(.forwarded(ticket: 1, result))
        }
        for message in messages { #expect(ControlMessage(message.bytes) == message) }
    }

    @Test(
        "names of something else are no names",
        arguments: ["", "a b", "ä", "a\n", String(repeating: "a", count: 129)])
    func names(name: String) {
        #expect(ControlCommand(ControlCommand.set(name: name, value: "", expecting: 0).bytes) == nil)
    }
}
