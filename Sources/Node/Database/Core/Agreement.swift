/// The database's fact in control: written when something changes, never in between. Only the holder of the lease changes it,
/// and only the version that it has read.
public struct Agreement: Equatable, Sendable {
    /// PostgreSQL's system identifier: which cluster this is.
    public var systemIdentifier: UInt64
    /// A promotion in the lease's epoch e makes timeline `timelineBase` + e: no two promotions ever share one.
    public var timelineBase: UInt32
    /// Who holds acknowledged writes.
    public var electorate: Electorate
    /// Who was elected last.
    public var leader: MemberID
    /// In which epoch of the lease.
    public var epoch: UInt64

    /// An agreement with all its parts.
    public init(
        systemIdentifier: UInt64, timelineBase: UInt32, electorate: Electorate, leader: MemberID,
        epoch: UInt64
    ) {
        self.systemIdentifier = systemIdentifier
        self.timelineBase = timelineBase
        self.electorate = electorate
        self.leader = leader
        self.epoch = epoch
    }

    /// The timeline of a promotion in this epoch of the lease, or nil when PostgreSQL's 32 bits do not hold it.
    public func timeline(of epoch: UInt64) -> UInt32? {
        let (sum, isTooLarge) = epoch.addingReportingOverflow(UInt64(timelineBase))
        return isTooLarge ? nil : UInt32(exactly: sum)
    }

    private static let form: UInt8 = 1
    private static let length = 32

    /// As control keeps it.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = [
            Self.form, electorate.isLossless ? 1 : 0, UInt8(electorate.acknowledgements), leader.number,
        ]
        append(UInt64(timelineBase), 4, to: &bytes)
        append(systemIdentifier, 8, to: &bytes)
        append(electorate.voters.bits, 8, to: &bytes)
        append(epoch, 8, to: &bytes)
        return bytes
    }

    /// From what control keeps; nil when it is not an agreement of this form.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.length, bytes[0] == Self.form, bytes[1] <= 1,
            let leader = MemberID(Int(bytes[3]))
        else { return nil }
        func number(_ start: Int, _ count: Int) -> UInt64 {
            bytes[start..<(start + count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        let voters = MemberSet(bits: number(16, 8))
        guard Int(bytes[2]) < Swift.max(1, voters.count) else { return nil }
        self.init(
            systemIdentifier: number(8, 8), timelineBase: UInt32(number(4, 4)),
            electorate: Electorate(
                voters: voters, acknowledgements: Int(bytes[2]), isLossless: bytes[1] == 1),
            leader: leader, epoch: number(24, 8))
    }

    private func append(_ value: UInt64, _ count: Int, to bytes: inout [UInt8]) {
        for place in (0..<count).reversed() { bytes.append(UInt8(value >> UInt64(8 * place) & 255)) }
    }
}
