import CLinux
import Foundation

/// Makes a TCP connection to a node, or says which way it failed.
struct SSHConnector {
    let target: SSHTarget
    let timeout: Duration

    /// A connected, non-blocking socket.
    func connect() throws(SSHError) -> Int32 {
        if let device = target.device, if_nametoindex(device) == 0 {
            throw error(.route, "the lab's bridge \(device) is not there. pidep lab up starts the lab")
        }
        var failure: SSHError?
        for address in try resolve() {
            do throws(SSHError) { return try connect(to: address) } catch { failure = failure ?? error }
        }
        throw failure ?? error(.resolve, "\"\(target.address)\" has no address")
    }

    private func connect(to address: String) throws(SSHError) -> Int32 {
        let descriptor = cl_connect_tcp(address, target.port, target.device)
        guard descriptor >= 0 else { throw failed(-descriptor) }
        var code = cl_poll(descriptor, Int32(POLLOUT), Int32(timeout.milliseconds))
        if code > 0 {
            code = cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR)
            if code == 0 {
                _ = cl_setsockopt_int(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
                return descriptor
            }
            code = abs(code)
        } else {
            code = ETIMEDOUT
        }
        close(descriptor)
        throw failed(code)
    }

    private func failed(_ code: Int32) -> SSHError {
        switch code {
        case ECONNREFUSED:
            return error(.refused, "nobody listens there. Is sshd running, is the port right?")
        case ETIMEDOUT:
            return error(
                .route,
                "no answer within \(timeout.seconds) s. Is it on, is its address right, is a firewall between?"
            )
        case EHOSTUNREACH, ENETUNREACH:
            return error(.route, "no way leads there. Is it on, and in the same network as this machine?")
        case EPERM, EACCES:
            return error(
                .route, "this machine does not let us connect: \(String(cString: cl_strerror(code)))")
        default:
            return error(.route, String(cString: cl_strerror(code)))
        }
    }

    private func resolve() throws(SSHError) -> [String] {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, target.address, &four) == 1 || inet_pton(AF_INET6, target.address, &six) == 1 {
            return [target.address]
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(target.address, nil, &hints, &list)
        guard code == 0 else {
            throw error(
                .resolve,
                "the name does not resolve (\(String(cString: gai_strerror(code)))). "
                    + "Give the node an ansible_host in the inventory")
        }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next {
            var text = [CChar](repeating: 0, count: 64)
            if getnameinfo(
                entry.pointee.ai_addr, entry.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0,
                NI_NUMERICHOST) == 0
            {
                addresses.append(
                    String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
            next = entry.pointee.ai_next
        }
        return addresses
    }

    private func error(_ kind: SSHError.Kind, _ text: String) -> SSHError {
        SSHError(kind, node: target.node, sentence: "\(target.name): \(text)")
    }
}

extension Duration {
    /// Whole milliseconds.
    var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
    /// Whole seconds.
    var seconds: Int64 { components.seconds }
}
