import Commands
import Foundation
import JSON
import Testing

/// The cluster of `inventory/lab.ini` under another name and range, driven by the `pidep` that people type.
struct ClusterFixture {
    static let address = "198.51.100.29"
    let inventory: String

    init(_ name: String) throws {
        inventory = LabFixture.inventoryFile(name)
        let text = try String(contentsOfFile: "\(LabFixture.project)/inventory/lab.ini", encoding: .utf8)
        try text.replacingOccurrences(of: "192.0.2.", with: "198.51.100.")
            .write(toFile: inventory, atomically: true, encoding: .utf8)
    }

    /// Brings the cluster up with the recipes' packages on its nodes, deploys it, runs the body and takes it down.
    func run(architecture: String? = nil, _ body: () throws -> Void) throws {
        try up(["--prefilled"] + (architecture.map { ["--arch", $0] } ?? [])) {
            try deploy()
            try body()
        }
    }

    /// Brings the cluster up, bare unless the options say otherwise, runs the body and takes it down.
    func up(_ options: [String] = [], _ body: () throws -> Void) throws {
        defer {
            _ = try? pidep(["lab", "down", "--inventory", inventory])
            try? FileManager.default.removeItem(atPath: inventory)
        }
        try #require(try pidep(["lab", "up", inventory] + options).code == 0)
        try body()
    }

    /// Deploys the whole cluster; what it said.
    @discardableResult
    func deploy() throws -> Command.Output {
        let deployed = try pidep(["deploy", inventory, "--yes"])
        try #require(
            deployed.code == 0,
            "\(deployed.standardOutput.suffix(2000))\(deployed.standardError.suffix(4000))")
        return deployed
    }

    /// Runs pidep in the project's folder.
    func pidep(_ arguments: [String]) throws -> Command.Output {
        try Command([LabFixture.pidep().path] + arguments, in: LabFixture.project, timeout: 600).runAny()
    }

    /// What a program inside a node prints.
    @discardableResult
    func node(_ name: String, _ words: String...) throws -> String {
        let output = try pidep(["lab", "exec", name, "--inventory", inventory, "--"] + words)
        #expect(output.code == 0, "\(name): \(words.joined(separator: " ")): \(output.standardError)")
        return output.standardOutput
    }

    /// What a node's VRRP says of its virtual router; nil when it does not answer.
    func router(_ name: String) throws -> JSONValue? {
        let output = try pidep(
            ["lab", "exec", name, "--inventory", inventory, "--", "/opt/pinode/current/pinode"]
                + ["ctl", "vrrp", "show", "vrrp", "json"])
        return (try? JSONValue.parse(output.standardOutput))?["instances"]?.elements?.first
    }

    /// Waits, for a bounded time, until a node's virtual router is in a state; false when it does not get there.
    func waits(for name: String, toBe state: String) throws -> Bool {
        for _ in 0..<300 {
            if try router(name)?["state"]?.text == state { return true }
            usleep(100_000)
        }
        return false
    }

    /// Asks every service once; the failures as text.
    func smoke() throws -> String {
        for _ in 0..<20 {
            let output = try pidep(["smoke", inventory])
            if output.code == 0 { return "" }
            usleep(500_000)
        }
        let last = try pidep(["smoke", inventory])
        return last.code == 0 ? "" : last.standardOutput + last.standardError
    }

    /// A short load test; its result event.
    func load(_ more: String...) throws -> JSONValue {
        let output = try pidep(
            ["loadtest", inventory, "--rate", "50", "--duration", "12s", "--lag-limit", "5s", "--json"] + more
        )
        let lines = output.standardOutput.split(separator: "\n").map(String.init)
        return try #require(
            lines.compactMap { try? JSONValue.parse($0) }.last { $0["event"]?.text == "result" },
            "exit code \(output.code): \(output.standardError)")
    }
}
