import Reactor

/// Says whether something runs, each time that changes. It begins as not running.
class ProcessWatch {
    /// Whether it runs now, as seen.
    fileprivate(set) final var isRunning = false
    /// Why it does not, for people.
    final var reason = "was not seen yet"
    final var changed: () -> Void = {}

    func start() {}

    /// It ran when the process before this one last looked.
    final func assume(running: Bool) { isRunning = running }

    final func set(_ running: Bool, _ reason: String) {
        self.reason = reason
        guard running != isRunning else { return }
        isRunning = running
        changed()
    }
}
