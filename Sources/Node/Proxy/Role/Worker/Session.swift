import Service
import Languages
import HTTP1
import CLinux
import Proxy
import Reactor

/// One client's connection: does what its `Stream` says.
final class Session: EventSource {
    unowned(unsafe) let worker: Worker
    let frontend: FrontendTraffic
    /// The place among the worker's sessions.
    let slot: Int
    /// Tells sessions that had the same slot one after the other apart.
    let serial: Int
    private let descriptor: Int32
    private let timer: Timer
    var stream: Stream
    private var server: ServerConnection?
    private var isReadable = false
    private var endIsNear = false
    private var isClosed = false
    private var isPumping = false
    /// It has waited in the queue and may go before those that have not.
    private var comesFromQueue = false
    /// The server that the present request was first meant for.
    private var firstChoice: ServerTraffic?
    let startedAt: Nanoseconds

    init(
        _ descriptor: Int32, _ frontend: FrontendTraffic, _ peer: Peer, slot: Int, serial: Int,
        on worker: Worker
    ) {
        self.descriptor = descriptor
        self.frontend = frontend
        self.slot = slot
        self.serial = serial
        self.worker = worker
        timer = Timer(token: slot)
        startedAt = worker.now
        stream = Stream(frontend.policy, pool: worker.pool, peer: peer, now: worker.now)
    }

    func start() {
        do throws(SystemError) {
            try worker.reactor.add(descriptor, for: [.read, .write, .readHangup, .edges], self)
        } catch {
            worker.log(.error, "cannot watch a client's connection: \(error.sentence)")
            return finish()
        }
        pump()
    }

    // MARK: Events

    func ready(_ readiness: Readiness) {
        if readiness.contains(.read) { isReadable = true }
        if readiness.contains(.write) { stream.clientBlocked(false) }
        if readiness.contains(.readHangup) {
            isReadable = true
            endIsNear = true
        }
        if !readiness.isDisjoint(with: [.error, .hangup]) { stream.clientFailed() }
        pump()
    }

    func serverReady(_ connection: ServerConnection, _ readiness: Readiness) {
        if connection.isConnecting {
            guard readiness.isDisjoint(with: [.error, .hangup]) else { return connectFailed() }
            guard readiness.contains(.write) else { return }
            connected(connection)
        } else if readiness.contains(.write) {
            stream.serverBlocked(false)
        }
        pump()
    }

    /// The timer is due.
    func timerIsDue() {
        if stream.wait == .connect, stream.isConnecting { return connectFailed() }
        stream.timedOut()
        pump()
    }

    /// There may be a server for a waiting request now.
    func tryAgain() {
        stream.dequeued()
        comesFromQueue = true
        pump()
        comesFromQueue = false
    }

    /// The statistics page is there.
    func answer(_ page: [UInt8], status: Int) {
        guard !isClosed else { return }
        stream.answer(page, status: status)
        pump()
    }

    /// The proxy stops. What lies in the socket came before that, and is looked at first.
    func stop() {
        isReadable = true
        pump()
        stream.stop(at: worker.now)
        pump()
    }

    /// It stays after all.
    func goOn() {
        stream.goOn()
        pump()
    }

    /// Closes whatever is under way.
    func abort() {
        stream.clientFailed()
        pump()
    }

    // MARK: The loop

    private func pump() {
        guard !isClosed, !isPumping else { return }
        isPumping = true
        let now = worker.now
        var action = stream.advance(at: now)
        while true {
            switch action {
            case .wait:
                if !stream.usesServer, server != nil { dropServer() }
                guard read() else {
                    isPumping = false
                    if !isClosed { worker.wheel.set(timer, at: stream.deadline(at: now)) }
                    return
                }
            case .sendToClient: sendToClient()
            case .sendToServer: sendToServer()
            case .chooseServer(let fresh): chooseServer(fresh: fresh)
            case .answerStatistics(let page): worker.requestPage(self, page)
            case .finishExchange(let reusable):
                account()
                releaseServer(reusable: reusable)
            case .dropServer: dropServer()
            case .endServerOutput: if let server { shutdown(server.descriptor, Int32(SHUT_WR)) }
            case .endClientOutput: shutdown(descriptor, Int32(SHUT_WR))
            case .closeClient:
                isPumping = false
                return finish()
            }
            action = stream.advance(at: now)
        }
    }

