import CLinux
import Languages
import Proxy
import Reactor
import Service

/// What threads are started with: the configuration and the open sockets.
struct ProxyPlan {
    struct Socket {
        var frontend: Int
        var descriptor: Int32
        /// It was open when we started: whoever opened it closes it.
        var isInherited: Bool
        /// The N of `fd@N`.
        var number: Int32?
    }

    let configuration: HAProxyConfiguration
    let journal: Journal
    private(set) var sockets: [Socket] = []

    /// The kernel's queue of clients that nobody has accepted yet; net.core.somaxconn cuts it.
    static let backlog: Int32 = 1024

    /// Opens the sockets; those that `handover` brought are used where the configuration still wants them.
    init(_ configuration: HAProxyConfiguration, journal: Journal, handover: ProxyHandover? = nil)
        throws(SystemError)
    {
        self.configuration = configuration
        self.journal = journal
        do throws(SystemError) {
            for (index, frontend) in configuration.frontends.enumerated() {
                for bind in frontend.binds {
                    if let descriptor = handover?.take(bind) {
                        // An operator's order to drop new clients was for the process before us.
                        _ = cl_drop_new_connections(descriptor, 0)
                        sockets.append(
                            Socket(
                                frontend: index, descriptor: descriptor, isInherited: false,
                                number: bind.number))
                    } else {
                        sockets.append(try Self.open(bind, frontend: index, name: frontend.name))
                    }
                }
            }
        } catch {
            closeSockets()
            throw error
        }
    }

    private static func open(_ bind: HAProxyConfiguration.Bind, frontend: Int, name: String)
        throws(SystemError) -> Socket
    {
        switch bind.endpoint {
        case .address(let address, let port):
            var raw = Peer(address: address, port: port).raw
            let descriptor = cl_listen_peer(&raw, bind.isIPv6Only ? 1 : 0, backlog)
            guard descriptor >= 0 else {
                throw SystemError("listen at \(address.text(port: port)) for \(name)", code: -descriptor)
            }
            return Socket(frontend: frontend, descriptor: descriptor, isInherited: false)
        case .descriptor(let descriptor):
            guard cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ACCEPTCONN) == 1 else {
                throw SystemError("use fd@\(descriptor) as listening socket of \(name)", code: EINVAL)
            }
            _ = cl_set_nonblocking(descriptor)
            // It may have served a process that was killed while it dropped new clients.
            _ = cl_drop_new_connections(descriptor, 0)
            cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
            return Socket(frontend: frontend, descriptor: descriptor, isInherited: true, number: descriptor)
        }
    }

    mutating func closeSockets() {
        for socket in sockets where !socket.isInherited { close(socket.descriptor) }
        sockets = []
    }

    /// Descriptors that the configuration can need: two a connection, and some for checks, consoles and logs.
    var descriptorsNeeded: Int {
        var servers = 0
        for backend in configuration.backends { servers += backend.servers.count }
        return configuration.global.maxconn * 2 + sockets.count + servers + 128
    }
}

extension HAProxyConfiguration.Bind {
    /// The N of `fd@N`.
    fileprivate var number: Int32? {
        if case .descriptor(let number) = endpoint { number } else { nil }
    }
}
