import Languages
import CLinux
import Proxy
import Reactor

/// A connection to a server: in the making, lent to a session, or idle.
final class ServerConnection: EventSource {
    let descriptor: Int32
    let server: ServerTraffic
    private unowned(unsafe) let worker: Worker
    /// The session that uses it; nil while it is idle.
    unowned(unsafe) var session: Session?
    var isConnecting: Bool
    /// Something may be there to read; the kernel tells only of changes.
    var isReadable = false
    /// The end has been announced: a short read needs no second one to see it.
    var endIsNear = false
    var served = 0
    var idleSince: Nanoseconds = 0
    let startedAt: Nanoseconds

    init(
        _ descriptor: Int32, to server: ServerTraffic, for session: Session, on worker: Worker,
        connecting: Bool
    ) {
        self.descriptor = descriptor
        self.server = server
        self.session = session
        self.worker = worker
        isConnecting = connecting
        startedAt = worker.now
    }

    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) { isReadable = true }
        if !readiness.isDisjoint(with: [.readHangup, .hangup, .error]) {
            isReadable = true
            endIsNear = true
        }
        if let session {
            session.serverReady(self, readiness)
        } else if isReadable {
            // An idle server has nothing to say but that it goes.
            worker.closeIdle(self)
        }
    }
}
