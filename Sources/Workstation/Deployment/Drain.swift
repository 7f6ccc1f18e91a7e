import Foundation
import Manifest
import SSH

/// Takes a node's servers out of every proxy while one of its services restarts, so that no request meets it.
struct Drain {
    /// How long the sessions that a server has may take to finish; then the restart comes all the same.
    static let sessionLimit: Duration = .seconds(15)
    /// How long a server may take to be up again in every proxy, checks and all.
    static let returnLimit: Duration = .seconds(15)
    private static let pause: UInt32 = 100_000
    private static let control = "/opt/pinode/current/pinode ctl proxy"

    /// A server as one proxy has it.
    struct Server: Equatable {
        /// `backend/server`.
        var name: String
        var status: String
        var sessions: Int
    }

    /// Sessions to nodes that run a proxy.
    private let proxies: [SSHSession]
    private let address: String

    /// For the node at `address`, in the proxies among `members`; nil when there is no proxy to be told yet, or when the
    /// node's servers are the last ones of a backend.
    init?(address: String, members: [Member]) {
        let running = members.filter { member in
            let unit = member.facts.units.first { $0.name == "pinode-proxy.service" }
            return unit?.isRunning == true
                && member.compiled.manifest.units.contains { $0.name == unit?.name }
        }
        guard !running.isEmpty else { return nil }
        proxies = running.map(\.session)
        self.address = address
        for session in proxies {
            guard let table = Self.table(session), !Self.servers(in: table, at: address).isEmpty,
                Self.canSpare(address, in: table)
            else { return nil }
        }
    }

    /// No new sessions; waits for those that are there. Returns how many servers are left with sessions.
    func begin() -> Int {
        set("drain")
        return wait(Self.sessionLimit) { $0.sessions == 0 }
    }

    /// As before; waits for the checks. Returns how many servers are not up again.
    func end() -> Int {
        set("ready")
        return wait(Self.returnLimit) { $0.status.hasPrefix("UP") || $0.status == "no check" }
    }

    private func set(_ state: String) {
        for session in proxies {
            for server in Self.table(session).map({ Self.servers(in: $0, at: address) }) ?? [] {
                let command = "\(Self.control) set server \(server.name) state \(state)"
                _ = try? session.perform(command, step: "setting \(server.name) to \(state)")
            }
        }
    }

    private func wait(_ limit: Duration, until isDone: (Server) -> Bool) -> Int {
        let end = ContinuousClock.now + limit
        while true {
            let left = proxies.flatMap { session in
                Self.table(session).map { Self.servers(in: $0, at: address) } ?? []
            }.count { !isDone($0) }
            guard left > 0, ContinuousClock.now < end else { return left }
            usleep(Self.pause)
        }
    }

    private static func table(_ session: SSHSession) -> String? {
        try? session.perform("\(control) show stat", step: "asking the proxy").text
    }

    /// The servers at an address in what `show stat` answers (the CSV of HAProxy's management guide, 9.1).
    static func servers(in table: String, at address: String) -> [Server] {
        rows(table).filter { $0["addr"]?.hasPrefix("\(address):") == true }.map {
            Server(
                name: "\($0["pxname"] ?? "")/\($0["svname"] ?? "")", status: $0["status"] ?? "",
                sessions: Int($0["scur"] ?? "") ?? 0)
        }
    }

    /// Whether every backend with a server at the address has another one that is up.
    static func canSpare(_ address: String, in table: String) -> Bool {
        let servers = rows(table).filter { $0["addr"]?.isEmpty == false }
        let own = servers.filter { $0["addr"]?.hasPrefix("\(address):") == true }
        return own.allSatisfy { server in
            servers.contains {
                $0["pxname"] == server["pxname"] && $0["addr"] != server["addr"]
                    && ($0["status"]?.hasPrefix("UP") == true || $0["status"] == "no check")
            }
        }
    }

    private static func rows(_ table: String) -> [[String: String]] {
        let lines = table.split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        guard var names = lines.first, names.first == "# pxname" else { return [] }
        names[0] = "pxname"
        return lines.dropFirst().map {
            Dictionary(zip(names, $0).filter { !$0.0.isEmpty }, uniquingKeysWith: { first, _ in first })
        }
    }
}
