/// A member of the cluster, by a number that never changes and is never used again. Not 0.
public typealias MemberID = UInt64

/// What a member does. The raw values are C-Raft's, on the wire and on disk.
public enum Role: UInt8, Sendable, CaseIterable {
    /// Has the whole log and does not vote: on its way to be a voter, or kept ready to become one.
    case standby = 0
    /// Votes, and counts in every majority.
    case voter = 1
    /// Is known, and gets nothing.
    case spare = 2
}

/// One member: number, address and role.
public struct Member: Sendable, Equatable {
    /// Bytes that an address may have.
    public static let addressLimit = 255

    /// Its number.
    public var id: MemberID
    /// Where the others reach it; an opaque text here, never empty, different for each member.
    public var address: String
    /// What it does.
    public var role: Role

    /// A member.
    public init(_ id: MemberID, at address: String, as role: Role) {
        self.id = id
        self.address = address
        self.role = role
    }
}

/// Who belongs to the cluster. It changes by one member at a time, through the log.
public struct Membership: Sendable, Equatable {
    /// Members that a cluster may have.
    public static let limit = 64

    /// All members, each number and address once.
    public private(set) var members: [Member]

    /// A membership, or nil where a number is 0 or appears twice, an address is empty, too long or appears twice,
    /// or there are too many.
    public init?(_ members: [Member]) {
        guard members.count <= Self.limit else { return nil }
        for (index, member) in members.enumerated() {
            let bytes = member.address.utf8
            guard member.id != 0, !bytes.isEmpty, bytes.count <= Member.addressLimit, !bytes.contains(0)
            else {
                return nil
            }
            for other in members[..<index] where other.id == member.id || other.address == member.address {
                return nil
            }
        }
        self.members = members
    }

    /// Nobody: what a member knows that is to be taken into a cluster.
    public static let empty = Membership()

    private init() { members = [] }

    /// Those who vote.
    public var voters: [Member] { members.filter { $0.role == .voter } }

    /// Voters that make a majority.
    public var majority: Int { voters.count / 2 + 1 }

    /// A member by its number.
    public subscript(id: MemberID) -> Member? { members.first { $0.id == id } }

    /// With a member more; nil where that is not possible (`init`).
    func adding(_ member: Member) -> Membership? { Membership(members + [member]) }

    /// Without a member; nil where it is not one, or is the last voter.
    func removing(_ id: MemberID) -> Membership? {
        guard self[id] != nil else { return nil }
        let rest = Membership(members.filter { $0.id != id })
        return rest?.voters.isEmpty == false ? rest : nil
    }

    /// With another role for a member; nil where it is not one, has it already, or is the last voter.
    func assigning(_ role: Role, to id: MemberID) -> Membership? {
        guard let member = self[id], member.role != role else { return nil }
        let changed = Membership(
            members.map { $0.id == id ? Member($0.id, at: $0.address, as: role) : $0 })
        return changed?.voters.isEmpty == false ? changed : nil
    }

    // C-Raft's encoding: version 1, count (8 bytes), then for each number (8), address with a 0 at its end, role (1);
    // filled up with zeros to a multiple of 8. All numbers little-endian.

    private static let version: UInt8 = 1

    /// As it stands in log entries, in snapshots and on the wire.
    public var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.add(Self.version)
        writer.add(UInt64(members.count))
        for member in members {
            writer.add(member.id)
            writer.bytes.append(contentsOf: member.address.utf8)
            writer.add(UInt8(0))
            writer.add(member.role.rawValue)
        }
        while writer.bytes.count % 8 != 0 { writer.add(UInt8(0)) }
        return writer.bytes
    }

    /// Reads what `encoded` wrote; nil for anything else.
    public init?(encoded bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard reader.uint8() == Self.version, let count = reader.uint64(), count <= UInt64(Self.limit) else {
            return nil
        }
        var members: [Member] = []
        for _ in 0..<Int(count) {
            guard let id = reader.uint64(), let address = reader.text(limit: Member.addressLimit),
                let role = reader.uint8().flatMap({ Role(rawValue: $0) })
            else { return nil }
            members.append(Member(id, at: address, as: role))
        }
        guard reader.remaining < 8, reader.rest.allSatisfy({ $0 == 0 }) else { return nil }
        self.init(members)
    }
}
