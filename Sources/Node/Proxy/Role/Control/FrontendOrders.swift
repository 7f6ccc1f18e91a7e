import CLinux
import Proxy
import Reactor
import Service

/// `set frontends state`: letting clients go, for all workers and listening sockets.
extension Controller {
    /// Carries the order out; it ends by itself after `time`.
    func setFrontends(_ state: FrontendState, for time: Duration) {
        guard !isStopping else { return }
        frontendsDeadline?.cancel()
        frontendsDeadline = nil
        frontends = FrontendsStatistics(state: state)
        for socket in plan.sockets {
            let result = cl_drop_new_connections(socket.descriptor, state == .maintenance ? 1 : 0)
            guard result < 0 else { continue }
            plan.journal.log(
                .warning,
                SystemError("set whether a listening socket drops new connections", code: -result).sentence)
        }
        for mailbox in shared.mailboxes { mailbox.post(.drain(state != .ready)) }
        switch state {
        case .ready: return plan.journal.log(.notice, "frontends are ready: clients come and stay as usual")
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
    }

    /// Read from /proc, so only while somebody waits for it.
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
