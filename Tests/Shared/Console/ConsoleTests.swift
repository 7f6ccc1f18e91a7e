import CLinux
import Reactor
import Testing

@testable import Console

@Suite struct ConsoleTests {
    /// A client on the other end of a console, driven by the same thread.
    final class Client {
        let descriptor: Int32
        init(_ path: String) { descriptor = cl_connect_unix(path) }
        deinit { close(descriptor) }

        func send(_ text: String) {
            _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        }

        func read() -> String? {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            return count < 0 ? nil : String(decoding: bytes[0..<count], as: UTF8.self)
        }
    }

    func withConsole(_ body: (Reactor, Client) throws -> Void) throws {
        let reactor = try Reactor()
        let path = "/tmp/pinode-console-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).sock"
        let server = try ConsoleServer(on: reactor, path: path) { "you said \($0)" }
        defer { server.close() }
        let client = Client(path)
        try body(reactor, client)
    }

    func turns(_ reactor: Reactor) { for _ in 0..<8 { reactor.turn(limit: .zero) } }

    @Test("a command is answered, an empty line ends the answer and the connection closes")
    func once() throws {
        try withConsole { reactor, client in
            client.send("show info; show stat\n")
            turns(reactor)
            #expect(client.read() == "you said show info\n\nyou said show stat\n\n")
            #expect(client.read() == "")
        }
    }

    @Test("after prompt the connection stays and shows that it is ready")
    func prompt() throws {
        try withConsole { reactor, client in
            client.send("prompt\n")
            turns(reactor)
            #expect(client.read() == "> ")
            client.send("a\n")
            turns(reactor)
            #expect(client.read() == "you said a\n\n> ")
            client.send("quit\n")
            turns(reactor)
            _ = client.read()
            #expect(client.read() == "" || client.read() == "")
        }
    }

    @Test("a line that does not end is not kept for ever")
    func tooLong() throws {
        try withConsole { reactor, client in
            client.send(String(repeating: "x", count: 4000))
            turns(reactor)
            client.send(String(repeating: "x", count: 4000))
            turns(reactor)
            #expect(client.read() == "")
        }
    }
}
