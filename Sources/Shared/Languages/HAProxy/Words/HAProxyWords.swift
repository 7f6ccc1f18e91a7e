// The words of HAProxy's language that pinode proxy knows: an enumeration a place, so that the compiler
// lists what a parser forgot, and a test holds docs/proxy-language.md against them.

/// What opens a section.
enum HAProxySectionWord: String, CaseIterable {
    case global, defaults, frontend, backend, listen
}

/// Words of the `global` section.
enum HAProxyGlobalWord: String, CaseIterable {
    case maxconn, nbthread, stats, node, description, log
    case hardStopAfter = "hard-stop-after"
}

/// Words of `stats` in the `global` section.
enum HAProxyGlobalStatsWord: String, CaseIterable {
    case socket
}

/// Words of `stats socket`.
enum HAProxySocketWord: String, CaseIterable {
    case mode, level
}

/// Words of the `defaults`, `frontend`, `backend` and `listen` sections.
enum HAProxyProxyWord: String, CaseIterable {
    case mode, bind, maxconn, balance, server, option, timeout, retries, stats, description
    case defaultBackend = "default_backend"
    case useBackend = "use_backend"
    case defaultServer = "default-server"
    case httpCheck = "http-check"
}

/// Words of `option`.
enum HAProxyOptionWord: String, CaseIterable {
    case httpchk, forwardfor, redispatch, dontlognull
    case httpKeepAlive = "http-keep-alive"
}

/// Words of `timeout`.
enum HAProxyTimeoutWord: String, CaseIterable {
    case connect, client, server, queue, tunnel, check
    case httpRequest = "http-request"
    case httpKeepAlive = "http-keep-alive"
}

/// Words of `stats` outside the `global` section.
enum HAProxyStatsWord: String, CaseIterable {
    case enable, uri, refresh
    case hideVersion = "hide-version"
    case showLegends = "show-legends"
    case showNode = "show-node"
    case showDesc = "show-desc"
}

/// Words of a `bind` line after its address.
enum HAProxyBindWord: String, CaseIterable {
    case name, transparent, v4v6, v6only
}

/// Words of a `server` line after its address, and of `default-server`.
enum HAProxyServerWord: String, CaseIterable {
    case check, inter, fastinter, downinter, rise, fall, weight, maxconn, port, addr, disabled, enabled
    case noCheck = "no-check"
}

/// Words of `http-check`.
enum HAProxyHTTPCheckWord: String, CaseIterable {
    case send, expect
}

/// Words of `http-check send`.
enum HAProxyCheckSendWord: String, CaseIterable {
    case meth, uri, ver, hdr, body
}

/// Words of `http-check expect`.
enum HAProxyCheckExpectWord: String, CaseIterable {
    case status, string
}

extension HAProxyConfiguration {
    /// All words that the parser knows, by the place where they stand; for the documentation's test.
    public static var words: [(place: String, words: [String])] {
        [
            ("sections", HAProxySectionWord.allCases.map { $0.rawValue }),
            ("global", HAProxyGlobalWord.allCases.map { $0.rawValue }),
            ("global stats", HAProxyGlobalStatsWord.allCases.map { $0.rawValue }),
            ("stats socket", HAProxySocketWord.allCases.map { $0.rawValue }),
            ("defaults, frontend, backend, listen", HAProxyProxyWord.allCases.map { $0.rawValue }),
            ("option", HAProxyOptionWord.allCases.map { $0.rawValue }),
            ("timeout", HAProxyTimeoutWord.allCases.map { $0.rawValue }),
            ("stats", HAProxyStatsWord.allCases.map { $0.rawValue }),
            ("bind", HAProxyBindWord.allCases.map { $0.rawValue }),
            ("server", HAProxyServerWord.allCases.map { $0.rawValue }),
            ("http-check", HAProxyHTTPCheckWord.allCases.map { $0.rawValue }),
            ("http-check send", HAProxyCheckSendWord.allCases.map { $0.rawValue }),
            ("http-check expect", HAProxyCheckExpectWord.allCases.map { $0.rawValue }),
        ]
    }
}
