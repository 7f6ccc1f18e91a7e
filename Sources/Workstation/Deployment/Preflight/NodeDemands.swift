import Languages
import Recipes

/// What a node must offer for its roles: read out of the very configurations that it gets.
struct NodeDemands: Equatable {
    /// A port that something of the manifest listens on.
    struct Listener: Equatable, Hashable {
        /// An IPv4 or IPv6 address; `*` for all of them.
        var address: String
        var port: Int
    }

    /// A virtual address and the interface that is to have it.
    struct VirtualAddress: Equatable, Hashable {
        var address: String
        var interface: String
    }

    var listeners: [Listener] = []
    var virtualAddresses: [VirtualAddress] = []

    private static let proxyFiles = ["/etc/pinode/proxy.cfg", "/etc/haproxy/haproxy.cfg"]
    private static let poolFiles = ["/etc/pinode/pool.ini", "/etc/pgbouncer/pgbouncer.ini"]
    private static let vrrpFiles = ["/etc/pinode/vrrp.conf", "/etc/keepalived/keepalived.conf"]

    init(_ node: CompiledNode) {
        for file in node.manifest.files {
            // Other files may be large, and no text.
            let isProxy = Self.proxyFiles.contains(file.path)
            let isRouter = Self.vrrpFiles.contains(file.path)
            let isPool = Self.poolFiles.contains(file.path)
            guard isProxy || isRouter || isPool, case .blob(let digest, _) = file.content,
                let bytes = node.blobs[digest.hexadecimal]
            else { continue }
            let text = String(decoding: bytes, as: UTF8.self)
            if isProxy { addListeners(of: text, file.path) }
            if isPool { addPool(text, file.path) }
            if isRouter { addAddresses(of: text, file.path) }
        }
        // What a check asks of the node itself must listen there.
        for check in node.checks where !check.concernsVirtualAddress && check.console == nil {
            guard let target = try? HTTPProbe(check.url, device: nil).target() else { continue }
            // A name instead of an address: it may be any of the node's.
            let isAddress = target.host.allSatisfy { $0.isNumber || $0 == "." }
            add(Listener(address: isAddress ? target.host : "*", port: Int(target.port)))
        }
    }

    private mutating func addListeners(of text: String, _ file: String) {
        let parsed = HAProxyConfiguration.parse(text, file: file, environment: [:])
        for bind in parsed.configuration.frontends.flatMap(\.binds) {
            guard case .address(let address, let port) = bind.endpoint else { continue }
            add(Listener(address: address.isWildcard ? "*" : address.text, port: Int(port)))
        }
    }

    private mutating func addPool(_ text: String, _ file: String) {
        let configuration = PoolConfiguration.parse(text, file: file).0
        for address in configuration.listenAddr {
            add(
                Listener(
                    address: address.isWildcard ? "*" : address.text, port: Int(configuration.listenPort)))
        }
    }

    private mutating func addAddresses(of text: String, _ file: String) {
        for instance in KeepalivedConfiguration.parse(text, file: file).0.instances {
            virtualAddresses += instance.addresses.map {
                VirtualAddress(address: $0.address.text, interface: $0.interface)
            }
        }
    }

    private mutating func add(_ listener: Listener) {
        if !listeners.contains(listener) { listeners.append(listener) }
    }
}
