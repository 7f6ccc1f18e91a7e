import CLinux
import Commands
import Foundation
import Testing

@testable import SSH

@Suite(.serialized, .disabled(if: TestServer.isMissing, "sshd is missing: apt install openssh-server"))
struct SSHSessionTests {
    func failure(_ target: SSHTarget, _ timeouts: SSHTimeouts = SSHTimeouts()) throws -> SSHError {
        try #require(throws: SSHError.self) { try SSHSession.connect(to: target, timeouts: timeouts) }
    }

    @Test("a command's output, errors and exit code come back")
    func command() throws {
        let session = try TestServer().connect()
        let result = try session.run("echo out; echo err >&2; exit 7")
        #expect(result.text == "out\n")
        #expect(String(decoding: result.standardError, as: UTF8.self) == "err\n")
        #expect(result.status == 7)
    }

    @Test("several commands go over one login, and lines are told as they come")
    func lines() throws {
        let session = try TestServer().connect()
        var lines: [String] = []
        _ = try session.run("printf 'a\\nb\\nc'") { lines.append($0) }
        _ = try session.run("sh -s", input: Array("echo from a script".utf8)) { lines.append($0) }
        #expect(lines == ["a", "b", "c", "from a script"])
    }

    @Test("a command that only prints is told line by line, both streams, and keeps its exit code")
    func stream() throws {
        let session = try TestServer().connect()
        var lines: [String] = []
        let status = try session.stream("echo out; echo err >&2; printf end; exit 5", idle: .seconds(20)) {
            lines.append("\($0) \($1)")
        }
        #expect(status == 5)
        #expect(lines.sorted() == ["errors err", "output end", "output out"])
    }

    @Test("a command without an end is left when it is stopped, and the login can be used again")
    func stopping() throws {
        let session = try TestServer().connect()
        var count = 0
        let status = try session.stream(
            "while echo x; do sleep 0.01; done", idle: .seconds(20), isStopped: { count >= 3 }
        ) { _, _ in count += 1 }
        #expect(status == nil)
        #expect(try session.run("echo again").text == "again\n")
    }

    @Test("megabytes go in and out at once without a deadlock")
    func bulk() throws {
        let session = try TestServer().connect()
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let result = try session.run("cat", input: bytes)
        #expect(result.standardOutput == bytes)
    }

    @Test("a command that does not read its input is no error")
    func unreadInput() throws {
        let session = try TestServer().connect()
        let result = try session.run("exit 3", input: [UInt8](repeating: 0, count: 20_000_000))
        #expect(result.status == 3)
    }

