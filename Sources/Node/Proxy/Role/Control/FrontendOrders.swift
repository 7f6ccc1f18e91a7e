import CLinux
import Proxy
import Reactor
import Service

/// `set frontends state`: letting clients go, for all workers and listening sockets.
extension Controller {
    /// Carries the order out; it ends by itself after `time`. Returns what stands in the way, empty for nothing: then all is
    /// as before.
    @discardableResult
    func setFrontends(_ state: FrontendState, for time: Duration) -> String {
        guard !isStopping else { return "" }
        let drops = state == .maintenance
        if drops || frontends.state == .maintenance, let failure = dropNewConnections(drops) {
            let what = "let a listening socket \(drops ? "drop" : "take") new connections"
            let sentence = SystemError(what, code: failure).sentence
            plan.journal.log(.error, sentence)
            if drops {
                if frontends.state != .maintenance { _ = dropNewConnections(false) }
                return "\(sentence).\n"
            }
        }
        frontendsDeadline?.cancel()
        frontendsDeadline = nil
        frontends = FrontendsStatistics(state: state)
        for mailbox in shared.mailboxes { mailbox.post(.drain(state != .ready)) }
        switch state {
        case .ready:
            plan.journal.log(.notice, "frontends are ready: clients come and stay as usual")
            return ""
        case .drain:
            plan.journal.log(
                .notice,
                "frontends drain for \(time.components.seconds) s: every answer closes its connection")
        case .maintenance:
            plan.journal.log(
                .notice,
                "frontends drop new connections for \(time.components.seconds) s; who is there is served")
        }
        frontends.until = Reactor.clock() + time
        frontendsDeadline = reactor.schedule(after: time) { [unowned(unsafe) self] in
            plan.journal.log(.warning, "nobody said \"set frontends state ready\" in time")
            setFrontends(.ready, for: time)
        }
        return ""
    }

    /// Returns the first errno, nil when all listening sockets do as told.
    private func dropNewConnections(_ drops: Bool) -> Int32? {
        var failure: Int32?
        for socket in plan.sockets {
            let result = cl_drop_new_connections(socket.descriptor, drops ? 1 : 0)
            if result < 0, failure == nil { failure = -result }
        }
        return failure
    }

    /// The kernel goes through all its connections for it, so only while somebody waits for it.
    var connectionsLeft: Int? {
        guard frontends.state != .ready else { return nil }
        var addresses: [cl_peer] = []
        for socket in plan.sockets {
            var address = cl_peer()
            if cl_socket_address(socket.descriptor, 0, &address) == 0 { addresses.append(address) }
        }
        let count = cl_count_connections(addresses, Int32(addresses.count))
        return count < 0 ? nil : Int(count)
    }
}
