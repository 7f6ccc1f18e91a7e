import CLinux
import Commands
import Console
import Foundation
import Languages
import Proxy
import Testing

/// Debian's haproxy, running on loopback with nearly the file that we are given, as the judge of our CSV.
@Suite struct StatisticsPeerTests {
    private static let haproxy = "/usr/sbin/haproxy"
    private static let isInstalled = FileManager.default.isExecutableFile(atPath: haproxy)

    /// Nobody listens on ports 1 and 2 of loopback: one server is down, one is not checked, one is disabled.
    private static func file(socket: String, port: Int) -> String {
        """
        global
            maxconn 250
            stats socket \(socket) mode 600 level operator

        defaults
            mode http
            timeout connect 1s
            timeout client 1s
            timeout server 1s

        frontend http-in
            bind 127.0.0.1:\(port)
            default_backend web

        backend web
            server down 127.0.0.1:1 check inter 50ms
            server plain 127.0.0.1:2 weight 3 maxconn 20
            server off 127.0.0.1:1 check disabled

        listen database
            mode tcp
            bind 127.0.0.1:\(port + 1)
            server down 127.0.0.1:1 check inter 50ms

        """
    }

    /// HAProxy's `show stat` as soon as it has taken the server out.
    private static func peerLines(_ body: (String, [String]) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "pidep-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appendingPathComponent("s").path
        let text = file(socket: socket, port: Int.random(in: 20_000...29_000))
        let config = folder.appendingPathComponent("proxy.cfg")
        try text.write(to: config, atomically: true, encoding: .utf8)
        let pidFile = folder.appendingPathComponent("pid").path
        // As a daemon: the command returns when it listens.
        try Command([haproxy, "-D", "-q", "-f", config.path, "-p", pidFile], timeout: 60).run()
        let pid = try #require(
            Int32(String(contentsOfFile: pidFile, encoding: .utf8).split(separator: "\n")[0]))
        defer { kill(pid, SIGTERM) }
        for _ in 0..<400 {
            if let answer = try? ConsoleClient.ask("show stat", at: socket), answer.contains(",BACKEND,"),
                answer.split(separator: "\n").filter({ $0.contains(",DOWN,") }).count >= 2
            {
                try body(text, answer.split(separator: "\n").map(String.init))
                return
            }
            usleep(25_000)
        }
        Issue.record("haproxy did not come up, or took no server out")
    }

    /// Our snapshot of the same file in the same states.
    private static func snapshot(_ text: String) throws -> StatisticsSnapshot {
        let (configuration, diagnostics) = HAProxyConfiguration.parse(
            text, file: "proxy.cfg", environment: [:])
        #expect(diagnostics.map { $0.sentence } == [])
        let refused = ServerState.CheckResult(
            .layer4Failed, duration: .zero, at: .zero, detail: "Connection refused")
        let process = ProcessStatistics(
            version: "0", pid: 1, hostName: "", startedAt: .zero, startedAtUnixTime: 0, threads: 1,
            maxconn: 250,
            descriptorLimit: 1024)
        let sections = configuration.sections.map { section in
            SectionStatistics(
                section,
                frontend: section.frontend.map {
                    FrontendStatistics(configuration.frontends[$0], counters: FrontendCounters())
                },
                backend: section.backend.map { index in
                    let backend = configuration.backends[index]
                    let servers = backend.servers.map { server in
                        var state = ServerState(weight: server.weight, changedAt: .zero)
                        if server.startsInMaintenance { state.administrative = .maintenance }
                        if let check = server.check {
                            state.health = .init(value: 0, rise: check.rise, fall: check.fall, last: refused)
                        }
                        return ServerStatistics(server, counters: ServingCounters(), state: state)
                    }
                    return BackendStatistics(
                        backend, counters: ServingCounters(), servers: servers, changedAt: .zero)
                })
        }
        return StatisticsSnapshot(now: .zero, process: process, sections: sections)
    }

    @Test(
        "our CSV has the columns, the rows and the empty places of Debian's haproxy",
        .enabled(if: isInstalled, "haproxy is not installed"))
    func csv() throws {
        try Self.peerLines { text, theirs in
            let ours = try Self.snapshot(text).csv(StatisticsFilter(), showsLegends: true)
                .split(separator: "\n").map(String.init)
            let names = theirs[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            let ownNames = ours[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            #expect(Array(names.prefix(100)) == Array(ownNames.prefix(100)))
            #expect(ownNames[100] == "-")
            #expect(theirs.count == ours.count)
            for (their, our) in zip(theirs.dropFirst(), ours.dropFirst()) {
                compare(
                    names, their.split(separator: ",", omittingEmptySubsequences: false).map(String.init),
                    our.split(separator: ",", omittingEmptySubsequences: false).map(String.init))
            }
        }
    }

    private func compare(_ names: [String], _ their: [String], _ our: [String]) {
        // Values that hold still on both sides.
        let fixed: Set = [
            "# pxname", "svname", "qcur", "scur", "stot", "status", "weight", "act", "bck", "pid", "iid",
            "sid", "type",
            "mode", "algo", "addr", "uweight", "check_status", "last_chk", "check_rise", "check_fall",
            "check_health",
            "lastsess", "hrsp_2xx", "req_tot",
        ]
        // HAProxy's limit of a backend is `fullconn`, which we have not; the meaning of a check is in our own words.
        let ownWay: Set = ["slim", "check_desc"]
        for (index, name) in names.prefix(100).enumerated() where !ownWay.contains(name) {
            let place = "\(their[0])/\(their[1]) \(name): theirs \"\(their[index])\", ours \"\(our[index])\""
            #expect(their[index].isEmpty == our[index].isEmpty, Comment(rawValue: place))
            if fixed.contains(name) { #expect(their[index] == our[index], Comment(rawValue: place)) }
        }
    }
}
