import Diagnostics

/// Makes the configuration of the drafts, and looks at what only the whole file can tell.
extension HAProxyParser {
    /// HAProxy gives number 1 to a proxy of its own.
    private static let firstIdentifier = 2

    mutating func resolve() -> HAProxyConfiguration {
        var configuration = HAProxyConfiguration(global: global, sections: [], frontends: [], backends: [])
        checkNames()
        for (offset, draft) in drafts.enumerated() {
            let identifier = Self.firstIdentifier + offset
            check(draft)
            var section = HAProxyConfiguration.Section(
                name: draft.name, kind: draft.kind ?? .listen, identifier: identifier,
                mode: draft.settings.mode,
                description: draft.description, frontend: nil, backend: nil, line: draft.line)
            if draft.listens {
                section.frontend = configuration.frontends.count
                configuration.frontends.append(frontend(draft, identifier))
            }
            if draft.serves {
                section.backend = configuration.backends.count
                configuration.backends.append(backend(draft, identifier))
            }
            configuration.sections.append(section)
        }
        connect(&configuration)
        checkAddresses(configuration)
        if drafts.isEmpty {
            report(0, "nothing listens", "Add a frontend or listen section")
        } else if configuration.frontends.isEmpty {
            report(0, "nothing listens: there are only backend sections", "Add a frontend section")
        }
        return configuration
    }

    private func frontend(_ draft: HAProxyDraft, _ identifier: Int) -> HAProxyConfiguration.Frontend {
        let settings = draft.settings
        let isHTTP = settings.mode == .http
        // HAProxy falls back from http-keep-alive to http-request and from there to client. So do we, but not
        // beyond our own defaults: a long client timeout is no wish for patience with half a header.
        let client = settings.timeouts[.client] ?? HAProxyConfiguration.Defaults.clientTimeout
        let request = settings.timeouts[.httpRequest]
        return HAProxyConfiguration.Frontend(
            name: draft.name, identifier: identifier, mode: settings.mode, binds: draft.binds,
            maxconn: min(settings.maxconn ?? global.maxconn, global.maxconn), defaultBackend: nil,
            clientTimeout: client,
            httpRequestTimeout: request ?? min(client, HAProxyConfiguration.Defaults.httpRequestTimeout),
            httpKeepAliveTimeout: settings.timeouts[.httpKeepAlive] ?? request
                ?? HAProxyConfiguration.Defaults.httpKeepAliveTimeout,
            forwardFor: isHTTP ? settings.forwardFor : nil, statistics: isHTTP ? settings.statistics : nil,
            line: draft.line)
    }

    private func backend(_ draft: HAProxyDraft, _ identifier: Int) -> HAProxyConfiguration.Backend {
        let settings = draft.settings
        let isHTTP = settings.mode == .http
        let connect = settings.timeouts[.connect]
        return HAProxyConfiguration.Backend(
            name: draft.name, identifier: identifier, mode: settings.mode, balance: .roundrobin,
            servers: draft.servers.enumerated().map { server($1, $0 + 1) },
            healthCheck: healthCheck(settings),
            connectTimeout: connect ?? HAProxyConfiguration.Defaults.connectTimeout,
            serverTimeout: settings.timeouts[.server] ?? HAProxyConfiguration.Defaults.serverTimeout,
            queueTimeout: settings.timeouts[.queue] ?? connect ?? HAProxyConfiguration.Defaults.queueTimeout,
            tunnelTimeout: settings.timeouts[.tunnel] ?? HAProxyConfiguration.Defaults.tunnelTimeout,
            checkTimeout: settings.timeouts[.check] ?? HAProxyConfiguration.Defaults.checkTimeout,
            retries: settings.retries, redispatch: settings.redispatch,
            forwardFor: isHTTP ? settings.forwardFor : nil,
            statistics: isHTTP && draft.kind == .backend ? settings.statistics : nil, line: draft.line)
    }

    private func server(_ draft: HAProxyServerDraft, _ identifier: Int) -> HAProxyConfiguration.Server {
        let settings = draft.settings
        var check: HAProxyConfiguration.Check?
        if settings.checks, let port = settings.checkPort ?? draft.port {
            check = HAProxyConfiguration.Check(
                address: settings.checkAddress ?? draft.address, port: port, interval: settings.interval,
                fastInterval: settings.fastInterval ?? settings.interval,
                downInterval: settings.downInterval ?? settings.interval, rise: settings.rise,
                fall: settings.fall)
        }
        return HAProxyConfiguration.Server(
            name: draft.name, identifier: identifier, address: draft.address, port: draft.port,
            weight: settings.weight, maxconn: settings.maxconn, startsInMaintenance: settings.isDisabled,
            check: check, line: draft.line)
    }

    private func healthCheck(_ settings: HAProxySettings) -> HAProxyConfiguration.HealthCheck {
        guard var check = settings.httpCheck else { return .connect }
        let rules = settings.httpCheckRules
        if let method = rules.method { check.method = method }
        if let uri = rules.uri { check.uri = uri }
        if let version = rules.version { check.version = version }
        if let body = rules.body { check.body = body }
        check.fields = rules.fields
        if let expectation = rules.expectation { check.expectation = expectation }
        return .http(check)
    }

