import CLinux
import Foundation
import Testing

/// `set frontends state` in the running proxy: what its clients notice.
@Suite(.serialized) struct FrontendStateTests {
    /// How long a connection that must not come about is waited for, in milliseconds.
    static let doubt: Int32 = 300

    private func proxy() throws -> (RunningProxy, Origin) {
        let origin = try Origin { _ in "here" }
        let proxy = try RunningProxy("server a 127.0.0.1:\(origin.port)")
        wait { number("CurrConns", proxy) != nil }
        return (proxy, origin)
    }

    private func number(_ name: String, _ proxy: RunningProxy) -> Int? {
        proxy.console("show info").split(separator: "\n").first { $0.hasPrefix("\(name): ") }
            .flatMap { Int($0.dropFirst(name.count + 2)) }
    }

    private func wait(_ condition: () -> Bool, location: SourceLocation = #_sourceLocation) {
        let end = Date(timeIntervalSinceNow: Socket.patience)
        while !condition() {
            guard Date() < end else {
                Issue.record("did not happen within \(Socket.patience) s", sourceLocation: location)
                return
            }
            usleep(20_000)
        }
    }

    @Test("draining, it answers with Connection: close, lets idle clients go, and serves those that come")
    func drain() throws {
        let (proxy, origin) = try proxy()
        let (asking, idle) = (try proxy.connect(), try proxy.connect())
        #expect(asking.ask("/")?["connection"] == nil)
        #expect(idle.ask("/")?["connection"] == nil)
        #expect(proxy.console("set frontends state drain") == "\n\n")
        #expect(number("Frontends_earlier", proxy) == 2)
        #expect(asking.ask("/")?["connection"] == "close")
        #expect(asking.readToEnd().isEmpty)
        #expect(idle.readToEnd().isEmpty)
        wait { number("Frontends_earlier", proxy) == 0 && number("Frontends_left", proxy) == 0 }
        let new = try proxy.connect()
        #expect(new.ask("/")?["connection"] == "close")
        #expect(origin.requests == 4)
    }

    @Test(
        "in maintenance it drops who connects, serves who has connected, and takes the others when ready again"
    )
    func maintenance() throws {
        let (proxy, origin) = try proxy()
        defer { withExtendedLifetime(origin) {} }
        let old = try proxy.connect()
        wait { number("CurrConns", proxy) == 1 }
        #expect(proxy.console("set frontends state maint") == "\n\n")
        #expect(proxy.statistic("status", of: "web", "FRONTEND") == "STOP")
        let new = try Socket(port: proxy.port, waits: false)
        #expect(!new.isConnected(within: Self.doubt))
        #expect(number("Frontends_left", proxy) == 1)
        #expect(old.ask("/")?.text == "here")
        wait { number("Frontends_left", proxy) == 0 }
        #expect(proxy.console("set frontends state ready") == "\n\n")
        // It has not given up: its next attempt comes a second, or three, after the first.
        #expect(new.isConnected(within: 10_000))
        let after = try proxy.connect()
        #expect(after.ask("/")?["connection"] == nil)
        #expect(number("Frontends_left", proxy) == nil)
    }

    @Test("nobody stays deaf: after the time that was said it is ready by itself")
    func endsByItself() throws {
        let (proxy, origin) = try proxy()
        defer { withExtendedLifetime(origin) {} }
        _ = proxy.console("set frontends state maint 1")
        wait { proxy.console("show info").contains("Frontends: ready\n") }
        #expect(try proxy.connect().ask("/")?["connection"] == nil)
        #expect(proxy.log.contains("in time"))
    }

    @Test("a new process that takes over takes clients again")
    func takeover() throws {
        let (proxy, origin) = try proxy()
        defer { withExtendedLifetime(origin) {} }
        _ = proxy.console("set frontends state maint")
        #expect(try proxy.takeOver() == 0)
        #expect(proxy.console("show info").contains("Frontends: ready\n"))
        #expect(try proxy.connect().ask("/")?.text == "here")
    }

    @Test("an answer that its client does not take is still under way, also when the proxy has let go of it")
    func unacknowledged() throws {
        let origin = try Origin { _, connection in
            let body = [UInt8](repeating: 7, count: 300_000)
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            return connection.send(body)
        }
        let proxy = try RunningProxy("server a 127.0.0.1:\(origin.port)")
        let slow = try proxy.connect(receiveBuffer: 4096)
        slow.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n")
        #expect(slow.read(upTo: "\r\n\r\n")?.hasPrefix("HTTP/1.1 200 ") == true)
        _ = proxy.console("set frontends state maint")
        wait { number("CurrConns", proxy) == 0 }
        #expect(number("Frontends_left", proxy) == 1)
        #expect(slow.read(300_000).count == 300_000)
        wait { number("Frontends_left", proxy) == 0 }
    }
}
