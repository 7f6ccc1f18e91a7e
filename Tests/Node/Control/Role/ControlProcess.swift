import CLinux
import Foundation
import JSON
import TestSupport
import Testing

/// `pinode control` as a process of its own, on loopback, with a client of its socket.
final class ControlProcess {
    let name: String
    let folder: String
    private let configuration: String
    private var process: Process?
    private var socket: Int32 = -1
    private var received: [UInt8] = []
    private var lastID = 0

    /// Files for one of three nodes; nothing runs yet.
    init(_ number: Int, in root: String, ports: [Int], founders: Int = 3, secret: String = "0123456789abcdef")
        throws
    {
        name = "n\(number)"
        folder = "\(root)/n\(number)"
        configuration = "\(folder)/control.conf"
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
        disconnect()
    }

    var output: String { (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? "" }

    // MARK: client

    /// Connects to the socket, once it is there.
    func connect(within seconds: Double = 10) -> Bool {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            socket = cl_connect_unix("\(folder)/control-clients.sock")
            if socket >= 0 {
                // The driver's sockets do not block; a client of a test may.
                let flags = fcntl(socket, F_GETFL)
                _ = fcntl(socket, F_SETFL, flags & ~O_NONBLOCK)
                return true
            }
            usleep(20_000)
        }
        return false
    }

    func disconnect() {
        if socket >= 0 { close(socket) }
        socket = -1
        received = []
    }

    /// Asks, and returns the answer to that; nil when none comes in time.
    func ask(_ members: String, within seconds: Double = 8) -> JSONValue? {
        lastID += 1
        let line = Array("{\"id\":\(lastID),\(members)}\n".utf8)
        guard socket >= 0, write(socket, line, line.count) == line.count else { return nil }
        return answer(to: lastID, within: seconds)
    }

    func answer(to id: Int, within seconds: Double) -> JSONValue? {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            while let newline = received.firstIndex(of: 10) {
                let line = Array(received[..<newline])
                received.removeFirst(newline + 1)
                if let json = try? JSONValue.parse(line), json["id"]?.integer == Int64(id) { return json }
            }
            var item = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, 50) > 0 else { continue }
            var chunk = [UInt8](repeating: 0, count: 65536)
            let count = read(socket, &chunk, chunk.count)
            guard count > 0 else { return nil }
            received += chunk[..<count]
        }
        return nil
    }

    /// The epoch in which this node owns the lease now; nil when it does not.
    func take(_ lease: String, after epoch: Int64) -> Int64? {
        ask("\"take\":\"\(lease)\",\"after\":\(epoch)")?["result"]?["answer"]?["taken"]?.integer
    }

    /// Until when this node may act, nanoseconds since boot; nil when a majority does not promise within some seconds (a voter
    /// that has just started promises nothing for a lease's length).
    func renew(_ lease: String, epoch: Int64, within seconds: Double = 20) -> Int64? {
        let end = Date().addingTimeInterval(seconds)
        while Date() < end {
            var answer = ask(
                "\"renew\":\"\(lease)\",\"epoch\":\(epoch),\"asked\":\(cl_now_ns())", within: 0.3)
            while let json = answer {
                if let valid = json["valid"]?.integer { return valid }
                answer = self.answer(to: lastID, within: 0.1)
            }
        }
        return nil
    }
}
