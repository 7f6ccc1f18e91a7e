import CLinux
import Console
import JSON
import Languages
import Pool
import Reactor
import Service

/// Who leads the cluster's database, as this node's control tells it: for databases with `follow = lease`.
///
/// The same connection gets a line now and at each change (docs/control.md). A control that is away does not end anything: the
/// last leader known goes on to be asked, and refuses if it is none any more.
final class LeaseWatch: ChannelOwner {
    /// Where control listens.
    static var path: String { "\(RuntimeFolder.path)/control.sock" }
    /// How long until a lost connection is tried again.
    static let reconnectDelay: Duration = .milliseconds(200)
    /// Bytes that a line of control's may have: all facts and leases.
    static let lineLimit = 4 << 20
    /// The lease of the database's primary.
    private static let lease = "primary"

    private let reactor: Reactor
    private let path: String
    private let journal: Journal
    private let changed: (Leadership) -> Void
    private var channel: Channel?
    private var received: [UInt8] = []
    private var known: Leadership?
    private var hasComplained = false

    init(on reactor: Reactor, path: String, journal: Journal, _ changed: @escaping (Leadership) -> Void) {
        self.reactor = reactor
        self.path = path
        self.journal = journal
        self.changed = changed
        connect()
    }

    private func connect() {
        received = []
        channel = Channel(connectingToPath: path, on: reactor, owner: self)
    }

    func channelConnected(_ channel: Channel) {
        hasComplained = false
        Array("{\"id\":1,\"watch\":true}\n".utf8).withUnsafeBytes { channel.send($0) }
    }

    func channel(_ channel: Channel, received bytes: UnsafeRawBufferPointer) {
        received.append(contentsOf: bytes)
        while let newline = received.firstIndex(of: 10) {
            let line = Array(received[..<newline])
            received.removeFirst(newline + 1)
            if let json = try? JSONValue.parse(line) { see(json) }
        }
        if received.count > Self.lineLimit { channelEnded(channel, nil) }
    }

    func channelDrained(_ channel: Channel) {}

    func channelEnded(_ channel: Channel, _ error: SystemError?) {
        channel.close()
        self.channel = nil
        if !hasComplained {
            hasComplained = true
            journal.log(
                .warning,
                "control does not answer at \(path): who leads the database is not known anew. systemctl status pinode-control"
            )
        }
        reactor.schedule(after: Self.reconnectDelay) { [unowned(unsafe) self] in connect() }
    }

    private func see(_ json: JSONValue) {
        guard let lease = json["leases"]?[Self.lease] else { return }
        let epoch = UInt64(clamping: lease["epoch"]?.integer ?? 0)
        let owner = lease["owner"]?.integer ?? 0
        let isReleased = UInt64(clamping: lease["released"]?.integer ?? 0) == epoch
        let address = json["members"]?["\(owner)"]?.text
        let primary = isReleased || owner == 0 ? nil : address.flatMap { Self.host($0) }
        let leadership = Leadership(epoch: epoch, primary: primary)
        guard leadership != known else { return }
        known = leadership
        changed(leadership)
    }

    /// A member's PostgreSQL has its control's address, and a port of its own.
    private static func host(_ endpoint: String) -> PoolHost? {
        guard let colon = endpoint.utf8.lastIndex(of: UInt8(ascii: ":")) else { return nil }
        var host = endpoint[..<colon]
        if host.utf8.first == UInt8(ascii: "["), host.utf8.last == UInt8(ascii: "]") {
            host = host.dropFirst().dropLast()
        }
        return PoolHost(String(host))
    }
}
