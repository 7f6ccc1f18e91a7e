import CLinux
import Events
import Foundation

/// Makes this machine's kernel learn the hardware addresses of the virtual address and of the nodes.
///
/// A gratuitous ARP updates an entry that exists; without one, the first packet after a fault waits for an ordinary
/// resolution, and that would be measured.
struct NeighbourWarmUp {
    /// How long an address may take to be resolved; nodes that are down stay unresolved.
    static let limit: Duration = .seconds(1)

    let target: Target
    let nodes: [(name: String, address: String)]

    func run() {
        // A connect to the discard port: whatever answers it, the kernel resolves the address first.
        let addresses = [target.address] + nodes.map(\.address)
        let descriptors = addresses.map { cl_connect_tcp($0, 9, target.device) }
        defer { for descriptor in descriptors where descriptor >= 0 { close(descriptor) } }
        let deadline = ContinuousClock.now + Self.limit
        while ContinuousClock.now < deadline {
            if let now = Neighbours.read(),
                addresses.allSatisfy({ now.hardware(of: $0, on: target.device) != nil })
            {
                return
            }
            // Addresses of this machine and those behind a router never come into the table.
            if target.device == nil { return }
            usleep(10_000)
        }
    }
}

/// A single request, to see whether anybody answers.
struct OneRequest {
    let target: Target
    let timeout: Duration

    func run() throws -> Tally {
        var options = LoadTest.Options(
            rate: 1, duration: .milliseconds(100), connections: 1, timeout: timeout)
        options.newConnections = true
        let origin = Duration.nanoseconds(Int64(cl_now_ns()))
        return try LoadSeries(options: options, target: target, origin: origin).run(Interruption()) { _ in }
    }
}
