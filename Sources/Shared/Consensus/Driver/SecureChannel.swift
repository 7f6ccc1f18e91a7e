import Digest
import Consensus

/// What is wrong with a connection, as a sentence for the journal.
public struct ChannelError: Error, Sendable, Equatable {
    /// No full stop.
    public var sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}

/// One connection between two members, as bytes: who is at the other end, and messages that nobody else can read, change,
/// replay or leave out unnoticed. No I/O.
///
/// A key exchange with a key that both have, in the manner of TLS 1.3's `psk_ke` (RFC 8446 section 4.2.9): both say a random
/// number, and the keys of both directions are derived from the cluster key and all that was said (HKDF's way, RFC
/// 5869). Records are AES-256-GCM under numbers that count. Like there, who learns the cluster key can read what was recorded.
public final class SecureChannel {
    /// What a message is for. Earlier ones go first when there is a choice.
    public enum Lane: UInt8, Sendable, CaseIterable {
        /// The role's own: small and urgent, as leases are.
        case role = 0
        /// Consensus.
        case consensus = 1
        /// What the role passes on for its clients. It takes turns with consensus, record by record: neither waits for the
        /// other's snapshot, nor for its flood.
        case passed = 2
    }

    /// Bytes of random in each hello.
    public static let nonceBytes = 32
    /// Bytes of a message that one record takes.
    static let pieceLimit = 16 << 10
    /// Bytes that a message may have: the greatest snapshot, and what belongs to it.
    public static let messageLimit = Settings.snapshotLimit + (1 << 20)
    /// Bytes that may wait to be sent in a lane; a message that does not fit is dropped.
    public static let queueLimit = messageLimit + (4 << 20)
    /// The same for what is passed on: what waits longer is too late for those who wait for it.
    public static let passedLimit = 256 << 10
    /// Bytes that are sealed ahead of being sent: what is urgent waits behind no more.
    static let sealedAhead = 64 << 10

    private static let mark: [UInt8] = Array("pidepC\0\u{1}".utf8)
    private static let askingBytes = 8 + 8 + 8 + 8 + nonceBytes
    private static let answerBytes = 8 + nonceBytes
    private static let headerBytes = 4

    private enum State {
        /// Accepted: nothing has come.
        case expectingAsking
        /// Dialled: said who we are.
        case expectingAnswer(asking: [UInt8])
        /// Keys are derived; the first record proves that the other end has the cluster key.
        case expectingProof
        case open
        case failed
    }

    /// Who is at the other end, once that is proved.
    public private(set) var peer: MemberID?
    /// Bytes for the socket; taken with `takeOutgoing`.
    private var outgoing: [UInt8] = []
    private let id: MemberID
    private let key: ClusterKey
    private let nonce: [UInt8]
    private let isDialled: Bool
    private var state: State
    private var claimed: MemberID = 0
    private var incoming: [UInt8] = []
    private var sealing: RecordKey?
    private var opening: RecordKey?
    private var queues: [[[UInt8]]] = [[], [], []]
    private var queuedBytes = [0, 0, 0]
    /// How much of the first message of a lane has gone.
    private var sent = [0, 0, 0]
    private var partial: [[UInt8]] = [[], [], []]
    /// Whose turn it is, of those that take turns.
    private var turn = Lane.consensus

    /// A connection that this member dialled to reach `peer`. `nonce`: `nonceBytes` that were never used before.
    public init(_ id: MemberID, dialled peer: MemberID, key: ClusterKey, nonce: [UInt8]) {
        (self.id, self.key, self.nonce) = (id, key, nonce)
        isDialled = true
        claimed = peer
        var asking = Self.mark + key.fingerprint
        Self.add(id, to: &asking)
        Self.add(peer, to: &asking)
        asking += nonce
        outgoing = asking
        state = .expectingAnswer(asking: asking)
    }

    /// A connection that this member accepted.
    public init(_ id: MemberID, acceptedWith key: ClusterKey, nonce: [UInt8]) {
        (self.id, self.key, self.nonce) = (id, key, nonce)
        isDialled = false
        state = .expectingAsking
    }

    /// Bytes came; returns the messages that are whole now.
    public func receive(_ bytes: ArraySlice<UInt8>) throws(ChannelError) -> [(lane: Lane, message: [UInt8])] {
        incoming += bytes
        var messages: [(lane: Lane, message: [UInt8])] = []
        do throws(ChannelError) {
            while try advance(&messages) {}
        } catch {
            state = .failed
            throw error
        }
        return messages
    }

    /// Queues a message; false when it is dropped, because the connection is not open or too much waits already.
    public func send(_ message: [UInt8], in lane: Lane) -> Bool {
        let place = Int(lane.rawValue)
        guard case .open = state, message.count <= Self.messageLimit,
            queuedBytes[place] + message.count <= (lane == .passed ? Self.passedLimit : Self.queueLimit)
        else { return false }
        queues[place].append(message)
        queuedBytes[place] += message.count
        return true
    }

    /// The next bytes for the socket; empty when there is nothing to send.
    public func takeOutgoing() -> [UInt8] {
        fill()
        defer { outgoing = [] }
        return outgoing
    }

    // MARK: inside

