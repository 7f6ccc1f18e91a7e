import Foundation
import Manifest
import SSH

/// Takes the servers of nodes out of every proxy while a service of theirs restarts, so that no request meets it.
///
/// In each proxy it is kept up by a command that lives as long as the connection: when this machine dies in the middle, the
/// servers get traffic again by themselves.
final class Drain {
    /// How long the sessions that a server has may take to finish; then the restart comes all the same.
    static let sessionLimit: Duration = .seconds(15)
    /// How long a server may take to be up again in every proxy, checks and all.
    static let returnLimit: Duration = .seconds(15)
    /// How long a drain lasts at most, whatever becomes of this machine: an installation of packages and its checks.
    static let holdLimit: Duration = .seconds(3600)
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
    private let addresses: [String]
    private var holds: [SSHHold] = []

    /// For the nodes at `addresses`, in the proxies among `members`; nil when there is no proxy to be told yet, or when
    /// the nodes' servers are the last ones of a backend.
    init?(addresses: [String], members: [Member]) {
        let running = members.filter { member in
            let unit = member.facts.units.first { $0.name == "pinode-proxy.service" }
            return unit?.isRunning == true
                && member.compiled.manifest.units.contains { $0.name == unit?.name }
        }
        guard !running.isEmpty, !addresses.isEmpty else { return nil }
        proxies = running.map(\.session)
        self.addresses = addresses
        for session in proxies {
            guard let table = Self.table(session), !Self.servers(in: table, at: addresses).isEmpty,
                Self.canSpare(addresses, in: table)
            else { return nil }
        }
    }

    /// No new sessions; waits for those that are there. Returns how many servers are left with sessions.
    func begin() -> Int {
        for session in proxies {
            let names = Self.table(session).map { Self.servers(in: $0, at: addresses).map(\.name) } ?? []
            if let hold = try? session.hold(Self.command(names)) { holds.append(hold) }
        }
        return wait(Self.sessionLimit) { $0.sessions == 0 }
    }

    /// As before; waits for the checks. Returns how many servers are not up again.
    func end() -> Int {
        for hold in holds { hold.end(saying: "ready") }
        holds = []
        return wait(Self.returnLimit) { $0.status.hasPrefix("UP") || $0.status == "no check" }
    }

    /// Drains servers until a line comes, or the connection ends.
    static func command(_ names: [String]) -> String {
        func set(_ state: String) -> String {
            names.map { "\(control) set server \(quote($0)) state \(state) >/dev/null" }.joined(
                separator: "; ")
        }
        let script = """
            trap '' HUP PIPE; \(set("drain")); echo drained; \
            timeout \(holdLimit.components.seconds) head -n 1 >/dev/null; \(set("ready"))
            """
        return "sh -c \(quote(script))"
    }

    private func wait(_ limit: Duration, until isDone: (Server) -> Bool) -> Int {
        let end = ContinuousClock.now + limit
        while true {
            let left = proxies.flatMap { session in
                Self.table(session).map { Self.servers(in: $0, at: addresses) } ?? []
            }.count { !isDone($0) }
            guard left > 0, ContinuousClock.now < end else { return left }
            usleep(Self.pause)
        }
    }

    private static func table(_ session: SSHSession) -> String? {
        try? session.perform("\(control) show stat", step: "asking the proxy").text
    }

    /// The servers at addresses in what `show stat` answers (the CSV of HAProxy's management guide, 9.1).
    static func servers(in table: String, at addresses: [String]) -> [Server] {
        rows(table).filter { isServer($0, at: addresses) }.map {
            Server(
                name: "\($0["pxname"] ?? "")/\($0["svname"] ?? "")", status: $0["status"] ?? "",
                sessions: Int($0["scur"] ?? "") ?? 0)
        }
    }

    private static func isServer(_ row: [String: String], at addresses: [String]) -> Bool {
        addresses.contains { row["addr"]?.hasPrefix("\($0):") == true }
    }

    /// Whether every backend with servers at the addresses has another one that is up.
    static func canSpare(_ addresses: [String], in table: String) -> Bool {
        let servers = rows(table).filter { $0["addr"]?.isEmpty == false }
        let own = servers.filter { isServer($0, at: addresses) }
        return own.allSatisfy { server in
            servers.contains {
                $0["pxname"] == server["pxname"] && !isServer($0, at: addresses)
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