    @Test("a failed step is told with its exit code and its last 20 lines")
    func failedStep() throws {
        let session = try TestServer().connect()
        let error = try #require(throws: SSHError.self) {
            try session.perform("sh -c 'seq 1 30 >&2; exit 4'", step: "counting")
        }
        #expect(error.kind == .command(status: 4))
        #expect(error.sentence.contains("counting failed with exit code 4:\n  11\n  12"))
        #expect(error.sentence.hasPrefix("n1 (127.0.0.1:"))
    }

    @Test("a full disk has a sentence of its own")
    func diskFull() throws {
        let session = try TestServer().connect()
        let error = try #require(throws: SSHError.self) {
            try session.perform("sh -c 'head -c 9 /dev/zero > /dev/full'", step: "writing")
        }
        #expect(error.kind == .diskFull)
    }

    @Test("a silent command is given up")
    func idle() throws {
        let session = try TestServer().connect()
        let error = try #require(throws: SSHError.self) {
            try session.run("sleep 30", idle: .milliseconds(200))
        }
        #expect(error.kind == .lost)
    }

    @Test("a command killed by a signal did not succeed")
    func signal() throws {
        let session = try TestServer().connect()
        #expect(try session.run("kill -9 $$").status == 128)
    }

    @Test("an unknown host key is not accepted, and told with the command that does")
    func unknownHost() throws {
        let server = try TestServer()
        let error = try failure(server.target())
        guard case .unknownKey(let key) = error.kind else {
            Issue.record("\(error)")
            return
        }
        #expect(error.sentence.contains("pidep trust"))
        #expect(error.sentence.contains(key.fingerprint))
        try TrustedKeys.add([key], to: "\(server.folder)/known_hosts")
        #expect(try SSHSession.connect(to: server.target()).run("true").status == 0)
    }

    @Test("the fingerprint is the one that ssh-keygen prints")
    func fingerprint() throws {
        let server = try TestServer()
        guard case .unknownKey(let key) = try failure(server.target()).kind else { return }
        let text = try Command(["ssh-keygen", "-l", "-f", "\(server.folder)/host.pub"]).run().standardOutput
        #expect(text.contains(" \(key.fingerprint) "))
    }

    @Test("a changed host key is refused and names file and line")
    func changedHost() throws {
        let server = try TestServer()
        try server.trust("host2")
        let error = try failure(server.target())
        guard case .changedKey(let offered) = error.kind else {
            Issue.record("\(error)")
            return
        }
        #expect(error.sentence.contains("does not match the one in \(server.folder)/known_hosts line 1"))
        for (word, key) in [("recorded", "host2"), ("offered", "host")] {
            let printed = try Command(["ssh-keygen", "-lf", "\(server.folder)/\(key).pub"]).run()
                .standardOutput
            let fingerprint = try #require(printed.split(separator: " ").dropFirst().first)
            #expect(
                error.sentence.split(separator: "\n").contains {
                    $0.contains(word) && $0.contains(fingerprint)
                },
                "\(error.sentence)")
        }
        try TrustedKeys.replace([offered], in: "\(server.folder)/known_hosts")
        #expect(try SSHSession.connect(to: server.target()).run("true").status == 0)
        let lines = try String(contentsOfFile: "\(server.folder)/known_hosts", encoding: .utf8).split(
            separator: "\n")
        #expect(lines.count == 1)
    }

    @Test("a hashed known_hosts entry is found")
    func hashed() throws {
        let server = try TestServer()
        try server.trust("host")
        try Command(["ssh-keygen", "-q", "-H", "-f", "\(server.folder)/known_hosts"]).run()
        let text = try String(contentsOfFile: "\(server.folder)/known_hosts", encoding: .utf8)
        #expect(text.hasPrefix("|1|"))
        #expect(try SSHSession.connect(to: server.target()).run("true").status == 0)
    }

    @Test("a key that the node does not know: which methods it takes and what was tried")
    func strangersKey() throws {
        let server = try TestServer()
        try server.trust("host")
        let error = try failure(server.target(key: "stranger"))
        #expect(error.kind == .authentication)
        #expect(error.sentence.contains("takes publickey; tried"))
        #expect(error.sentence.contains("\(server.folder)/stranger"))
    }

    @Test("a key with a passphrase is not tried: the sentence names the agent")
    func lockedKey() throws {
        let server = try TestServer()
        try server.trust("host")
        let error = try failure(server.target(key: "locked"))
        #expect(error.kind == .lockedKeys(["\(server.folder)/locked"]))
        #expect(error.sentence.contains("ssh-add \(server.folder)/locked"))
    }

    @Test("a key opens with its passphrase, and a wrong one is told")
    func passphrase() throws {
        let server = try TestServer()
        try server.trust("host")
        try FileManager.default.removeItem(atPath: "\(server.folder)/authorized")
        try FileManager.default.copyItem(
            atPath: "\(server.folder)/locked.pub", toPath: "\(server.folder)/authorized")
        var target = server.target(key: "locked")
        target.passphrases = ["\(server.folder)/locked": "secret"]
        #expect(try SSHSession.connect(to: target).run("true").status == 0)
        target.passphrases = ["\(server.folder)/locked": "wrong"]
        let error = try failure(target)
        #expect(error.sentence.contains("locked") && !error.sentence.contains("wrong"), "\(error.sentence)")
    }

    @Test("a key that only an agent has lets in")
    func agent() throws {
        let server = try TestServer()
        try server.trust("host")
        let socket = "\(server.folder)/agent"
        let started = try Command(["ssh-agent", "-a", socket]).run().standardOutput
        let process = try #require(started.firstMatch(of: /SSH_AGENT_PID=(\d+)/)?.1)
        defer { kill(Int32(process) ?? 0, SIGTERM) }
        try Command(["env", "SSH_AUTH_SOCK=\(socket)", "ssh-add", "-q", "\(server.folder)/user"]).run()
        setenv("SSH_AUTH_SOCK", socket, 1)
        defer { unsetenv("SSH_AUTH_SOCK") }
        // The inventory's key is another one, which the node does not take.
        #expect(try SSHSession.connect(to: server.target(key: "stranger")).run("true").status == 0)
    }

    @Test("a server's key can be seen before anybody logs in")
    func identity() throws {
        let server = try TestServer()
        let new = try SSHSession.identity(of: server.target()).get()
        #expect(!new.isKnown && new.standing == "new")
        try TrustedKeys.add([new.key], to: "\(server.folder)/known_hosts")
        #expect(try SSHSession.identity(of: server.target()).get().standing == "known")
        try server.trust("host2")
        #expect(
            try SSHSession.identity(of: server.target()).get().standing.hasPrefix("CHANGED: ED25519 SHA256:"))
    }

    @Test("a key file that is not there is named")
    func missingKey() throws {
        let server = try TestServer()
        try server.trust("host")
        #expect(try failure(server.target(key: "nothing")).sentence.contains("nothing is not there"))
    }

    @Test("a server without sessions is told apart from one that does not let in")
    func noSession() throws {
        let server = try TestServer(configuration: ["MaxSessions 0"])
        let session = try server.connect()
        let error = try #require(throws: SSHError.self) { try session.run("true") }
        #expect(error.kind == .channel)
    }

    @Test("nobody listening, and somebody who is no SSH server, are told apart")
    func noServer() throws {
        var target = SSHTarget(
            node: "n1", address: "127.0.0.1", port: try TestServer.freePort(), knownHosts: [])
        #expect(try failure(target).kind == .refused)
        let listener = cl_listen_tcp("127.0.0.1", 0, 0, 0, 8)
        defer { close(listener) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(listener, $0, &size) }
        }
        target.port = UInt16(bigEndian: address.sin_port)
        var timeouts = SSHTimeouts()
        timeouts.keyExchange = .milliseconds(200)
        #expect(try failure(target, timeouts).kind == .noAnswer)
    }

    @Test("a name that does not resolve, and a bridge that is not there, open no connection")
    func noAddress() throws {
        var target = SSHTarget(node: "n1", address: "no-such-name.invalid", knownHosts: [])
        #expect(try failure(target).kind == .resolve)
        target.address = "192.0.2.1"
        target.device = "pidep-none"
        #expect(try failure(target).sentence.contains("bridge pidep-none is not there"))
    }
}
