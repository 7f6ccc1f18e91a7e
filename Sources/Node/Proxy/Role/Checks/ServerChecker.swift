import CLinux
import Languages
import Proxy
import Reactor

/// Checks one server again and again, and keeps its state.
final class ServerChecker: EventSource {
    /// How often the result must come at most: no check is shorter than this.
    static let shortest: Duration = .milliseconds(10)

    let backendName: String
    let server: HAProxyConfiguration.Server
    private(set) var state: ServerState
    private let backend: HAProxyConfiguration.Backend
    private let reactor: Reactor
    private let changed: (ServerChecker, ServerState.Health.Change?) -> Void
    private var probe: HealthProbe
    private var descriptor: Int32 = -1
    private var isConnected = false
    private var unsent: [UInt8] = []
    private var startedAt: Duration = .zero
    private var deadline: Deadline?

    init(
        _ server: HAProxyConfiguration.Server, of backend: HAProxyConfiguration.Backend, on reactor: Reactor,
        changed: @escaping (ServerChecker, ServerState.Health.Change?) -> Void
    ) {
        self.server = server
        self.backend = backend
        self.reactor = reactor
        self.changed = changed
        backendName = backend.name
        probe = HealthProbe(backend.healthCheck)
        state = ServerState(
            administrative: server.startsInMaintenance ? .maintenance : .ready,
            isDisabledByFile: server.startsInMaintenance,
            health: server.check.map { ServerState.Health(rise: $0.rise, fall: $0.fall) },
            weight: server.weight, changedAt: Reactor.clock())
    }

    /// Starts after a while of its own, so that not all servers are asked at once.
    func start(after delay: Duration) {
        guard server.check != nil, state.administrative != .maintenance else { return }
        schedule(after: delay)
    }

    /// Ends for good.
    func stop() {
        deadline?.cancel()
        deadline = nil
        disconnect()
    }

    // MARK: Operators

    /// `set server … state`.
    func set(_ wish: ServerState.Administrative, reason: String) {
        guard wish != state.administrative else { return }
        noteTimes()
        let was = state.administrative
        state.administrative = wish
        state.isDisabledByFile = false
        state.reason = reason
        if wish == .maintenance {
            stop()
            state.health?.isChecking = false
            state.health?.nextCheck = nil
        } else if was == .maintenance {
            start(after: .zero)
        }
        changed(self, nil)
    }

    /// `set server … weight`.
    func setWeight(_ weight: Int) {
        state.weight = weight
        changed(self, nil)
    }

    private func noteTimes() {
        let now = Reactor.clock()
        state.earlierDowntime = state.downtime(at: now)
        state.changedAt = now
    }

    /// What an earlier process knew.
    func adopt(_ known: ProxyHandover.Server) {
        if let isUp = known.isUp, let health = state.health {
            // As steady as it can be: one check alone changes nothing.
            state.health?.value = isUp ? health.rise + health.fall - 1 : 0
        }
        if let weight = known.weight { state.weight = weight }
        if let wish = known.wish { set(wish, reason: "an operator said so at the console") }
        changed(self, nil)
    }

    // MARK: One check

    private func schedule(after delay: Duration) {
        state.health?.nextCheck = Reactor.clock() + delay
        deadline?.cancel()
        deadline = reactor.schedule(after: delay) { [unowned(unsafe) self] in begin() }
    }

    private func begin() {
        guard let check = server.check else { return }
        probe = HealthProbe(backend.healthCheck)
        startedAt = Reactor.clock()
        state.health?.isChecking = true
        state.health?.nextCheck = nil
        isConnected = false
        var done: Int32 = 0
        var address = Peer(address: check.address, port: check.port).raw
        let result = cl_connect_peer(&address, &done)
        guard result >= 0 else {
            let why = String(cString: cl_strerror(-result))
            return end(-result == EMFILE ? HealthProbe.noSocket(why) : HealthProbe.failed(why))
        }
        descriptor = result
        do throws(SystemError) {
            try reactor.add(result, for: [.read, .write, .edges], self)
        } catch {
            return end(HealthProbe.noSocket(error.sentence))
        }
        let limit = min(backend.connectTimeout, check.interval)
        deadline = reactor.schedule(after: max(limit, Self.shortest)) { [unowned(unsafe) self] in timeOut() }
    }

    private func timeOut() { end(probe.timedOut(connected: isConnected)) }

    func ready(_ readiness: Readiness) {
        if !isConnected {
            if !readiness.isDisjoint(with: [.error, .hangup]) {
                let code = cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR)
                return end(HealthProbe.failed(String(cString: cl_strerror(code > 0 ? code : ECONNREFUSED))))
            }
            guard readiness.contains(.write) else { return }
            isConnected = true
            guard let request = probe.request else { return end(probe.accepted) }
            unsent = request
            deadline?.cancel()
            deadline = reactor.schedule(after: max(backend.checkTimeout, Self.shortest)) {
                [unowned(unsafe) self] in timeOut()
            }
        }
        if !unsent.isEmpty, readiness.contains(.write) { send() }
        if descriptor >= 0, !readiness.isDisjoint(with: [.read, .error, .hangup]) { receive() }
    }

    private func send() {
        let count = unsent.withUnsafeBytes {
            CLinux.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count > 0 { unsent.removeFirst(count) }
    }

    private func receive() {
        while descriptor >= 0 {
            let finding = withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) {
                buffer -> HealthProbe.Finding? in
                let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
                if count > 0 {
                    return probe.take(UnsafeRawBufferPointer(rebasing: buffer[..<count])) ?? Self.more
                }
                if count < 0, cl_errno() == EAGAIN { return nil }
                return probe.ended()
            }
            guard let finding else { return }
            if finding == Self.more { continue }
            return end(finding)
        }
    }

    /// Not a finding: read on.
    private static var more: HealthProbe.Finding { HealthProbe.failed("") }

    private func disconnect() {
        guard descriptor >= 0 else { return }
        reactor.forget(descriptor)
        close(descriptor)
        descriptor = -1
    }

    private func end(_ finding: HealthProbe.Finding) {
        guard let check = server.check else { return }
        disconnect()
        let now = Reactor.clock()
        let before = state
        let result = ServerState.CheckResult(
            finding.status, code: finding.code, duration: now - startedAt, at: now, detail: finding.detail)
        let change = state.health?.take(result)
        state.health?.isChecking = false
        if let change {
            state.earlierDowntime = before.downtime(at: now)
            state.changedAt = now
            state.reason = reason(change, finding, check)
        }
        if let change { changed(self, change) }
        guard let health = state.health else { return }
        let pause = health.isChanging ? check.fastInterval : health.isUp ? check.interval : check.downInterval
        // From start to start, so that a slow answer does not stretch the rhythm.
        schedule(after: max(pause - (now - startedAt), Self.shortest))
    }

    private func reason(
        _ change: ServerState.Health.Change, _ finding: HealthProbe.Finding,
        _ check: HAProxyConfiguration.Check
    ) -> String {
        let place = check.address.text(port: check.port)
        let why = finding.detail.isEmpty ? Self.words(finding) : finding.detail
        switch change {
        case .up: return "\(check.rise) checks of \(place) passed"
        case .down: return "checks of \(place) failed, the last one: \(why)"
        }
    }

    private static func words(_ finding: HealthProbe.Finding) -> String {
        switch finding.status {
        case .layer4TimedOut: "it did not accept the connection in time"
        case .layer7TimedOut: "it did not answer in time"
        case .layer4Failed: "it could not be reached"
        default: "the answer was not as expected"
        }
    }
}
