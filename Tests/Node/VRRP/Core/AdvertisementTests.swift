import Languages
import Testing

@testable import VRRP

@Suite struct AdvertisementTests {
    static let source = IPv4Address("192.0.2.3")!
    static let advertisement = Advertisement(
        virtualRouterID: 51, priority: 254, interval: .milliseconds(100),
        addresses: [IPv4Address("192.0.2.29")!, IPv4Address("192.0.2.30")!], checksum: .pseudoHeader)

    static func packet(_ change: (inout [UInt8]) -> Void = { _ in }) -> [UInt8] {
        var bytes = advertisement.packet(from: source, identification: 7)
        change(&bytes)
        return bytes
    }

    /// Changes bytes of the message and mends its checksum, so that only the change can be refused.
    static func mended(_ change: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = packet(change)
        bytes[26] = 0
        bytes[27] = 0
        var sum: UInt32 = 0
        for index in stride(from: 20, to: bytes.count - 1, by: 2) {
            sum += UInt32(bytes[index]) << 8 | UInt32(bytes[index + 1])
        }
        while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
        bytes[26] = UInt8(~sum >> 8 & 255)
        bytes[27] = UInt8(~sum & 255)
        return bytes
    }

    static func rejection(_ bytes: [UInt8]) -> Rejection? {
        do throws(Rejection) {
            _ = try Advertisement.read(bytes[...])
            return nil
        } catch { return error }
    }

    @Test("the bytes are those of RFC 9568 section 5.1 and 5.2")
    func bytes() {
        let bytes = Self.packet()
        #expect(bytes.count == 36)
        #expect(
            Array(bytes[0..<10]) == [0x45, 0xC0, 0, 36, 0, 7, 0x40, 0, 255, 112])
        #expect(Array(bytes[12..<20]) == [192, 0, 2, 3, 224, 0, 0, 18])
        #expect(Array(bytes[20..<26]) == [0x31, 51, 254, 2, 0, 10])
        #expect(Array(bytes[28..<36]) == [192, 0, 2, 29, 192, 0, 2, 30])
    }

    @Test("what is sent is read back, in both forms of the checksum", arguments: [true, false])
    func roundTrip(isPseudo: Bool) throws {
        var sent = Self.advertisement
        sent.checksum = isPseudo ? .pseudoHeader : .messageOnly
        let (read, source) = try Advertisement.read(sent.packet(from: Self.source, identification: 1)[...])
        #expect(read == sent)
        #expect(source == Self.source)
    }

    @Test("Ethernet's padding behind the packet does not count")
    func padding() throws {
        let bytes = Self.packet() + [UInt8](repeating: 0, count: 10)
        #expect(try Advertisement.read(bytes[...]).0 == Self.advertisement)
    }

    @Test("an IPv4 header with options is stepped over")
    func options() throws {
        var bytes = Self.packet()
        bytes[0] = 0x46
        bytes[3] += 4
        bytes.insert(contentsOf: [1, 1, 1, 1], at: 20)
        #expect(try Advertisement.read(bytes[...]).0 == Self.advertisement)
    }

    @Test("the reserved bits beside the interval are ignored")
    func reserved() throws {
        let bytes = Self.mended { $0[24] |= 0xF0 }
        #expect(try Advertisement.read(bytes[...]).0.interval == .milliseconds(100))
    }

    @Test("every defect is refused for its own reason")
    func rejections() {
        let cases: [(Rejection, [UInt8])] = [
            (.ipHeader, Array(Self.packet()[..<19])),
            (.ipHeader, Self.packet { $0[0] = 0x65 }),
            (.ipHeader, Self.packet { $0[0] = 0x44 }),
            (.ipHeader, Self.packet { $0[3] = 37 }),
            (.ipHeader, Self.packet { $0[9] = 17 }),
            (.destination, Self.packet { $0[19] = 19 }),
            (.timeToLive, Self.packet { $0[8] = 254 }),
            (.tooShort, Self.packet { $0[3] = 27 }),
            (.version2, Self.packet { $0[20] = 0x21 }),
            (.version, Self.packet { $0[20] = 0x41 }),
            (.type, Self.mended { $0[20] = 0x32 }),
            (.noAddresses, Self.mended { $0[23] = 0 }),
            (.zeroInterval, Self.mended { $0[25] = 0 }),
            (.length, Self.mended { $0[23] = 1 }),
            (.length, Self.mended { $0[23] = 3 }),
            (.checksum, Self.packet { $0[22] = 1 }),
        ]
        for (expected, bytes) in cases { #expect(Self.rejection(bytes) == expected) }
    }

    @Test("UCarp's packets, which look like VRRP version 2, are told from it")
    func carp() {
        var bytes = Self.packet()
        bytes.removeSubrange(20...)
        bytes += [0x21, 51, 0, 7, 0, 1] + [UInt8](repeating: 0xAB, count: 30)
        bytes[3] = UInt8(bytes.count)
        #expect(Self.rejection(bytes) == .carp)
    }

    @Test("Keepalived's authentication trailer makes it another packet, which we do not take")
    func trailer() {
        var bytes = Self.packet() + [UInt8](repeating: 1, count: 24)
        bytes[3] = UInt8(bytes.count)
        #expect(Self.rejection(bytes) == .length)
    }

    @Test("every packet with one byte changed is read as sent or refused, and none of any length crashes")
    func fuzz() {
        let good = Self.packet()
        for index in 20..<good.count {
            for bit in 0..<8 {
                let bytes = Self.packet { $0[index] ^= 1 << UInt8(bit) }
                #expect(Self.rejection(bytes) != nil, "byte \(index) bit \(bit)")
            }
        }
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = SeededGenerator(seed: seed)
        for length in 0..<128 {
            for _ in 0..<20 {
                var bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                for index in 0..<min(length, Int.random(in: 0...24, using: &generator)) {
                    bytes[index] = good[index]
                }
                if length > 3 { bytes[3] = UInt8(length) }
                // A random 16-bit checksum is right twice in 65,536: reading is allowed, crashing is not.
                _ = Self.rejection(bytes)
            }
        }
    }

    @Test("each refusal moves its own counter by one")
    func counters() {
        for rejection in Rejection.allCases {
            var counters = RejectionCounters()
            counters.count(rejection)
            for other in Rejection.allCases { #expect(counters[other] == (other == rejection ? 1 : 0)) }
        }
        #expect(Set(Rejection.allCases.map { $0.name }).count == Rejection.allCases.count)
    }
}

/// SplitMix64: the same numbers everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
