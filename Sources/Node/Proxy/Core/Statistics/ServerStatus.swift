import Languages

extension ServerState.CheckStatus {
    /// HAProxy's short word (management.txt 9.1, `check_status`).
    public var word: String {
        switch self {
        case .unknown: "INI"
        case .socketError: "SOCKERR"
        case .layer4Passed: "L4OK"
        case .layer4TimedOut: "L4TOUT"
        case .layer4Failed: "L4CON"
        case .layer7Passed: "L7OK"
        case .layer7TimedOut: "L7TOUT"
        case .layer7Invalid: "L7RSP"
        case .layer7WrongStatus: "L7STS"
        }
    }

    /// What the word means.
    public var meaning: String {
        switch self {
        case .unknown: "not checked yet"
        case .socketError: "no socket for the check"
        case .layer4Passed: "the server accepts connections"
        case .layer4TimedOut: "the server did not accept the connection in time"
        case .layer4Failed: "the server could not be connected to"
        case .layer7Passed: "the answer was as expected"
        case .layer7TimedOut: "the answer did not come in time"
        case .layer7Invalid: "the answer was not as expected"
        case .layer7WrongStatus: "the status was not as expected"
        }
    }
}

extension ServerState {
    /// What the page's colours tell apart.
    public enum Colour: Sendable, Equatable, CaseIterable {
        case up
        /// Up, with failed checks.
        case goingDown
        /// Down, with good checks.
        case goingUp
        case down
        case notChecked
        case maintenance
        case draining
    }

    /// The colour of the server's line.
    public var colour: Colour {
        if administrative == .maintenance { return .maintenance }
        guard let health else { return isDraining ? .draining : .notChecked }
        if !health.isUp { return health.value > 0 ? .goingUp : .down }
        if isDraining { return .draining }
        return health.isFull ? .up : .goingDown
    }

    /// Whether it gets no new sessions although it is up: by an operator's wish, or for its weight of 0.
    var isDraining: Bool { administrative == .drain || weight == 0 }

    /// HAProxy's `status`: `UP`, `UP 1/3`, `DOWN`, `DOWN 1/2`, `DRAIN`, `MAINT`, `no check`.
    public var statusText: String {
        if administrative == .maintenance { return "MAINT" }
        guard let health else { return isDraining ? "DRAIN" : "no check" }
        guard health.isUp else { return health.value == 0 ? "DOWN" : "DOWN \(health.value)/\(health.rise)" }
        let word = isDraining ? "DRAIN" : "UP"
        return health.isFull ? word : "\(word) \(health.value - health.rise + 1)/\(health.fall)"
    }
}

extension ServerState.Health {
    /// Whether all that counts speaks for the server.
    var isFull: Bool { value == rise + fall - 1 }
}

extension StatisticsSnapshot {
    /// Seconds since 1970 at a time since boot.
    func unixTime(at time: Duration) -> Int64 {
        process.startedAtUnixTime + (time - process.startedAt).components.seconds
    }

    /// Why a server is not simply up, and since when: a sentence without its full stop; empty for one that is up.
    public func explanation(of server: ServerStatistics) -> String {
        let state = server.state
        let age = ageText(now - state.changedAt)
        let since = "for \(age), since \(CalendarTime(unixTime: unixTime(at: state.changedAt)).timeOfDay) UTC"
        switch state.colour {
        case .up: return ""
        case .notChecked: return "not checked: its line in the file has no \"check\""
        case .maintenance:
            return state.isDisabledByFile
                ? "in maintenance \(since), by \"disabled\" in line \(server.configuration.line) of the file"
                : "in maintenance \(since), by an operator's command"
        case .draining:
            let sessions = server.counters.sessions.current
            let left = sessions == 1 ? "1 session is left" : "\(sessions) sessions are left"
            return state.administrative == .drain
                ? "draining \(since): no new sessions, \(left)" : "weight 0: no new sessions, \(left)"
        case .goingDown: return "up, but \(lastCheck(of: state))"
        case .goingUp:
            guard let health = state.health else { return "" }
            return "down \(since), \(health.value) of \(health.rise) good checks done\(nextCheck(of: state))"
        case .down:
            let why = state.reason.isEmpty ? lastCheck(of: state) : state.reason
            return "down \(since): \(why)\(nextCheck(of: state))"
        }
    }

    private func lastCheck(of state: ServerState) -> String {
        guard let last = state.health?.last else { return "it has not been checked yet" }
        let detail = last.detail.isEmpty ? last.status.meaning : last.detail
        return "its last check, \(ageText(now - last.at)) ago, ended with \(last.status.word): \(detail)"
    }

    private func nextCheck(of state: ServerState) -> String {
        guard let health = state.health else { return "" }
        if health.isChecking { return "; a check is under way" }
        guard let next = health.nextCheck else { return "" }
        return next > now ? "; next check in \(shortText(next - now))" : "; next check now"
    }
}
