/// Words that HAProxy (2.6 to 3.2) has and pinode proxy does not: told apart from misspelt ones.
///
/// One string a place, cut only when an error is to be explained.
enum HAProxyPeerWords {
    static let sections = """
        backends cache crt-list crt-store fcgi-app http-errors log-forward log-profile mailers peers program \
        resolvers ring traces userlist acme
        """

    static let global = """
        51degrees-data-file ca-base chroot close-spread-time cluster-secret cpu-map cpu-policy crt-base daemon \
        default-path deviceatlas-json-file dns-accept-family expose-deprecated-directives \
        expose-experimental-directives external-check fd-hard-limit force-cfg-parser-pause gid grace group \
        h1-accept-payload-with-any-method h1-case-adjust h1-case-adjust-file h2-workaround-bogus-websocket-clients \
        harden.reject-privileged-ports.quic harden.reject-privileged-ports.tcp httpclient.resolvers.id \
        httpclient.resolvers.prefer httpclient.retries httpclient.ssl.ca-file httpclient.ssl.verify \
        httpclient.timeout.connect insecure-fork-wanted insecure-setuid-wanted issuers-chain-path key-base \
        limited-quic localpeer log-send-hostname log-tag lua-load lua-load-per-thread lua-prepend-path master-worker \
        max-spread-checks maxcompcpuusage maxcomprate maxconnrate maxpipes maxsessrate maxsslconn maxsslrate \
        mworker-max-reloads nbproc no-memory-trimming no-quic noepoll noevports nogetaddrinfo nokqueue nopoll \
        noreuseport nosplice numa-cpu-mapping ocsp-update.disable ocsp-update.maxdelay ocsp-update.mindelay pidfile \
        pp2-never-send-local presetenv prealloc-fd profiling.memory profiling.tasks quiet resetenv server-state-base \
        server-state-file set-dumpable set-var set-var-fmt setcap setenv shm-stats-file spread-checks \
        ssl-default-bind-ciphers ssl-default-bind-ciphersuites ssl-default-bind-curves ssl-default-bind-options \
        ssl-default-server-ciphers ssl-default-server-ciphersuites ssl-default-server-options ssl-dh-param-file \
        ssl-engine ssl-load-extra-del-ext ssl-load-extra-files ssl-mode-async ssl-propquery ssl-provider \
        ssl-provider-path ssl-security-level ssl-server-verify ssl-skip-self-issued-ca stats-file strict-limits \
        thread-group thread-groups uid ulimit-n unix-bind unsetenv user wurfl-data-file zero-warning
        """

    static let proxy = """
        acl backlog block capture clitcpka-cnt clitcpka-idle clitcpka-intvl clitimeout compression contimeout cookie \
        declare disabled dispatch dynamic-cookie-key email-alert enabled errorfile errorfiles errorloc errorloc302 \
        errorloc303 external-check filter force-be-switch force-persist fullconn guid hash-balance-factor \
        hash-preserve-affinity hash-type http-after-response http-error http-request http-response http-reuse \
        http-send-name-header id ignore-persist load-server-state-from-file log log-format log-format-sd \
        log-steps log-tag max-keep-alive-queue max-session-srv-conns monitor monitor-net monitor-uri \
        persist quic-initial rate-limit redirect retry-on server-state-file-name server-template source \
        srvtcpka-cnt srvtcpka-idle srvtcpka-intvl srvtimeout stick stick-table tcp-check tcp-request tcp-response \
        transparent unique-id-format unique-id-header use-fcgi-app use-server grace default
        """

