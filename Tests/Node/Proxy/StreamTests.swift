import HTTP1
import Languages
import Testing

@testable import Proxy

/// A stream with a client and a server made of bytes.
final class StreamRig {
    let policy: StreamPolicy
    let pool = BufferPool(capacity: 8)
    var stream: Stream
    var now: Nanoseconds = 1_000_000_000
    /// What the client and the server got.
    var toClient = ""
    var toServer = ""
    /// How many server connections were asked for, and how many of them had to be fresh.
    var asked = 0
    var askedFresh = 0
    /// Connections handed out count as having served before.
    var reuses = false
    var isClosed = false
    var released: [Bool] = []

    init() {
        let text = """
            defaults
                mode http
                timeout http-request 1s
                timeout server 2s
            frontend web
                bind 127.0.0.1:80
                option forwardfor
                default_backend nodes
            backend nodes
                server a 127.0.0.1:81

            """
        let configuration = HAProxyConfiguration.parse(text, file: "test.cfg", environment: [:]).configuration
        policy = StreamPolicy(configuration.frontends[0], configuration.backends.first)
        stream = Stream(
            policy, pool: pool, peer: Peer(address: .v4(0xC000_0207), port: 5), now: 1_000_000_000)
    }

    func run() {
        while true {
            switch stream.advance(at: now) {
            case .wait:
                _ = stream.deadline(at: now)
                return
            case .sendToClient:
                toClient += String(decoding: stream.clientOutput, as: UTF8.self)
                stream.clientSent(stream.clientOutput.count)
            case .sendToServer:
                toServer += String(decoding: stream.serverOutput, as: UTF8.self)
                stream.serverSent(stream.serverOutput.count, at: now)
            case .chooseServer(let fresh):
                asked += 1
                if fresh { askedFresh += 1 }
                stream.serverConnected(reused: reuses && !fresh)
            case .finishExchange(let reusable): released.append(reusable)
            case .closeClient:
                isClosed = true
                return
            case .answerStatistics, .dropServer, .endServerOutput, .endClientOutput: break
            }
        }
    }

    func client(_ text: String) {
        let bytes = Array(text.utf8)
        stream.clientSpace()?.copyBytes(from: bytes)
        stream.clientReceived(bytes.count)
        run()
    }

    func server(_ text: String) {
        let bytes = Array(text.utf8)
        stream.serverSpace()?.copyBytes(from: bytes)
        stream.serverReceived(bytes.count)
        run()
    }

    func wait(_ time: Duration) {
        now += time.nanoseconds
        if stream.deadline(at: now) <= now { stream.timedOut() }
        run()
    }
}

@Suite struct StreamTests {
    let get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
    let post = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    @Test("a request goes on with the client's address, its answer comes back, both connections stay open")
    func exchange() {
        let rig = StreamRig()
        rig.client(get)
        #expect(rig.toServer == "GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
        rig.server(ok)
        #expect(rig.toClient == ok)
        #expect(rig.released == [true])
        #expect(!rig.isClosed)
        #expect(rig.pool.used == 0)
    }

    @Test("pipelined requests are answered in order, one at a time")
    func pipelined() {
        let rig = StreamRig()
        rig.client(get + get)
        #expect(rig.asked == 1)
        rig.server(ok)
        #expect(rig.asked == 2)
        rig.server(ok)
        #expect(rig.toClient == ok + ok)
    }

    @Test(
        "a reused connection that dies without a byte is tried once more on a fresh one, for what may be repeated"
    )
    func retry() {
        let rig = StreamRig()
        rig.reuses = true
        rig.client(get)
        rig.stream.serverClosed()
        rig.run()
        #expect(rig.askedFresh == 1)
        rig.server(ok)
        #expect(rig.toClient == ok)
    }

    @Test("a POST that was written is not sent again: 502")
    func noRetry() {
        let rig = StreamRig()
        rig.reuses = true
        rig.client(post)
        rig.stream.serverClosed()
        rig.run()
        #expect(rig.askedFresh == 0)
        #expect(rig.toClient.utf8.starts(with: "HTTP/1.1 502 ".utf8))
    }

    @Test("a head that does not end in time is answered 408, a server that says nothing 504")
    func timeouts() {
        let slow = StreamRig()
        slow.client("GET / HTTP/1.1\r\n")
        slow.wait(.seconds(2))
        #expect(slow.toClient.utf8.starts(with: "HTTP/1.1 408 ".utf8))
        let silent = StreamRig()
        silent.client(get)
        silent.wait(.seconds(3))
        #expect(silent.toClient.utf8.starts(with: "HTTP/1.1 504 ".utf8))
    }

