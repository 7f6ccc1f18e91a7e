/// What an operator lets all frontends do, for a while: the steps in which a virtual address leaves a node without a
/// client noticing.
public enum FrontendState: Sendable, Equatable {
    /// As usual.
    case ready
    /// Every answer says `Connection: close`, and clients that have nothing to ask are let go.
    case drain
    /// The same, and attempts to connect are dropped without an answer: the client asks again after a second, and finds
    /// whoever has the address by then.
    case maintenance

    /// How long it lasts unless the operator says otherwise: whoever gave the order may be gone.
    public static let defaultTime: Duration = .seconds(60)
    /// How long it may last.
    public static let maximumTime: Duration = .seconds(3600)

    /// As the console writes it.
    public var word: String {
        switch self {
        case .ready: "ready"
        case .drain: "drain"
        case .maintenance: "maint"
        }
    }
}

/// Where the frontends stand.
public struct FrontendsStatistics: Sendable, Equatable {
    /// What they may do.
    public var state: FrontendState
    /// When they are ready again by themselves, since boot; nil when they are.
    public var until: Duration?
    /// Client connections from before the order that are still there.
    public var earlier: Int
    /// Connections at the listening addresses, as the kernel counts them: also those that nobody has accepted yet, and
    /// those whose last bytes the client has not acknowledged. Nil when ready, or not known.
    public var left: Int?

    /// Frontends that are ready, unless said otherwise.
    public init(state: FrontendState = .ready, until: Duration? = nil, earlier: Int = 0, left: Int? = nil) {
        self.state = state
        self.until = until
        self.earlier = earlier
        self.left = left
    }
}
