import CLinux
import Languages
import Proxy
import Reactor

/// What threads share while traffic flows: a few atomic numbers. Everything else goes by mail.
///
/// What is here is made before the threads and goes after them.
final class SharedState: @unchecked Sendable {
    /// A server's effective weight, by its place among all servers; 0: no request may go there.
    let weights: SharedNumbers
    /// Requests in progress at a server on all workers; counted only for one with `maxconn`.
    let active: SharedNumbers
    /// For each backend, a bit for each worker that has requests waiting for a server below its `maxconn`.
    let waiting: SharedNumbers
    /// Client connections of each frontend.
    let connections: SharedNumbers
    /// Client connections of each worker.
    let loads: SharedNumbers
    /// Client connections of all.
    let total = SharedNumbers(count: 1)
    /// A bit for each worker that has stopped accepting because a limit is reached.
    let paused = SharedNumbers(count: 1)
    /// Where a backend's servers begin among all.
    let firstServer: [Int]
    /// At most 31: one bit each.
    let workerCount: Int
    let mailboxes: [ThreadMailbox<WorkerMessage>]
    let control: ThreadMailbox<ControlMessage>

    init(_ configuration: HAProxyConfiguration, workers: Int) throws(SystemError) {
        var first: [Int] = []
        var count = 0
        for backend in configuration.backends {
            first.append(count)
            count += backend.servers.count
        }
        firstServer = first
        workerCount = workers
        weights = SharedNumbers(count: count)
        active = SharedNumbers(count: count)
        waiting = SharedNumbers(count: configuration.backends.count)
        connections = SharedNumbers(count: configuration.frontends.count)
        loads = SharedNumbers(count: workers)
        var boxes: [ThreadMailbox<WorkerMessage>] = []
        for _ in 0..<workers { boxes.append(try ThreadMailbox()) }
        mailboxes = boxes
        control = try ThreadMailbox()
        var index = 0
        for backend in configuration.backends {
            for server in backend.servers {
                weights[index] = server.startsInMaintenance ? 0 : Int32(clamping: server.weight)
                index += 1
            }
        }
    }

    func wake(_ workers: Int32) {
        var rest = UInt32(bitPattern: workers)
        while rest != 0 {
            mailboxes[rest.trailingZeroBitCount].post(.capacityFreed)
            rest &= rest - 1
        }
    }
}

/// What a worker is told.
enum WorkerMessage {
    /// A client that another worker accepted and has no time for.
    case client(Int32, frontend: Int, Peer)
    /// A limit is no longer reached, or a server's state or weight changed.
    case capacityFreed
    /// Copy your counters and send them.
    case report(serial: Int)
    /// The statistics page that a session asked for.
    case page(session: Int, serial: Int, [UInt8], status: Int)
    case clearCounters(all: Bool)
    /// Let clients go with their next answer and when they are idle, or no longer.
    case drain(Bool)
    /// Accept no more, finish what is under way until then.
    case stop(until: Nanoseconds)
}

/// What the controlling thread is told.
enum ControlMessage {
    case report(worker: Int, serial: Int, WorkerReport)
    /// Somebody asks for a statistics page.
    case page(worker: Int, session: Int, serial: Int, PageRequest)
    case broken(CapturedError)
    case stopped(worker: Int)
    /// From outside: as SIGTERM.
    case stop
}

/// A request for the statistics page.
struct PageRequest {
    /// The section that it was asked from: the place in `frontends`.
    var frontend: Int
    var page: Int
    var target: String
    var isHead: Bool
}

/// One worker's counters at one moment.
struct WorkerReport {
    var frontends: [FrontendCounters]
    var backends: [ServingCounters]
    /// Of all backends, one after the other.
    var servers: [ServingCounters]
    var buffersInUse: Int
    /// Clients from before the order to let them go; 0 without one.
    var earlierClients: Int
}
