import CLinux
import Console
import Foundation
import Reactor
import TestSupport
import Testing

/// `pinode proxy`, as this build made it, in a process of its own. Its frontend listens on a socket that the test opened
/// and hands over as descriptor 0 (`bind fd@0`), so that the first connection already waits for it.
final class RunningProxy {
    let port: UInt16
    let folder: String
    private(set) var process: pid_t = 0
    /// The one that took over: not our child.
    private(set) var successor: pid_t = 0

    /// Starts it with a frontend `web` and the given sections; `${FOLDER}` is a folder of its own.
    init(
        defaults: String = "", frontend: String = "", mode: String = "http",
        _ backend: String, more: String = ""
    ) throws {
        folder = FileManager.default.temporaryDirectory.path + "/pidep-proxy-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let configuration = """
            global
                nbthread 2
                maxconn 500
                hard-stop-after 20s
                stats socket "${FOLDER}/console" mode 600 level admin
            defaults
                mode \(mode)
                timeout connect 2s
                timeout client 15s
                timeout server 15s
                timeout queue 15s
                timeout check 1s
                retries 2
                option redispatch 1
                \(defaults)
            frontend web
                bind fd@0
                \(frontend)
                default_backend nodes
            backend nodes
                \(backend)
            \(more)

            """
        try configuration.write(toFile: "\(folder)/proxy.cfg", atomically: true, encoding: .utf8)
        let (listener, port) = try Origin.listen()
        self.port = port
        defer { close(listener) }
        process = try Self.start([], folder, input: listener)
    }

    /// What its unit leaves it (`recipes/proxy/files/pinode-proxy.service`): root may do more than a node's proxy.
    private static let limits =
        geteuid() == 0
        ? ["/usr/bin/setpriv", "--bounding-set=-all,+net_bind_service", "--inh-caps=-all"] : []

    /// Starts `pinode proxy` with the folder's file.
    private static func start(_ options: [String], _ folder: String, input: Int32) throws -> pid_t {
        let log = cl_open("\(folder)/log", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(log) }
        let words = limits + [pinode, "proxy", "-f", "\(folder)/proxy.cfg"] + options
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { (word: String) in strdup(word) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = [
            strdup("FOLDER=\(folder)"), strdup("RUNTIME_DIRECTORY=\(folder)"), nil,
        ]
        defer { for word in arguments + variables { free(word) } }
        var process: pid_t = 0
        let failure = cl_spawn(words[0], &arguments, &variables, nil, input, log, log, &process)
        guard failure == 0 else { throw SystemError("start pinode", code: failure) }
        return process
    }

    /// Lets a new process take over with the file as it is now, or with changes to it; returns the exit code of the
    /// command that a reload is.
    func takeOver(changing change: (String) -> String = { $0 }) throws -> Int32 {
        let file = "\(folder)/proxy.cfg"
        try change(String(contentsOfFile: file, encoding: .utf8)).write(
            toFile: file, atomically: true, encoding: .utf8)
        let code = Self.exitCode(of: try Self.start(["--takeover"], folder, input: -1))
        if code == 0 {
            let pid = console("show info").split(separator: "\n").first { $0.hasPrefix("Pid: ") }
            successor = pid.flatMap { pid_t($0.dropFirst(5)) } ?? 0
        }
        return code ?? -1
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        if successor > 0 { kill(successor, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Beside the test bundle.
    static let pinode = builtProgram("pinode")

    /// What it wrote to its journal.
    var log: String { (try? String(contentsOfFile: "\(folder)/log", encoding: .utf8)) ?? "" }

    func connect(receiveBuffer: Int32? = nil) throws -> Socket {
        try Socket(port: port, receiveBuffer: receiveBuffer)
    }

    /// Its console's answer.
    func console(_ command: String) -> String {
        let descriptor = cl_connect_unix("\(folder)/console")
        guard descriptor >= 0 else { return "" }
        let console = Socket(descriptor)
        console.send(command + "\n")
        return String(decoding: console.readToEnd(), as: UTF8.self)
    }

    /// A value of `show stat`: the column of a proxy's server (or FRONTEND, BACKEND).
    func statistic(_ column: String, of proxy: String, _ server: String) -> String {
        let lines = console("show stat").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        guard let names = lines.first, let index = names.firstIndex(of: column) else { return "" }
        return lines.first { $0.count > index && $0[0] == proxy && $0[1] == server }?[index] ?? ""
    }

    /// Resident memory in bytes.
    var memory: Int {
        let pages = (try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8))?
            .split(separator: " ").dropFirst().first
        return (pages.flatMap { Int($0) } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    func signal(_ number: Int32) { kill(process, number) }

    /// Its exit code, or nil when it does not end within `Socket.patience`.
    func exitCode() -> Int32? {
        let code = Self.exitCode(of: process)
        if code != nil { process = 0 }
        return code
    }

    private static func exitCode(of process: pid_t) -> Int32? {
        var status: Int32 = 0
        let end = Date(timeIntervalSinceNow: Socket.patience)
        while Date() < end {
            if waitpid(process, &status, WNOHANG) == process {
                return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
            }
            usleep(5000)
        }
        return nil
    }
}
