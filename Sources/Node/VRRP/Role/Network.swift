import CLinux
import Languages
import Reactor

/// Interfaces and their IPv4 addresses, as the kernel has them.
final class Network {
    /// Addresses of one machine that are looked at.
    static let maximumAddresses = 512
    /// How long a virtual address outlives us: the kernel removes it by itself, whatever became of this
    /// process and its guard. The kernel counts whole seconds and may be a second late.
    static let addressLifetime: Duration = .seconds(5)

    /// One address of one interface.
    struct Entry {
        var index: UInt32
        var address: IPv4Address
        var prefixLength: UInt8
        var isSecondary: Bool
    }

    private static let secondaryFlag: UInt32 = 0x01
    private static let loopbackIndex: UInt32 = 1
    private let netlink: Int32

    init() throws(SystemError) {
        netlink = cl_netlink_open()
        guard netlink >= 0 else { throw SystemError("open a netlink socket", code: -netlink) }
    }

    deinit { close(netlink) }

    /// What there is now, or nil when the kernel did not say.
    func addresses() -> [Entry]? {
        var buffer = [cl_address](repeating: cl_address(), count: Self.maximumAddresses)
        let count = cl_address_list(netlink, &buffer, Int32(buffer.count))
        guard count >= 0 else { return nil }
        return buffer[0..<Int(count)].map {
            Entry(
                index: $0.index, address: IPv4Address(bits: $0.address), prefixLength: $0.prefix,
                isSecondary: $0.flags & Self.secondaryFlag != 0)
        }
    }

    /// An interface by its name.
    func link(_ name: String) -> cl_link? {
        var link = cl_link()
        return cl_link_get(name, &link) == 0 ? link : nil
    }

    /// Adds or refreshes a virtual address. Returns an errno, 0 for success.
    ///
    /// Where the interface has an address of the same network, or for a /32, it adds no route: a second
    /// one would go, and take the first with it, when the address moves.
    func add(_ virtual: KeepalivedConfiguration.VirtualAddress, on index: UInt32, beside entries: [Entry])
        -> Int32
    {
        let hasRoute = entries.contains {
            $0.index == index && $0.address != virtual.address && $0.prefixLength == virtual.prefixLength
                && Self.network($0.address, virtual.prefixLength)
                    == Self.network(virtual.address, virtual.prefixLength)
        }
        let lifetime = UInt32(Self.addressLifetime.components.seconds)
        return -cl_address_add(
            netlink, index, virtual.address.bits, virtual.prefixLength, lifetime,
            hasRoute || virtual.prefixLength == 32 ? 1 : 0)
    }

    /// Removes a virtual address; one that is not there is fine.
    func remove(_ virtual: KeepalivedConfiguration.VirtualAddress) -> Int32 {
        guard let link = link(virtual.interface) else { return 0 }
        let result = -cl_address_delete(netlink, link.index, virtual.address.bits, virtual.prefixLength)
        return result == EADDRNOTAVAIL ? 0 : result
    }

    /// Removes addresses that an earlier life left, wherever they are and whatever prefix they have.
    /// Returns those that were there.
    func removeEverywhere(_ addresses: [IPv4Address]) -> [IPv4Address] {
        var removed: [IPv4Address] = []
        for entry in self.addresses() ?? []
        where entry.index != Self.loopbackIndex && addresses.contains(entry.address) {
            if cl_address_delete(netlink, entry.index, entry.address.bits, entry.prefixLength) == 0 {
                removed.append(entry.address)
            }
        }
        return removed
    }

    private static func network(_ address: IPv4Address, _ prefix: UInt8) -> UInt32 {
        prefix == 0 ? 0 : address.bits >> (32 - UInt32(prefix))
    }
}
