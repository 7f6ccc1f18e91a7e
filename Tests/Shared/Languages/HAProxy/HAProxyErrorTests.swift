import Diagnostics
import Languages
import Testing

@Suite struct HAProxyErrorTests {
    /// A good file with one more line in the section named; the sentences about it, without file and line.
    private func complaints(about line: String, in section: String) -> [String] {
        var text = ""
        let sections = [
            ("global", "global"), ("defaults", "defaults\n mode http"),
            ("frontend", "frontend f\n bind :80\n default_backend b"),
            ("backend", "backend b\n server s 192.0.2.1:80"),
            ("listen", "listen l\n mode tcp\n bind :81\n server s 192.0.2.1:80"),
        ]
        var number = 0
        for (name, lines) in sections {
            text += lines + "\n"
            if name == section {
                number = text.split(separator: "\n").count + 1
                text += line + "\n"
            }
        }
        let (_, diagnostics) = HAProxyConfiguration.parse(text, file: "t.cfg", environment: [:])
        let prefix = "t.cfg:\(number): "
        return diagnostics.map {
            $0.sentence.hasPrefix(prefix) ? String($0.sentence.dropFirst(prefix.count)) : $0.sentence
        }
    }

    @Test(
        "a line that cannot be used is explained in one sentence",
        arguments: [
            // Words that are not ours.
            (
                "backend", "banana",
                "\"banana\" is not a word of a frontend, backend, listen or defaults section. docs/proxy-language.md lists the words."
            ),
            (
                "backend", "blance roundrobin",
                "\"blance\" is not a word of a frontend, backend, listen or defaults section. Did you mean \"balance\"?"
            ),
            (
                "backend", "cookie SRV insert",
                "\"cookie\" is HAProxy's, pinode proxy does not support it yet. Remove it, or deploy with engine = debian."
            ),
            (
                "frontend", "acl a path /",
                "\"acl\" is HAProxy's; pinode proxy has no conditions yet. Remove it, or deploy with engine = debian."
            ),
            (
                "frontend", "log global",
                "\"log\" asks for a line per request, which pinode proxy does not write yet. Remove it; changes of servers go to the journal by themselves."
            ),
            (
                "frontend", "option httplog",
                "\"option httplog\" asks for a line per request, which pinode proxy does not write yet. Remove it; the statistics count what it would show."
            ),
            (
                "frontend", "option abortonclose",
                "\"abortonclose\" is HAProxy's, pinode proxy does not support it yet. Remove it, or deploy with engine = debian."
            ),
            ("frontend", "option forwardfr", "\"forwardfr\" is not an option. Did you mean \"forwardfor\"?"),
            (
                "frontend", "no option forwardfor",
                "option forwardfor cannot be negated. Leave it out of the defaults section."
            ),
            (
                "frontend", "no maxconn",
                "\"no maxconn\" is not something that pinode proxy knows. Only no option NAME is."
            ),
            (
                "global", "daemon",
                "\"daemon\" is systemd's job here: it starts one process and watches it. Remove the line."
            ),
            (
                "global", "user haproxy",
                "\"user\" is systemd's job here: the unit gives the process its user and its sandbox. Remove the line."
            ),
            (
                "global", "ulimit-n 528",
                "\"ulimit-n\" is systemd's job here. Set LimitNOFILE= in the unit, and remove the line."
            ),
            (
                "global", "ssl-default-bind-options x",
                "\"ssl-default-bind-options\" is about TLS, which pinode proxy does not have yet. Remove it, or deploy with engine = debian."
            ),
            (
                "global", "log /dev/log local0",
                "pinode proxy writes to the journal, not to \"/dev/log\". Remove the line, or write: log stderr format raw daemon."
            ),
            (
                "global", "log stdout format raw daemon info",
                "a level for log is HAProxy's, pinode proxy does not support it yet. Write it as: log stderr format raw daemon."
            ),
            (
                "global", ".if defined(X)",
                "\".if\" is HAProxy's, pinode proxy has no conditional blocks. Remove the line."
            ),
            (
                "frontend", "stats admin if TRUE",
                "\"stats admin\" would let everybody who sees the page stop servers. Use the console: pinode ctl proxy set server BACKEND/SERVER state drain."
            ),
            (
                "frontend", "stats auth a:b",
                "\"stats auth\" is HAProxy's; pinode proxy has no passwords yet. Bind the page to an address that only operators reach."
            ),
            (
                "frontend", "bind :443 ssl crt x",
                "\"ssl\" is about TLS, which pinode proxy does not have yet. Remove it, or deploy with engine = debian."
            ),
            (
                "backend", "server t 192.0.2.2:80 backup",
                "\"backup\" is HAProxy's, pinode proxy does not support it yet. Remove it, or deploy with engine = debian."
            ),
            (
                "backend", "server t 192.0.2.2:80 chekc",
                "\"chekc\" is not a word of server. Did you mean \"check\"?"
            ),
            ("backend", "timeout conect 3s", "\"conect\" is not a timeout. Did you mean \"connect\"?"),
            (
                "backend", "timeout server-fin 3s",
                "\"server-fin\" is HAProxy's, pinode proxy does not support it yet. Remove it, or deploy with engine = debian."
            ),
            (
                "backend", "balance leastconn",
                "balance leastconn is HAProxy's, pinode proxy does not support it yet. Write balance roundrobin, or deploy with engine = debian."
            ),
            (
                "backend", "balance url_param(x)",
                "balance url_param is HAProxy's, pinode proxy does not support it yet. Write balance roundrobin, or deploy with engine = debian."
            ),
            ("backend", "balance banana", "\"banana\" is not a way to balance. Write balance roundrobin."),
            (
                "backend", "http-check expect rstatus 2..",
                "\"rstatus\" is HAProxy's, pinode proxy does not support it yet. Remove it, or deploy with engine = debian."
            ),
            (
                "frontend", "use_backend b if TRUE",
                "use_backend with a condition is HAProxy's; pinode proxy has no conditions yet. Write default_backend b, or deploy with engine = debian."
            ),
            (
                "frontend", "mode health",
                "mode health is HAProxy's, pinode proxy does not support it. Write http or tcp."
            ),
            ("frontend", "mode htp", "\"htp\" is not a mode. Write http or tcp."),
            // Words in the wrong section.
            (
                "frontend", "server s 192.0.2.1:80",
                "\"server\" cannot stand in frontend f. Move it to a backend or listen section."
            ),
            (
                "backend", "bind :80",
                "\"bind\" cannot stand in backend b. Move it to a frontend or listen section."
            ),
            (
                "backend", "timeout client 3s",
                "\"timeout client\" cannot stand in backend b. Move it to a frontend or listen section."
            ),
            (
                "frontend", "option redispatch",
                "\"option redispatch\" cannot stand in frontend f. Move it to a backend or listen section."
            ),
            (
                "defaults", "bind :80",
                "\"bind\" cannot stand in a defaults section. Move it to a frontend or listen section."
            ),
            (
                "listen", "stats enable",
                "the statistics page needs mode http, and listen l is in mode tcp. Write mode http."
            ),
            (
                "listen", "option forwardfor",
                "option forwardfor needs mode http, and listen l is in mode tcp. Write mode http."
            ),
            (
                "backend", "http-check expect status 200",
                "http-check does nothing in backend b without option httpchk. Add option httpchk."
            ),
            // Values.
            ("global", "maxconn", "maxconn lacks a value. Write it as: maxconn 2000."),
            (
                "global", "maxconn 0",
                "\"0\" is not a number from 1 to 1000000 for maxconn. Write it as: maxconn 2000."
            ),
            ("global", "maxconn 250 300", "maxconn does not know what to do with \"300\". Remove it."),
            (
                "global", "maxconn $LIMIT",
                "\"$LIMIT\" is not a number from 1 to 1000000 for maxconn. Variables are read inside double quotes only: \"${NAME}\"."
            ),
            (
                "global", "nbthread 65",
                "\"65\" is not a number from 1 to 64 for nbthread. Write it as: nbthread 4."
            ),
            (
                "global", "stats socket x.sock",
                "\"x.sock\" is not the path of a Unix socket. Write an absolute path of at most 107 bytes, without commas."
            ),
            (
                "global", "stats socket /x mode 0999",
                "\"0999\" is not a mode for stats socket. Write it in octal digits, as 660."
            ),
            (
                "global", "stats socket /x level root",
                "\"root\" is not a level. Write user, operator or admin."
            ),
            (
                "backend", "timeout server 0",
                "timeout server 0 would mean no limit at all. Write 1ms to 24d, with a unit of us, ms, s, m, h or d."
            ),
            (
                "backend", "timeout server 5sec",
                "\"5sec\" is not a time for timeout server. Write 1ms to 24d, with a unit of us, ms, s, m, h or d."
            ),
            (
                "backend", "timeout server 30d",
                "\"30d\" is too long for timeout server. Write 1ms to 24d, with a unit of us, ms, s, m, h or d."
            ),
            (
                "backend", "timeout server 5us",
                "\"5us\" is too short for timeout server. Write 1ms to 24d, with a unit of us, ms, s, m, h or d."
            ),
            (
                "frontend", "bind 192.0.2.1",
                "\"192.0.2.1\" has no port to listen on. Write it as: bind 192.0.2.29:80."
            ),
            (
                "frontend", "bind www:80",
                "\"www:80\" is not an address; names are not looked up. Write it as 192.0.2.1:80, [2001:db8::1]:80 or *:80."
            ),
            (
                "frontend", "bind :70000",
                "\":70000\" does not end with a port from 1 to 65535. Write it as 192.0.2.1:80."
            ),
            (
                "frontend", "bind :8000-8010",
                "\":8000-8010\" has a range of ports, which pinode proxy does not support. Write one port."
            ),
            (
                "frontend", "bind /run/x",
                "\"/run/x\" is a Unix socket, which pinode proxy does not support here. Write ADDRESS:PORT."
            ),
            (
                "frontend", "bind abns@x",
                "\"abns@\" is an address family that pinode proxy does not support. Write an IPv4 or IPv6 address, or fd@N."
            ),
            (
                "frontend", "bind fd@x",
                "\"fd@x\" is not a descriptor of an open socket. Write fd@3, or fd@${NAME} for a variable."
            ),
            (
                "frontend", "bind ipv6@192.0.2.1:80",
                "\"ipv6@192.0.2.1:80\" is not of the family that it names. Remove what stands before the @."
            ),
            (
                "frontend", "bind :80",
                "0.0.0.0:80 is also bound at line 5. Remove one of them, or give it another port."
            ),
            (
                "backend", "server s/t 192.0.2.2:80",
                "\"s/t\" cannot be the name of a server. Use letters, digits, \".\", \":\", \"_\" and \"-\"."
            ),
            ("backend", "server t", "server t lacks a value. Write it as: server s1 192.0.2.1:80 check."),
            (
                "backend", "server t *:80",
                "server t has no address of its own; the client's destination is not supported. Write it as: server s1 192.0.2.1:80 check."
            ),
            (
                "backend", "server t 192.0.2.2 check",
                "server t has no port that a check could go to. Write 192.0.2.2:80, or add port 80."
            ),
            (
                "backend", "server t 192.0.2.2:80 weight 257",
                "\"257\" is not a number from 0 to 256 for weight. Write it as: weight 1."
            ),
            (
                "backend", "server s 192.0.2.2:80",
                "backend b has another server called s at line 8. Give one of them another name."
            ),
            (
                "backend", "option httpchk GET / HTTP/1.1\\r\\nHost:\\ www",
                "\"HTTP/1.1\\r\\nHost: www\" is not a version of HTTP for a check. Write HTTP/1.0 or HTTP/1.1; header fields go to: http-check send hdr Host www."
            ),
            (
                "backend", "option httpchk GET x",
                "\"x\" cannot be the target of a request. Begin it with /, without blanks."
            ),
            (
                "backend", "option redispatch x",
                "\"x\" is not an interval for option redispatch. Write -1, 0 or a number up to 100."
            ),
            (
                "frontend", "option forwardfor except nowhere",
                "\"nowhere\" is not a network. Write it as 192.0.2.0/24 or 2001:db8::/32."
            ),
            (
                "frontend", "option forwardfor ifnone",
                "\"ifnone\" is not a word of option forwardfor. Did you mean \"if-none\"?"
            ),
            (
                "frontend", "stats refresh 100ms",
                "stats refresh is less than a second. Write stats refresh 5s."
            ),
            (
                "frontend", "stats uri page",
                "\"page\" cannot be the target of a request. Begin it with /, without blanks."
            ),
            ("frontend", "default_backend c", "there is no backend called \"c\". Did you mean \"b\"?"),
            (
                "frontend", "default_backend l",
                "frontend f (line 4) and backend l (line 10) have different modes. Give both mode http or both mode tcp."
            ),
            (
                "listen", "backend b",
                "backend b has the name of the backend at line 7. Give one of them another name."
            ),
            (
                "frontend", "server",
                "\"server\" cannot stand in frontend f. Move it to a backend or listen section."
            ),
            (
                "frontend", "bind \":$NOPE\"",
                "the variable NOPE is not set. Set it in the unit's Environment=, or write ${NOPE-default}."
            ),
            (
                "frontend", "bind :$NOPE",
                "the variable NOPE is not set. Set it in the unit's Environment=, or write ${NOPE-default}."
            ),
        ] as [(String, String, String)])
    func sentences(section: String, line: String, expected: String) {
        // What follows a section that was opened in the middle is not this test's business.
        #expect(complaints(about: line, in: section).first == expected)
    }

