import CLinux
import Languages
import VRRP

/// The guard's side: it waits, and acts once.
struct GuardProcess {
    /// Above the role's, so that it can act when the role spins.
    static let realtimePriority: Int32 = 21

    private let channel: Int32
    private var holding = Guard.Holding()

    init(_ channel: Int32) { self.channel = channel }

    /// Until the role dies or lets it go.
    mutating func run() {
        // systemd stops the whole unit: it is the role that decides, and its end is our order.
        cl_ignore_signals([SIGTERM, SIGINT, SIGHUP], 3)
        cl_name_process("pinode-guard")
        _ = cl_realtime(Self.realtimePriority)
        _ = cl_lock_memory()
        var buffer = [UInt8](repeating: 0, count: GuardMessage.maximum)
        while true {
            let isWatched = holding.limit > 0 && !holding.addresses.isEmpty
            let result = cl_wait_readable(channel, isWatched ? Int32(clamping: holding.limit) : -1)
            if result == 0, isWatched {
                // It hangs. What it says next, it says because it lives again.
                giveUp()
                holding = Guard.Holding()
            }
            guard result != 0 else { continue }
            let count = recv(channel, &buffer, buffer.count, 0)
            guard count > 0 else { return giveUp() }
            guard let next = GuardMessage.read(buffer[0..<count]) else { return }
            holding = next
        }
    }

    /// The addresses first, then the resignation: whoever takes over finds them free.
    private func giveUp() {
        let netlink = cl_netlink_open()
        for entry in holding.addresses {
            _ = cl_address_delete(netlink, entry.index, entry.address, entry.prefix)
        }
        close(netlink)
        var missing: Int32 = 0
        for entry in holding.resignations {
            let sender = cl_packet_sender(entry.interface, entry.index, VRRP.ipProtocol, &missing)
            guard sender >= 0 else { continue }
            _ = entry.packet.withUnsafeBytes {
                cl_send_packet(sender, VRRP.group.bits, $0.baseAddress, $0.count)
            }
            close(sender)
        }
    }
}
