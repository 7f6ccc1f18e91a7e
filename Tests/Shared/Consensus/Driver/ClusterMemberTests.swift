import CLinux
import Foundation
import Reactor
import Testing

@testable import Consensus
@testable import ConsensusDriver

/// Members on loopback, all in one Reactor, with logs in a folder.
private final class Shelf {
    /// A step that does not come within this is a failure.
    static let patience: Duration = .seconds(30)

    let reactor: Reactor
    let folder: String
    let ports: [UInt16]
    var members: [MemberID: ClusterMember<Journal>] = [:]
    var outcomes: [Outcome] = []
    var notes: [String] = []
    var stopped: [MemberID: String] = [:]
    var heard: [(from: MemberID, to: MemberID, bytes: [UInt8])] = []
    var settings = Settings()

    init(_ count: Int) throws {
        reactor = try Reactor()
        folder = FileManager.default.temporaryDirectory.path + "/pidep-consensus-\(UUID().uuidString)"
        ports = try (0..<count).map { _ in try Self.freePort() }
        for id in 1...count {
            try FileManager.default.createDirectory(
                atPath: path(MemberID(id)), withIntermediateDirectories: true)
        }
    }

    deinit {
        for member in members.values { member.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    func path(_ id: MemberID) -> String { "\(folder)/\(id)" }
    func address(_ id: MemberID) -> String { "127.0.0.1:\(ports[Int(id) - 1])" }

    private static func freePort() throws -> UInt16 {
        let descriptor = cl_listen_tcp("127.0.0.1", 0, 0, 0, 1)
        defer { CLinux.close(descriptor) }
        var own = cl_peer()
        try #require(descriptor >= 0 && cl_socket_address(descriptor, 0, &own) == 0)
        return own.port
    }

    func start(_ id: MemberID, voters: ClosedRange<MemberID>? = nil, key: ClusterKey = SecureChannelTests.key)
        throws
    {
        let founding = voters.flatMap { Membership($0.map { Member($0, at: address($0), as: .voter) }) }
        let member = try ClusterMember(
            .init(
                id: id, address: address(id), key: key, folder: path(id), settings: settings,
                founding: founding),
            machine: Journal(), seed: UInt32(id) * 7919, on: reactor)
        member.handler = { [unowned self] event in
            switch event {
            case .note(let note): notes.append(note)
            case .stopped(let reason): stopped[id] = reason
            case .message(let bytes, let sender): heard.append((sender, id, bytes))
            default: break
            }
        }
        members[id] = member
    }

    func stop(_ id: MemberID) { members.removeValue(forKey: id)?.close() }

    /// Turns until it is true.
    func wait(_ isTrue: () -> Bool) -> Bool {
        let end = Reactor.clock() + Self.patience
        while Reactor.clock() < end {
            if isTrue() { return true }
            reactor.turn(limit: .milliseconds(20))
        }
        return isTrue()
    }

    func leader() throws -> MemberID {
        var found: MemberID?
        _ = wait {
            found =
                members.filter { $0.value.isLeader }.max { $0.value.status.term < $1.value.status.term }?.key
            return found != nil
        }
        return try #require(found)
    }

    /// Proposes on whoever leads until it is applied.
    func agree(_ command: [UInt8]) throws {
        for _ in 0..<20 {
            var outcome: Outcome?
            let isProposed: Void? = try? members[leader()]?.propose(command) { outcome = $0 }
            guard isProposed != nil else { continue }
            #expect(wait { outcome != nil })
            if case .applied = outcome { return }
        }
        Issue.record("\(command) was never applied")
    }
}

@Suite(.serialized) struct ClusterMemberTests {
    @Test("three members on loopback agree, one dies, two go on, it comes back with its log and catches up")
    func life() throws {
        let shelf = try Shelf(3)
        for id in 1...3 as ClosedRange<MemberID> { try shelf.start(id, voters: 1...3) }
        try shelf.agree([1])
        let old = try shelf.leader()
        shelf.stop(old)
        try shelf.agree([2])
        try shelf.start(old, voters: 1...3)
        #expect(shelf.wait { shelf.members[old]?.machine.commands == [[1], [2]] })
        #expect(shelf.wait { shelf.members.values.allSatisfy { $0.machine.commands == [[1], [2]] } })
        #expect(shelf.stopped == [:])
    }

    @Test("a member with an empty folder is taken in and becomes a voter; messages of the role reach it")
    func newMember() throws {
        let shelf = try Shelf(2)
        try shelf.start(1, voters: 1...1)
        try shelf.agree([1])
        try shelf.start(2)
        var outcomes: [Outcome] = []
        try shelf.members[1]?.add(Member(2, at: shelf.address(2), as: .standby)) { outcomes.append($0) }
        #expect(shelf.wait { outcomes.count == 1 })
        try shelf.members[1]?.assign(.voter, to: 2) { outcomes.append($0) }
        #expect(shelf.wait { outcomes.count == 2 })
        #expect(shelf.wait { shelf.members[2]?.machine.commands == [[1]] })
        #expect(shelf.members[1]?.status.membership.voters.count == 2)
        #expect(shelf.wait { shelf.members[2]?.isConnected(to: 1) == true })
        #expect(shelf.members[2]?.send([7, 7], to: 1) == true)
        #expect(shelf.wait { shelf.heard.contains { $0.from == 2 && $0.to == 1 && $0.bytes == [7, 7] } })
        try shelf.agree([2])
    }

    @Test("a member with another key is sent away, and that is said once")
    func otherKey() throws {
        let shelf = try Shelf(3)
        for id in 1...2 as ClosedRange<MemberID> { try shelf.start(id, voters: 1...3) }
        let other = ClusterKey(secret: Array("another secret of the same length".utf8), cluster: "shelf")!
        try shelf.start(3, voters: 1...3, key: other)
        try shelf.agree([1])
        #expect(shelf.wait { shelf.notes.contains { $0.contains("another cluster key") } })
        #expect(shelf.members[3]?.machine.commands == [])
        #expect(shelf.members[3]?.isConnected(to: 1) == false)
    }

    @Test("one folder has one process")
    func locked() throws {
        let shelf = try Shelf(1)
        try shelf.start(1, voters: 1...1)
        #expect(throws: LogError.self) { try shelf.start(1, voters: 1...1) }
    }

    @Test("a member whose folder is gone stops with a sentence, and the others go on")
    func folderGone() throws {
        let shelf = try Shelf(3)
        for id in 1...3 as ClosedRange<MemberID> { try shelf.start(id, voters: 1...3) }
        try shelf.agree([1])
        let victim = try shelf.leader()
        try FileManager.default.removeItem(atPath: shelf.path(victim))
        try? shelf.members[victim]?.propose([9]) { _ in }
        #expect(shelf.wait { shelf.stopped[victim] != nil })
        #expect(shelf.stopped[victim]?.contains("cannot be") == true)
        #expect(shelf.wait { (shelf.members.contains { $0.key != victim && $0.value.isLeader }) })
        shelf.stop(victim)
        try shelf.agree([2])
    }
}
