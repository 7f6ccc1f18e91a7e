/// What operators and health checks say about a server.
public struct ServerState: Sendable, Equatable {
    /// What an operator wants of it (`set server … state`).
    public enum Administrative: Sendable, Equatable {
        /// Health checks decide.
        case ready
        /// No new sessions; the ones that it has may finish.
        case drain
        /// No traffic and no checks.
        case maintenance
    }

    /// The operator's wish.
    public var administrative: Administrative
    /// Whether `maintenance` is the `disabled` of its `server` line, not an operator's.
    public var isDisabledByFile: Bool
    /// How its health checks stand; nil without `check`.
    public var health: Health?
    /// The weight in force, 0 to 256.
    public var weight: Int
    /// When the state last changed, since boot; the start of the proxy at first.
    public var changedAt: Duration
    /// Time in which it was down, up to `changedAt`.
    public var earlierDowntime: Duration = .zero
    /// Why it is in this state, as a sentence without its time, such as
    /// `3 checks failed, the last with "connection refused" from 192.0.2.1:80`; empty when there is nothing to say.
    public var reason: String = ""

    /// A server as its line in the file describes it.
    public init(
        administrative: Administrative = .ready, isDisabledByFile: Bool = false, health: Health? = nil,
        weight: Int, changedAt: Duration
    ) {
        self.administrative = administrative
        self.isDisabledByFile = isDisabledByFile
        self.health = health
        self.weight = weight
        self.changedAt = changedAt
    }

    /// Whether checks (if any) let it have traffic and no operator took it out.
    public var isRunning: Bool { administrative != .maintenance && (health?.isUp ?? true) }

    /// Whether new sessions may go to it.
    public var isUsable: Bool { isRunning && administrative == .ready && weight > 0 }

    /// Time in which it was down, the running outage included.
    public func downtime(at now: Duration) -> Duration {
        isRunning ? earlierDowntime : earlierDowntime + max(.zero, now - changedAt)
    }
}

extension ServerState {
    /// HAProxy's way of counting: one number from 0 to rise+fall-1, up from `rise` on.
    public struct Health: Sendable, Equatable {
        /// 0 to rise+fall-1.
        public var value: Int
        /// Good checks in a row that bring it up.
        public var rise: Int
        /// Bad checks in a row that take it down.
        public var fall: Int
        /// The last finished check.
        public var last: CheckResult?
        /// Whether a check is under way.
        public var isChecking: Bool
        /// When the next one starts, since boot.
        public var nextCheck: Duration?
        /// Checks that failed while it was up (`chkfail`).
        public var failedChecks: UInt64 = 0
        /// Times that it went from up to down (`chkdown`).
        public var downs: UInt64 = 0

        /// A server's health at this value.
        public init(value: Int, rise: Int, fall: Int, last: CheckResult? = nil, isChecking: Bool = false) {
            self.value = value
            self.rise = rise
            self.fall = fall
            self.last = last
            self.isChecking = isChecking
        }

        /// Whether it takes traffic.
        public var isUp: Bool { value >= rise }
    }

    /// How one check ended.
    public struct CheckResult: Sendable, Equatable {
        /// In HAProxy's words.
        public var status: CheckStatus
        /// The HTTP status, for a layer 7 check that got one.
        public var code: Int?
        /// How long it took.
        public var duration: Duration
        /// When it ended, since boot.
        public var at: Duration
        /// What came or went wrong, such as `connection refused`; empty when the status says it all.
        public var detail: String

        /// How one check ended.
        public init(
            _ status: CheckStatus, code: Int? = nil, duration: Duration, at: Duration, detail: String = ""
        ) {
            self.status = status
            self.code = code
            self.duration = duration
            self.at = at
            self.detail = detail
        }
    }

    /// HAProxy's words for the end of a check (management.txt 9.1, `check_status`), with the numbers that
    /// `show servers state` uses for them.
    public enum CheckStatus: UInt8, Sendable, Equatable, CaseIterable {
        /// Not checked yet.
        case unknown = 0
        /// The check could not be started, for lack of a socket or a route.
        case socketError = 5
        /// It accepted the connection.
        case layer4Passed = 6
        /// It did not accept within the time.
        case layer4TimedOut = 7
        /// It refused, or could not be reached.
        case layer4Failed = 8
        /// The answer was as expected.
        case layer7Passed = 15
        /// No full answer within the time.
        case layer7TimedOut = 17
        /// The answer was not HTTP, or its body not as expected.
        case layer7Invalid = 18
        /// The status was not as expected.
        case layer7WrongStatus = 19
    }
}
