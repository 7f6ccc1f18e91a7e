import Diagnostics
import Languages
import Testing

/// Parses a file that must have nothing wrong with it.
func accepted(
    _ text: String, environment: [String: String] = HAProxySamples.environment,
    sourceLocation: SourceLocation = #_sourceLocation
) -> HAProxyConfiguration {
    let (configuration, diagnostics) = HAProxyConfiguration.parse(
        text, file: "t.cfg", environment: environment)
    #expect(diagnostics.map { $0.sentence } == [], sourceLocation: sourceLocation)
    return configuration
}

@Suite struct HAProxyModelTests {
    @Test("the first cluster's file reads as its people meant it")
    func cluster() throws {
        let configuration = accepted(HAProxySamples.cluster)
        #expect(configuration.global.maxconn == 250)
        #expect(configuration.global.statisticsSockets.map { $0.path } == ["/run/pinode/proxy-stats.sock"])
        #expect(configuration.global.statisticsSockets.first?.mode == 0o660)
        #expect(configuration.global.statisticsSockets.first?.level == .admin)
        #expect(configuration.sections.map { $0.name } == ["http-in", "backend_servers", "statistics"])
        #expect(configuration.sections.map { $0.identifier } == [2, 3, 4])
        #expect(configuration.sections.map { $0.frontend } == [0, nil, 1])
        #expect(configuration.sections.map { $0.backend } == [nil, 0, 1])

        let frontend = try #require(configuration.frontends.first)
        #expect(frontend.binds.map { $0.endpoint.text } == ["192.0.2.29:80"])
        #expect(frontend.binds.first?.isTransparent == true)
        #expect(frontend.defaultBackend == 0)
        #expect(frontend.forwardFor?.header == "X-Forwarded-For")

        let backend = try #require(configuration.backends.first)
        #expect(backend.redispatch == .last)
        #expect(backend.servers.map { $0.name } == ["nustler1", "nustler2", "nustler3", "nustler4"])
        #expect(backend.servers.map { $0.identifier } == [1, 2, 3, 4])
        #expect(backend.servers.map { $0.weight } == [1, 2, 1, 1])
        #expect(backend.servers.map { $0.maxconn } == [nil, 100, nil, nil])
        #expect(backend.servers.map { $0.startsInMaintenance } == [false, false, true, false])
        #expect(
            backend.servers[3].check?.address.text(port: backend.servers[3].check?.port ?? 0)
                == "192.0.2.40:8080")
        #expect(backend.servers[0].check?.interval == .milliseconds(500))