    @Test("what a check sends stands before what it expects, as for HAProxy")
    func checkOrder() {
        let text =
            "listen l\n bind :1\n mode http\n option httpchk\n http-check expect status 200\n http-check send meth GET\n"
        let (_, diagnostics) = HAProxyConfiguration.parse(text, file: "t.cfg", environment: [:])
        #expect(
            diagnostics.map { $0.sentence } == [
                "t.cfg:6: http-check send stands after the http-check expect at line 5. Swap them."
            ])
    }

    @Test("all errors come in one run, sorted by line")
    func allAtOnce() {
        let text = """
            global
                daemon
                maxconn many
            frontend f
                default_backend nobody
                mode htp
            resolvers dns
                nameserver a 192.0.2.53:53
            backend b
                server s somewhere:80 check weight heavy

            """
        let (_, diagnostics) = HAProxyConfiguration.parse(text, file: "t.cfg", environment: [:])
        #expect(diagnostics.map { $0.line } == [2, 3, 5, 6, 7, 10, 10])
    }

    @Test("a file in which nothing listens is an error")
    func empty() {
        let (_, diagnostics) = HAProxyConfiguration.parse("# nothing\n", file: "t.cfg", environment: [:])
        #expect(
            diagnostics.map { $0.sentence } == ["t.cfg: nothing listens. Add a frontend or listen section."])
    }

    @Test("what leaves every request unanswered is a warning")
    func warnings() {
        let text = "frontend f\n bind :80\nbackend b\n"
        let (_, diagnostics) = HAProxyConfiguration.parse(text, file: "t.cfg", environment: [:])
        #expect(
            diagnostics.map { $0.sentence } == [
                "t.cfg:1: warning: frontend f has no backend: every request is answered 503. Add default_backend NAME.",
                "t.cfg:3: warning: backend b has no server: every request for it is answered 503. Add a server line.",
            ])
    }

    @Test("words of the subset are never called unknown")
    func knownWords() {
        for (place, words) in HAProxyConfiguration.words {
            for word in words {
                let lines: [String]
                switch place {
                case "sections": lines = ["\(word) x\n"]
                case "global": lines = ["global\n \(word)\n"]
                case "global stats": lines = ["global\n stats \(word)\n"]
                case "stats socket": lines = ["global\n stats socket /x \(word)\n"]
                case "defaults, frontend, backend, listen": lines = ["listen l\n \(word)\n"]
                case "bind": lines = ["listen l\n bind :80 \(word)\n"]
                case "server": lines = ["listen l\n server s 192.0.2.1:80 \(word)\n"]
                default: lines = ["listen l\n \(place) \(word)\n"]
                }
                for text in lines {
                    let (_, diagnostics) = HAProxyConfiguration.parse(text, file: "t.cfg", environment: [:])
                    let unknown = diagnostics.filter {
                        $0.problem.contains("is not a") && $0.problem.contains(" of ")
                    }
                    #expect(unknown.map { $0.sentence } == [], "\(place): \(word)")
                }
            }
        }
    }
}
