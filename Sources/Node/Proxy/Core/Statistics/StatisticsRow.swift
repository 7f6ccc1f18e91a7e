import Languages

/// One line of the statistics: a frontend, a server or a backend, with a value for each column.
public struct StatisticsRow: Sendable {
    /// What a column holds.
    public enum Value: Sendable, Equatable {
        /// The column does not apply.
        case none
        case number(UInt64)
        case text(String)
    }

    /// HAProxy's numbers for what a row is.
    public enum Kind: UInt64, Sendable {
        case frontend = 0
        case backend = 1
        case server = 2
    }

    /// What it is.
    public let kind: Kind
    /// The section's number.
    public let identifier: Int
    /// The server's number, 0 for others.
    public let serverIdentifier: Int
    /// Whether `up` leaves it out.
    public let isDown: Bool
    /// Whether `no-maint` leaves it out.
    public let isInMaintenance: Bool

    private var values = [Value](repeating: .none, count: StatisticsColumn.allCases.count)

    /// The value of a column.
    public private(set) subscript(_ column: StatisticsColumn) -> Value {
        get { values[column.rawValue] }
        set { values[column.rawValue] = newValue }
    }

    private init(
        _ kind: Kind, of section: HAProxyConfiguration.Section, server: HAProxyConfiguration.Server? = nil,
        isDown: Bool = false, isInMaintenance: Bool = false
    ) {
        self.kind = kind
        self.isDown = isDown
        self.isInMaintenance = isInMaintenance
        identifier = section.identifier
        serverIdentifier = server?.identifier ?? 0
        text(.pxname, section.name)
        switch kind {
        case .frontend: text(.svname, "FRONTEND")
        case .backend: text(.svname, "BACKEND")
        case .server: text(.svname, server?.name ?? "")
        }
        // One process, whose number HAProxy has counted from 1 since it has only one.
        number(.pid, 1)
        number(.iid, section.identifier)
        number(.sid, serverIdentifier)
        values[StatisticsColumn.type.rawValue] = .number(kind.rawValue)
        text(.mode, section.mode == .http ? "http" : "tcp")
        text(.mark, "-")
    }

    private mutating func number(_ column: StatisticsColumn, _ value: UInt64) {
        self[column] = .number(value)
    }
    private mutating func number(_ column: StatisticsColumn, _ value: Int) {
        self[column] = value < 0 ? .text(String(value)) : .number(UInt64(value))
    }
    private mutating func text(_ column: StatisticsColumn, _ value: String) { self[column] = .text(value) }
    private mutating func zero(_ columns: [StatisticsColumn]) { for column in columns { number(column, 0) } }
    private mutating func seconds(_ column: StatisticsColumn, _ value: Duration) {
        number(column, UInt64(max(0, value.components.seconds)))
    }
    private mutating func milliseconds(_ column: StatisticsColumn, _ value: Duration) {
        number(column, UInt64(max(0, value.inMilliseconds)))
    }
}

extension StatisticsSnapshot {
    /// All rows in HAProxy's order: of each section its frontend, its servers, its backend.
    /// - Parameter showsLegends: whether addresses and algorithms are shown, as for operators.
    public func rows(showsLegends: Bool) -> [StatisticsRow] {
        var rows: [StatisticsRow] = []
        for section in sections {
            if let frontend = section.frontend {
                rows.append(StatisticsRow(frontend, of: section.section, at: now))
            }
            guard let backend = section.backend else { continue }
            for server in backend.servers {
                rows.append(StatisticsRow(server, of: section.section, in: self, showsLegends: showsLegends))
            }
            rows.append(StatisticsRow(backend, of: section.section, at: now, showsLegends: showsLegends))
        }
        return rows
    }
}

extension StatisticsRow {
    init(_ frontend: FrontendStatistics, of section: HAProxyConfiguration.Section, at now: Duration) {
        self.init(.frontend, of: section)
        let counters = frontend.counters
        number(.scur, counters.sessions.current)
        number(.smax, counters.sessions.maximum)
        number(.slim, frontend.configuration.maxconn)
        number(.stot, counters.connections.total)
        number(.bin, counters.bytesIn)
        number(.bout, counters.bytesOut)
        number(.dreq, counters.deniedRequests)
        number(.ereq, counters.requestErrors)
        text(.status, frontend.isOpen ? "OPEN" : "STOP")
        number(.rate, counters.connections.rate(at: now))
        number(.rateMax, counters.connections.maximum)
        number(.connRate, counters.connections.rate(at: now))
        number(.connRateMax, counters.connections.maximum)
        number(.connTot, counters.connections.total)
        number(.eint, counters.internalErrors)
        zero([.dresp, .rateLim, .dcon, .dses])
        zero([.compIn, .compOut, .compByp, .compRsp, .wrew])
        // HAProxy counts requests in mode tcp too: none.
        number(.reqRate, counters.requests.rate(at: now))
        number(.reqRateMax, counters.requests.maximum)
        number(.reqTot, counters.requests.total)
        if section.mode == .http {
            zero([.cacheLookups, .cacheHits])
            responses(counters.responses)
            number(.intercepted, counters.intercepted)
        }
    }

