import Testing

@testable import Consensus

@Suite struct MessageTests {
    static let membership = Membership([
        Member(1, at: "192.0.2.1:4100", as: .voter), Member(2, at: "192.0.2.2:4100", as: .standby),
    ])!
    static let messages: [Message] = [
        .append(
            .init(
                term: 4, previousIndex: 7, previousTerm: 3, commit: 6,
                entries: [
                    Entry(term: 3, kind: .command, data: [1, 2]), Entry(term: 4, kind: .barrier, data: []),
                    Entry(term: 4, kind: .membership, data: membership.encoded),
                ])),
        .appendResult(.init(term: 4, rejected: 2, lastIndex: 1, features: 1, capacity: 900)),
        .vote(.init(term: 5, lastIndex: 9, lastTerm: 4, disruptsLeader: true, isPreVote: false)),
        .voteResult(.init(term: 5, isGranted: true, isPreVote: true, features: 1, capacity: 7)),
        .snapshot(
            term: 6,
            Snapshot(index: 8, term: 5, membership: membership, membershipIndex: 2, data: [9, 8, 7])),
        .timeoutNow(.init(term: 6, lastIndex: 9, lastTerm: 6)),
    ]

    @Test("a message is itself again after the wire", arguments: messages)
    func roundTrip(message: Message) {
        #expect(Message(encoded: message.encoded) == message)
    }

    @Test("no part of a message is a message", arguments: messages)
    func truncated(message: Message) {
        let bytes = message.encoded
        for count in bytes.indices { #expect(Message(encoded: Array(bytes[..<count])) == nil) }
        #expect(Message(encoded: bytes + [0]) == nil)
    }

    @Test("any byte changed gives nothing, or a message that says so itself", arguments: messages)
    func flipped(message: Message) {
        let bytes = message.encoded
        for place in bytes.indices {
            for change in [1, 0x80, 0xFF] as [UInt8] {
                var other = bytes
                other[place] ^= change
                if let read = Message(encoded: other) { #expect(read.encoded == other) }
            }
        }
    }

    @Test(
        "what no member says is not read",
        arguments: [
            .append(.init(term: 0, previousIndex: 0, previousTerm: 0, commit: 0, entries: [])),
            .append(.init(term: 2, previousIndex: 1, previousTerm: 0, commit: 0, entries: [])),
            .append(.init(term: 2, previousIndex: 5, previousTerm: 3, commit: 0, entries: [])),
            .append(
                .init(
                    term: 2, previousIndex: 5, previousTerm: 2, commit: 0,
                    entries: [Entry(term: 1, kind: .command, data: [])])),
            .append(
                .init(
                    term: 2, previousIndex: 0, previousTerm: 0, commit: 0,
                    entries: [Entry(term: 1, kind: .command, data: [])])),
            .append(
                .init(
                    term: 2, previousIndex: 5, previousTerm: 2, commit: 0,
                    entries: [Entry(term: 2, kind: .membership, data: [1, 2, 3])])),
            .append(
                .init(
                    term: 2, previousIndex: 5, previousTerm: 2, commit: 0,
                    entries: [
                        Entry(
                            term: 2, kind: .command,
                            data: [UInt8](repeating: 0, count: Settings.commandLimit + 1))
                    ])),
            .appendResult(.init(term: 1, rejected: 1 << 62, lastIndex: 0, features: 0, capacity: 0)),
            .snapshot(
                term: 1, Snapshot(index: 0, term: 1, membership: membership, membershipIndex: 1, data: [])),
            .snapshot(
                term: 1, Snapshot(index: 3, term: 1, membership: .empty, membershipIndex: 1, data: [])),
            .snapshot(
                term: 1, Snapshot(index: 3, term: 2, membership: membership, membershipIndex: 1, data: [])),
        ] as [Message])
    func unsound(message: Message) {
        #expect(Message(encoded: message.encoded) == nil)
    }

    @Test(
        "a membership has every number and address once, and no empty ones",
        arguments: [
            [Member(0, at: "a", as: .voter)], [Member(1, at: "", as: .voter)],
            [Member(1, at: "a", as: .voter), Member(1, at: "b", as: .voter)],
            [Member(1, at: "a", as: .voter), Member(2, at: "a", as: .spare)],
            [Member(1, at: "a\0b", as: .voter)],
            [Member(1, at: String(repeating: "a", count: 256), as: .voter)],
        ])
    func impossible(members: [Member]) { #expect(Membership(members) == nil) }
}
