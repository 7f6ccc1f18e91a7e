import COpenSSL
import Digest

/// The secret that the members of a cluster share: who has it is a member, and nobody else can read or change what they say.
public struct ClusterKey: Sendable, Equatable {
    /// Bytes that the secret must have at least. It is used as it is, not stretched: 32 random bytes are right.
    public static let leastBytes = 16

    /// From the secret and the cluster's name.
    let bytes: [UInt8]
    /// Tells keys apart without giving anything away.
    let fingerprint: [UInt8]

    /// A key, or nil where the secret is too short. Clusters with other names have other keys, even with one secret.
    public init?(secret: [UInt8], cluster: String) {
        guard secret.count >= Self.leastBytes else { return nil }
        bytes = HMACSHA256(key: secret).code(of: Array("pidep consensus 1 \(cluster)".utf8))
        fingerprint = Array(HMACSHA256(key: bytes).code(of: Array("fingerprint".utf8))[..<8])
    }
}

/// Seals or opens the records of one direction of one connection, each under the next number.
final class RecordKey {
    /// Bytes that a record is longer than what is in it.
    static let overhead = 16

    private let room: UnsafeMutablePointer<AES_KEY>
    private let context: OpaquePointer
    private var number: UInt64 = 0

    init?(_ key: [UInt8]) {
        let room = UnsafeMutablePointer<AES_KEY>.allocate(capacity: 1)
        guard key.count == 32, let context = co_gcm_new(room, key) else {
            room.deallocate()
            return nil
        }
        self.room = room
        self.context = context
    }

    deinit {
        CRYPTO_gcm128_release(context)
        room.deallocate()
    }

    /// The plain text encrypted, and its tag.
    func seal(_ plain: [UInt8], header: [UInt8]) -> [UInt8] {
        var bytes = plain + [UInt8](repeating: 0, count: Self.overhead)
        let isDone = bytes.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else { return false }
            return co_gcm_seal(
                context, number, header, header.count, start, plain.count, start + plain.count) == 1
        }
        number += 1
        // Only after 64 GiB in one record: but never let plain text out.
        return isDone ? bytes : [UInt8](repeating: 0, count: bytes.count)
    }

    /// The plain text of a record, or nil when anything about it is wrong.
    func open(_ sealed: ArraySlice<UInt8>, header: [UInt8]) -> [UInt8]? {
        guard sealed.count >= Self.overhead else { return nil }
        var plain = Array(sealed.dropLast(Self.overhead))
        let tag = Array(sealed.suffix(Self.overhead))
        let isRight = plain.withUnsafeMutableBufferPointer { buffer in
            co_gcm_open(context, number, header, header.count, buffer.baseAddress, buffer.count, tag) == 1
        }
        number += 1
        return isRight ? plain : nil
    }
}
