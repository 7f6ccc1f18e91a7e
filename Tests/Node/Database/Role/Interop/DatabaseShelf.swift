import CLinux
import Commands
import Console
import Foundation
import JSON
import TestSupport

/// Nodes with `pinode control` and `pinode database`, each in a network namespace with folders of its own, as a shelf of them
/// would be; and a writer that never stops. Whatever is started in it ends with it.
///
/// It does for the services what systemd does: one that has ended by itself is started anew with nothing of its group left.
final class DatabaseShelf {
    /// How long anything that a test waits for may take. Nothing measures how long it took.
    static let patience: TimeInterval = 90
    /// A service that has ended waits so long for its next start (`RestartSec=`, 100 ms by systemd's default).
    private static let restartPause: TimeInterval = 0.1
    /// How often in a row all must be seen in order: a node tells others of itself every 500 ms.
    private static let looks = 12
    /// Bytes of a node's disk, unless a test needs more.
    static let diskSize = 400 << 20

    /// One node's services.
    struct Node {
        var control: pid_t?
        var database: pid_t?
        /// It is powered: what ends is started anew.
        var isOn = false
        /// It cannot answer.
        var isFrozen = false
        /// When one of its services was started last.
        var startedAt = Date.distantPast
    }

    let folder: String
    let network: ShelfNetwork
    private(set) var nodes: [Int: Node] = [:]
    /// On the network.
    private(set) var writer: ShelfWriter?
    /// One on each node, which goes on when that node is cut off: what such a primary acknowledges counts as well.
    private(set) var localWriters: [ShelfWriter] = []
    private let durability: String
    private let diskSize: Int
    /// Who keeps backups; nil: nobody.
    private let backupNode: Int?
    /// What the shelf did, for a failure's message.
    private(set) var events: [String] = []

    var numbers: ClosedRange<Int> { network.nodes }

    init(
        nodes count: Int, durability: String = "strict", diskSize: Int = diskSize, backupNode: Int? = nil
    ) throws {
        self.backupNode = backupNode
        let name = "dbs-\(getpid())-\(UInt16.random(in: 0...UInt16.max))"
        folder = NSTemporaryDirectory() + name
        network = ShelfNetwork(prefix: name, nodes: count)
        self.durability = durability
        self.diskSize = diskSize
        do {
            try makeFolder(folder)
            try network.build()
            try makeCertificate()
            for node in numbers { try furnish(node) }
            for node in numbers { try start(node) }
            startWriters()
        } catch {
            close()
            throw error
        }
    }

