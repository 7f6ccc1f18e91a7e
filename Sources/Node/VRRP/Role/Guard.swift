import CLinux
import Languages
import Reactor
import Service
import VRRP

/// A second, tiny process that gives the virtual addresses up when the first one cannot: it was killed, it
/// crashed, or it hangs. The kernel tells it by closing their socket, within a millisecond.
///
/// Keepalived has no such thing: killed with -9 it leaves its addresses on the node, and two nodes hold them.
final class Guard: EventSource {
    /// An Active that has said nothing for so many advertisement intervals is held to hang. By then it has
    /// itself to believe that a backup has taken over (`VirtualRouter.toleratedOversleep` after its turn).
    static let silentIntervals = VirtualRouter.toleratedOversleep + 1

    /// What the guard has to give up, and by which words.
    struct Holding: Equatable {
        var addresses: [(index: UInt32, address: UInt32, prefix: UInt8)] = []
        var resignations: [(interface: String, index: UInt32, packet: [UInt8])] = []
        /// How long we may be silent, in milliseconds; 0: for ever.
        var limit: UInt32 = 0

        static func == (a: Holding, b: Holding) -> Bool { GuardMessage.bytes(a) == GuardMessage.bytes(b) }
    }

    private let channel: Int32
    private let journal: Journal
    private var reactor: Reactor?
    /// Whether there is a guard.
    private(set) var isAlive: Bool

    private init(_ channel: Int32, _ journal: Journal) {
        self.channel = channel
        self.journal = journal
        isAlive = channel >= 0
    }

    /// Starts the guard as a child of this process. Without one we go on, and say so.
    static func start(_ journal: Journal) -> Guard {
        var pair: [Int32] = [-1, -1]
        guard cl_message_pair(&pair) == 0 else { return missing(journal) }
        let pid = cl_fork()
        if pid < 0 { return missing(journal) }
        if pid == 0 {
            close(pair[0])
            var child = GuardProcess(pair[1])
            child.run()
            _exit(0)
        }
        close(pair[1])
        return Guard(pair[0], journal)
    }

    private static func missing(_ journal: Journal) -> Guard {
        journal.log(
            .warning, "no guard process could be started: after kill -9 the addresses stay for some seconds")
        return Guard(-1, journal)
    }

    /// Notices when the guard itself ends.
    func watch(on reactor: Reactor) throws(SystemError) {
        guard isAlive else { return }
        self.reactor = reactor
        try reactor.add(channel, for: .readHangup, self)
    }

    func ready(_ readiness: Readiness) {
        reactor?.remove(channel)
        isAlive = false
        journal.log(.warning, "the guard process ended: after kill -9 the addresses stay for some seconds")
    }

    /// Tells the guard what we hold now; also says that we live.
    func hold(_ holding: Holding) { send(GuardMessage.bytes(holding)) }

    /// Lets the guard go, its work undone.
    func dismiss() {
        send(GuardMessage.dismissal)
        reactor?.remove(channel)
        close(channel)
        isAlive = false
        var status: Int32 = 0
        // It ends at once; init collects it if not.
        _ = waitpid(-1, &status, WNOHANG)
    }

    private func send(_ bytes: [UInt8]) {
        guard isAlive else { return }
        _ = bytes.withUnsafeBytes {
            CLinux.send(channel, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        }
    }
}