    init(
        _ server: ServerStatistics, of section: HAProxyConfiguration.Section, in snapshot: StatisticsSnapshot,
        showsLegends: Bool
    ) {
        let state = server.state
        let now = snapshot.now
        self.init(
            .server, of: section, server: server.configuration, isDown: !state.isRunning,
            isInMaintenance: state.administrative == .maintenance)
        serving(server.counters, section.mode, at: now)
        if let limit = server.configuration.maxconn { number(.slim, limit) }
        text(.status, state.statusText)
        number(.weight, state.weight)
        number(.act, 1)
        number(.bck, 0)
        seconds(.lastchg, now - state.changedAt)
        if let health = state.health {
            number(.chkfail, health.failedChecks)
            number(.chkdown, health.downs)
            seconds(.downtime, state.downtime(at: now))
            if state.administrative != .maintenance { checks(health, at: now) }
        }
        number(.idleConnCur, server.counters.idleConnections)
        number(.safeConnCur, server.counters.idleConnections)
        number(.usedConnCur, server.counters.usedConnections)
        number(.needConnEst, server.counters.usedConnections)
        number(.srvIcur, server.counters.idleConnections)
        number(.uweight, state.weight)
        if showsLegends {
            let port = server.configuration.port
            text(
                .addr,
                port.map { server.configuration.address.text(port: $0) } ?? server.configuration.address.text)
        }
        let why = snapshot.explanation(of: server)
        if !why.isEmpty { text(.why, why) }
    }

    init(
        _ backend: BackendStatistics, of section: HAProxyConfiguration.Section, at now: Duration,
        showsLegends: Bool
    ) {
        self.init(.backend, of: section, isDown: !backend.isUp)
        serving(backend.counters, section.mode, at: now)
        number(.dreq, backend.counters.deniedRequests)
        text(.status, backend.isUp ? "UP" : "DOWN")
        number(.weight, backend.totalWeight)
        number(.uweight, backend.totalWeight)
        number(.act, backend.usableServers)
        number(.bck, 0)
        number(.chkdown, backend.downs)
        seconds(.lastchg, now - backend.changedAt)
        if !backend.servers.isEmpty { seconds(.downtime, backend.downtime(at: now)) }
        zero([.compIn, .compOut, .compByp, .compRsp])
        if section.mode == .http { zero([.cacheLookups, .cacheHits]) }
        if showsLegends { text(.algo, "roundrobin") }
    }

    /// What servers and backends have in common.
    private mutating func serving(
        _ counters: ServingCounters, _ mode: HAProxyConfiguration.Mode, at now: Duration
    ) {
        number(.qcur, counters.queue.current)
        number(.qmax, counters.queue.maximum)
        number(.scur, counters.sessions.current)
        number(.smax, counters.sessions.maximum)
        number(.stot, counters.sessionRate.total)
        number(.bin, counters.bytesIn)
        number(.bout, counters.bytesOut)
        number(.dresp, counters.deniedResponses)
        number(.econ, counters.connectionErrors)
        number(.eresp, counters.responseErrors)
        number(.wretr, counters.retries)
        number(.wredis, counters.redispatches)
        number(.lbtot, counters.selections)
        number(.rate, counters.sessionRate.rate(at: now))
        number(.rateMax, counters.sessionRate.maximum)
        number(.cliAbrt, counters.clientAborts)
        number(.srvAbrt, counters.serverAborts)
        number(.eint, counters.internalErrors)
        number(.connect, counters.connects)
        number(.reuse, counters.reuses)
        number(.wrew, 0)
        number(.lastsess, counters.sessionRate.last.map { Int(max(0, (now - $0).components.seconds)) } ?? -1)
        milliseconds(.qtime, counters.queueTime.mean)
        milliseconds(.ctime, counters.connectTime.mean)
        milliseconds(.rtime, counters.responseTime.mean)
        milliseconds(.ttime, counters.totalTime.mean)
        milliseconds(.qtimeMax, counters.queueTime.maximum)
        milliseconds(.ctimeMax, counters.connectTime.maximum)
        milliseconds(.rtimeMax, counters.responseTime.maximum)
        milliseconds(.ttimeMax, counters.totalTime.maximum)
        guard mode == .http else { return }
        responses(counters.responses)
        number(.reqTot, counters.requests)
    }

    private mutating func responses(_ counters: ResponseCounters) {
        number(.hrsp1xx, counters.informational)
        number(.hrsp2xx, counters.success)
        number(.hrsp3xx, counters.redirection)
        number(.hrsp4xx, counters.clientError)
        number(.hrsp5xx, counters.serverError)
        number(.hrspOther, counters.other)
    }

    private mutating func checks(_ health: ServerState.Health, at now: Duration) {
        text(.checkStatus, (health.isChecking ? "* " : "") + (health.last?.status ?? .unknown).word)
        number(.checkRise, health.rise)
        number(.checkFall, health.fall)
        number(.checkHealth, health.value)
        if let next = health.nextCheck { milliseconds(.nextCheck, next - now) }
        guard let last = health.last else { return }
        if let code = last.code { number(.checkCode, code) }
        milliseconds(.checkDuration, last.duration)
        text(.checkDesc, last.status.meaning)
        if !last.detail.isEmpty { text(.lastChk, last.detail) }
    }
}

extension BackendStatistics {
    /// Time without any server, the running outage included.
    public func downtime(at now: Duration) -> Duration {
        isUp ? earlierDowntime : earlierDowntime + max(.zero, now - changedAt)
    }
}
