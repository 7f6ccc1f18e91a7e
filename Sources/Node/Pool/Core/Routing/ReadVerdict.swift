/// What a text means for where it goes, with the catalogue's answers; verdicts of one batch add up.
public struct ReadVerdict: Sendable, Equatable {
    /// Where it may go.
    public enum Kind: UInt8, Sendable {
        /// Nothing yet: an empty batch, an empty query.
        case nothing
        /// One plain read, or several.
        case read
        /// BEGIN READ ONLY, by which everything up to its end is a read.
        case readOnlyBlock
        /// To the primary.
        case primary
    }

    /// Where it may go.
    public var kind = Kind.nothing
    /// Whether the primary's log may be longer after it.
    public var mayWrite = false
    /// The text's, for `Router.refused`.
    public var fingerprint: UInt64 = 0
    /// Which transaction's defaults it changes for all that follows.
    public var changesDefaults = false

    /// A batch without anything.
    public init() {}

    init(_ kind: Kind, mayWrite: Bool, fingerprint: UInt64 = 0) {
        self.kind = kind
        self.mayWrite = mayWrite
        self.fingerprint = fingerprint
    }

    /// What nobody has looked at.
    public static let unknown = ReadVerdict(.primary, mayWrite: true)

    /// This, and after it another one before the client waits for an answer: extended query messages up to a Sync are one
    /// transaction, and go to one server.
    public func followed(by next: ReadVerdict) -> ReadVerdict {
        var sum = next
        switch (kind, next.kind) {
        case (.nothing, _): break
        case (_, .nothing): sum.kind = kind
        case (.read, .read): break
        case (.readOnlyBlock, .read): sum.kind = .readOnlyBlock
        default: sum.kind = .primary
        }
        sum.mayWrite = mayWrite || next.mayWrite
        sum.changesDefaults = changesDefaults || next.changesDefaults
        sum.fingerprint =
            fingerprint == 0
            ? next.fingerprint : next.fingerprint == 0 ? fingerprint : fingerprint &* 31 &+ next.fingerprint
        return sum
    }
}
