import PostgreSQLWire
import TestSupport
import Testing

@Suite struct StartupPacketTests {
    private static func packet(_ code: Int, _ rest: [UInt8] = []) -> [UInt8] {
        Backend.int32(8 + rest.count) + Backend.int32(code) + rest
    }

    private static func parse(_ bytes: [UInt8], limit: Int = StartupPacket.defaultLimit)
        -> StartupPacket.Outcome
    {
        StartupPacket.parse(bytes.span.bytes, limit: limit)
    }

    private static func texts(_ words: String...) -> [UInt8] { words.flatMap { Backend.text($0) } }

    private static func message(_ bytes: [UInt8]) -> StartupMessage? {
        if case .packet(.startup(let message), length: bytes.count) = parse(bytes) { message } else { nil }
    }

    @Test("user, database and further parameters keep their order")
    func startup() throws {
        let bytes = Self.packet(
            196_608, Self.texts("user", "ada", "database", "app", "search_path", "a, b") + [0])
        let message = try #require(Self.message(bytes))
        #expect(message.minor == 0 && !message.needsNegotiation)
        #expect(
            message.parameters.map { String(decoding: $0.name, as: UTF8.self) }
                == ["user", "database", "search_path"])
        #expect(message.value(of: "user") == Array("ada".utf8))
        #expect(message.value(of: "options") == nil)
    }

    @Test("of a name that comes twice the last value counts, as in PostgreSQL")
    func twice() throws {
        let bytes = Self.packet(196_608, Self.texts("user", "ada", "user", "bob") + [0])
        #expect(try #require(Self.message(bytes)).value(of: "user") == Array("bob".utf8))
    }

    @Test("a value may be empty, and need not be UTF-8")
    func bytes() throws {
        let bytes = Self.packet(196_608, Self.texts("user", "") + Array("database".utf8) + [0, 0xFF, 0, 0])
        let message = try #require(Self.message(bytes))
        #expect(message.value(of: "user") == [])
        #expect(message.value(of: "database") == [0xFF])
    }

    @Test(
        "a minor version above ours, or an unknown option of the protocol, is negotiated",
        arguments: [(0, false, 0), (2, false, 2), (3, true, 2), (9999, true, 2)] as [(Int, Bool, UInt16)])
    func versions(minor: Int, negotiates: Bool, spoken: UInt16) throws {
        let message = try #require(
            Self.message(Self.packet(196_608 + minor, Self.texts("user", "ada") + [0])))
        #expect(message.needsNegotiation == negotiates && message.spokenMinor == spoken)
        let optional = try #require(
            Self.message(Self.packet(196_608 + minor, Self.texts("user", "ada", "_pq_.magic", "1") + [0])))
        #expect(optional.needsNegotiation && optional.protocolOptions == [Array("_pq_.magic".utf8)])
        #expect(optional.parameters.count == 1)
    }

    @Test("requests for encryption and for cancelling")
    func requests() {
        #expect(Self.parse(Self.packet(80_877_103)) == .packet(.tls, length: 8))
        #expect(Self.parse(Self.packet(80_877_104)) == .packet(.gss, length: 8))
        let secret = [UInt8](1...32)
        #expect(
            Self.parse(Self.packet(80_877_102, Backend.int32(4711) + [1, 2, 3, 4]))
                == .packet(.cancel(process: 4711, secret: [1, 2, 3, 4]), length: 16))
        #expect(
            Self.parse(Self.packet(80_877_102, Backend.int32(-1) + secret))
                == .packet(.cancel(process: -1, secret: secret), length: 44))
    }

    @Test("TLS that begins without a request is known by its first byte")
    func direct() { #expect(Self.parse([0x16]) == .directTLS) }

    @Test("what follows a packet stays with the caller")
    func rest() {
        #expect(Self.parse(Self.packet(80_877_103) + [0x16, 3, 1]) == .packet(.tls, length: 8))
    }

    @Test(
        "what is no packet is a violation before the rest has come",
        arguments: [
            ([0, 0, 0, 7], .tooShort(7)), ([0xFF, 0xFF, 0xFF, 0xFF], .tooLong(4_294_967_295, limit: 10_000)),
            ([0, 0, 0x27, 0x11], .tooLong(10_001, limit: 10_000)), ([0, 0, 0, 0], .tooShort(0)),
            (packet(80_877_103, [0]), .malformed), (packet(80_877_102), .malformed),
            (packet(80_877_102, Backend.int32(1) + [1, 2, 3]), .malformed),
            (packet(131_072), .version(major: 2, minor: 0)),
            (packet(262_144), .version(major: 4, minor: 0)),
            (packet(196_608), .malformed), (packet(196_608, texts("user")), .malformed),
            (packet(196_608, texts("user", "ada")), .malformed),
            (packet(196_608, texts("user", "ada") + [0, 0]), .malformed),
            (packet(196_608, texts("user", "ada") + Array("database".utf8)), .malformed),
            (Array("GET / HTTP/1.1".utf8), .tooLong(0x4745_5420, limit: 10_000)),
        ] as [([UInt8], StartupViolation)])
    func violations(bytes: [UInt8], violation: StartupViolation) {
        #expect(Self.parse(bytes) == .violation(violation))
        #expect(violation.code.utf8.count == 5 && !violation.sentence.isEmpty)
    }

    @Test("an empty startup message is allowed, and names nobody")
    func empty() { #expect(Self.message(Self.packet(196_608, [0]))?.parameters == []) }

    @Test("the limit is the longest packet")
    func limit() {
        let bytes = Self.packet(196_608, Self.texts("user", "ada") + [0])
        #expect(Self.parse(bytes, limit: bytes.count) != .needsMore)
        #expect(
            Self.parse(bytes, limit: bytes.count - 1)
                == .violation(.tooLong(Int64(bytes.count), limit: bytes.count - 1)))
    }

    @Test("until a packet is whole, nothing is said of it")
    func prefixes() {
        let bytes = Self.packet(196_608, Self.texts("user", "ada", "database", "app") + [0])
        for count in 0..<bytes.count { #expect(Self.parse(Array(bytes.prefix(count))) == .needsMore) }
    }

    @Test("bytes that are changed at random never crash it, and never claim more bytes than there are")
    func fuzz() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix64(seed: seed)
        let good = [
            Self.packet(196_608, Self.texts("user", "ada", "_pq_.x", "1", "database", "app") + [0]),
            Self.packet(80_877_102, Backend.int32(1) + [1, 2, 3, 4]), Self.packet(80_877_103),
        ]
        for round in 0..<20_000 {
            var bytes = good[round % good.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
                }
            }
            if case .packet(_, let length) = Self.parse(bytes) {
                #expect(length <= bytes.count, "seed \(seed)")
            }
        }
    }
}
