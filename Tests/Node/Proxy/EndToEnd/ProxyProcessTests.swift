import CLinux
import Foundation
import TestSupport
import Testing

/// The whole proxy on the loopback: real sockets, real threads, the binary as it is.
@Suite(.serialized) struct ProxyProcessTests {
    private static func server(_ name: String, _ origin: Origin, _ words: String = "") -> String {
        "server \(name) 127.0.0.1:\(origin.port) \(words)"
    }

    /// Bytes in which a shift or a repetition is seen.
    private static func pattern(_ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ ($0 >> 8)) }
    }

    /// Where two bodies begin to differ. (Comparing in `#expect` would look for the shortest edit, for hours.)
    private static func difference(_ one: [UInt8], _ other: [UInt8]) -> String? {
        guard one != other else { return nil }
        let at = zip(one, other).enumerated().first { $1.0 != $1.1 }?.offset ?? min(one.count, other.count)
        return "\(one.count) and \(other.count) bytes, different from byte \(at) on"
    }

    @Test("clients keep their connections, and any client's request uses the server connection that is idle")
    func reuse() throws {
        let origin = try Origin { "\($0.path) for \($0["x-forwarded-for"] ?? "nobody")" }
        let proxy = try RunningProxy(
            frontend: "option forwardfor", Self.server("a", origin))
        // One client at a time, so that there is never a reason for a second connection of the worker that has it.
        let first = try proxy.connect()
        for number in 0..<20 {
            let answer = try #require(first.ask("/\(number)"))
            #expect(answer.status == 200)
            #expect(answer.text == "/\(number) for 127.0.0.1")
        }
        #expect(origin.connections == 1)
        let second = try proxy.connect()
        #expect(second.ask("/second")?.text == "/second for 127.0.0.1")
        // The other worker may have taken the second client, and it has idle connections of its own.
        #expect(origin.connections <= 2)
    }

    @Test(
        "bodies of a megabyte and more pass unchanged both ways, with a length and in chunks",
        arguments: [false, true])
    func largeBodies(chunked: Bool) throws {
        let origin = try Origin { request, connection in
            let size = request.body.count
            if request["x-answer"] == "chunks" {
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for start in stride(from: 0, to: size, by: 10_007) {
                    let part = request.body[start..<min(start + 10_007, size)]
                    connection.send("\(String(part.count, radix: 16))\r\n")
                    connection.send(Array(part) + Array("\r\n".utf8))
                }
                return connection.send("0\r\n\r\n")
            }
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            return connection.send(request.body)
        }
        let proxy = try RunningProxy(Self.server("a", origin))
        let client = try proxy.connect()
        let body = Self.pattern(1_200_000)
        for answer in ["chunks", "length"] {
            client.send("POST /echo HTTP/1.1\r\nHost: test\r\nX-Answer: \(answer)\r\n")
            // The answer begins only when the request is whole, so nobody waits for the other here.
            if chunked {
                client.send("Transfer-Encoding: chunked\r\n\r\n")
                for start in stride(from: 0, to: body.count, by: 65_521) {
                    let part = body[start..<min(start + 65_521, body.count)]
                    client.send("\(String(part.count, radix: 16))\r\n")
                    client.send(Array(part) + Array("\r\n".utf8))
                }
                client.send("0\r\n\r\n")
            } else {
                client.send("Content-Length: \(body.count)\r\n\r\n")
                client.send(body)
            }
            let got = try #require(client.readMessage(), "\(answer): \(proxy.console("show errors"))")
            #expect(got.status == 200, "\(answer): \(got.text) \(proxy.console("show errors"))")
            #expect(Self.difference(got.body, body) == nil)
        }
    }

    @Test("a client that does not read holds up its server, and costs the proxy no memory")
    func slowReader() throws {
        let size = 64 << 20
        let sent = Progress(0)
        let origin = try Origin { _, connection in
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
            let chunk = Self.pattern(1 << 16)
            for _ in 0..<(size >> 16) {
                guard connection.send(chunk) else { return false }
                sent.add(chunk.count)
            }
            return true
        }
        let proxy = try RunningProxy(defaults: "", Self.server("a", origin))
        let client = try proxy.connect(receiveBuffer: 65536)
        client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(client.read(upTo: "\r\n\r\n")?.hasPrefix("HTTP/1.1 200 ") == true)
        // Until nothing moves any more: kernel buffers are full, ours is.
        var before = -1
        while sent.value != before {
            before = sent.value
            usleep(200_000)
        }
        #expect(sent.value < size)
        #expect(proxy.memory < 64 << 20)
        let body = client.read(size)
        #expect(body.count == size)
        #expect(Self.difference(Array(body[(size - (1 << 16))...]), Self.pattern(1 << 16)) == nil)
    }

    @Test("a head that never ends is answered 408, a silent server 504, a client meanwhile 200")
    func timeouts() throws {
        let origin = try Origin { request, connection in
            guard request.path == "/silent" else {
                return connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            }
            _ = connection.read(1)
            return false
        }
        let proxy = try RunningProxy(
            defaults: "timeout http-request 300ms\n timeout server 400ms", Self.server("a", origin))
        let slow = try proxy.connect()
        slow.send("GET / HTTP/1.1\r\nHost: test\r\n")
        let silent = try proxy.connect()
        silent.send("GET /silent HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(try proxy.connect().ask("/")?.status == 200)
        #expect(slow.readMessage()?.status == 408)
        #expect(silent.readMessage()?.status == 504)
        #expect(slow.readToEnd().isEmpty)
    }

    @Test("a server that refuses costs its clients nothing while another one answers, and 503 when none does")
    func refusal() throws {
        let (gone, port) = try Origin.refuse()
        defer { close(gone) }
        let origin = try Origin { _ in "here" }
        let proxy = try RunningProxy("server dead 127.0.0.1:\(port)\n \(Self.server("a", origin))")
        for _ in 0..<6 { #expect(try proxy.connect().ask("/")?.text == "here") }
        #expect((Int(proxy.statistic("wredis", of: "nodes", "BACKEND")) ?? 0) >= 2)

        let alone = try RunningProxy("server dead 127.0.0.1:\(port)")
        let answer = try #require(try alone.connect().ask("/"))
        #expect(answer.status == 503)
        #expect(answer["retry-after"] != nil)
    }

    @Test("checks take a server out whose page fails and bring it back, and the console and CSV say so")
    func checks() throws {
        let isWell = Progress(1)
        let one = try Origin { request, connection in
            let status = isWell.value == 1 || request.path != "/health" ? "200 OK" : "500 Broken"
            return connection.send("HTTP/1.1 \(status)\r\nContent-Length: 3\r\n\r\none")
        }
        let two = try Origin { _ in "two" }
        let words = "check inter 50ms fastinter 50ms downinter 50ms rise 2 fall 2"
        let proxy = try RunningProxy(
            "option httpchk GET /health\n\(Self.server("one", one, words))\n\(Self.server("two", two, words))"
        )
        func answers() throws -> Set<String> {
            Set(try (0..<6).compactMap { _ in try proxy.connect().ask("/")?.text })
        }
        wait { proxy.statistic("check_status", of: "nodes", "one") == "L7OK" }
        #expect(try answers() == ["one", "two"])
        isWell.set(0)
        wait { proxy.statistic("status", of: "nodes", "one") == "DOWN" }
        #expect(proxy.statistic("check_status", of: "nodes", "one") == "L7STS")
        #expect(proxy.statistic("check_code", of: "nodes", "one") == "500")
        #expect(try answers() == ["two"])
        isWell.set(1)
        wait { proxy.statistic("status", of: "nodes", "one") == "UP" }
        #expect(try answers() == ["one", "two"])
    }

    @Test("a server's maxconn is exact over all workers: more wait in order, nobody is refused")
    func serverMaxconn() throws {
        let (now, most) = (Progress(0), Progress(0))
        let origin = try Origin { _, connection in
            now.add(1)
            most.raise(to: now.value)
            usleep(5_000)
            now.add(-1)
            return connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        }
        let proxy = try RunningProxy(Self.server("a", origin, "maxconn 2"))
        let (port, served) = (proxy.port, Progress(0))
        let clients = DispatchGroup()
        for _ in 0..<12 {
            Thread.detach(in: clients) {
                for _ in 0..<10 {
                    if let client = try? Socket(port: port), client.ask("/")?.status == 200 { served.add(1) }
                }
            }
        }
        #expect(clients.wait(timeout: .now() + 2 * Socket.patience) == .success)
        #expect(served.value == 120)
        #expect(most.value == 2)
    }

    @Test("told to stop under load it finishes every request that it took, and ends with 0")
    func gracefulStop() throws {
        let origin = try Origin { _, connection in
            usleep(20_000)
            return connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwhole")
        }
        let proxy = try RunningProxy(Self.server("a", origin))
        let (port, whole, broken) = (proxy.port, Progress(0), Progress(0))
        let clients = DispatchGroup()
        for number in 0..<16 {
            Thread.detach(in: clients) {
                // Half of them keep their connection, half open one for each request.
                var kept: Socket?
                for _ in 0..<2000 {
                    guard let client = try? kept ?? Socket(port: port) else { return }
                    guard client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") else { return }
                    guard let answer = client.readMessage() else {
                        // An idle connection may close, and a connection that nobody took; not half an answer.
                        return
                    }
                    if answer.status == 200, answer.text == "whole" { whole.add(1) } else { broken.add(1) }
                    kept = number % 2 == 0 && answer["connection"] != "close" ? client : nil
                }
            }
        }
        wait { whole.value > 100 }
        let pending = try proxy.connect()
        pending.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        wait { origin.requests > whole.value }
        proxy.signal(SIGTERM)
        #expect(proxy.exitCode() == 0)
        #expect(pending.readMessage()?.text == "whole")
        #expect(clients.wait(timeout: .now() + Socket.patience) == .success)
        #expect(broken.value == 0)
        #expect(whole.value < 16 * 2000)
        #expect(throws: (any Error).self) { try proxy.connect() }
    }

    @Test("a new process takes over under load: no request fails, and what operators and checks know stays")
    func takeover() throws {
        let one = try Origin { _ in "one" }
        let two = try Origin { _ in "two" }
        let (gone, port) = try Origin.refuse()
        defer { close(gone) }
        let proxy = try RunningProxy(
            """
            \(Self.server("one", one))
                \(Self.server("two", two))
                server dead 127.0.0.1:\(port) check inter 50ms
            """)
        wait { proxy.statistic("status", of: "nodes", "dead") == "DOWN" }
        _ = proxy.console("set server nodes/two state drain")
        let (well, failed, ends) = (Progress(0), Progress(0), Progress(0))
        let clients = DispatchGroup()
        for number in 0..<8 {
            Thread.detach(in: clients) { [port = proxy.port] in
                var kept: Socket?
                while ends.value == 0 {
                    guard let client = try? kept ?? Socket(port: port), let answer = client.ask("/") else {
                        failed.add(1)
                        kept = nil
                        continue
                    }
                    if answer.status == 200, answer.text == "one" { well.add(1) } else { failed.add(1) }
                    kept = number % 2 == 0 && answer["connection"] != "close" ? client : nil
                }
            }
        }
        wait { well.value > 200 }
        #expect(try proxy.takeOver { $0.replacing("maxconn 500", with: "maxconn 400") } == 0)
        #expect(proxy.exitCode() == 0)
        let before = well.value
        wait { well.value > before + 200 }
        ends.set(1)
        #expect(clients.wait(timeout: .now() + Socket.patience) == .success)
        #expect(failed.value == 0, "of \(well.value): \(proxy.log)")
        #expect(proxy.console("show info").contains("Maxconn: 400\n"))
        #expect(proxy.statistic("status", of: "nodes", "two") == "DRAIN")
        #expect(proxy.statistic("status", of: "nodes", "dead") == "DOWN")
        #expect(two.requests == 0)
    }

    @Test("a file that cannot be used is no harm: the running process goes on")
    func refusedTakeover() throws {
        let origin = try Origin { _ in "x" }
        let proxy = try RunningProxy(Self.server("a", origin))
        #expect(try proxy.connect().ask("/")?.text == "x")
        #expect(try proxy.takeOver { $0.replacing("maxconn 500", with: "maxcon 500") } == 1)
        #expect(proxy.log.contains("maxcon"))
        #expect(try proxy.connect().ask("/")?.text == "x")
        proxy.signal(SIGTERM)
        #expect(proxy.exitCode() == 0)
    }

    @Test("in mode tcp bytes pass both ways until each side has said its last")
    func tunnel() throws {
        let (listener, port) = try Origin.listen()
        defer { close(listener) }
        Thread.detachNewThread {
            let accepted = accept(listener, nil, nil)
            guard accepted >= 0 else { return }
            let server = Socket(accepted)
            let request = server.readToEnd()
            server.send(request.reversed() + Array("bye".utf8))
            server.endOutput()
        }
        let proxy = try RunningProxy(mode: "tcp", "server a 127.0.0.1:\(port)")
        let client = try proxy.connect()
        let bytes = Self.pattern(300_000)
        client.send(bytes)
        client.endOutput()
        #expect(Self.difference(client.readToEnd(), bytes.reversed() + Array("bye".utf8)) == nil)
    }

    @Test("the statistics page and its CSV come from the same socket as everything else")
    func statisticsPage() throws {
        let origin = try Origin { _ in "x" }
        let proxy = try RunningProxy(
            frontend: "stats enable\n stats uri /haproxy?stats\n stats refresh 7s", Self.server("a", origin))
        _ = try proxy.connect().ask("/")
        let page = try #require(try proxy.connect().ask("/haproxy?stats"))
        #expect(page["content-type"] == "text/html; charset=utf-8")
        #expect(page.text.contains("nodes"))
        let csv = try #require(try proxy.connect().ask("/haproxy?stats;csv"))
        #expect(csv.text.hasPrefix("# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,"))
        #expect(csv.text.contains("\nnodes,a,"))
        #expect(origin.requests == 1)
    }

    @Test("no bytes that a client can send make it crash, hang or pass nonsense on")
    func garbage() throws {
        let origin = try Origin { "ok \($0.path)" }
        let proxy = try RunningProxy(defaults: "timeout http-request 500ms", Self.server("a", origin))
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SplitMix64(seed: seed)
        let words = [
            "GET / HTTP/1.1\r\n", "POST /x HTTP/1.1\r\n", "Host: a\r\n", "Content-Length: 5\r\n",
            "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n", "\r\n",
            "\n", "\r", ":", " ", "\0", "5\r\nhello\r\n", "0\r\n\r\n", "ffffffffffffffff\r\n", "hello",
            "Connection: upgrade\r\n", "Upgrade: websocket\r\n", "Expect: 100-continue\r\n",
            "PRI * HTTP/2.0\r\n",
            String(repeating: "a", count: 20_000),
        ]
        for _ in 0..<300 {
            let client = try proxy.connect()
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                bytes += Array((words.randomElement(using: &random) ?? "").utf8)
            }
            if Bool.random(using: &random) {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            client.send(bytes)
            client.endOutput()
            let answer = client.readToEnd()
            #expect(
                answer.isEmpty || answer.starts(with: Array("HTTP/1.1 ".utf8)),
                "seed \(seed): \(bytes.prefix(200))")
        }
        #expect(try proxy.connect().ask("/still")?.text == "ok /still", "seed \(seed)")
        proxy.signal(SIGTERM)
        #expect(proxy.exitCode() == 0, "seed \(seed)")
    }

    /// Waits until something holds; a test that needs it fails when it does not.
    private func wait(
        _ condition: () -> Bool, location: SourceLocation = #_sourceLocation
    ) {
        let end = Date(timeIntervalSinceNow: Socket.patience)
        while !condition() {
            guard Date() < end else {
                Issue.record("did not happen within \(Socket.patience) s", sourceLocation: location)
                return
            }
            usleep(20_000)
        }
    }
}

/// A number that threads share.
private final class Progress: @unchecked Sendable {
    private let lock = NSLock()
    private var number: Int

    init(_ number: Int) { self.number = number }

    var value: Int { lock.withLock { number } }
    func add(_ more: Int) { lock.withLock { number += more } }
    func raise(to other: Int) { lock.withLock { number = max(number, other) } }
    func set(_ new: Int) { lock.withLock { number = new } }
}

extension Thread {
    /// A thread that the group waits for.
    fileprivate static func detach(in group: DispatchGroup, _ body: @escaping @Sendable () -> Void) {
        group.enter()
        detachNewThread {
            body()
            group.leave()
        }
    }
}
