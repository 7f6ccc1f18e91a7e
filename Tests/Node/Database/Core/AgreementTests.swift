import Database
import Testing

@Suite struct AgreementTests {
    private let agreement = Agreement(
        systemIdentifier: 7_512_345_678_901_234_567, timelineBase: 1,
        electorate: Electorate(
            voters: MemberSet([MemberID(1)!, MemberID(3)!, MemberID(64)!]), acknowledgements: 1,
            isLossless: true),
        leader: MemberID(3)!, epoch: 9)

    @Test("what is written is read")
    func roundTrip() {
        #expect(Agreement(bytes: agreement.bytes) == agreement)
    }

    @Test("bytes that are no agreement are none")
    func malformed() {
        #expect(Agreement(bytes: []) == nil)
        #expect(Agreement(bytes: Array(agreement.bytes.dropLast())) == nil)
        for (place, byte) in [(0, 2), (1, 2), (2, 3), (3, 0), (3, 65)] as [(Int, UInt8)] {
            var bytes = agreement.bytes
            bytes[place] = byte
            #expect(Agreement(bytes: bytes) == nil, "byte \(place) is \(byte)")
        }
    }

    @Test("each epoch has a timeline of its own, after those that an adopted cluster has had")
    func timelines() {
        #expect(agreement.timeline(of: 9) == 10)
        #expect(agreement.timeline(of: 10) == 11)
        #expect(agreement.timeline(of: UInt64(UInt32.max)) == nil)
        #expect(agreement.timeline(of: .max) == nil)
    }
}
