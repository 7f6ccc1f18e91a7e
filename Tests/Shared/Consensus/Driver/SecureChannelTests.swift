import Simulator
import Testing

@testable import Consensus
import Digest
@testable import ConsensusDriver

@Suite struct SecureChannelTests {
    static let key = ClusterKey(secret: Array("correct horse battery staple".utf8), cluster: "shelf")!

    static func nonce(_ byte: UInt8) -> [UInt8] {
        [UInt8](repeating: byte, count: SecureChannel.nonceBytes)
    }

    /// Both ends of a connection, and what each says to the other.
    struct Pair {
        var dialling: SecureChannel
        var accepting: SecureChannel

        init(
            _ key: ClusterKey = SecureChannelTests.key, _ other: ClusterKey = SecureChannelTests.key,
            from dialler: MemberID = 1, to wanted: MemberID = 2, at accepter: MemberID = 2
        ) {
            dialling = SecureChannel(
                dialler, dialled: wanted, key: key, nonce: SecureChannelTests.nonce(1))
            accepting = SecureChannel(accepter, acceptedWith: other, nonce: SecureChannelTests.nonce(2))
        }

        /// Until neither has anything to say; what arrived at the accepting end.
        @discardableResult
        func talk() throws(ChannelError) -> [(lane: SecureChannel.Lane, message: [UInt8])] {
            var arrived: [(lane: SecureChannel.Lane, message: [UInt8])] = []
            while true {
                let there = dialling.takeOutgoing()
                arrived += try accepting.receive(there[...])
                let back = accepting.takeOutgoing()
                _ = try dialling.receive(back[...])
                if there.isEmpty && back.isEmpty { return arrived }
            }
        }
    }

    @Test("two members with the key know each other, and messages of any size arrive whole")
    func talk() throws {
        let pair = Pair()
        #expect(!pair.dialling.send([1], in: .consensus))
        try pair.talk()
        #expect(pair.dialling.peer == 2)
        #expect(pair.accepting.peer == 1)
        for size in [
            0, 1, SecureChannel.pieceLimit - 1, SecureChannel.pieceLimit, SecureChannel.pieceLimit + 1,
            300_000,
        ] {
            let message = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            #expect(pair.dialling.send(message, in: .consensus))
            let arrived = try pair.talk()
            #expect(arrived.map { $0.message } == [message])
        }
    }

    @Test("what is urgent overtakes a long message")
    func lanes() throws {
        let pair = Pair()
        try pair.talk()
        #expect(pair.dialling.send([UInt8](repeating: 7, count: 1 << 20), in: .consensus))
        var arrived = try pair.accepting.receive(pair.dialling.takeOutgoing()[...])
        #expect(arrived.isEmpty)
        #expect(pair.dialling.send([1, 2, 3], in: .role))
        arrived = try pair.accepting.receive(pair.dialling.takeOutgoing()[...])
        #expect(arrived.map { $0.message } == [[1, 2, 3]])
        #expect(try pair.talk().map { $0.message.count } == [1 << 20])
    }

    @Test("what is passed on neither waits for a snapshot nor makes promises wait")
    func turns() throws {
        let pair = Pair()
        try pair.talk()
        #expect(pair.dialling.send([UInt8](repeating: 7, count: 1 << 20), in: .consensus))
        for byte in 0..<10 as Range<UInt8> {
            #expect(pair.dialling.send([UInt8](repeating: byte, count: 16_000), in: .passed))
        }
        #expect(pair.dialling.send([1], in: .role))
        let arrived = try pair.accepting.receive(pair.dialling.takeOutgoing()[...])
        #expect(arrived.first?.lane == .role && arrived.contains { $0.lane == .passed })
        #expect(try pair.talk().last?.message.count == 1 << 20)
    }

    @Test("no more is passed on than may wait")
    func passedBound() throws {
        let pair = Pair()
        try pair.talk()
        var taken = 0
        while taken < 100, pair.dialling.send([UInt8](repeating: 0, count: 16 << 10), in: .passed) {
            taken += 1
        }
        #expect(taken == SecureChannel.passedLimit / (16 << 10))
        #expect(pair.dialling.send([1], in: .role))
        #expect(pair.dialling.send([1], in: .consensus))
    }

    @Test("too much that waits is refused, not kept")
    func bounded() throws {
        let pair = Pair()
        try pair.talk()
        let message = [UInt8](repeating: 0, count: SecureChannel.queueLimit / 4 + 1)
        var taken = 0
        while pair.dialling.send(message, in: .consensus) { taken += 1 }
        #expect(taken == 3)
        #expect(!pair.dialling.send([UInt8](repeating: 0, count: SecureChannel.messageLimit + 1), in: .role))
    }

    @Test("another key, another cluster, another number: sent away with a sentence, before anything was said")
    func strangers() throws {
        let other = ClusterKey(secret: Array("correct horse battery stapled".utf8), cluster: "shelf")!
        let elsewhere = ClusterKey(secret: Array("correct horse battery staple".utf8), cluster: "shed")!
        for pair in [
            Pair(Self.key, other), Pair(Self.key, elsewhere), Pair(to: 3), Pair(from: 2),
        ] {
            #expect(throws: ChannelError.self) { try pair.talk() }
            #expect(pair.dialling.peer == nil)
            #expect(pair.accepting.peer == nil)
        }
        #expect(ClusterKey(secret: [1, 2, 3], cluster: "shelf") == nil)
    }

