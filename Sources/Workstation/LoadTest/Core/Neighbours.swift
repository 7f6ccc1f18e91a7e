/// Which hardware address this machine's kernel sends to for each IPv4 address on its links: /proc/net/arp. Asks
/// nobody, so it can be read while a node is dead, and it is what decides where the clients' packets go.
public struct Neighbours: Sendable, Equatable {
    /// One resolved neighbour.
    public struct Entry: Sendable, Equatable {
        /// IPv4, dotted.
        public var address: String
        /// Six octets in hexadecimal with colons.
        public var hardware: String
        /// The interface behind which it is.
        public var device: String
    }

    /// Only those that are resolved.
    public var entries: [Entry]

    /// Reads the text of /proc/net/arp (proc(5)): address, hardware type, flags, hardware address, mask, device.
    public init(_ text: String) {
        entries = text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            // 0x2 is ATF_COM: the entry is complete.
            guard fields.count == 6, let flags = Int(fields[2].dropFirst(2), radix: 16), flags & 2 != 0 else {
                return nil
            }
            return Entry(address: String(fields[0]), hardware: String(fields[3]), device: String(fields[5]))
        }
    }

    /// The hardware address behind an address, on one device or, with nil, on any.
    public func hardware(of address: String, on device: String?) -> String? {
        entries.first { $0.address == address && (device == nil || $0.device == device) }?.hardware
    }
}

/// Tells which node holds the virtual address, by comparing hardware addresses.
public struct HolderTable: Sendable, Equatable {
    private let virtualAddress: String
    private let device: String?
    private let names: [String: String]

    /// Learns the nodes' hardware addresses; those that are not resolved stay unknown.
    public init(
        virtualAddress: String, nodes: [(name: String, address: String)], device: String?, _ now: Neighbours
    ) {
        self.virtualAddress = virtualAddress
        self.device = device
        let known = nodes.compactMap { node in
            now.hardware(of: node.address, on: device).map { ($0, node.name) }
        }
        names = Dictionary(known, uniquingKeysWith: { first, _ in first })
    }

    /// How many nodes' hardware addresses are known.
    public var known: Int { names.count }

    /// The holder's name, its hardware address when that is no node's, or nil while the address is not resolved.
    public func holder(_ now: Neighbours) -> String? {
        now.hardware(of: virtualAddress, on: device).map { names[$0] ?? $0 }
    }
}
