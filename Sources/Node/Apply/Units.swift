import Manifest

/// systemd's units, through systemctl.
struct Units {
    /// How long a question may take.
    static let questionLimit: Duration = .seconds(30)
    /// How long a unit may take to stop, start or restart: above systemd's own 90 s (DefaultTimeoutStartSec).
    static let jobLimit: Duration = .seconds(200)
    /// How much of a failed unit's log is shown.
    static let logLines = 20

    let program: Program

    /// How the units are; none asked, none told.
    func states(_ names: [String]) throws(ApplyError) -> [UnitState] {
        guard !names.isEmpty else { return [] }
        let question =
            ["systemctl", "show", "--property=Id,LoadState,ActiveState,UnitFileState", "--"] + names
        let result = try program.run(question, limit: Self.questionLimit)
        guard result.code == 0 else {
            throw ApplyError(
                "systemctl show ended with \(result.code): \(result.lastLines(3)). Is systemd running here?")
        }
        return UnitState.parse(result.output, names: names)
    }

    /// Makes systemd read its unit files again.
    func reloadManager() throws(ApplyError) {
        let result = try program.run(["systemctl", "daemon-reload"], limit: Self.jobLimit)
        guard result.code == 0 else {
            throw ApplyError("systemctl daemon-reload ended with \(result.code): \(result.lastLines(5))")
        }
    }

    /// Does one thing to a unit; what went wrong is told with the end of its log. Whoever enables has to call
    /// `reloadManager` when all is enabled.
    func perform(_ change: UnitChange, waiting: () -> Void) throws(ApplyError) {
        let verb = change.action.verb
        let isEnabling = change.action == .enable
        // Without these two, systemctl runs update-rc.d (Perl, twice, for rc scripts that systemd does not read where
        // there is a unit) and makes systemd read all units anew, for each unit: 0.7 s instead of 0.02 in the lab
        // (November 2026). A unit made from an rc script alone is "generated", and never enabled here.
        let result = try program.run(
            ["systemctl", verb] + (isEnabling ? ["--no-reload"] : []) + ["--", change.unit],
            environment: isEnabling ? ["SYSTEMCTL_SKIP_SYSV=1"] : [], limit: Self.jobLimit, waiting: waiting)
        guard result.code != 0 else { return }
        let how = result.timedOut ? "did not end within \(Self.jobLimit.components.seconds) s" : "failed"
        throw ApplyError(
            "systemctl \(verb) \(change.unit) \(how): \(result.lastLines(2))\n\(try log(of: change.unit))")
    }

    /// The end of a unit's log.
    func log(of unit: String) throws(ApplyError) -> String {
        let result = try program.run(
            ["journalctl", "--no-pager", "--output=cat", "--lines=\(Self.logLines)", "--unit=\(unit)"],
            limit: Self.questionLimit)
        return result.lastLines(Self.logLines)
    }
}