    @Test("a server's answer with two framings is a 502, and its connection is not used again")
    func badResponse() {
        let rig = StreamRig()
        rig.client(get)
        rig.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")
        #expect(rig.toClient.utf8.starts(with: "HTTP/1.1 502 ".utf8))
        #expect(rig.released == [false])
    }

    @Test("bytes behind an answer keep its connection from being used again")
    func trailingBytes() {
        let rig = StreamRig()
        rig.client(get)
        rig.server(ok + "HTTP/1.1 200 OK\r\n")
        #expect(rig.toClient == ok)
        #expect(rig.released == [false])
    }

    @Test("an answer until the server's close ends the client's connection too")
    func untilClose() {
        let rig = StreamRig()
        rig.client(get)
        rig.server("HTTP/1.1 200 OK\r\n\r\nsome")
        rig.stream.serverClosed()
        rig.run()
        #expect(rig.toClient == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nsome")
        #expect(rig.isClosed)
    }

    @Test("chunks reach a client of HTTP/1.0 as plain data")
    func oldClient() {
        let rig = StreamRig()
        rig.client("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
        rig.server("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
        #expect(rig.toClient == "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok")
    }

    @Test("when the proxy stops, a request under way is answered with close")
    func stopping() {
        let busy = StreamRig()
        busy.client(get)
        busy.stream.stop(at: busy.now)
        busy.run()
        #expect(!busy.isClosed)
        busy.server(ok)
        #expect(busy.toClient == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
    }

    @Test(
        "when the proxy stops, an idle client may still ask once, for two seconds", arguments: [true, false])
    func stoppingIdleClient(isNew: Bool) {
        func idle() -> StreamRig {
            let rig = StreamRig()
            if isNew {
                rig.run()
            } else {
                rig.client(get)
                rig.server(ok)
                rig.toClient = ""
            }
            rig.stream.stop(at: rig.now)
            rig.run()
            return rig
        }
        let quick = idle()
        #expect(!quick.isClosed)
        quick.wait(.milliseconds(900))
        quick.client(get)
        quick.server(ok)
        #expect(quick.toClient.contains("Connection: close"))
        let mute = idle()
        mute.wait(.milliseconds(900))
        #expect(!mute.isClosed)
        mute.wait(.milliseconds(1100))
        #expect(mute.isClosed)
        #expect(mute.toClient.isEmpty)
    }

    @Test("a client that was told it may ask again is not closed the moment its answer ends")
    func stoppingBehindTheHead() {
        let rig = StreamRig()
        rig.client(get)
        rig.server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
        rig.stream.stop(at: rig.now)
        rig.now += Duration.milliseconds(1500).nanoseconds
        rig.server("k")
        #expect(!rig.isClosed)
        // Two seconds from the answer's end, however long before it the proxy was told to stop.
        rig.wait(.milliseconds(900))
        #expect(!rig.isClosed)
        rig.toClient = ""
        rig.client(get)
        rig.server(ok)
        #expect(rig.toClient.contains("Connection: close"))
    }

    @Test("when it is told to go on, clients stay as before")
    func goesOn() {
        let rig = StreamRig()
        rig.client(get)
        rig.server(ok)
        rig.stream.stop(at: rig.now)
        rig.run()
        rig.stream.goOn()
        rig.wait(.milliseconds(900))
        #expect(!rig.isClosed)
        rig.toClient = ""
        rig.client(get)
        rig.server(ok)
        #expect(rig.toClient == ok)
    }

    @Test("a WebSocket is a tunnel once the server says 101")
    func webSocket() {
        let rig = StreamRig()
        rig.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        rig.server("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
        #expect(rig.stream.isTunnel)
        rig.toServer = ""
        rig.toClient = ""
        rig.client("\u{1}up")
        rig.server("\u{2}down")
        #expect(rig.toServer == "\u{1}up")
        #expect(rig.toClient == "\u{2}down")
    }

    @Test("a smuggled second framing is refused before anything reaches a server")
    func smuggling() {
        let rig = StreamRig()
        rig.client(
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        #expect(rig.toClient.utf8.starts(with: "HTTP/1.1 400 ".utf8))
        #expect(rig.asked == 0)
        #expect(rig.stream.violation == .transferEncodingAndContentLength)
    }
}