    /// Reads from whoever may have something of use. False when there is nothing to be had.
    private func read() -> Bool {
        if let server, server.isReadable, stream.wantsServerBytes {
            readFromServer(server)
            return true
        }
        if isReadable, stream.wantsClientBytes {
            readFromClient()
            return true
        }
        return false
    }

    private func readFromClient() {
        guard let room = stream.clientSpace() else { return worker.exhausted(self) }
        let count = recv(descriptor, room.baseAddress, room.count, 0)
        if count > 0 {
            frontend.counters.bytesIn &+= UInt64(count)
            stream.clientReceived(count)
            // A short read emptied the socket (epoll(7), question 9).
            if count < room.count {
                isReadable = false
                if endIsNear { stream.clientClosed() }
            }
        } else if count == 0 {
            isReadable = false
            stream.clientReceived(0)
            stream.clientClosed()
        } else if cl_errno() == EAGAIN {
            isReadable = false
        } else if cl_errno() != EINTR {
            stream.clientFailed()
        }
    }

    private func readFromServer(_ connection: ServerConnection) {
        guard let room = stream.serverSpace() else { return worker.exhausted(self) }
        let count = recv(connection.descriptor, room.baseAddress, room.count, 0)
        if count > 0 {
            connection.server.counters.bytesOut &+= UInt64(count)
            stream.serverReceived(count)
            if count < room.count {
                connection.isReadable = false
                if connection.endIsNear { stream.serverClosed() }
            }
        } else if count == 0 {
            connection.isReadable = false
            stream.serverClosed()
        } else if cl_errno() == EAGAIN {
            connection.isReadable = false
        } else if cl_errno() != EINTR {
            connection.isReadable = false
            stream.serverFailed()
        }
    }

    private func sendToClient() {
        let output = stream.clientOutput
        let count = send(descriptor, output.baseAddress, output.count, Int32(MSG_NOSIGNAL))
        if count >= 0 {
            frontend.counters.bytesOut &+= UInt64(count)
            stream.clientSent(count)
            if count < output.count { stream.clientBlocked(true) }
        } else if cl_errno() == EAGAIN {
            stream.clientBlocked(true)
        } else if cl_errno() != EINTR {
            stream.clientFailed()
        }
    }

    private func sendToServer() {
        guard let server else { return stream.serverFailed() }
        let output = stream.serverOutput
        let count = send(server.descriptor, output.baseAddress, output.count, Int32(MSG_NOSIGNAL))
        if count >= 0 {
            server.server.counters.bytesIn &+= UInt64(count)
            stream.serverSent(count, at: worker.now)
            if count < output.count { stream.serverBlocked(true) }
        } else if cl_errno() == EAGAIN {
            stream.serverBlocked(true)
        } else if cl_errno() != EINTR {
            // Its answer may have come before it closed.
            server.isReadable = true
            stream.serverWriteFailed()
        }
    }

    // MARK: Servers

    private func chooseServer(fresh: Bool) {
        guard let index = stream.policy.backend else { return stream.refuse(503, .noServer) }
        let backend = worker.backends[index]
        // Nobody overtakes those that wait already.
        if backend.queued > 0, !comesFromQueue {
            backend.enqueue(self)
            return stream.queued()
        }
        switch worker.choose(backend) {
        case .none: stream.refuse(503, .noServer)
        case .full:
            backend.enqueue(self)
            worker.markWaiting(backend)
            stream.queued()
        case .server(let choice):
            begin(backend, choice)
            if !fresh, let idle = worker.takeIdle(choice, forIdempotent: stream.request.method.isIdempotent) {
                idle.session = self
                server = idle
                choice.counters.reuses &+= 1
                backend.counters.reuses &+= 1
                stream.serverConnected(reused: true)
            } else {
                connect(backend, choice)
            }
        }
    }

