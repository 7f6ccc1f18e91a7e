/// Words of HAProxy's for which there is more to say than that pinode proxy does not have them.
enum HAProxyRefusals {
    /// Why the word cannot stand in this place, and what to do instead; nil when there is nothing special about it.
    static func reason(for word: String, in place: HAProxyPlace) -> (problem: String, advice: String)? {
        switch place {
        case .global: global(word)
        case .proxy: proxy(word)
        case .option: option(word)
        case .stats: stats(word)
        case .bind: bind(word)
        case .server: server(word)
        case .timeout:
            isOneOf(word, "clitimeout contimeout srvtimeout")
                ? ("\"\(word)\" is an old word of HAProxy's", "Write timeout client, connect or server") : nil
        case .globalStats, .socket, .httpCheck, .checkSend, .checkExpect: nil
        }
    }

    private static func isOneOf(_ word: String, _ list: String) -> Bool {
        HAProxyPeerWords.has(word, in: list)
    }

    private static func global(_ word: String) -> (String, String)? {
        switch word {
        case "daemon", "master-worker", "pidfile", "quiet", "nbproc":
            ("\"\(word)\" is systemd's job here: it starts one process and watches it", "Remove the line")
        case "user", "group", "uid", "gid", "chroot", "setcap", "unix-bind":
            (
                "\"\(word)\" is systemd's job here: the unit gives the process its user and its sandbox",
                "Remove the line"
            )
        case "ulimit-n", "fd-hard-limit", "strict-limits":
            ("\"\(word)\" is systemd's job here", "Set LimitNOFILE= in the unit, and remove the line")
        case "setenv", "presetenv", "resetenv", "unsetenv":
            ("\"\(word)\" is systemd's job here", "Set Environment= in the unit, and remove the line")
        case "server-state-file", "server-state-base":
            (
                "\"\(word)\" is not needed: pinode proxy keeps its servers' health when it reads the file again",
                "Remove it"
            )
        default:
            hasPrefix(word, "ssl-") || hasPrefix(word, "crt-") || hasPrefix(word, "ca-") ? noTLS(word) : nil
        }
    }

    private static func proxy(_ word: String) -> (String, String)? {
        switch word {
        case "log", "log-format", "log-format-sd", "log-tag":
            (
                "\"\(word)\" asks for a line per request, which pinode proxy does not write yet",
                "Remove it; changes of servers go to the journal by themselves"
            )
        case "contimeout", "clitimeout", "srvtimeout":
            ("\"\(word)\" is an old word of HAProxy's", "Write timeout connect, client or server")
        case "acl", "http-request", "http-response", "use-server", "redirect", "block":
            (
                "\"\(word)\" is HAProxy's; pinode proxy has no conditions yet",
                "Remove it, or deploy with engine = debian"
            )
        default: nil
        }
    }

    private static func option(_ word: String) -> (String, String)? {
        switch word {
        case "httplog", "tcplog", "httpslog", "logasap", "log-separate-errors", "dontlog-normal":
            (
                "\"option \(word)\" asks for a line per request, which pinode proxy does not write yet",
                "Remove it; the statistics count what it would show"
            )
        case "log-health-checks":
            (
                "\"option \(word)\" is not needed: every change of a server's health goes to the journal",
                "Remove it"
            )
        case "accept-invalid-http-request", "accept-invalid-http-response",
            "accept-unsafe-violations-in-http-request", "accept-unsafe-violations-in-http-response":
            ("\"option \(word)\" would let through what makes request smuggling possible", "Remove it")
        case "forceclose", "http-tunnel", "http-use-htx":
            ("\"option \(word)\" is an old word that HAProxy itself has given up", "Remove it")
        default: nil
        }
    }

    private static func stats(_ word: String) -> (String, String)? {
        switch word {
        case "admin":
            (
                "\"stats admin\" would let everybody who sees the page stop servers",
                "Use the console: pinode ctl proxy set server BACKEND/SERVER state drain"
            )
        case "auth", "realm", "http-request":
            (
                "\"stats \(word)\" is HAProxy's; pinode proxy has no passwords yet",
                "Bind the page to an address that only operators reach"
            )
        default: nil
        }
    }

    private static func bind(_ word: String) -> (String, String)? {
        isOneOf(
            word,
            "ssl crt crt-list ca-file alpn npn ciphers ciphersuites curves verify strict-sni ssl-min-ver ssl-max-ver"
        )
            ? noTLS(word) : nil
    }

    private static func server(_ word: String) -> (String, String)? {
        if isOneOf(
            word, "ssl crt ca-file verify verifyhost sni alpn npn check-ssl check-sni ciphers ciphersuites")
        {
            return noTLS(word)
        }
        if isOneOf(word, "resolvers resolve-opts resolve-net resolve-prefer init-addr") {
            return (
                "\"\(word)\" is about names, which pinode proxy does not look up",
                "Give the server an address"
            )
        }
        return nil
    }

    private static func noTLS(_ word: String) -> (String, String) {
        (
            "\"\(word)\" is about TLS, which pinode proxy does not have yet",
            "Remove it, or deploy with engine = debian"
        )
    }
}

/// Where in the language a word stands.
enum HAProxyPlace {
    case global, globalStats, socket, proxy, option, timeout, stats, bind, server, httpCheck, checkSend,
        checkExpect

    /// What the place is called in a sentence.
    var name: String {
        switch self {
        case .global: "a word of the global section"
        case .globalStats, .stats: "a word of stats"
        case .socket: "a word of stats socket"
        case .proxy: "a word of a frontend, backend, listen or defaults section"
        case .option: "an option"
        case .timeout: "a timeout"
        case .bind: "a word of bind"
        case .server: "a word of server"
        case .httpCheck: "a word of http-check"
        case .checkSend: "a word of http-check send"
        case .checkExpect: "a word of http-check expect"
        }
    }

    /// HAProxy's words there that are not ours.
    var peerWords: String {
        switch self {
        case .global: HAProxyPeerWords.global
        case .globalStats: HAProxyPeerWords.globalStats
        case .socket: HAProxyPeerWords.socket
        case .proxy: HAProxyPeerWords.proxy
        case .option: HAProxyPeerWords.option
        case .timeout: HAProxyPeerWords.timeout
        case .stats: HAProxyPeerWords.stats
        case .bind: HAProxyPeerWords.bind
        case .server: HAProxyPeerWords.server
        case .httpCheck: HAProxyPeerWords.httpCheck
        case .checkSend: HAProxyPeerWords.checkSend
        case .checkExpect: HAProxyPeerWords.checkExpect
        }
    }
}

func hasPrefix(_ text: String, _ prefix: String) -> Bool {
    text.utf8.starts(with: prefix.utf8)
}