    @Test("who knows the fingerprint and not the key proves nothing")
    func withoutKey() throws {
        let pair = Pair()
        let asking = pair.dialling.takeOutgoing()
        // The same asking, by somebody who does not have the key and makes something up for the proof.
        _ = try pair.accepting.receive(asking[...])
        _ = pair.accepting.takeOutgoing()
        let madeUp: [UInt8] = [16, 0, 0, 0] + [UInt8](repeating: 9, count: 16)
        #expect(throws: ChannelError.self) { try pair.accepting.receive(madeUp[...]) }
        #expect(pair.accepting.peer == nil)
    }

    @Test("no byte on the wire can be changed, from the first to the last")
    func tampering() throws {
        // The whole conversation once, to know its length.
        func conversation(changing changed: Int?) throws -> (bytes: Int, arrived: [[UInt8]]) {
            let pair = Pair()
            var (count, arrived): (Int, [[UInt8]]) = (0, [])
            for _ in 0..<3 {
                for (from, to) in [(pair.dialling, pair.accepting), (pair.accepting, pair.dialling)] {
                    if from === pair.dialling, from.peer != nil { _ = from.send([1, 2, 3], in: .role) }
                    var bytes = from.takeOutgoing()
                    if let changed, changed >= count, changed < count + bytes.count {
                        bytes[changed - count] ^= 4
                    }
                    count += bytes.count
                    arrived += try to.receive(bytes[...]).map { $0.message }
                }
            }
            return (count, arrived)
        }
        let whole = try conversation(changing: nil)
        #expect(!whole.arrived.isEmpty)
        for place in 0..<whole.bytes {
            // A changed length may also make it wait for more that never comes.
            let result = try? conversation(changing: place)
            guard result.map({ $0.arrived.count < whole.arrived.count }) ?? true else {
                Issue.record("byte \(place) was changed unnoticed")
                return
            }
        }
    }

    @Test("a record that is said again is refused, in this connection and in another")
    func replay() throws {
        let pair = Pair()
        try pair.talk()
        _ = pair.dialling.send([1, 2, 3], in: .role)
        let record = pair.dialling.takeOutgoing()
        #expect(try pair.accepting.receive(record[...]).count == 1)
        #expect(throws: ChannelError.self) { try pair.accepting.receive(record[...]) }

        let old = Pair()
        let asking = old.dialling.takeOutgoing()
        _ = try old.accepting.receive(asking[...])
        _ = try old.dialling.receive(old.accepting.takeOutgoing()[...])
        let proof = old.dialling.takeOutgoing()
        let later = SecureChannel(2, acceptedWith: Self.key, nonce: Self.nonce(3))
        _ = try later.receive(asking[...])
        #expect(throws: ChannelError.self) { try later.receive(proof[...]) }
        #expect(later.peer == nil)
    }

    @Test("HMAC and AES-GCM are those of the standards")
    func vectors() throws {
        // RFC 4231 test case 2.
        let mac = HMACSHA256(key: Array("Jefe".utf8)).code(of: Array("what do ya want for nothing?".utf8))
        #expect(mac.prefix(4) == [0x5b, 0xdc, 0xc1, 0x46])
        #expect(mac.suffix(4) == [0x64, 0xec, 0x38, 0x43])
        // NIST's GCM test case 13 and 14: a key of zeros, number 0.
        let key = try #require(RecordKey([UInt8](repeating: 0, count: 32)))
        #expect(
            key.seal([], header: []) == [
                0x53, 0x0f, 0x8a, 0xfb, 0xc7, 0x45, 0x36, 0xb9, 0xa9, 0x63, 0xb4, 0xf1, 0xc4, 0xcb, 0x73,
                0x8b,
            ])
        let other = try #require(RecordKey([UInt8](repeating: 0, count: 32)))
        #expect(
            other.seal([UInt8](repeating: 0, count: 16), header: []).prefix(16) == [
                0xce, 0xa7, 0x40, 0x3d, 0x4d, 0x60, 0x6b, 0x6e, 0x07, 0x4e, 0xc5, 0xd3, 0xba, 0xf3, 0x9d,
                0x18,
            ])
    }

    @Test(
        "random bytes open nothing and end nothing but the connection",
        arguments: 1...200 as ClosedRange<UInt64>)
    func garbage(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let bytes = (0..<random.below(400)).map { _ in UInt8(random.below(256)) }
        let accepting = SecureChannel(2, acceptedWith: Self.key, nonce: Self.nonce(2))
        _ = try? accepting.receive(bytes[...])
        #expect(accepting.peer == nil)
        let dialling = SecureChannel(1, dialled: 2, key: Self.key, nonce: Self.nonce(1))
        _ = try? dialling.receive(bytes[...])
        #expect(dialling.peer == nil)
    }

    @Test(
        "an address is numbers and a port",
        arguments: [
            ("192.0.2.1:4100", "192.0.2.1"), ("[2001:db8::1]:4100", "2001:db8::1"), ("192.0.2.1", nil),
            ("2001:db8::1:4100", nil), ("192.0.2.1:0", nil), (":4100", nil), ("192.0.2.1:70000", nil),
        ])
    func addresses(text: String, host: String?) { #expect(PeerAddress(text)?.host == host) }

    @Test("a member is dialled again later and later, at most two seconds")
    func backoff() {
        var backoff = Backoff(seed: 7)
        let waits = (0..<20).map { _ in backoff.next() }
        #expect(waits[0] >= Backoff.least / 2)
        #expect(waits.allSatisfy { $0 <= Backoff.most })
        #expect(waits[19] >= Backoff.most / 2)
        backoff.succeeded()
        #expect(backoff.next() <= Backoff.least)
    }
}
