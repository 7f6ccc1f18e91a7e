import CLinux
import Commands
import Console
import Foundation
import JSON
import TestSupport

/// Network namespaces on a bridge in one of their own: nodes 1, 2 … with 198.51.100.1, .2 … on eth0.
///
/// Whatever is started in it ends with it.
final class VirtualLan {
    /// The address that moves.
    static let virtual = "198.51.100.29"
    /// How long anything that a test waits for may take. Nothing measures how long it took.
    static let patience: TimeInterval = 20

    let folder: String
    private let prefix: String
    private let count: Int
    private var programs: [pid_t] = []

    init(nodes count: Int) throws {
        self.count = count
        prefix = "vrrp-\(getpid())-\(UInt16.random(in: 0...UInt16.max))"
        folder = FileManager.default.temporaryDirectory.path + "/" + prefix
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do { try build() } catch {
            close()
            throw error
        }
    }

    private func build() throws {
        try ip("netns", "add", switchName)
        try ip("-n", switchName, "link", "add", "br0", "type", "bridge")
        try ip("-n", switchName, "link", "set", "br0", "up")
        for node in 1...count {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(node)", withIntermediateDirectories: true)
            try ip("netns", "add", name(node))
            try ip(
                "-n", switchName, "link", "add", "p\(node)", "type", "veth", "peer", "name", "eth0", "netns",
                name(node))
            try ip("-n", switchName, "link", "set", "p\(node)", "master", "br0", "up")
            try ip("-n", name(node), "link", "set", "lo", "up")
            try ip("-n", name(node), "link", "set", "eth0", "up")
            try ip("-n", name(node), "address", "add", "198.51.100.\(node)/24", "dev", "eth0")
        }
    }

    /// Kills what was started here and removes the namespaces.
    func close() {
        for program in programs {
            kill(-program, SIGCONT)
            kill(-program, SIGKILL)
            reap(program)
        }
        for node in 1...count { _ = try? Command(["ip", "netns", "del", name(node)]).runAny() }
        _ = try? Command(["ip", "netns", "del", switchName]).runAny()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private var switchName: String { "\(prefix)-s" }
    private func name(_ node: Int) -> String { "\(prefix)-\(node)" }

    @discardableResult
    private func ip(_ arguments: String...) throws -> String {
        try Command(["ip"] + arguments, timeout: 20).run().standardOutput
    }

    // MARK: programs

    /// `pinode`, as this build made it: beside the test bundle.
    static let pinode = builtProgram("pinode")

    static func configuration(priority: Int, more: String = "", inInstance: String = "") -> String {
        """
        global_defs {
            vrrp_version 3
        }
        \(more)
        vrrp_instance web {
            interface eth0
            virtual_router_id 51
            priority \(priority)
            advert_int 0.2
            \(inInstance)
            virtual_ipaddress {
                \(virtual)/24
            }
        }
        """
    }

    /// `pinode vrrp` on a node; its process.
    func startOurs(on node: Int, _ configuration: String, option: String = "") throws -> pid_t {
        let path = "\(folder)/\(node)/vrrp.conf"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        // Each node has its own consoles: the folder is bound over /run/pinode in the node's mount namespace.
        let script =
            "mkdir -p /run/pinode && mount --bind \"$1\" /run/pinode && exec \"$2\" vrrp -f \"$3\" $4"
        return try start(
            on: node, ["sh", "-c", script, "sh", "\(folder)/\(node)", Self.pinode, path, option])
    }

    /// Debian's keepalived on a node; its process group.
    func startKeepalived(on node: Int, _ configuration: String) throws -> pid_t {
        let path = "\(folder)/\(node)/keepalived.conf"
        try configuration.write(toFile: path, atomically: true, encoding: .utf8)
        return try start(
            on: node,
            [
                Command.path(of: "keepalived") ?? "keepalived", "--dont-fork", "--log-console", "--vrrp",
                "-f", path, "-p", "\(folder)/\(node)/k.pid", "-r", "\(folder)/\(node)/kv.pid",
            ])
    }

    /// Any program on a node, in a process group of its own.
    func start(on node: Int, _ words: [String]) throws -> pid_t {
        let log = cl_open("\(folder)/\(node)/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { CLinux.close(log) }
        let all = [Command.path(of: "ip") ?? "/sbin/ip", "netns", "exec", name(node)] + words
        var arguments: [UnsafeMutablePointer<CChar>?] = all.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let failure = cl_spawn(all[0], &arguments, environ, nil, -1, log, log, &process)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EINVAL) }
        programs.append(process)
        return process
    }

