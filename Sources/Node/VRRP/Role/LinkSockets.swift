import CLinux
import Languages
import Reactor
import VRRP

/// The sockets of one virtual router on one interface: adverts in, adverts out, ARP out.
final class LinkSockets {
    let link: cl_link
    let receiver: Int32
    private let sender: Int32
    private let framer: Int32
    /// Socket options that this kernel does not have and that we can do without.
    let missingWishes: Int
    private var identification: UInt16 = 0
    private var buffer = [UInt8](repeating: 0, count: VRRP.maximumPacket)

    init(_ interface: String, _ link: cl_link) throws(SystemError) {
        var missing: Int32 = 0
        let receiver = cl_multicast_receiver(
            interface, link.index, VRRP.ipProtocol, VRRP.group.bits, &missing)
        guard receiver >= 0 else { throw SystemError("listen to VRRP on \(interface)", code: -receiver) }
        let sender = cl_packet_sender(interface, link.index, VRRP.ipProtocol, &missing)
        guard sender >= 0 else {
            close(receiver)
            throw SystemError("open a raw socket on \(interface)", code: -sender)
        }
        let framer = cl_frame_sender()
        guard framer >= 0 else {
            close(receiver)
            close(sender)
            throw SystemError("open a packet socket", code: -framer)
        }
        self.link = link
        self.receiver = receiver
        self.sender = sender
        self.framer = framer
        missingWishes = Int(missing)
    }

    deinit {
        close(receiver)
        close(sender)
        close(framer)
    }

    /// Sends an advertisement. Returns an errno, 0 for success.
    func send(_ advertisement: Advertisement, from source: IPv4Address) -> Int32 {
        identification &+= 1
        let packet = advertisement.packet(from: source, identification: identification)
        return -packet.withUnsafeBytes { cl_send_packet(sender, VRRP.group.bits, $0.baseAddress, $0.count) }
    }

    /// The next packet that waits, or nil.
    func receive() -> ArraySlice<UInt8>? {
        let count = recv(receiver, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return count > 0 ? buffer[0..<count] : nil
    }

    /// One gratuitous ARP on an interface. Returns an errno, 0 for success.
    func announce(_ address: IPv4Address, on link: cl_link) -> Int32 {
        let mac = [
            link.mac.0, link.mac.1, link.mac.2, link.mac.3, link.mac.4, link.mac.5,
        ]
        let frame = GratuitousARP.frame(address, at: mac)
        return -frame.withUnsafeBytes { cl_send_frame(framer, link.index, $0.baseAddress, $0.count) }
    }
}