    private func advance(_ messages: inout [(lane: Lane, message: [UInt8])]) throws(ChannelError) -> Bool {
        switch state {
        case .expectingAsking:
            guard let asking = take(Self.askingBytes) else { return false }
            try answer(asking)
        case .expectingAnswer(let asking):
            guard let answer = take(Self.answerBytes) else { return false }
            guard answer.starts(with: Self.mark) else {
                throw ChannelError("it does not speak this protocol")
            }
            try derive(asking, answer)
            state = .expectingProof
        case .expectingProof:
            guard let plain = try record() else { return false }
            guard plain.isEmpty else { throw ChannelError("it does not speak this protocol") }
            if isDialled { seal([]) }
            peer = claimed
            state = .open
        case .open:
            guard let plain = try record() else { return false }
            try accept(plain, &messages)
        case .failed: return false
        }
        return true
    }

    private func answer(_ asking: [UInt8]) throws(ChannelError) {
        guard asking.starts(with: Self.mark) else { throw ChannelError("it does not speak this protocol") }
        guard Array(asking[8..<16]) == key.fingerprint else {
            throw ChannelError(
                "it has another cluster key, or belongs to another cluster. Deploy the cluster's secret to all nodes"
            )
        }
        claimed = Self.number(asking, at: 16)
        let wanted = Self.number(asking, at: 24)
        guard wanted == id else {
            throw ChannelError("it looks for member \(wanted), and this is member \(id)")
        }
        guard claimed != id, claimed != 0 else {
            throw ChannelError(
                "it says that it is member \(id), and so is this one. Give each its own number")
        }
        let answer = Self.mark + nonce
        outgoing += answer
        try derive(asking, answer)
        seal([])
        state = .expectingProof
    }

    private func derive(_ asking: [UInt8], _ answer: [UInt8]) throws(ChannelError) {
        let secret = HMACSHA256(key: HMACSHA256(key: SHA256.bytes(of: asking, answer)).code(of: key.bytes))
        let there = RecordKey(secret.code(of: Array("dialling\u{1}".utf8)))
        let back = RecordKey(secret.code(of: Array("accepting\u{1}".utf8)))
        guard let there, let back else { throw ChannelError("there is no memory for its keys") }
        (sealing, opening) = isDialled ? (there, back) : (back, there)
    }

    private func take(_ count: Int) -> [UInt8]? {
        guard incoming.count >= count else { return nil }
        defer { incoming.removeFirst(count) }
        return Array(incoming[..<count])
    }

    private func record() throws(ChannelError) -> [UInt8]? {
        guard incoming.count >= Self.headerBytes else { return nil }
        let header = Array(incoming[..<Self.headerBytes])
        var size = 0
        for place in 0..<Self.headerBytes { size |= Int(header[place]) << (8 * place) }
        guard size >= RecordKey.overhead, size <= Self.pieceLimit + 1 + RecordKey.overhead else {
            throw ChannelError("it sent a record of \(size) bytes")
        }
        guard incoming.count >= Self.headerBytes + size else { return nil }
        let sealed = incoming[Self.headerBytes..<(Self.headerBytes + size)]
        guard let plain = opening?.open(sealed, header: header) else {
            throw ChannelError(
                "a record of it does not fit the cluster key: it has another one, or somebody interferes")
        }
        incoming.removeFirst(Self.headerBytes + size)
        return plain
    }

    /// The first byte: the lane, and 0x80 when more of the message follows.
    private func accept(_ plain: [UInt8], _ messages: inout [(lane: Lane, message: [UInt8])])
        throws(ChannelError)
    {
        guard let first = plain.first, let lane = Lane(rawValue: first & 0x7F) else {
            throw ChannelError("it sent something for a lane that this version does not know")
        }
        let place = Int(lane.rawValue)
        guard partial[place].count + plain.count <= Self.messageLimit + 1 else {
            throw ChannelError("it sent a message of more than \(Self.messageLimit) bytes")
        }
        partial[place] += plain.dropFirst()
        guard first & 0x80 == 0 else { return }
        messages.append((lane, partial[place]))
        partial[place] = []
    }

    private func fill() {
        guard case .open = state else { return }
        while outgoing.count < Self.sealedAhead, let place = nextLane() {
            let message = queues[place][0]
            let end = min(message.count, sent[place] + Self.pieceLimit)
            let more: UInt8 = end < message.count ? 0x80 : 0
            seal([UInt8(place) | more] + message[sent[place]..<end])
            sent[place] = end
            guard end == message.count else { continue }
            queues[place].removeFirst()
            queuedBytes[place] -= message.count
            sent[place] = 0
        }
    }

    /// The lane that the next record is of; nil: nothing waits.
    private func nextLane() -> Int? {
        func waits(_ lane: Lane) -> Bool { !queues[Int(lane.rawValue)].isEmpty }
        if waits(.role) { return Int(Lane.role.rawValue) }
        let other: Lane = turn == .consensus ? .passed : .consensus
        let lane = waits(turn) ? turn : other
        guard waits(lane) else { return nil }
        turn = lane == .consensus ? .passed : .consensus
        return Int(lane.rawValue)
    }

    private func seal(_ plain: [UInt8]) {
        guard let sealing else { return }
        var header: [UInt8] = []
        let size = UInt32(plain.count + RecordKey.overhead)
        for place in 0..<4 as Range<UInt32> { header.append(UInt8(truncatingIfNeeded: size >> (8 * place))) }
        outgoing += header + sealing.seal(plain, header: header)
    }

    private static func add(_ number: UInt64, to bytes: inout [UInt8]) {
        for place in 0..<8 as Range<UInt64> { bytes.append(UInt8(truncatingIfNeeded: number >> (8 * place))) }
    }

    private static func number(_ bytes: [UInt8], at start: Int) -> UInt64 {
        var number: UInt64 = 0
        for place in 0..<8 { number |= UInt64(bytes[start + place]) << UInt64(8 * place) }
        return number
    }
}