    /// A new process takes the node's router over; its exit code.
    func takeOver(on node: Int, _ configuration: String) throws -> Int32 {
        let process = try startOurs(on: node, configuration, option: "--takeover")
        programs.removeAll { $0 == process }
        var status: Int32 = -1
        let end = Date(timeIntervalSinceNow: Self.patience)
        while waitpid(process, &status, WNOHANG) == 0, Date() < end { usleep(5000) }
        // No child of ours; in the process group of the one that started it.
        programs.append(process)
        return status >> 8
    }

    /// The process that answers at a node's console.
    func process(on node: Int) throws -> pid_t {
        pid_t(try document(node)?["pid"]?.integer ?? -1)
    }

    /// Whether a program that was started here has ended.
    func hasEnded(_ process: pid_t) -> Bool {
        var status: Int32 = 0
        guard waitpid(process, &status, WNOHANG) != 0 else { return false }
        programs.removeAll { $0 == process }
        return true
    }

    /// Ends a program and waits for its end.
    func end(_ process: pid_t, _ signal: Int32, wholeGroup: Bool = false) {
        kill(wholeGroup ? -process : process, signal)
        reap(process)
        programs.removeAll { $0 == process }
    }

    private func reap(_ process: pid_t) {
        var status: Int32 = 0
        let end = Date(timeIntervalSinceNow: Self.patience)
        while waitpid(process, &status, WNOHANG) == 0, Date() < end { usleep(5000) }
    }

    /// The guard of a running `pinode vrrp`.
    func guardProcess(of process: pid_t) throws -> pid_t {
        let children = try String(
            contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return pid_t(children.split(separator: " ").first ?? "") ?? -1
    }

    // MARK: looking and waiting

    /// Whether the virtual address is on a node's eth0.
    func holds(_ node: Int) -> Bool {
        (try? ip("-n", name(node), "-4", "-o", "address", "show", "dev", "eth0"))?
            .contains(" \(Self.virtual)/") == true
    }

    /// Nodes with the virtual address.
    var holders: [Int] { (1...count).filter { holds($0) } }

    func setCable(_ node: Int, _ up: Bool) throws {
        try ip("-n", switchName, "link", "set", "p\(node)", up ? "up" : "down")
    }

    func addAddress(_ address: String, on node: Int) throws {
        try ip("-n", name(node), "address", "add", address, "dev", "eth0")
    }

    func removeAddress(_ address: String, on node: Int) throws {
        try ip("-n", name(node), "address", "del", address, "dev", "eth0")
    }

    /// A node's first instance, as its console tells it.
    func status(_ node: Int) -> JSONValue? {
        (try? document(node))?["instances"]?.elements?.first
    }

    private func document(_ node: Int) throws -> JSONValue? {
        try JSONValue.parse(ConsoleClient.ask("show vrrp json", at: "\(folder)/\(node)/vrrp.sock"))
    }

    /// Says something to a node's console.
    @discardableResult
    func say(_ command: String, to node: Int) throws -> String {
        try ConsoleClient.ask(command, at: "\(folder)/\(node)/vrrp.sock")
    }

    func state(_ node: Int) -> String { status(node)?["state"]?.text ?? "no answer" }

    /// Whether something becomes true in time.
    func eventually(_ condition: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: Self.patience)
        while Date() < end {
            if condition() { return true }
            usleep(20_000)
        }
        return condition()
    }

    /// What went on, for a failure's message.
    var story: String {
        let logs = (1...count).map { node in
            "node \(node) (\(state(node)))\n"
                + ((try? String(contentsOfFile: "\(folder)/\(node)/log", encoding: .utf8)) ?? "")
        }
        return "holders \(holders)\n" + logs.joined(separator: "\n")
    }
}