        let statistics = try #require(configuration.frontends.last)
        #expect(
            statistics.binds.map { $0.endpoint.text } == [
                "192.0.2.3:1936", "192.0.2.29:1936", "192.0.2.29:1935",
            ])
        #expect(statistics.binds.map { $0.name } == [nil, "vip", "vip"])
        #expect(statistics.statistics?.uri == "/haproxy?stats")
        #expect(statistics.statistics?.refresh == .seconds(5))
        #expect(statistics.statistics?.hidesVersion == true)
    }

    @Test("a frontend never holds more than the process")
    func frontendMaxconn() {
        #expect(accepted(HAProxySamples.cluster).frontends.map { $0.maxconn } == [250, 250])
    }

    @Test("an HTTP check is put together from option httpchk and http-check lines")
    func httpCheck() throws {
        let configuration = accepted(HAProxySamples.everything)
        guard case .http(let check) = configuration.backends[0].healthCheck else {
            Issue.record("backend a is checked by HTTP")
            return
        }
        #expect(check.method == "HEAD")
        #expect(check.uri == "/alive")
        #expect(check.version == "HTTP/1.1")
        #expect(check.fields.map { $0.name } == ["Host", "X-Load"])
        #expect(check.fields.map { $0.value } == ["www.example.org", "100%"])
        #expect(check.body == "hello")
        #expect(check.expectation == .status([404...404, 500...599], isNegated: true))
        guard case .http(let second) = configuration.backends[1].healthCheck else {
            Issue.record("backend b is checked by HTTP")
            return
        }
        #expect(second.method == "OPTIONS")
        #expect(second.uri == "/alive")
        #expect(second.expectation == .string("all is \"well\"", isNegated: false))
        #expect(configuration.backends[2].healthCheck == .connect)
    }

    @Test("what a file does not say is finite")
    func defaults() {
        let text =
            "frontend f\n mode http\n bind :80\n default_backend b\nbackend b\n mode http\n server s 192.0.2.1:80 check\n"
        let configuration = accepted(text)
        let frontend = configuration.frontends[0]
        let backend = configuration.backends[0]
        #expect(frontend.maxconn == 2000)
        #expect(frontend.clientTimeout == .seconds(30))
        #expect(frontend.httpRequestTimeout == .seconds(10))
        #expect(frontend.httpKeepAliveTimeout == .seconds(60))
        #expect(backend.connectTimeout == .seconds(3))
        #expect(backend.serverTimeout == .seconds(30))
        #expect(backend.queueTimeout == .seconds(10))
        #expect(backend.tunnelTimeout == .seconds(3600))
        #expect(backend.checkTimeout == .seconds(2))
        #expect(backend.retries == 3)
        #expect(backend.redispatch == .every(1))
        #expect(backend.servers[0].check?.rise == 2)
        #expect(backend.servers[0].check?.fall == 3)
        #expect(backend.servers[0].check?.downInterval == .seconds(2))
        #expect(configuration.global.hardStopAfter == .seconds(30))
    }

    @Test("a timeout that is not set follows the one that HAProxy falls back to, within our own limit")
    func fallbacks() {
        func timeouts(_ lines: String) -> (request: Duration, keepAlive: Duration, queue: Duration) {
            let text = "listen l\n mode http\n bind :80\n server s 192.0.2.1:80\n\(lines)"
            let configuration = accepted(text)
            let frontend = configuration.frontends[0]
            return (
                frontend.httpRequestTimeout, frontend.httpKeepAliveTimeout,
                configuration.backends[0].queueTimeout
            )
        }
        #expect(timeouts(" timeout client 4s\n").request == .seconds(4))
        #expect(timeouts(" timeout client 1h\n").request == .seconds(10))
        #expect(timeouts(" timeout http-request 20s\n").request == .seconds(20))
        #expect(timeouts(" timeout http-request 20s\n").keepAlive == .seconds(20))
        #expect(timeouts(" timeout connect 700ms\n").queue == .milliseconds(700))
    }

    @Test("a defaults section forgets the one before it, unless it says from")
    func defaultsSections() {
        let text = """
            defaults one
                mode http
                timeout client 5s
            defaults two
                mode http
            defaults three from one
                timeout server 6s
            frontend a from two
                bind :1
                default_backend z
            frontend b
                bind :2
                default_backend z
            frontend c from one
                bind :3
                default_backend z
            backend z
                server s 192.0.2.1:80

            """
        let configuration = accepted(text)
        #expect(
            configuration.frontends.map { $0.clientTimeout } == [.seconds(30), .seconds(5), .seconds(5)])
        #expect(configuration.backends[0].serverTimeout == .seconds(6))
    }

    @Test("a section's own stats line replaces all inherited ones")
    func statisticsInheritance() {
        let text = """
            defaults
                mode http
                stats refresh 9s
            listen a
                bind :1
            listen b
                bind :2
                stats uri /other

            """
        let configuration = accepted(text)
        #expect(configuration.frontends.map { $0.statistics?.refresh } == [.seconds(9), nil])
        #expect(configuration.frontends.map { $0.statistics?.uri } == ["/haproxy?stats", "/other"])
    }

    @Test("a frontend and a backend may share a name")
    func sharedName() {
        let text = "frontend web\n bind :80\n default_backend web\nbackend web\n server s 192.0.2.1\n"
        #expect(accepted(text).frontends[0].defaultBackend == 0)
    }

    @Test("fd@N names a socket that is open already, also by a variable")
    func descriptor() {
        let text = "listen l\n bind fd@3\n bind fd@${FD}\n server s 192.0.2.1:80\n"
        #expect(
            accepted(text, environment: ["FD": "4"]).frontends[0].binds.map { $0.endpoint }
                == [.descriptor(3), .descriptor(4)])
    }

    @Test("X-Forwarded-For is left out for clients of the network that except names")
    func networks() throws {
        let except = try #require(accepted(HAProxySamples.everything).frontends[0].forwardFor?.except)
        #expect(try except.contains(#require(.init("192.0.2.255"))))
        #expect(try !except.contains(#require(.init("192.0.3.0"))))
        #expect(try !except.contains(#require(.init("2001:db8::1"))))
    }
}
