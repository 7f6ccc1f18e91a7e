import CLinux
import Foundation
import Inventory

/// Whether a node's sshd answers, and lets us in.
struct Readiness {
    let lab: Lab
    let node: LabNode

    /// The greeting of the node's sshd (`SSH-2.0-OpenSSH_9.2p1`), asked for over the lab's bridge and no other way.
    func greeting(within timeout: Duration) -> String? {
        let device = lab.network.bridge
        let connection = cl_connect_tcp(node.node.address, node.node.port, device)
        guard connection >= 0 else { return nil }
        defer { close(connection) }
        let deadline = ContinuousClock.now + timeout
        guard wait(connection, for: Int16(POLLOUT), until: deadline),
            cl_getsockopt_int(connection, SOL_SOCKET, SO_ERROR) == 0,
            wait(connection, for: Int16(POLLIN), until: deadline)
        else { return nil }
        var bytes = [UInt8](repeating: 0, count: 255)
        let count = read(connection, &bytes, bytes.count)
        guard count > 0 else { return nil }
        let line = String(decoding: bytes[..<count].prefix { $0 >= 32 }, as: UTF8.self)
        return line.hasPrefix("SSH-2.0-") ? line : nil
    }

    private func wait(_ descriptor: Int32, for events: Int16, until deadline: ContinuousClock.Instant) -> Bool
    {
        let left = (deadline - ContinuousClock.now).components
        let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
        guard milliseconds > 0 else { return false }
        var polled = pollfd(fd: descriptor, events: events, revents: 0)
        return poll(&polled, 1, Int32(clamping: milliseconds)) > 0
    }

    /// Waits until sshd shows the right host key and lets our key in.
    func wait(started: ContinuousClock.Instant) throws(LabFailure) {
        let limits = lab.limits
        let deadline = started + limits.bootTimeout
        let name = node.node.name
        var last = "nothing listens on \(node.node.address):\(node.node.port)"
        while true {
            guard node.isRunning else {
                throw LabFailure(
                    "\(name): its system ended while it started. The end of \(node.names.console):\(node.consoleTail)"
                )
            }
            if greeting(within: .milliseconds(250)) != nil {
                let output = try login()
                if output.code == 0 { return }
                last = "ssh: " + output.standardError.split(separator: "\n").suffix(2).joined(separator: " ")
            }
            guard ContinuousClock.now < deadline else {
                throw LabFailure(
                    "\(name): its sshd does not let us in, \(limits.bootTimeout) after the start; \(last). The end of "
                        + "\(node.names.console):\(node.consoleTail)")
            }
            usleep(30_000)
        }
    }

    private func login() throws(LabFailure) -> (code: Int32, standardError: String) {
        let names = lab.names
        let output = try node.tools.runAny(
            [
                "ssh", "-F", "/dev/null", "-i", names.key, "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes",
                "-o", "IdentityAgent=none", "-o", "StrictHostKeyChecking=yes",
                "-o", "UserKnownHostsFile=\"\(names.knownHosts)\"", "-o", "GlobalKnownHostsFile=/dev/null",
                "-o", "ConnectTimeout=5", "-B", lab.network.bridge, "-p", "\(node.node.port)",
                "\(node.node.user)@\(node.node.address)", "true",
            ], timeout: lab.limits.toolTimeout)
        return (output.code, output.standardError)
    }
}