    /// Takes everything down.
    func close() {
        for node in numbers { killAll(node) }
        writer?.end()
        for local in localWriters { local.end() }
        network.close()
        for node in numbers { _ = try? Command(["umount", disk(node)]).runAny() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Each with numbers of its own.
    private func startWriters() {
        let doors: [ShelfWriter.Door] = numbers.map { ShelfNetwork.address($0) }
            .map { address in { ShelfSession(to: address) } }
        writer = ShelfWriter(doors, namespace: network.clientPath, from: 1, pause: .milliseconds(4))
        for node in numbers {
            let socket = folder(node) + "/sock"
            localWriters.append(
                ShelfWriter(
                    [{ ShelfSession(in: socket, asSuperuser: false) }], namespace: nil,
                    from: node * 100_000_000,
                    pause: .milliseconds(50)))
        }
    }

    /// All numbers whose rows were acknowledged, sorted.
    var acknowledged: [Int] {
        ((writer?.acknowledged ?? []) + localWriters.flatMap { $0.acknowledged }).sorted()
    }

    // MARK: folders

    func folder(_ node: Int) -> String { "\(folder)/\(node)" }
    func disk(_ node: Int) -> String { "\(folder(node))/disk" }
    func runtime(_ node: Int) -> String { "\(folder(node))/run" }

    /// PostgreSQL's account may pass.
    private func makeFolder(_ path: String) throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        chmod(path, 0o711)
    }

    private func makeCertificate() throws {
        try Command([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=shelf", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem",
        ]).run()
        try Command(["chown", "postgres", folder + "/key.pem"]).run()
        chmod(folder + "/key.pem", 0o600)
        chmod(folder + "/cert.pem", 0o644)
    }

    private func furnish(_ node: Int) throws {
        for path in [folder(node), disk(node), runtime(node)] {
            try makeFolder(path)
        }
        // A disk of its own, which can be filled.
        try Command([
            "mount", "-t", "tmpfs", "-o", "size=\(diskSize),mode=711", "tmpfs", disk(node),
        ]).run()
        try makeFolder(disk(node) + "/control")
        // A restore puts one folder in the place of another, as PostgreSQL's account.
        if backupNode == node { try Command(["chown", "postgres", disk(node)]).run() }
        try write(node, "cluster.key", "a-secret-of-the-cluster-0123456789\n")
        try write(node, "database.key", "members' password\n")
        try write(node, "app.password", "app\n")
        try write(node, "control.conf", controlFile(node))
        try write(node, "database.conf", databaseFile(node))
    }

    private func write(_ node: Int, _ name: String, _ text: String) throws {
        let path = "\(folder(node))/\(name)"
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        chmod(path, 0o600)
    }

    private func controlFile(_ node: Int) -> String {
        var text = """
            [cluster]
            name = shelf
            node = n\(node)
            key_file = \(folder(node))/cluster.key
            folder = \(disk(node))/control

            """
        for other in numbers {
            text += """
                [node n\(other)]
                id = \(other)
                address = \(ShelfNetwork.address(other)):4100
                founder = \(other <= 3 ? "yes" : "no")

                """
        }
        return text
    }

    private func databaseFile(_ node: Int) -> String {
        var text = """
            [postgresql]
            node = n\(node)
            version = 15
            data = \(disk(node))/data
            folder = \(disk(node))/database
            log = \(folder(node))/log/postgresql.log
            socket_folder = \(folder(node))/sock
            control_socket = \(runtime(node))/control-clients.sock
            password_file = \(folder(node))/database.key
            certificate = \(folder)/cert.pem
            certificate_key = \(folder)/key.pem
            durability = \(durability)
            [access]
            networks = 198.51.100.0/24
            [parameters]
            shared_buffers = 16MB
            min_wal_size = 32MB
            max_wal_size = 64MB
            wal_keep_size = 64MB
            max_slot_wal_keep_size = 96MB
            [role app]
            password_file = \(folder(node))/app.password
            [database app]
            owner = app

            """
        for other in numbers {
            text += "[node n\(other)]\nid = \(other)\naddress = \(ShelfNetwork.address(other))\n"
        }
        if let backupNode {
            text += "[backup]\nnode = n\(backupNode)\nfolder = \(disk(node))/backup\n"
        }
        return text
    }

    // MARK: services

    func start(_ node: Int) throws {
        note("start n\(node)")
        nodes[node, default: Node()].isOn = true
        try tend(node)
    }

    private func spawn(_ node: Int, _ role: String) throws -> pid_t {
        let log = cl_open("\(folder(node))/\(role).log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { CLinux.close(log) }
        let words = [
            Command.path(of: "ip") ?? "/sbin/ip", "netns", "exec", network.name(node), builtProgram("pinode"),
            role, "-f", "\(folder(node))/\(role).conf",
        ]
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        let variables = ["RUNTIME_DIRECTORY=\(runtime(node))", "PATH=\(path)"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for text in arguments + environment { free(text) } }
        var process: pid_t = 0
        let failure = cl_spawn(words[0], &arguments, &environment, "/", -1, log, log, &process)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EINVAL) }
        return process
    }

    /// Starts what of a node that is on does not run.
    private func tend(_ node: Int) throws {
        guard let state = nodes[node], state.isOn, !state.isFrozen,
            state.startedAt.timeIntervalSinceNow < -Self.restartPause
        else { return }
        if hasEnded(state.control) {
            let process = try spawn(node, "control")
            nodes[node]?.control = process
            nodes[node]?.startedAt = Date()
        }
        if hasEnded(state.database) {
            for process in network.processes(node) where process != nodes[node]?.control {
                kill(process, SIGKILL)
            }
            let process = try spawn(node, "database")
            nodes[node]?.database = process
            nodes[node]?.startedAt = Date()
        }
    }

    private func hasEnded(_ process: pid_t?) -> Bool {
        guard let process else { return true }
        var status: Int32 = 0
        return waitpid(process, &status, WNOHANG) != 0
    }

    /// Ends all that runs on a node, as when its cord is pulled.
    func killAll(_ node: Int) {
        note("kill all of n\(node)")
        let state = nodes[node]
        nodes[node] = Node()
        while case let left = network.processes(node), !left.isEmpty {
            for process in left { kill(process, SIGKILL) }
            _ = hasEnded(state?.control)
            _ = hasEnded(state?.database)
            usleep(2000)
        }
        _ = hasEnded(state?.control)
        _ = hasEnded(state?.database)
    }

    /// Asks both services to end, the database first as systemd does when it starts after control; false: they did not.
    func stop(_ node: Int) -> Bool {
        note("stop n\(node)")
        guard let state = nodes[node], let database = state.database, let control = state.control else {
            return false
        }
        // Nothing is to start anew what ends now.
        nodes[node]?.isOn = false
        kill(database, SIGTERM)
        guard eventually({ hasEnded(database) }) else { return false }
        kill(control, SIGTERM)
        guard eventually({ hasEnded(control) }) else { return false }
        nodes[node] = Node()
        return network.processes(node).isEmpty
    }

    func freeze(_ node: Int) {
        note("freeze n\(node)")
        nodes[node]?.isFrozen = true
        // Twice: what was started meanwhile.
        for _ in 0..<2 { for process in network.processes(node) { kill(process, SIGSTOP) } }
    }

    func thaw(_ node: Int) {
        note("thaw n\(node)")
        for process in network.processes(node) { kill(process, SIGCONT) }
        nodes[node]?.isFrozen = false
    }

    // MARK: processes

