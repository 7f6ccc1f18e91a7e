import Database

/// What an agent leaves to the next one, as the keeper carries it: hexadecimal digits.
struct AgentLegacy: Equatable {
    var member: MemberLegacy
    /// The keeper's number of the postmaster; 0: none runs.
    var program: UInt32
    /// The last number that was given to a program.
    var lastProgram: UInt32
    /// The archive's receiver and its backup; 0: none runs.
    var receiver: UInt32 = 0
    var backup: UInt32 = 0

    private static let form: UInt8 = 1

    var text: String {
        var writer = ByteWriter()
        writer.byte(Self.form)
        writer.number(program)
        writer.number(lastProgram)
        writer.number(receiver)
        writer.number(backup)
        writer.byte(member.following?.number ?? 0)
        writer.number(member.followedEpoch)
        writer.flag(member.primary != nil)
        if let primary = member.primary {
            writer.number(primary.epoch)
            writer.number(UInt64(primary.until.wholeNanoseconds))
            writer.flag(primary.isCheckpointed)
            writer.number(primary.rule.members.bits)
            writer.number(UInt32(primary.rule.count))
            writer.number(primary.ruleOffset)
            writer.history(primary.history)
        }
        return ControlLink.digits(writer.bytes)
    }

    init(
        member: MemberLegacy, program: UInt32, lastProgram: UInt32, receiver: UInt32 = 0, backup: UInt32 = 0
    ) {
        self.receiver = receiver
        self.backup = backup
        self.member = member
        self.program = program
        self.lastProgram = lastProgram
    }

    init?(_ text: String) {
        guard let bytes = ControlLink.bytes(text) else { return nil }
        var reader = ByteReader(bytes)
        guard reader.byte() == Self.form, let program: UInt32 = reader.number(),
            let last: UInt32 = reader.number(), let receiver: UInt32 = reader.number(),
            let backup: UInt32 = reader.number(), let following = reader.byte(),
            let followed: UInt64 = reader.number(),
            let isPrimary = reader.flag()
        else { return nil }
        var primary: MemberLegacy.Primary?
        if isPrimary {
            guard let epoch: UInt64 = reader.number(), let until: UInt64 = reader.number(),
                let end = Int64(exactly: until), let isCheckpointed = reader.flag(),
                let bits: UInt64 = reader.number(), let confirming: UInt32 = reader.number(),
                let count = Int(exactly: confirming), let offset: UInt64 = reader.number(),
                let history = reader.history()
            else { return nil }
            primary = .init(
                epoch: epoch, until: .nanoseconds(end), history: history,
                isCheckpointed: isCheckpointed,
                rule: AcknowledgementRule(members: MemberSet(bits: bits), count: count),
                ruleOffset: offset)
        }
        guard reader.isAtEnd else { return nil }
        self.init(
            member: MemberLegacy(
                primary: primary, following: MemberID(Int(following)), followedEpoch: followed),
            program: program, lastProgram: last, receiver: receiver, backup: backup)
    }
}
