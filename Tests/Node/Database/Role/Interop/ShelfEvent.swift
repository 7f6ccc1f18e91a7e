import CLinux
import Console
import Foundation
import Testing

/// What can happen to a node.
enum ShelfEvent: String, CaseIterable, CustomTestStringConvertible {
    case postmasterKilled = "postmaster killed"
    case agentKilled = "agent killed"
    case keeperKilled = "keeper killed"
    case controlKilled = "control killed"
    case agentFrozen = "agent frozen and thawed"
    case postgresFrozen = "PostgreSQL frozen and thawed"
    case nodeKilled = "all of the node killed"
    case nodeFrozen = "node frozen and thawed"
    case cableCut = "cable cut and mended"
    case unheard = "nothing that it says arrives"
    case deaf = "it hears nothing"
    case diskFull = "disk full"
    case logFull = "no room for the log"
    case controlFull = "no room for control's log"
    case allDisksFull = "all disks full"
    case switchover = "switchover"
    case upgrade = "upgrade in place"
    case stopped = "services stopped and started"
    case powerCut = "power cut of all"

    /// Longer than control's lease (1.5 s by default) and all that is decided within it.
    private static let longerThanALease: UInt32 = 5

    /// When it happens to the primary, another election follows, whoever wins it.
    var endsReign: Bool {
        switch self {
        case .controlKilled, .postgresFrozen, .diskFull, .allDisksFull, .upgrade: false
        case .postmasterKilled, .agentKilled, .keeperKilled, .agentFrozen, .nodeKilled, .nodeFrozen,
            .cableCut, .unheard,
            .deaf, .logFull, .controlFull, .switchover, .stopped, .powerCut:
            true
        }
    }

    /// It can happen to a node in whatever state that is.
    var isSudden: Bool {
        switch self {
        case .nodeKilled, .nodeFrozen, .cableCut, .unheard, .deaf, .powerCut: true
        case .postmasterKilled, .agentKilled, .keeperKilled, .controlKilled, .agentFrozen, .postgresFrozen,
            .diskFull, .logFull, .controlFull, .allDisksFull, .switchover, .upgrade, .stopped:
            false
        }
    }

    var testDescription: String { rawValue }

