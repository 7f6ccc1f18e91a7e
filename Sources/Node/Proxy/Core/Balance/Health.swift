/// The rule by which checks take a server down and bring it up again (HAProxy's check.c, proxy-facts 1.8).
extension ServerState.Health {
    /// A change that everybody must hear of.
    public enum Change: Equatable, Sendable {
        case up
        case down
    }

    /// A server starts up, but one bad check takes it down at once.
    public init(rise: Int, fall: Int) { self.init(value: rise, rise: rise, fall: fall) }

    /// Neither surely up nor surely down.
    public var isChanging: Bool { value != 0 && value != rise + fall - 1 }

    /// Adds the result of a check.
    public mutating func take(_ result: ServerState.CheckResult) -> Change? {
        last = result
        switch result.status {
        case .layer4Passed, .layer7Passed: return passed()
        case .unknown: return nil
        case .socketError, .layer4TimedOut, .layer4Failed, .layer7TimedOut, .layer7Invalid,
            .layer7WrongStatus:
            return failed()
        }
    }

    private mutating func passed() -> Change? {
        let wasUp = isUp
        value = min(value + 1, rise + fall - 1)
        guard isUp, !wasUp else { return nil }
        value = rise + fall - 1
        return .up
    }

    private mutating func failed() -> Change? {
        let wasUp = isUp
        if wasUp { failedChecks += 1 }
        // A server on its way up that fails begins again from nothing.
        value = value - 1 < rise ? 0 : value - 1
        guard wasUp, !isUp else { return nil }
        downs += 1
        return .down
    }
}