    /// Names are unique, except that a frontend and a backend may share one.
    private mutating func checkNames() {
        for (index, draft) in drafts.enumerated() {
            let earlier = drafts[..<index].first {
                $0.name == draft.name && ($0.listens && draft.listens || $0.serves && draft.serves)
            }
            guard let earlier else { continue }
            report(
                draft.line,
                "\(draft.keyword) \(draft.name) has the name of the \(earlier.keyword) at line \(earlier.line)",
                "Give one of them another name")
        }
    }

    /// What can be told from one section alone.
    private mutating func check(_ draft: HAProxyDraft) {
        let what = "\(draft.keyword) \(draft.name)"
        let settings = draft.settings
        if draft.listens, draft.binds.isEmpty, !hasError(in: draft) {
            report(draft.line, "\(what) listens nowhere", "Add a bind line, such as bind *:80")
        }
        if settings.mode == .tcp {
            if let line = settings.statisticsLine {
                report(
                    line, "the statistics page needs mode http, and \(what) is in mode tcp", "Write mode http"
                )
            }
            if let line = settings.forwardForLine {
                report(
                    line, "option forwardfor needs mode http, and \(what) is in mode tcp", "Write mode http")
            }
        }
        if draft.serves, settings.httpCheck == nil, let line = settings.httpCheckLine {
            report(line, "http-check does nothing in \(what) without option httpchk", "Add option httpchk")
        }
        for (index, server) in draft.servers.enumerated() {
            if let earlier = draft.servers[..<index].first(where: { $0.name == server.name }) {
                report(
                    server.line, "\(what) has another server called \(server.name) at line \(earlier.line)",
                    "Give one of them another name")
            }
            if server.settings.checks, server.port == nil, server.settings.checkPort == nil {
                report(
                    server.line, "server \(server.name) has no port that a check could go to",
                    "Write \(server.address.text(port: 80)), or add port 80")
            }
        }
        if draft.kind == .backend, draft.servers.isEmpty, settings.statistics == nil,
            !hasError(in: draft)
        {
            warn(
                draft.line, "\(what) has no server: every request for it is answered 503", "Add a server line"
            )
        }
    }

    /// Whether a line of the section has been complained about: then what is missing may be that very line.
    private func hasError(in draft: HAProxyDraft) -> Bool {
        let next = drafts.first { $0.line > draft.line }?.line ?? Int.max
        return diagnostics.contains { $0.line > draft.line && $0.line < next }
    }

    /// Finds the backends that frontends name.
    private mutating func connect(_ configuration: inout HAProxyConfiguration) {
        let names = configuration.backends.map { $0.name }
        for draft in drafts where draft.listens {
            guard let index = configuration.frontends.firstIndex(where: { $0.line == draft.line }) else {
                continue
            }
            let own = draft.kind == .listen ? configuration.backendIndex(named: draft.name) : nil
            guard let reference = draft.settings.useBackend ?? draft.settings.defaultBackend else {
                configuration.frontends[index].defaultBackend = own
                if own == nil, draft.settings.statistics == nil {
                    warn(
                        draft.line, "frontend \(draft.name) has no backend: every request is answered 503",
                        "Add default_backend NAME")
                }
                continue
            }
            guard let target = configuration.backendIndex(named: reference.name) else {
                let near = nearestWord(to: reference.name, among: names)
                report(
                    reference.line, "there is no backend called \"\(reference.name)\"",
                    near.map { "Did you mean \"\($0)\"?" } ?? "Add a backend \(reference.name) section")
                continue
            }
            let backend = configuration.backends[target]
            if backend.mode != draft.settings.mode {
                report(
                    reference.line,
                    "\(draft.keyword) \(draft.name) (line \(draft.line)) and backend \(backend.name) (line \(backend.line)) have different modes",
                    "Give both mode http or both mode tcp")
            }
            configuration.frontends[index].defaultBackend = target
        }
    }

    /// No two lines can listen on the same address.
    private mutating func checkAddresses(_ configuration: HAProxyConfiguration) {
        var seen: [HAProxyConfiguration.Bind] = []
        for frontend in configuration.frontends {
            for bind in frontend.binds {
                if let earlier = seen.first(where: { $0.endpoint == bind.endpoint }) {
                    report(
                        bind.line, "\(bind.endpoint.text) is also bound at line \(earlier.line)",
                        "Remove one of them, or give it another port")
                }
                seen.append(bind)
            }
        }
    }
}

extension HAProxyConfiguration.Bind.Endpoint {
    /// As a `bind` line has it: `192.0.2.29:80`, `fd@3`.
    public var text: String {
        switch self {
        case .address(let address, let port): address.text(port: port)
        case .descriptor(let number): "fd@\(number)"
        }
    }
}
