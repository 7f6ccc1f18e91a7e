import Foundation
import Testing
import TestSupport

@testable import SSH

/// A login, a question and an upload over a wire that fails at a random byte: always a whole answer or a clear error.
@Suite(.serialized, .disabled(if: TestServer.isMissing, "openssh-server is not installed"))
struct FaultyWireTests {
    let server: TestServer
    let upload = [UInt8](repeating: 7, count: 300_000)

    init() throws {
        server = try TestServer()
        let key = try String(contentsOfFile: "\(server.folder)/host.pub", encoding: .utf8)
        let hosts = "*,[127.0.0.1]:* \(key)"
        try hosts.write(toFile: "\(server.folder)/known_hosts", atomically: true, encoding: .utf8)
    }

    private var quick: SSHTimeouts {
        var timeouts = SSHTimeouts()
        timeouts.keyExchange = .milliseconds(700)
        timeouts.authentication = .milliseconds(700)
        timeouts.commandIdle = .milliseconds(700)
        return timeouts
    }

    /// What a deploy does over its connection, small.
    private func deploy(over wire: FaultyWire) -> Result<String, SSHError> {
        var target = server.target()
        target.port = wire.port
        do throws(SSHError) {
            let session = try SSHSession.connect(to: target, timeouts: quick)
            let question = try session.perform("sh -s", step: "asking", input: Array("echo facts".utf8)).text
            let count = try session.perform("sh -c 'sleep 0.05; wc -c'", step: "sending", input: upload).text
            return .success(question + count)
        } catch { return .failure(error) }
    }

    @Test("a delay is only a delay")
    func delay() throws {
        let wire = try FaultyWire(to: server.port, .delay(milliseconds: 200), after: 4000)
        defer { wire.end() }
        #expect(try deploy(over: wire).get() == "facts\n300000\n")
    }

    @Test(
        "a wire that is cut or corrupted at a random byte gives a whole answer or a sentence about the node")
    func random() throws {
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SplitMix64(seed: seed)
        for round in 0..<24 {
            let fault: FaultyWire.Fault = round % 2 == 0 ? .cut : .corrupt
            // Half of them while logging in, half of them later.
            let after = Int(random.next() % (round % 4 < 2 ? 6000 : 330_000))
            let wire = try FaultyWire(to: server.port, fault, after: after)
            defer { wire.end() }
            switch deploy(over: wire) {
            case .success(let text):
                #expect(text == "facts\n300000\n", "seed \(seed), round \(round), \(fault) after \(after)")
            case .failure(let error):
                #expect(
                    error.sentence.hasPrefix("n1 (127.0.0.1:"),
                    "seed \(seed), round \(round): \(error.sentence)")
                #expect(error.sentence.count > 40, "seed \(seed), round \(round): \(error.sentence)")
            }
        }
    }

    @Test(
        "silence is given up after the time that is its limit, in whatever step",
        arguments: [10, 2000, 4500, 100_000])
    func silence(after: Int) throws {
        let wire = try FaultyWire(to: server.port, .silence, after: after)
        defer { wire.end() }
        guard case .failure(let error) = deploy(over: wire) else {
            Issue.record("an answer came through a silent wire")
            return
        }
        #expect(error.sentence.hasPrefix("n1 (127.0.0.1:"), "\(error.sentence)")
    }
}