    static let option = """
        abortonclose accept-invalid-http-request accept-invalid-http-response accept-unsafe-violations-in-http-request \
        accept-unsafe-violations-in-http-response allbackups checkcache clitcpka contstats disable-h2-upgrade \
        dontlog-normal external-check forceclose forwarded h1-case-adjust-bogus-client h1-case-adjust-bogus-server \
        http-buffer-request http-drop-request-trailers http-drop-response-trailers http-ignore-probes http-no-delay \
        http-pretend-keepalive http-restrict-req-hdr-names http-server-close http-tunnel http-use-htx \
        http-use-proxy-header httpclose httplog httpslog idle-close-on-response independent-streams ldap-check \
        log-health-checks log-separate-errors logasap mysql-check nolinger originalto persist pgsql-check \
        prefer-last-server redis-check smtpchk socket-stats splice-auto splice-request splice-response spop-check \
        srvtcpka ssl-hello-chk tcp-check tcp-smart-accept tcp-smart-connect tcpka tcplog transparent
        """

    static let timeout = "client-fin client-hs server-fin tarpit appsession clitimeout contimeout srvtimeout"

    static let stats = "admin auth http-request maxconn realm scope show-modules timeout bind-process"

    static let globalStats = "bind-process calculate-max-counters maxconn timeout"

    static let socket = """
        accept-proxy backlog expose-fd gid group id interface maxconn mss name namespace nice process proto \
        severity-output shards tcp-ut tfo thread transparent uid user v4v6 v6only ssl crt
        """

    static let bind = """
        accept-netscaler-cip accept-proxy allow-0rtt alpn backlog ca-file ca-ignore-err ca-sign-file ca-sign-pass \
        ca-verify-file cc ciphers ciphersuites client-sigalgs crl-file crt crt-ignore-err crt-list curves \
        default-crt defer-accept ecdhe expose-fd force-sslv3 force-strict-sni force-tlsv10 force-tlsv11 \
        force-tlsv12 force-tlsv13 generate-certificates gid group guid-prefix id idle-ping interface level maxconn \
        mode mss namespace nbconn nice no-alpn no-ca-names no-sslv3 no-strict-sni no-tls-tickets no-tlsv10 \
        no-tlsv11 no-tlsv12 no-tlsv13 npn ocsp-update prefer-client-ciphers process proto quic-cc-algo \
        quic-force-retry quic-socket severity-output shards sigalgs ssl ssl-max-ver ssl-min-ver strict-sni tcp-md5sig \
        tcp-ss tcp-ut tfo thread tls-ticket-keys tls-tickets uid user verify
        """

    static let server = """
        agent-addr agent-check agent-inter agent-port agent-send allow-0rtt alpn backup ca-file check-alpn \
        check-pool-conn-name check-proto check-reuse-pool check-send-proxy check-sni check-sni-auto check-ssl \
        check-via-socks4 ciphers ciphersuites client-sigalgs cookie crl-file crt curves error-limit \
        force-sslv3 force-tlsv10 force-tlsv11 force-tlsv12 force-tlsv13 guid hash-key id idle-ping init-addr \
        init-state log-bufsize log-proto max-reuse maxqueue minconn namespace no-agent-check no-backup \
        no-check-send-proxy no-check-ssl no-renegotiate no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl \
        no-send-proxy-v2-ssl-cn no-ssl no-ssl-reuse no-sslv3 no-tfo no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 \
        no-tlsv13 no-verifyhost non-stick npn observe on-error on-marked-down on-marked-up pool-conn-name \
        pool-low-conn pool-max-conn pool-purge-delay proto proxy-v2-options redir resolve-net resolve-opts \
        resolve-prefer resolvers send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn set-proxy-v2-tlv-fmt \
        sigalgs slowstart sni socks4 source ssl ssl-max-ver ssl-min-ver ssl-reuse stick strict-maxconn tcp-md5sig \
        tcp-ut tfo tls-tickets track usesrc verify verifyhost ws
        """

    static let httpCheck = "comment connect disable-on-404 send-state set-var set-var-fmt unset-var"

    static let checkSend = "uri-lf body-lf comment"

    static let checkExpect = """
        comment error-status fhdr hdr min-recv ok-status on-error on-success rstatus rstring status-code string-lf \
        tout-status
        """

    /// Whether HAProxy has the word in this place.
    static func has(_ word: String, in list: String) -> Bool {
        list.utf8.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(word.utf8) }
    }
}
