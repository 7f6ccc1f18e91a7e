/// Files that use every word of the subset, for the tests that need good files.
enum HAProxySamples {
    /// The first cluster's, as its recipe writes it.
    static let cluster = """
        global
            maxconn 250
            stats socket /run/pinode/proxy-stats.sock mode 660 level admin

        defaults
            mode http
            timeout connect 3s
            timeout client 30s
            timeout server 30s
            option forwardfor
            option redispatch

        frontend http-in
            bind 192.0.2.29:80 transparent
            maxconn 2000
            default_backend backend_servers

        backend backend_servers
            balance roundrobin
            option httpchk GET /
            default-server inter 500ms rise 2 fall 3
            server nustler1 192.0.2.1:80 check
            server nustler2 192.0.2.2:80 check weight 2 maxconn 100
            server nustler3 192.0.2.3:80 check disabled
            server nustler4 192.0.2.4:80 check port 8080 addr 192.0.2.40

        listen statistics
            bind 192.0.2.3:1936
            bind 192.0.2.29:1936,192.0.2.29:1935 transparent name vip
            stats enable
            stats uri /haproxy?stats
            stats refresh 5s
            stats hide-version

        """

    /// The rest of the subset.
    static let everything = """
        # a comment
        global
            nbthread 4
            hard-stop-after 1m
            node nustler3
            description The "first" cluster \\# 1
            log stderr format raw daemon

        defaults web
            mode http
            retries 2
            no option redispatch
            option dontlognull
            option http-keep-alive
            timeout http-request 5s
            timeout http-keep-alive 1m
            timeout queue 4s
            timeout tunnel 1d
            timeout check 1500
            stats show-legends

        defaults plain
            mode tcp
            timeout client 1h

        frontend a from web
            bind :8080
            bind [2001:db8::1]:8080 v6only
            bind :::8081 v4v6
            bind ipv4@192.0.2.9:8082
            description "the front door"
            option forwardfor except 192.0.2.0/24 header X-Client if-none
            use_backend a
            stats show-node
            stats show-desc all that there is

        backend a from web
            option redispatch 1
            option httpchk
            http-check send meth HEAD uri /alive ver HTTP/1.1 hdr Host "www.example.org" hdr X-Load 100%% body hello
            http-check expect ! status 404,500-599
            server s-1 192.0.2.1:80 check fastinter 200ms downinter 10s enabled
            server s-2 2001:db8::2:80 no-check weight 0

        backend b from web
            option httpchk /alive
            http-check expect string 'all is "well"'
            server s ${ADDRESS}:80 check

        listen c from plain
            bind "${ADDRESS}:5432"
            server s 192.0.2.1 maxconn 0
            server t 192.0.2.2:5433 check

        """

    /// What the samples take from the environment.
    static let environment = ["ADDRESS": "192.0.2.77"]
}
