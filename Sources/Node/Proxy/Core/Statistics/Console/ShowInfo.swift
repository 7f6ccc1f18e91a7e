import Languages

/// `show info` and `show servers state`, in HAProxy's formats.
extension ConsoleCommands {
    static func showInfo(_ snapshot: StatisticsSnapshot) -> String {
        let process = snapshot.process
        let now = snapshot.now
        let uptime = now - process.startedAt
        var text = ""
        func line(_ name: String, _ value: String) { text += "\(name): \(value)\n" }
        line("Name", "pinode")
        line("Version", process.version)
        line("Nbthread", String(process.threads))
        line("Nbproc", "1")
        line("Process_num", "1")
        line("Pid", String(process.pid))
        line("Uptime", uptimeText(uptime))
        line("Uptime_sec", String(max(0, uptime.components.seconds)))
        line("Ulimit-n", String(process.descriptorLimit))
        line("Maxconn", String(process.maxconn))
        line("Hard_maxconn", String(process.maxconn))
        line("CurrConns", String(process.connections.current))
        line("CumConns", String(process.connectionRate.total))
        line("CumReq", String(process.requests))
        line("ConnRate", String(process.connectionRate.rate(at: now)))
        line("ConnRateLimit", "0")
        line("MaxConnRate", String(process.connectionRate.maximum))
        line("node", process.node ?? process.hostName)
        if let description = process.description { line("description", description) }
        line("Stopping", process.isStopping ? "1" : "0")
        line("Frontends", process.frontends.state.word)
        if let until = process.frontends.until {
            line("Frontends_ready_in_sec", String(max(0, (until - now).components.seconds)))
            line("Frontends_earlier", String(process.frontends.earlier))
            if let left = process.frontends.left { line("Frontends_left", String(left)) }
        }
        line("TotalBytesOut", String(process.bytesOut))
        line("Start_time_sec", String(process.startedAtUnixTime))
        if let time = process.processorTime { line("CpuTime_ms", String(time.inMilliseconds)) }
        if let bytes = process.residentBytes { line("Resident_bytes", String(bytes)) }
        return text
    }

    /// HAProxy's server-state file, version 1: what its tools read, and what its users save over a restart.
    static func showServersState(_ backend: String?, _ snapshot: StatisticsSnapshot) -> String {
        var text = """
            1
            # be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight \
            srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state \
            srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port \
            srv_check_addr srv_agent_addr srv_agent_port

            """
        var found = backend == nil
        for section in snapshot.sections {
            guard let servers = section.backend?.servers, backend == nil || backend == section.section.name
            else {
                continue
            }
            found = true
            for server in servers {
                text +=
                    "\(section.section.identifier) \(section.section.name) \(stateLine(server, at: snapshot.now))\n"
            }
        }
        return found ? text : "Can't find backend.\n"
    }

    private static func stateLine(_ server: ServerStatistics, at now: Duration) -> String {
        let state = server.state
        let configuration = server.configuration
        // Bits: 1 an operator's maintenance, 4 the file's, 8 an operator's drain.
        let administrative: Int
        switch state.administrative {
        case .ready: administrative = 0
        case .drain: administrative = 8
        case .maintenance: administrative = state.isDisabledByFile ? 5 : 1
        }
        let operational = state.isRunning ? 2 : 0
        let age = max(0, (now - state.changedAt).components.seconds)
        // HAProxy's numbers for a check: 0 unknown, 2 failed, 3 passed; 1 initialised, 2 configured and 4 enabled,
        // 8 paused; a server without checks stands at its `rise`.
        var status = 1
        var result = 0
        var health = HAProxyConfiguration.Defaults.rise
        var check = 0
        if let own = state.health {
            health = state.administrative == .maintenance ? 0 : own.value
            check = state.administrative == .maintenance ? 14 : 6
            if state.administrative != .maintenance, let last = own.last {
                status = Int(last.status.rawValue)
                result =
                    last.status == .layer4Passed || last.status == .layer7Passed
                    ? 3 : last.status == .unknown ? 0 : 2
            }
        }
        let ownPort = configuration.check.map { $0.port == configuration.port ? 0 : Int($0.port) } ?? 0
        let ownAddress = configuration.check.flatMap {
            $0.address == configuration.address ? nil : $0.address.text
        }
        return
            "\(configuration.identifier) \(configuration.name) \(configuration.address.text) \(operational) "
            + "\(administrative) \(state.weight) \(configuration.weight) \(age) \(status) \(result) \(health) \(check) "
            + "0 0 0 - \(configuration.port ?? 0) - 0 \(ownPort) \(ownAddress ?? "-") - 0"
    }
}