    /// The process that systemd would know.
    func keeper(_ node: Int) -> pid_t? { nodes[node]?.database }

    /// The process that decides.
    func agent(_ node: Int) -> pid_t? {
        network.processes(node).first { process in
            (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == "pinode-db-agent\n"
        }
    }

    /// All of PostgreSQL's processes.
    func servers(_ node: Int) -> [pid_t] {
        network.processes(node).filter { process in
            (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8)) == "postgres\n"
        }
    }

    /// PostgreSQL's first process.
    func postmaster(_ node: Int) -> pid_t? {
        (try? String(contentsOfFile: disk(node) + "/data/postmaster.pid", encoding: .utf8))?
            .split(separator: "\n").first.flatMap { pid_t($0) }
    }

    // MARK: looking and waiting

    /// Says something to a node's console.
    @discardableResult
    func say(_ command: String, to node: Int) throws -> String {
        note("say \(command) to n\(node)")
        return try ConsoleClient.ask(command, at: runtime(node) + "/database.sock")
    }

    func document(_ node: Int) -> JSONValue? {
        guard nodes[node]?.isOn == true, nodes[node]?.isFrozen == false else { return nil }
        let answer = try? ConsoleClient.ask("show json", at: runtime(node) + "/database.sock")
        return answer.flatMap { try? JSONValue.parse($0) }
    }

    /// The one node that says that it is primary; nil: none, or more than one.
    var primary: Int? {
        let all = numbers.filter { document($0)?["role"]?.text == "primary" }
        return all.count == 1 ? all[0] : nil
    }

    /// How often a primary was elected; nil: nobody answers.
    var epoch: Int64? { numbers.compactMap { document($0)?["epoch"]?.integer }.max() }

    /// What is missing until all nodes stream from one primary and confirm its writes; nil: nothing.
    var flaw: String? {
        let documents = numbers.map { (node: $0, document: document($0)) }
        for (node, document) in documents where document == nil { return "n\(node) does not answer" }
        let primaries = documents.filter { $0.document?["role"]?.text == "primary" }
        guard primaries.count == 1, let primary = primaries.first?.document else {
            return "\(primaries.count) primaries"
        }
        for (node, document) in documents where document?["role"]?.text != "primary" {
            guard document?["state"]?.text == "streaming" else {
                return "n\(node) is \(document?["state"]?.text ?? "?")"
            }
            guard document?["timeline"]?.integer == primary["timeline"]?.integer else {
                return "n\(node) is on timeline \(document?["timeline"]?.integer ?? 0)"
            }
        }
        guard primary["voters"]?.elements?.count == numbers.count else {
            return "\(primary["voters"]?.elements?.count ?? 0) voters"
        }
        if durability == "async" { return nil }
        let confirming = primary["nodes"]?.elements?.filter { $0["synchronous"]?.boolean == true } ?? []
        return confirming.count == numbers.count - 1 ? nil : "\(confirming.count) standbys confirm"
    }

    /// Whether something becomes true in time; services that end meanwhile are started anew.
    func eventually(within patience: TimeInterval = patience, _ condition: () -> Bool) -> Bool {
        let end = Date(timeIntervalSinceNow: patience)
        while Date() < end {
            if condition() { return true }
            for node in numbers { try? tend(node) }
            usleep(50_000)
        }
        return condition()
    }

    /// Whether all nodes stream again, not only as they were seen a moment before, and the writer has gone on since.
    func recovers() -> Bool {
        var whole = 0
        guard
            eventually({
                whole = flaw == nil ? whole + 1 : 0
                return whole >= Self.looks
            })
        else { return false }
        let before = writer?.count ?? 0
        return eventually { (writer?.count ?? 0) > before }
    }

    /// What a role said to the journal.
    func log(_ role: String, of node: Int) -> String {
        (try? String(contentsOfFile: "\(folder(node))/\(role).log", encoding: .utf8)) ?? ""
    }

    func note(_ text: String) {
        events.append("\(Date().formatted(.iso8601.time(includingFractionalSeconds: true))) \(text)")
    }

    /// What went on, for a failure's message.
    var story: String {
        var text =
            "what is missing: \(flaw ?? "nothing")\n" + events.suffix(30).joined(separator: "\n") + "\n"
        text += "writer: \(writer?.count ?? 0) rows, \(writer?.complaints.suffix(5) ?? [])\n"
        for node in numbers {
            text += "--- n\(node)\n"
            if nodes[node]?.isOn == true, nodes[node]?.isFrozen == false {
                text += (try? ConsoleClient.ask("show status", at: runtime(node) + "/database.sock")) ?? ""
            }
            var logs = ["control.log", "database.log", "log/postgresql.log"]
            if node == backupNode { logs += ["disk/backup/backup.log", "disk/backup/receive.log"] }
            for log in logs {
                let lines = (try? String(contentsOfFile: "\(folder(node))/\(log)", encoding: .utf8)) ?? ""
                text += "-- \(log)\n"
                text += lines.split(separator: "\n").suffix(25).joined(separator: "\n") + "\n"
            }
        }
        return text
    }
}
