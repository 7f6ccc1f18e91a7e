import Service
import Languages
import CLinux
import Proxy
import Reactor
import SocketAddresses

/// A listening socket as one worker sees it. All workers watch the same socket and the kernel wakes one of them
/// (EPOLLEXCLUSIVE), so that no connection waits in the queue of a worker that is busy.
final class Listener: EventSource {
    /// Connections that one call accepts at most before other events have their turn.
    static let largestBatch = 32

    let descriptor: Int32
    let frontend: FrontendTraffic
    private unowned(unsafe) let worker: Worker
    private(set) var isWatched = false
    /// One until a burst shows: a further accept4(2) that finds nothing would be a wasted call.
    private var batch = 1

    init(_ descriptor: Int32, _ frontend: FrontendTraffic, _ worker: Worker) {
        self.descriptor = descriptor
        self.frontend = frontend
        self.worker = worker
    }

    func watch() {
        guard !isWatched else { return }
        do throws(SystemError) {
            try worker.reactor.add(descriptor, for: [.read, .exclusive], self)
            isWatched = true
        } catch {
            worker.log(.error, "cannot watch a listening socket: \(error.sentence)")
        }
    }

    func unwatch() {
        guard isWatched else { return }
        worker.reactor.remove(descriptor)
        isWatched = false
    }

    func ready(_ readiness: Readiness) {
        for accepted in 0..<batch {
            guard worker.admit(frontend) else {
                worker.pause(self)
                return
            }
            var address = cl_peer()
            let result = cl_accept_peer(descriptor, &address)
            guard result >= 0 else {
                worker.release(frontend)
                if result != -EAGAIN { failed(-result) }
                batch = 1
                return
            }
            worker.accepted(result, frontend, Peer(address))
            if accepted == batch - 1 { batch = min(batch * 2, Self.largestBatch) }
        }
    }

    /// Takes what is still in the kernel's queue: those clients have connected and would be reset.
    func drain() {
        while true {
            var address = cl_peer()
            let result = cl_accept_peer(descriptor, &address)
            guard result >= 0 else { return }
            guard worker.admit(frontend) else {
                close(result)
                return
            }
            worker.accepted(result, frontend, Peer(address))
        }
    }

    private func failed(_ code: Int32) {
        // The client went away before we came: nothing to say.
        if code == ECONNABORTED || code == EINTR { return }
        worker.acceptFailed(self, code)
    }
}

extension Peer {
    init(_ address: cl_peer) { self.init(address: HAProxyConfiguration.Address(address), port: address.port) }

    /// As the kernel's door wants it.
    var raw: cl_peer { address.raw(port: port) }
}
