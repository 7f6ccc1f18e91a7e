import Commands
import Foundation
import Testing

/// A cluster of one lab node with a recipe of its own, in a folder that goes with it.
struct SmallCluster {
    let folder: String
    let inventory: String

    init() throws {
        folder = NSTemporaryDirectory() + "pidep-small-\(UUID().uuidString)"
        inventory = "\(folder)/inventory/pidepsmall.ini"
        for (path, text) in Self.recipe {
            let url = URL(fileURLWithPath: "\(folder)/recipes/small/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: true, encoding: .utf8)
        }
        try FileManager.default.createDirectory(
            at: URL(fileURLWithPath: inventory).deletingLastPathComponent(), withIntermediateDirectories: true
        )
        try set("")
        // What a run that was cut off left.
        _ = try? pidep("lab", "down", "--inventory", inventory)
        try? FileManager.default.removeItem(atPath: Self.state)
    }

    private static let state = "\(LabFixture.project)/.pidep/lab/pidepsmall"

    private static let recipe = [
        "recipe.yaml": """
        summary: a page that Python does not serve
        variables:
          web_port: {default: 8080, kind: port, about: where it listens}
          web_password: {kind: secret, about: nobody shall see it}
          web_cuts: {default: false, kind: boolean, about: whether sshd gets a line}
          web_sshd: {default: LogLevel INFO, kind: text, about: the line}
          web_greeting: {default: good morning, kind: text, about: a word}
        files:
          - {to: /etc/small.conf, template: small.conf, mode: "0640", reload: small}
          - {to: /etc/greeting, template: greeting}
          - {to: /etc/ssh/sshd_config.d/99-small.conf, template: sshd.conf, reload: ssh, when: {web_cuts: true}}
          - {to: /etc/systemd/system/small.service, template: small.service, restart: small}
        services:
          - {unit: small}
          - {unit: ssh}
        checks:
          - {http: "http://{{host}}:{{web_port}}/", contains: fine, within: 10s}
        """,
        "templates/small.conf": "user=web\npassword={{web_password}}\n",
        "templates/sshd.conf": "{{web_sshd}}\n",
        "templates/greeting": "{{web_greeting}}\n",
        "templates/small.service": """
        [Service]
        ExecStart=/usr/bin/systemd-socket-activate --accept --inetd -l {{address}}:{{web_port}} \
            /bin/printf 'HTTP/1.0 200 OK\\r\\nContent-Length: 4\\r\\n\\r\\nfine'
        ExecReload=/bin/true
        [Install]
        WantedBy=multi-user.target

        """,
    ]

    /// Writes the inventory, with more variables.
    func set(_ variables: String) throws {
        try """
        [web]
        n1 ansible_host=198.51.100.1
        [all:vars]
        recipes = small
        web_password = secret:file:secrets/password
        lab = true
        lab_network = 198.51.100.0/25
        lab_disk = 256M
        \(variables.contains("ansible_user") ? "" : "ansible_user = root")
        \(variables)

        """.write(toFile: inventory, atomically: true, encoding: .utf8)
    }

    var secretFile: String { "\(folder)/inventory/secrets/password" }

    var secret: String {
        get throws {
            try String(contentsOfFile: secretFile, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
        }
    }

    func pidep(_ arguments: String...) throws -> Command.Output { try pidep(arguments) }

    func pidep(_ arguments: [String]) throws -> Command.Output {
        try Command([LabFixture.pidep().path] + arguments, in: LabFixture.project, timeout: 120).runAny()
    }

    /// Starts pidep and goes on.
    func start(_ arguments: String...) throws -> Running { try Running(arguments) }

    @discardableResult
    func shell(_ script: String) throws -> String {
        let output = try pidep("lab", "exec", "n1", "--inventory", inventory, "--", "sh", "-c", script)
        #expect(output.code == 0, "\(script): \(output.standardError)")
        return output.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Waits, for a bounded time, until something holds.
    func waits(_ condition: () throws -> Bool) -> Bool {
        for _ in 0..<100 {
            if (try? condition()) == true { return true }
            usleep(100_000)
        }
        return false
    }

    func clean() {
        _ = try? pidep("lab", "down", "--inventory", inventory)
        try? FileManager.default.removeItem(atPath: folder)
        try? FileManager.default.removeItem(atPath: Self.state)
    }
}

/// A pidep that goes on beside a test.
final class Running {
    private let process = Process()
    private let pipe = Pipe()

    init(_ arguments: [String]) throws {
        process.executableURL = try LabFixture.pidep()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: LabFixture.project)
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    func terminate(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// What it said, when it has ended.
    func output() -> (code: Int32, text: String) {
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }
}
