import Languages
import Reactor
import Service

/// One `vrrp_track_process`: what its watch sees, delayed as the file says.
final class Tracker {
    let track: KeepalivedConfiguration.TrackProcess
    let watch: ProcessWatch
    /// Whether it counts as running.
    private(set) var isUp = false
    var changed: () -> Void = {}
    private let reactor: Reactor
    private let journal: Journal
    private var pending: Deadline?

    init(_ track: KeepalivedConfiguration.TrackProcess, on reactor: Reactor, journal: Journal) {
        self.track = track
        self.reactor = reactor
        self.journal = journal
        if let role = track.role {
            watch = RoleWatch(role: role, on: reactor)
        } else {
            watch = NameWatch(track, on: reactor)
        }
    }

    /// What the process before this one saw holds until it shows otherwise.
    func assumeUp() {
        isUp = true
        watch.assume(running: true)
    }

    func start() {
        watch.changed = { [unowned(unsafe) self] in consider() }
        watch.start()
    }

    private func consider() {
        pending?.cancel()
        guard watch.isRunning != isUp else { return }
        let delay = watch.isRunning ? track.riseDelay : track.fallDelay
        if delay == .zero { return settle() }
        pending = reactor.schedule(after: delay) { [unowned(unsafe) self] in settle() }
    }

    private func settle() {
        isUp = watch.isRunning
        journal.log(
            isUp ? .notice : .warning, "\(track.name) \(isUp ? "runs" : "does not run"): \(watch.reason)")
        changed()
    }
}
