import CLinux
import Reactor

/// Sends the requests of an `OpenLoop` over non-blocking sockets and tells how each one ended. Belongs to one
/// thread, with a Reactor of its own.
final class Generator {
    /// What is told, all times from the run's beginning.
    struct Observer {
        var started: (_ request: Int, _ now: Duration, _ lag: Duration, _ ownLag: Duration) -> Void
        var ended: (_ request: Int, _ now: Duration, Outcome) -> Void
        var dropped: (_ request: Int) -> Void
    }

    /// Bytes taken from a socket in one call.
    static let bufferSize = 64 * 1024

    let reactor: Reactor
    private let target: Target
    private let bytes: [UInt8]
    private let keepsOpen: Bool
    private let origin: Duration
    private let observer: Observer
    private let buffer: UnsafeMutableRawBufferPointer
    private var loop: OpenLoop
    private var connections: [ClientConnection] = []
    private var timer: PreciseTimer?

    /// A generator whose run begins when the Reactor's clock says `origin`.
    init(
        _ loop: OpenLoop, to target: Target, newConnections: Bool, origin: Duration, observer: Observer
    ) throws(SystemError) {
        reactor = try Reactor()
        self.loop = loop
        self.target = target
        self.origin = origin
        self.observer = observer
        bytes = target.request(newConnection: newConnections)
        keepsOpen = !newConnections
        buffer = .allocate(byteCount: Self.bufferSize, alignment: 16)
        timer = try PreciseTimer(on: reactor) { [unowned self] in pump() }
    }

    deinit { buffer.deallocate() }

    /// Runs to the end of the schedule, or until `stopping` says so (asked a few times a second); what is under way
    /// then is given up.
    func run(stopping: () -> Bool) {
        pump()
        while !loop.isDone {
            reactor.turn(limit: .milliseconds(100))
            if stopping() { break }
        }
        for connection in connections { connection.abandon() }
        timer?.stop()
        timer = nil
    }

    private func pump() {
        // An action can end at once (a refused connect on this machine), and what it frees can start the next.
        while true {
            let now = Reactor.clock() - origin
            let actions = loop.advance(to: now)
            guard !actions.isEmpty else { break }
            for action in actions { perform(action, at: now) }
        }
        timer?.arm(at: loop.deadline.map { $0 + origin })
    }

    private func perform(_ action: OpenLoop.Action, at now: Duration) {
        switch action {
        case .start(let request, let number, let lag, let ownLag):
            observer.started(request, now, lag, ownLag)
            connection(number).start(request)
        case .expire(let request, let number):
            connections[number].abandon()
            observer.ended(request, now, .failed(.timeout))
        case .drop(let request):
            observer.dropped(request)
        }
    }

    /// Places are taken in order: the next one is new at most by one.
    private func connection(_ number: Int) -> ClientConnection {
        while connections.count <= number {
            connections.append(
                ClientConnection(
                    connections.count, on: reactor, to: target, sending: bytes, keepsOpen: keepsOpen,
                    buffer: buffer
                ) { [unowned self] connection, request, outcome in
                    ended(connection, request, outcome)
                })
        }
        return connections[number]
    }

    private func ended(_ connection: Int, _ request: Int, _ outcome: Outcome) {
        // What was handed over by this turn had come by its beginning. A connect that fails at once ends in the
        // middle of a turn, hence the clock then.
        var now = reactor.now - origin
        if case .failed = outcome { now = Reactor.clock() - origin }
        loop.finish(request: request, connection: connection, at: now)
        observer.ended(request, now, outcome)
        timer?.arm(at: loop.deadline.map { $0 + origin })
    }
}