    private func begin(_ backend: BackendTraffic, _ choice: ServerTraffic) {
        if let first = firstChoice {
            choice.counters.retries &+= 1
            backend.counters.retries &+= 1
            if first !== choice {
                first.counters.redispatches &+= 1
                backend.counters.redispatches &+= 1
            }
        } else {
            firstChoice = choice
            backend.counters.sessions.enter()
            backend.counters.sessionRate.count(second: worker.second)
        }
        choice.counters.sessions.enter()
        choice.counters.sessionRate.count(second: worker.second)
        choice.counters.selections &+= 1
        choice.counters.usedConnections += 1
    }

    private func connect(_ backend: BackendTraffic, _ choice: ServerTraffic) {
        var address = choice.peer.raw
        if choice.usesClientsPort {
            var own = cl_peer()
            cl_socket_address(descriptor, 0, &own)
            address.port = own.port
        }
        choice.counters.connects &+= 1
        backend.counters.connects &+= 1
        var done: Int32 = 0
        let result = cl_connect_peer(&address, &done)
        guard result >= 0 else {
            worker.left(choice)
            return failedAttempt(choice)
        }
        let connection = ServerConnection(result, to: choice, for: self, on: worker, connecting: done == 0)
        server = connection
        do throws(SystemError) {
            try worker.reactor.add(result, for: [.read, .write, .readHangup, .edges], connection)
        } catch {
            dropServer()
            return stream.refuse(503, .exhausted)
        }
        if done != 0 { connected(connection) } else { stream.serverConnecting() }
    }

    private func connected(_ connection: ServerConnection) {
        connection.isConnecting = false
        let time = (worker.now - connection.startedAt) / 1000
        connection.server.counters.connectTime.add(microseconds: time)
        if let index = stream.policy.backend {
            worker.backends[index].counters.connectTime.add(microseconds: time)
        }
        stream.serverConnected(reused: false)
    }

    private func connectFailed() {
        guard let choice = server?.server else { return }
        dropServer()
        failedAttempt(choice)
        pump()
    }

    private func failedAttempt(_ choice: ServerTraffic) {
        choice.counters.connectionErrors &+= 1
        if let index = stream.policy.backend { worker.backends[index].counters.connectionErrors &+= 1 }
        _ = stream.connectFailed()
    }

    /// Closes the server connection and frees its place.
    private func dropServer() {
        guard let connection = server else { return }
        server = nil
        worker.left(connection.server)
        worker.close(connection)
    }

    private func releaseServer(reusable: Bool) {
        firstChoice = nil
        guard let connection = server else { return }
        server = nil
        connection.session = nil
        worker.left(connection.server)
        if reusable, !connection.endIsNear, !connection.isReadable {
            worker.keep(connection)
        } else {
            worker.close(connection)
        }
    }

    // MARK: The end

    private func finish() {
        guard !isClosed else { return }
        isClosed = true
        account()
        if stream.isQueued, let index = stream.policy.backend { worker.backends[index].leaveQueue(self) }
        dropServer()
        worker.wheel.clear(timer)
        stream.discard()
        worker.reactor.forget(descriptor)
        close(descriptor)
        worker.closed(self)
    }

    private func account() {
        if stream.violation != nil { worker.noteViolation(self, server?.server) }
        guard stream.isUnaccounted else { return }
        stream.accounted()
        let backend = stream.policy.backend.map { worker.backends[$0] }
        if firstChoice != nil { backend?.counters.sessions.leave() }
        worker.account(stream, frontend, backend, server?.server)
        if stream.isQueued { backend?.leaveQueue(self) }
    }
}
