import CLinux
import Foundation
import TestSupport
import Testing

/// `pinode control` as a process of its own, on loopback.
final class ControlProcess: ControlClient {
    let name: String
    private let configuration: String
    private var process: Process?

    /// Files for one of three nodes; nothing runs yet.
    init(_ number: Int, in root: String, ports: [Int], founders: Int = 3, secret: String = "0123456789abcdef")
        throws
    {
        name = "n\(number)"
        let folder = "\(root)/n\(number)"
        configuration = "\(folder)/control.conf"
        super.init(of: folder)
        try FileManager.default.createDirectory(atPath: "\(folder)/log", withIntermediateDirectories: true)
        try secret.write(toFile: "\(folder)/key", atomically: true, encoding: .utf8)
        var text =
            "[cluster]\nname = test\nnode = \(name)\nkey_file = \(folder)/key\nfolder = \(folder)/log\n"
        text += "lease_time = 3s\n"
        for (index, port) in ports.enumerated() {
            text += "[node n\(index + 1)]\nid = \(index + 1)\naddress = 127.0.0.1:\(port)\n"
            text += "founder = \(index < founders ? "yes" : "no")\n"
        }
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
    }

    func start() throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: builtProgram("pinode"))
        process.arguments = ["control", "-f", configuration]
        process.environment = ["RUNTIME_DIRECTORY": folder]
        if !FileManager.default.fileExists(atPath: "\(folder)/output") {
            try Data().write(to: URL(fileURLWithPath: "\(folder)/output"))
        }
        let output = FileHandle(forWritingAtPath: "\(folder)/output")
        output?.seekToEndOfFile()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        self.process = process
    }

    /// What its console answers; empty when it does not.
    func console(_ command: String) -> String {
        let socket = cl_connect_unix("\(folder)/control.sock")
        guard socket >= 0 else { return "" }
        defer { close(socket) }
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) & ~O_NONBLOCK)
        let line = Array("\(command)\n".utf8)
        guard write(socket, line, line.count) == line.count else { return "" }
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += chunk[..<count]
        }
    }

    /// Waits, for a bounded time, until it says that of itself.
    func waits(forHealth beginning: String) -> Bool {
        for _ in 0..<600 {
            if console("show health").hasPrefix(beginning) { return true }
            usleep(20_000)
        }
        return false
    }

    /// Runs `recover` or `rejoin` while it does not run; what it says, and its exit code.
    func offline(_ arguments: String...) throws -> (text: String, code: Int32) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: builtProgram("pinode"))
        process.arguments = ["control", "-f", configuration] + arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (String(decoding: data, as: UTF8.self), process.terminationStatus)
    }

    /// SIGKILL to this process, by its number.
    func kill() {
        guard let process else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        disconnect()
    }

    func freeze() { _ = process.map { Foundation.kill($0.processIdentifier, SIGSTOP) } }
    func thaw() { _ = process.map { Foundation.kill($0.processIdentifier, SIGCONT) } }

    deinit {
        if let process, process.isRunning {
            thaw()
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
    }

    var output: String { (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? "" }
}
