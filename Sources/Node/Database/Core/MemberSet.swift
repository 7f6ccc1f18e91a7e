/// A member of the database cluster: the number that control knows it by, 1 to 64.
public struct MemberID: Hashable, Comparable, Sendable {
    /// 1 to 64.
    public let number: UInt8

    /// A member, or nil when the number is not one from 1 to 64.
    public init?(_ number: Int) {
        guard number >= 1, number <= 64 else { return nil }
        self.number = UInt8(number)
    }

    init(bit: Int) { number = UInt8(bit + 1) }

    var bit: UInt64 { 1 << UInt64(number - 1) }

    /// By number.
    public static func < (a: MemberID, b: MemberID) -> Bool { a.number < b.number }
}

/// Some of the members.
public struct MemberSet: Equatable, Sendable, Sequence {
    /// Bit n − 1 stands for member n.
    public var bits: UInt64

    /// From bits.
    public init(bits: UInt64) { self.bits = bits }

    /// These members.
    public init(_ members: some Sequence<MemberID>) {
        bits = 0
        for member in members { bits |= member.bit }
    }

    /// Nobody.
    public static let none = MemberSet(bits: 0)

    /// How many they are.
    public var count: Int { bits.nonzeroBitCount }
    /// Whether they are none.
    public var isEmpty: Bool { bits == 0 }
    /// Whether a member is one of them.
    public func contains(_ member: MemberID) -> Bool { bits & member.bit != 0 }
    /// Those of either set.
    public func union(_ other: MemberSet) -> MemberSet { MemberSet(bits: bits | other.bits) }
    /// Those of both sets.
    public func intersection(_ other: MemberSet) -> MemberSet { MemberSet(bits: bits & other.bits) }
    /// Those that are not of the other set.
    public func subtracting(_ other: MemberSet) -> MemberSet { MemberSet(bits: bits & ~other.bits) }
    /// All but one.
    public func without(_ member: MemberID) -> MemberSet { MemberSet(bits: bits & ~member.bit) }
    /// With one more.
    public func with(_ member: MemberID) -> MemberSet { MemberSet(bits: bits | member.bit) }

    /// In the order of their numbers.
    public func makeIterator() -> Iterator { Iterator(rest: bits) }

    /// Goes through a set.
    public struct Iterator: IteratorProtocol {
        var rest: UInt64

        /// The next member.
        public mutating func next() -> MemberID? {
            guard rest != 0 else { return nil }
            let bit = rest.trailingZeroBitCount
            rest &= rest - 1
            return MemberID(bit: bit)
        }
    }
}
