import CLinux
import Languages
import Proxy

/// A frontend as one worker has it.
final class FrontendTraffic {
    let index: Int
    let name: String
    let maxconn: Int32
    let policy: StreamPolicy
    var counters = FrontendCounters()
    var listeners: [Listener] = []

    init(_ index: Int, _ configuration: HAProxyConfiguration) {
        let frontend = configuration.frontends[index]
        self.index = index
        name = frontend.name
        maxconn = Int32(clamping: frontend.maxconn)
        policy = StreamPolicy(frontend, frontend.defaultBackend.map { configuration.backends[$0] })
    }
}

/// A server as one worker has it.
final class ServerTraffic {
    /// Its place among all servers.
    let index: Int
    let place: Int
    let name: String
    let peer: Peer
    /// The server has no port of its own: the one that the client connected to.
    let usesClientsPort: Bool
    let maxconn: Int32?
    var counters = ServingCounters()
    /// Open and idle, the one used last at the end.
    var idle: [ServerConnection] = []

    init(_ server: HAProxyConfiguration.Server, index: Int, place: Int) {
        self.index = index
        self.place = place
        name = server.name
        peer = Peer(address: server.address, port: server.port ?? 0)
        usesClientsPort = server.port == nil
        maxconn = server.maxconn.map { Int32(clamping: $0) }
    }
}

/// A backend as one worker has it.
final class BackendTraffic {
    let index: Int
    let name: String
    let servers: [ServerTraffic]
    var balancer: Balancer
    var counters = ServingCounters()
    /// Sessions that wait for a server below its `maxconn`, the oldest first; nil where one has left.
    private var queue: [Session?] = []
    private var queueStart = 0
    private(set) var queued = 0

    init(_ index: Int, _ configuration: HAProxyConfiguration.Backend, firstServer: Int) {
        self.index = index
        name = configuration.name
        servers = configuration.servers.enumerated().map {
            ServerTraffic($0.element, index: firstServer + $0.offset, place: $0.offset)
        }
        balancer = Balancer(weights: configuration.servers.map { $0.weight })
    }

    func enqueue(_ session: Session) {
        queue.append(session)
        queued += 1
        counters.queue.enter()
    }

    func leaveQueue(_ session: Session) {
        for place in queueStart..<queue.count where queue[place] === session {
            queue[place] = nil
            queued -= 1
            counters.queue.leave()
            return
        }
    }

    func dequeue() -> Session? {
        while queueStart < queue.count {
            let session = queue[queueStart]
            queue[queueStart] = nil
            queueStart += 1
            if queueStart == queue.count {
                queue.removeAll(keepingCapacity: true)
                queueStart = 0
            }
            if let session {
                queued -= 1
                counters.queue.leave()
                return session
            }
        }
        return nil
    }
}
