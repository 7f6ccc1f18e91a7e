import Languages
import Proxy

/// A small cluster in every state that a server can be in, one hour after the proxy started.
enum StatisticsFixture {
    static let file = """
        global
            maxconn 250
            node nustler3

        defaults
            mode http

        frontend http-in
            bind 192.0.2.29:80
            default_backend backend_servers

        backend backend_servers
            option httpchk GET /
            server nustler1 192.0.2.1:80 check
            server nustler2 192.0.2.2:80 check weight 2 maxconn 100
            server nustler3 192.0.2.3:80 check
            server nustler4 192.0.2.4:80 check
            server nustler5 192.0.2.5:80
            server nustler6 192.0.2.6:80 check disabled
            server nustler7 192.0.2.7:80 check

        listen database
            mode tcp
            bind 192.0.2.29:5432
            server nustler1 192.0.2.1:5432 check

        listen statistics
            bind 192.0.2.3:1936
            stats uri /haproxy?stats
            stats refresh 5s
            stats show-node

        """

    static let now: Duration = .seconds(7200)
    static let startedAt: Duration = .seconds(3600)
    /// 24 November 2026, 04:12:28 UTC, when the proxy started.
    static let startedAtUnixTime: Int64 = 1_795_493_548

    static let configuration: HAProxyConfiguration = {
        let (configuration, diagnostics) = HAProxyConfiguration.parse(
            file, file: "proxy.cfg", environment: [:])
        precondition(diagnostics.isEmpty)
        return configuration
    }()

    static var page: HAProxyConfiguration.Statistics {
        guard let page = configuration.frontends.last?.statistics else { preconditionFailure("no page") }
        return page
    }

    /// The state of the server at this place of `backend_servers`.
    private static func state(_ place: Int, _ server: HAProxyConfiguration.Server) -> ServerState {
        let passed = ServerState.CheckResult(
            .layer7Passed, code: 200, duration: .milliseconds(2), at: now - .seconds(1))
        let refused = ServerState.CheckResult(
            .layer4Failed, duration: .microseconds(300), at: now - .seconds(1), detail: "Connection refused")
        var health: ServerState.Health? = server.check.map {
            ServerState.Health(value: $0.rise + $0.fall - 1, rise: $0.rise, fall: $0.fall, last: passed)
        }
        var state = ServerState(weight: server.weight, changedAt: startedAt)
        switch place {
        case 0:
            health = .init(value: 0, rise: 2, fall: 3, last: refused)
            health?.failedChecks = 3
            health?.downs = 1
            health?.nextCheck = now + .milliseconds(700)
            state.changedAt = now - .seconds(84)
            state.reason = "3 checks failed, the last with \"connection refused\" by its port"
        case 2: health = .init(value: 3, rise: 2, fall: 3, last: refused)
        case 3: health = .init(value: 1, rise: 2, fall: 3, last: passed)
        case 5:
            state.administrative = .maintenance
            state.isDisabledByFile = true
        case 6:
            state.administrative = .drain
            state.changedAt = now - .seconds(12)
        default: break
        }
        state.health = health
        return state
    }

    private static func serving(_ requests: Int) -> ServingCounters {
        var counters = ServingCounters()
        for request in 0..<requests {
            counters.sessions.enter()
            counters.sessionRate.count(at: now - .milliseconds(Int64(request)))
            counters.selections += 1
            counters.requests += 1
            counters.responses.count(status: request % 10 == 9 ? 404 : 200)
            counters.totalTime.add(.milliseconds(4))
            if request > 2 { counters.sessions.leave() }
        }
        counters.bytesIn = UInt64(requests) * 4321
        counters.bytesOut = UInt64(requests) * 1_234_567
        counters.connects = 3
        counters.reuses = UInt64(max(0, requests - 3))
        return counters
    }

    private static func backend(_ configuration: HAProxyConfiguration.Backend) -> BackendStatistics {
        let isMain = configuration.name == "backend_servers"
        let servers = configuration.servers.enumerated().map { place, server in
            ServerStatistics(
                server, counters: serving(isMain ? [0, 900, 120, 0, 300, 0, 40][place] : 0),
                state: state(isMain ? place : 1, server))
        }
        return BackendStatistics(
            configuration, counters: serving(isMain ? 1360 : 0), servers: servers, changedAt: startedAt)
    }

    static var snapshot: StatisticsSnapshot {
        var process = ProcessStatistics(
            version: "0.1.0", pid: 8690, hostName: "host", startedAt: startedAt,
            startedAtUnixTime: startedAtUnixTime, threads: 4, maxconn: 250, descriptorLimit: 1024)
        process.node = configuration.global.node
        process.requests = 1360
        process.bytesOut = 1_679_011_120
        process.processorTime = .milliseconds(54)
        process.residentBytes = 5_452_595
        let sections = configuration.sections.map { section in
            SectionStatistics(
                section,
                frontend: section.frontend.map {
                    var counters = FrontendCounters()
                    if $0 == 0 {
                        for request in 0..<1360 {
                            counters.requests.count(at: now)
                            counters.responses.count(status: 200)
                            if request < 64 {
                                counters.connections.count(at: now)
                                counters.sessions.enter()
                            }
                        }
                        counters.bytesIn = 5_876_560
                        counters.bytesOut = 1_679_011_120
                    }
                    return FrontendStatistics(configuration.frontends[$0], counters: counters)
                },
                backend: section.backend.map { backend(configuration.backends[$0]) })
        }
        return StatisticsSnapshot(now: now, process: process, sections: sections)
    }
}
