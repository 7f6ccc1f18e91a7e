import CLinux
import Languages

/// `tcp_keepalive` and its kind (tcp(7)): how a peer that is gone without a word is noticed.
struct SocketTuning {
    private let options: [(level: Int32, name: Int32, value: Int32)]

    init(_ configuration: PoolConfiguration) {
        var options: [(Int32, Int32, Int32)] = []
        let tcp = Int32(IPPROTO_TCP)
        if configuration.tcpKeepalive {
            options.append((SOL_SOCKET, SO_KEEPALIVE, 1))
            if let idle = configuration.tcpKeepidle {
                options.append((tcp, TCP_KEEPIDLE, Self.seconds(idle)))
            }
            if let pause = configuration.tcpKeepintvl {
                options.append((tcp, TCP_KEEPINTVL, Self.seconds(pause)))
            }
            if let count = configuration.tcpKeepcnt {
                options.append((tcp, TCP_KEEPCNT, Int32(clamping: count)))
            }
        }
        if let timeout = configuration.tcpUserTimeout {
            options.append(
                (
                    tcp, TCP_USER_TIMEOUT,
                    Int32(
                        clamping: timeout.components.seconds * 1000 + timeout.components.attoseconds
                            / 1_000_000_000_000_000)
                ))
        }
        self.options = options.map { (level: $0.0, name: $0.1, value: $0.2) }
    }

    /// Of a listener all connections inherit it. A Unix socket refuses, and needs none of it.
    func apply(to descriptor: Int32) {
        guard descriptor >= 0 else { return }
        for option in options { cl_setsockopt_int(descriptor, option.level, option.name, option.value) }
    }

    private static func seconds(_ duration: Duration) -> Int32 {
        Int32(clamping: max(1, duration.components.seconds))
    }
}