    /// Lets it happen, to its end: afterwards all is in order, or will be without a hand.
    func happen(to node: Int, on shelf: DatabaseShelf) throws {
        shelf.note("\(rawValue), n\(node)")
        switch self {
        case .postmasterKilled:
            let process = try #require(shelf.postmaster(node))
            kill(process, SIGKILL)
            #expect(
                shelf.eventually { shelf.postmaster(node).map { $0 != process } ?? false }, "\(shelf.story)")
        case .agentKilled: kill(try #require(shelf.agent(node)), SIGKILL)
        case .keeperKilled: kill(try #require(shelf.keeper(node)), SIGKILL)
        case .controlKilled: kill(try #require(shelf.nodes[node]?.control), SIGKILL)
        case .agentFrozen: try freeze([try #require(shelf.agent(node))], node, shelf)
        case .postgresFrozen: try freeze(shelf.servers(node), node, shelf)
        case .nodeKilled:
            shelf.killAll(node)
            sleep(2)
            try shelf.start(node)
        case .nodeFrozen:
            shelf.freeze(node)
            sleep(Self.longerThanALease)
            shelf.thaw(node)
        case .cableCut:
            try shelf.network.setCable(node, false)
            sleep(Self.longerThanALease)
            try shelf.network.setCable(node, true)
        case .unheard: try cut(node, .output, shelf)
        case .deaf: try cut(node, .input, shelf)
        case .diskFull:
            shelf.fillDisk(node)
            sleep(Self.longerThanALease)
            shelf.freeDisk(node)
        case .logFull:
            shelf.fillDisk(node)
            shelf.exhaustLog(node)
            sleep(Self.longerThanALease)
            shelf.freeDisk(node)
        case .controlFull:
            shelf.fillDisk(node)
            #expect(shelf.stopsControl(node), "\(shelf.story)")
            sleep(Self.longerThanALease)
            shelf.freeDisk(node)
        case .allDisksFull:
            for node in shelf.numbers { shelf.fillDisk(node) }
            shelf.exhaustLog(node)
            sleep(Self.longerThanALease)
            for node in shelf.numbers { shelf.freeDisk(node) }
        case .switchover: try switchOver(node, shelf)
        case .upgrade: try upgrade(node, shelf)
        case .stopped:
            let isPrimary = shelf.primary == node
            #expect(shelf.stop(node), "\(shelf.story)")
            if isPrimary { #expect(shelf.eventually { shelf.primary != nil }, "\(shelf.story)") }
            try shelf.start(node)
        case .powerCut:
            for node in shelf.numbers { shelf.killAll(node) }
            for node in shelf.numbers { try shelf.start(node) }
        }
    }

    /// The rest of the node goes on.
    private func freeze(_ processes: [pid_t], _ node: Int, _ shelf: DatabaseShelf) throws {
        for process in processes { kill(process, SIGSTOP) }
        sleep(Self.longerThanALease)
        for process in processes { kill(process, SIGCONT) }
    }

    private func cut(_ node: Int, _ direction: ShelfNetwork.Direction, _ shelf: DatabaseShelf) throws {
        try shelf.network.cut(node, direction)
        sleep(Self.longerThanALease)
        try shelf.network.mend(node)
    }

    /// Told to any node, the present primary hands over; when the node is a standby, to this one.
    private func switchOver(_ node: Int, _ shelf: DatabaseShelf) throws {
        let before = try #require(shelf.primary)
        let answer = try shelf.say(before == node ? "switchover" : "switchover n\(node)", to: node)
        #expect(answer.hasPrefix("ok: "), "\(answer)\n\(shelf.story)")
        #expect(
            shelf.eventually {
                let now = shelf.primary
                return before == node ? now != nil && now != before : now == node
            }, "\(shelf.story)")
    }

    /// The same processes but the agent, the same epoch, and no client sees anything.
    private func upgrade(_ node: Int, _ shelf: DatabaseShelf) throws {
        let keeper = try #require(shelf.keeper(node))
        let agent = try #require(shelf.agent(node))
        let postmaster = try #require(shelf.postmaster(node))
        let epoch = shelf.document(node)?["epoch"]?.integer
        let complaints = shelf.writer?.complaints ?? []
        kill(keeper, SIGHUP)
        #expect(
            shelf.eventually { shelf.agent(node).map { $0 != agent } ?? false && shelf.flaw == nil },
            "\(shelf.story)")
        #expect(shelf.keeper(node) == keeper && kill(keeper, 0) == 0, "\(shelf.story)")
        #expect(shelf.postmaster(node) == postmaster && kill(postmaster, 0) == 0, "\(shelf.story)")
        #expect(shelf.document(node)?["epoch"]?.integer == epoch, "\(shelf.story)")
        #expect(shelf.writer?.complaints == complaints, "\(shelf.story)")
    }
}

extension DatabaseShelf {
    private func filler(_ node: Int) -> String { disk(node) + "/filler" }

    /// Until nothing more fits.
    func fillDisk(_ node: Int) {
        note("fill n\(node)'s disk")
        let descriptor = cl_open(filler(node), O_WRONLY | O_CREAT, 0o600)
        var size = 1 << 20
        let bytes = [UInt8](repeating: 1, count: size)
        while size > 0 {
            let count = CLinux.write(descriptor, bytes, size)
            if count <= 0 { size /= 2 }
        }
        CLinux.close(descriptor)
    }

    /// Makes the node's PostgreSQL write log until it has no room for more, and ends.
    func exhaustLog(_ node: Int) {
        guard let session = ShelfSession(in: folder(node) + "/sock", asSuperuser: true),
            (try? session.settle(within: 10)) != nil
        else { return }
        defer { session.end() }
        while session.isOpen,
            (try? session.rows("SELECT pg_logical_emit_message(false, 'test', ''), pg_switch_wal()")) != nil
        {}
    }

    /// Makes others lead until the node's control, which must write each term down, says that it has stopped.
    func stopsControl(_ node: Int) -> Bool {
        func ask(_ command: String, _ node: Int) -> String? {
            try? ConsoleClient.ask(command, at: runtime(node) + "/control.sock")
        }
        var next = node
        return eventually {
            if ask("show health", node)?.hasPrefix("stopped: ") == true { return true }
            next = next == numbers.upperBound ? numbers.lowerBound : next + 1
            _ = ask("transfer \(next)", next)
            return false
        }
    }

    func freeDisk(_ node: Int) {
        note("free n\(node)'s disk")
        unlink(filler(node))
    }
}
