import CLinux
import Foundation
import JSON
import Testing

/// Three processes on loopback, as three nodes.
@Suite(.serialized) struct ControlRoleTests {
    private let root: String
    private let nodes: [ControlProcess]

    init() throws {
        root = NSTemporaryDirectory() + "control-\(UUID().uuidString.prefix(8))"
        let ports = try Self.freePorts(3)
        nodes = try (1...3).map { [root] in try ControlProcess($0, in: root, ports: ports) }
    }

    /// Ports that nobody had a moment ago.
    private static func freePorts(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let socket = cl_listen_tcp("127.0.0.1", 0, 0, 0, 1)
            try #require(socket >= 0)
            sockets.append(socket)
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(socket, $0, &length) }
            }
            try #require(code == 0)
            return Int(address.sin_port.bigEndian)
        }
    }

    private func remove() { try? FileManager.default.removeItem(atPath: root) }

    @Test(
        "three nodes agree on facts and leases; a killed owner's lease is another's after its time, and the log outlives all"
    )
    func life() throws {
        defer { remove() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect(), "\(node.output)") }
        let (first, second, third) = (nodes[0], nodes[1], nodes[2])

        // Facts, from whatever node.
        let written = first.ask(#""set":"f","value":"x","expecting":0"#)?["result"]?["answer"]?["written"]?
            .integer
        let version = try #require(written, "\(first.output)")
        #expect(
            second.ask(#""set":"f","value":"y","expecting":0"#)?["result"]?["answer"]?["changed"]?.integer
                == version)
        #expect(third.ask(#""sync":true"#)?["result"]?["answer"]?["done"]?.boolean == true)
        #expect(third.ask(#""watch":true"#)?["facts"]?["f"]?["value"]?.text == "x")

        // One owner, renewed; nobody else takes it meanwhile.
        #expect(first.take("primary", after: 0) == 1)
        let valid = first.renew("primary", epoch: 1)
        #expect(try #require(valid) > Int64(cl_now_ns()))
        for _ in 0..<3 {
            #expect(first.renew("primary", epoch: 1) != nil)
            let refused = second.ask(#""take":"primary","after":1"#)?["result"]
            #expect(refused?["held"]?.integer == 1)
            usleep(300_000)
        }

        // The owner's node dies: after the promises have run out another one may act, in the next epoch.
        first.kill()
        var epoch: Int64?
        for _ in 0..<400 where epoch == nil {
            epoch = second.take("primary", after: 1)
            if epoch == nil { usleep(50_000) }
        }
        #expect(epoch == 2)
        #expect(second.renew("primary", epoch: 2) != nil)

        // It comes back, knows all, and is told that it is deposed.
        try first.start()
        #expect(first.connect())
        #expect(first.ask(#""sync":true"#)?["result"]?["answer"]?["done"]?.boolean == true)
        #expect(first.ask(#""renew":"primary","epoch":1,"asked":1"#)?["refused"]?.text == "deposed")

        // Given back, it is free at once.
        #expect(
            second.ask(#""release":"primary","epoch":2"#)?["result"]?["answer"]?["released"]?.boolean == true)
        #expect(third.take("primary", after: 2) == 3)
        #expect(third.renew("primary", epoch: 3) != nil)

        // The whole shelf loses its power.
        for node in nodes { node.kill() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect()) }
        let state = second.ask(#""sync":true"#).flatMap { _ in second.ask(#""watch":true"#) }
        #expect(state?["facts"]?["f"]?["value"]?.text == "x")
        #expect(state?["leases"]?["primary"]?["epoch"]?.integer == 3)
    }

    @Test("roles talk to the same role on other nodes, each in its lane; the last subscriber gets it")
    func lanes() throws {
        defer { remove() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect(), "\(node.output)") }
        let (first, second, third) = (nodes[0], nodes[1], nodes[2])
        // Once something is agreed on, all are connected or about to be.
        #expect(first.ask(#""sync":true"#)?["result"]?["answer"]?["done"]?.boolean == true)
        #expect(second.ask(#""lane":"database""#)?["subscribed"]?.text == "database")
        #expect(third.ask(#""lane":"storage""#)?["subscribed"]?.text == "storage")

        func tell(_ bytes: String, until heard: (JSONValue?) -> Bool) -> Bool {
            for _ in 0..<100 {
                _ = first.say(#"{"tell":2,"lane":"database","bytes":"\#(bytes)"}"#)
                if heard(second.next(within: 0.2) { $0["told"] != nil }) { return true }
            }
            return false
        }
        #expect(
            tell("00ff") {
                $0?["told"]?.integer == 1 && $0?["lane"]?.text == "database" && $0?["bytes"]?.text == "00ff"
            })
        let most = String(repeating: "ab", count: 16 << 10)
        #expect(tell(most) { $0?["bytes"]?.text == most })

        // Nobody listens to that lane there, and the one that somebody listens to still works.
        #expect(first.say(#"{"tell":3,"lane":"database","bytes":"01"}"#))
        #expect(first.say(#"{"tell":3,"lane":"storage","bytes":"02"}"#))
        #expect(third.next(within: 5) { $0["told"] != nil }?["bytes"]?.text == "02")

        #expect(first.say(#"{"tell":1,"lane":"database","bytes":"01"}"#))
        #expect(first.next(within: 5) { $0["error"] != nil }?["error"]?.text?.contains("you tell") == true)
        #expect(first.say("{\"tell\":2,\"lane\":\"database\",\"bytes\":\"\(most)00\"}"))
        #expect(first.next(within: 5) { $0["error"] != nil } != nil)

        // A second client of the same node takes the lane over.
        let other = ControlClient(of: second.folder)
        #expect(other.connect())
        #expect(other.ask(#""lane":"database""#)?["subscribed"]?.text == "database")
        #expect(second.next(within: 5) { $0["unsubscribed"] != nil }?["unsubscribed"]?.text == "database")
        #expect(first.say(#"{"tell":2,"lane":"database","bytes":"03"}"#))
        #expect(other.next(within: 5) { $0["told"] != nil }?["bytes"]?.text == "03")
    }

    @Test(
        "the first renewal of a new owner is answered when the one before has run out, without being asked again"
    )
    func firstRenewal() throws {
        defer { remove() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect()) }
        #expect(nodes[0].take("primary", after: 0) == 1)
        // The voters have just started, and promise nothing for a lease's length.
        let line = #""renew":"primary","epoch":1,"asked":\#(cl_now_ns())"#
        var answer = nodes[0].ask(line, within: 8)
        while let said = answer, said["valid"] == nil {
            answer = nodes[0].next(within: 8) { $0["id"] == said["id"] }
        }
        #expect(try #require(answer?["valid"]?.integer) > Int64(cl_now_ns()))
    }

    @Test(
        "a node that did not found the cluster is taken in by itself, and follows; who leads is told by all")
    func follower() throws {
        defer { remove() }
        let ports = try Self.freePorts(4)
        let all = try (1...4).map { [root] in try ControlProcess($0, in: "\(root)/more", ports: ports) }
        try all[3].start()
        #expect(all[3].waits(forHealth: "no leader: "))
        for node in all[..<3] { try node.start() }
        for node in all { #expect(node.waits(forHealth: "ok: "), "\(node.output)") }
        #expect(all[3].console("show status").contains("member 4 n4"))
        #expect(all[3].connect())
        #expect(all[3].ask(#""set":"f","value":"x","expecting":0"#)?["result"]?["answer"]?["written"] != nil)
        // A voter that has started a moment ago is not well before it makes promises again.
        all[0].kill()
        try all[0].start()
        #expect(all[0].waits(forHealth: "silent: ") && all[0].waits(forHealth: "ok: "))
    }

    @Test(
        "members change by the console of whatever node, in one line; what would stop the cluster is refused")
    func members() throws {
        defer { remove() }
        let ports = try Self.freePorts(4)
        let all = try (1...4).map { [root] in try ControlProcess($0, in: "\(root)/more", ports: ports) }
        for node in all { try node.start() }
        for node in all { #expect(node.waits(forHealth: "ok: "), "\(node.output)") }
        // Voters do not change within a lease's length of another change, or of an election.
        func ask(_ command: String, of node: ControlProcess, until beginning: String) -> String {
            var answer = ""
            for _ in 0..<100 {
                answer = node.console(command)
                if answer.hasPrefix(beginning) { break }
                usleep(100_000)
            }
            return answer
        }
        #expect(ask("promote 4", of: all[1], until: "done: n4 (member 4) votes\n").hasPrefix("done"))
        #expect(all[1].console("promote 4") == "done: n4 (member 4) votes\n\n")
        #expect(
            all[2].console("promote 9").hasPrefix("refused: there is no member 9. Members are 1, 2, 3, 4"))
        #expect(all[2].console("promote x").hasPrefix("promote needs a member's number"))
        #expect(ask("transfer 2", of: all[3], until: "done: n2 (member 2) leads").hasPrefix("done"))
        #expect(all[3].console("show status").contains("leader n2"))
        #expect(ask("demote 2", of: all[0], until: "refused: member 2 leads").hasPrefix("refused"))
        #expect(ask("demote 4", of: all[0], until: "done: n4 (member 4) does not vote").hasPrefix("done"))
        // It follows soon, by itself.
        var follows = false
        for _ in 0..<300 where !follows {
            follows = all[0].console("show status").contains("127.0.0.1:\(ports[3]): follower")
            usleep(50_000)
        }
        #expect(follows, "\(all[0].console("show status"))")
        #expect(ask("remove 4", of: all[0], until: "done: ").contains("takes it in again as a follower"))
        // With one voter gone the other two are needed.
        all[0].kill()
        #expect(
            ask("transfer 1", of: all[1], until: "refused: member 1 at").contains(
                "Is it running and connected?"))
        #expect(all[1].console("remove 3").contains("nothing could be agreed on"))
    }

    @Test(
        "after a majority was lost one node goes on alone with all that it knows; old logs neither vote nor lead, and rejoin"
    )
    func recovery() throws {
        defer { remove() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect(), "\(node.output)") }
        let (first, second, third) = (nodes[0], nodes[1], nodes[2])
        #expect(first.ask(#""set":"f","value":"x","expecting":0"#)?["result"]?["answer"]?["written"] != nil)
        #expect(second.take("primary", after: 0) == 1)
        #expect(first.ask(#""sync":true"#)?["result"]?["answer"]?["done"] != nil)
        let running = try first.offline("recover")
        #expect(running.code == 1 && running.text.contains("in use by another process"))
        for node in nodes { node.kill() }

        let report = try first.offline("recover")
        #expect(report.code == 0, "\(report.text)")
        for part in [
            "n1, member 1 of cluster test: last entry ", "member 3 n3 at ", "lease primary: n2, epoch 1",
            "fact f: version ", "Nothing was changed.",
        ] {
            #expect(report.text.contains(part), "\(report.text)")
        }
        #expect(try first.offline("recover").text == report.text)
        #expect(try first.offline("recover", "--accept-loss").text.contains("n1 is the only member now"))

        // Alone it leads, knows all, and counts epochs that nobody had.
        try first.start()
        #expect(first.connect())
        #expect(first.waits(forHealth: "ok: n1 leads in term "))
        let state = first.ask(#""watch":true"#)
        #expect(state?["facts"]?["f"]?["value"]?.text == "x")
        #expect(state?["leases"]?["primary"]?["owner"]?.integer == 0)
        #expect(first.take("primary", after: 1 + 65_536) == 65_538)

        // Both others together are the old majority: they stop, and stay stopped.
        try second.start()
        try third.start()
        #expect(second.waits(forHealth: "stopped: its log is of a life of the cluster that is over"))
        #expect(third.waits(forHealth: "stopped: its log is of a life of the cluster that is over"))
        first.kill()
        second.kill()
        third.kill()
        try second.start()
        var output = ""
        for _ in 0..<300 where !output.contains("cannot run: its log is of a life") {
            usleep(20_000)
            output = second.output
        }
        #expect(output.contains("cannot run: its log is of a life of the cluster that is over"))
        second.kill()

        // Without their logs they wait, found nothing although they are founders, and are taken in.
        #expect(try second.offline("rejoin").text.hasPrefix("Nothing was changed."))
        #expect(try second.offline("rejoin", "--accept-loss").code == 0)
        #expect(try third.offline("rejoin", "--accept-loss").code == 0)
        try second.start()
        try third.start()
        #expect(second.waits(forHealth: "no leader: ") && third.waits(forHealth: "no leader: "))
        try first.start()
        #expect(second.waits(forHealth: "ok: n1 leads") && third.waits(forHealth: "ok: n1 leads"))
        #expect(second.connect())
        #expect(second.ask(#""sync":true"#)?["result"]?["answer"]?["done"]?.boolean == true)
        #expect(second.ask(#""watch":true"#)?["facts"]?["f"]?["value"]?.text == "x")
    }

    @Test("without a majority nothing is agreed on, and what was asked is told to be unknown")
    func minority() throws {
        defer { remove() }
        try nodes[0].start()
        #expect(nodes[0].connect())
        #expect(nodes[0].ask(#""set":"f","value":"x","expecting":0"#)?["result"]?["unknown"]?.boolean == true)
        #expect(nodes[0].renew("primary", epoch: 1, within: 1.5) == nil)
        // The second one comes: two of three are enough.
        try nodes[1].start()
        let answer = nodes[0].ask(#""set":"f","value":"x","expecting":0"#)?["result"]?["answer"]
        #expect(answer?["written"] != nil, "\(nodes[0].output)")
    }

    @Test("a process that stood still longer than its lease finds it gone")
    func frozen() throws {
        defer { remove() }
        for node in nodes { try node.start() }
        for node in nodes { #expect(node.connect()) }
        #expect(nodes[0].take("primary", after: 0) == 1)
        #expect(nodes[0].renew("primary", epoch: 1) != nil)
        nodes[0].freeze()
        var epoch: Int64?
        for _ in 0..<400 where epoch == nil {
            epoch = nodes[1].take("primary", after: 1)
            if epoch == nil { usleep(50_000) }
        }
        #expect(epoch == 2)
        nodes[0].thaw()
        let answer = nodes[0].ask("\"renew\":\"primary\",\"epoch\":1,\"asked\":\(cl_now_ns())")
        #expect(answer?["valid"] == nil)
    }

    @Test("a file with mistakes is told line by line, and nothing runs")
    func mistakes() throws {
        defer { remove() }
        let folder = nodes[0].folder
        let text = """
            [cluster]
            name = test
            nod = n1
            lease_time = 1
            [node n1]
            id = 1
            address = 192.0.2.1
            founder = maybe
            [nodes]
            """
        try text.write(toFile: "\(folder)/control.conf", atomically: true, encoding: .utf8)
        try nodes[0].start()
        var output = ""
        for _ in 0..<200 where !output.contains("founders") {
            usleep(20_000)
            output = nodes[0].output
        }
        for sentence in [
            "control.conf:3: [cluster] has no setting nod. Is node meant?",
            "control.conf:4: lease_time is no time from 500ms to 60s. Write 1.5s, for example.",
            "control.conf:7: the address of n1 is not IP:PORT. Write address = 192.0.2.1:4100.",
            "control.conf:8: founder is neither yes nor no.",
            "control.conf:9: there is no section [nodes] of that form. There are [cluster] and [node NAME].",
            "control.conf: this node, \"\", is none of the nodes.",
            "control.conf: 0 nodes are founders.",
        ] {
            #expect(output.contains(sentence), "\(output)")
        }
    }
}
