import CLinux
import Commands
import Foundation

@testable import SSH

/// sshd did not come up.
struct NotListening: Error {}

/// A real sshd on a loopback port, with keys and configuration of its own in a temporary folder.
final class TestServer {
    let folder: String
    let port: UInt16
    private var process: pid_t = 0
    private var errors: Int32 = -1

    /// sshd's path; nil where Debian's openssh-server is not installed.
    static var program: String? { Command.path(of: "sshd") }
    static var isMissing: Bool { program == nil }

    init(configuration: [String] = []) throws {
        folder = "/tmp/pidep-sshd-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        // sshd wants this folder of its own; on a machine where it runs as a service it is there.
        try FileManager.default.createDirectory(
            atPath: "/run/sshd", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        port = try TestServer.freePort()
        for name in ["host", "host2", "user", "stranger"] { try makeKey(name) }
        try makeKey("locked", passphrase: "secret")
        try FileManager.default.copyItem(atPath: "\(folder)/user.pub", toPath: "\(folder)/authorized")
        let lines =
            [
                "ListenAddress 127.0.0.1:\(port)", "HostKey \(folder)/host", "PidFile none", "UsePAM no",
                "AuthorizedKeysFile \(folder)/authorized", "StrictModes no", "PasswordAuthentication no",
                "KbdInteractiveAuthentication no", "PermitRootLogin yes",
            ] + configuration
        try lines.joined(separator: "\n").write(
            toFile: "\(folder)/sshd_config", atomically: true, encoding: .utf8)
        // Not Foundation's Process: sshd closes the socket by which it would learn of the end, and every later
        // Process of this program then waits for ever.
        errors = TestServer.spawn(
            [
                TestServer.program ?? "/usr/sbin/sshd", "-D", "-e", "-f", "\(folder)/sshd_config",
            ], &process)
        try waitUntilItListens()
    }

    deinit {
        kill(process, SIGTERM)
        var code: Int32 = 0
        while cl_try_wait(process, &code) == 0 { usleep(1000) }
        close(errors)
        try? FileManager.default.removeItem(atPath: folder)
    }

    func trust(_ key: String) throws {
        let text = try String(contentsOfFile: "\(folder)/\(key).pub", encoding: .utf8)
        try "[127.0.0.1]:\(port) \(text)".write(
            toFile: "\(folder)/known_hosts", atomically: true, encoding: .utf8)
    }

    func target(key: String = "user") -> SSHTarget {
        SSHTarget(
            node: "n1", address: "127.0.0.1", port: port, user: NSUserName(), keyFile: "\(folder)/\(key)",
            knownHosts: ["\(folder)/known_hosts"])
    }

    func connect() throws -> SSHSession {
        try trust("host")
        return try SSHSession.connect(to: target())
    }

    private static func spawn(_ words: [String], _ process: inout pid_t) -> Int32 {
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for word in arguments { free(word) } }
        return cl_spawn_merged(&arguments, environ, &process)
    }

    private func makeKey(_ name: String, passphrase: String = "") throws {
        try Command([
            "ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", "\(folder)/\(name)",
        ]).run()
    }

    private func waitUntilItListens() throws {
        for _ in 0..<500 {
            let descriptor = cl_connect_tcp("127.0.0.1", port, nil)
            defer { close(descriptor) }
            if descriptor >= 0, cl_poll(descriptor, Int32(POLLOUT), 100) > 0,
                cl_getsockopt_int(descriptor, SOL_SOCKET, SO_ERROR) == 0
            {
                return
            }
            usleep(10_000)
        }
        throw NotListening()
    }

    /// A port that nobody has now.
    static func freePort() throws -> UInt16 {
        let descriptor = cl_listen_tcp("127.0.0.1", 0, 0, 0, 1)
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}
