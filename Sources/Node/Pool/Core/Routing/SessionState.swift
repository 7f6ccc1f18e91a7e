/// What the router remembers of one client's session.
public struct SessionState: Sendable, Equatable {
    /// Its own mark.
    public var session: MarkKey
    /// The mark that its writes set and its reads heed: `session`, or the user's or the database's.
    public var key: MarkKey
    /// It uses the database's read-only twin.
    public var isTwin: Bool
    /// Something of its own lives in its server connection, which is the primary's.
    public var isPinned = false
    /// SET of default_transaction_…, or a startup parameter that does the same: what BEGIN means is not known any more.
    public var hasOwnDefaults = false
    /// A transaction on the primary may have written and is not over.
    public internal(set) var isWriting = false

    /// A new session.
    public init(session number: UInt64, key: MarkKey? = nil, isTwin: Bool = false) {
        session = .session(number)
        self.key = key ?? .session(number)
        self.isTwin = isTwin
    }
}
