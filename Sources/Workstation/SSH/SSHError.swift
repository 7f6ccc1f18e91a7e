import Digest
import Foundation

/// Why a node could not be reached or did not do what it was told, as a sentence with what to do.
public struct SSHError: Error, Sendable, Equatable {
    /// What went wrong, for decisions; people read the sentence.
    public enum Kind: Sendable, Equatable {
        /// The name of the node does not resolve.
        case resolve
        /// No packet gets there.
        case route
        /// Nobody listens.
        case refused
        /// Connected or not, no SSH server said hello in time.
        case noAnswer
        /// The two sides found no common algorithms, or the exchange broke.
        case keyExchange
        /// Nobody has said yet that this key is the node's.
        case unknownKey(HostKey)
        /// Another key than the one on file.
        case changedKey(HostKey)
        /// No key that we have lets us in.
        case authentication
        /// Logged in, but the server gives no session.
        case channel
        /// None of our keys is taken, and these key files could not be tried without their passphrases.
        case lockedKeys([String])
        /// sudo asks for a password.
        case sudo
        /// No room on the node's disk.
        case diskFull
        /// A remote command ended with another code than 0.
        case command(status: Int32)
        /// The connection broke, or the node fell silent.
        case lost
    }

    /// What went wrong, for decisions.
    public var kind: Kind
    /// The node's name in the inventory.
    public var node: String
    /// Begins with the node: `node2 (192.0.2.2:22): …`.
    public var sentence: String

    /// An error of a node.
    public init(_ kind: Kind, node: String, sentence: String) {
        self.kind = kind
        self.node = node
        self.sentence = sentence
    }
}

/// A server's public key, as it showed it.
public struct HostKey: Sendable, Equatable {
    /// The name to look up in known_hosts: `192.0.2.1`, or `[192.0.2.1]:2222` for another port than 22.
    public var host: String
    /// `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa`.
    public var type: String
    /// The key blob in base64, as known_hosts has it.
    public var base64: String
    /// `SHA256:…` as ssh-keygen -l prints it.
    public var fingerprint: String

    /// The line that makes the key known.
    public var knownHostsLine: String { "\(host) \(type) \(base64)" }

    /// `ED25519`, for sentences.
    public var algorithm: String { Self.algorithm(type) }

    static func algorithm(_ type: String) -> String {
        switch type {
        case "ssh-ed25519": "ED25519"
        case "ssh-rsa": "RSA"
        case let name where name.hasPrefix("ecdsa"): "ECDSA"
        default: type
        }
    }

    /// A key blob's fingerprint, as ssh-keygen -l prints it.
    static func fingerprint(of blob: [UInt8]) -> String {
        var hasher = SHA256()
        blob.withUnsafeBytes { hasher.update($0) }
        let digits = Array(hasher.finish().hexadecimal)
        let digest = stride(from: 0, to: 64, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
        return "SHA256:" + Data(digest).base64EncodedString().filter { $0 != "=" }
    }

    static func fingerprint(ofBase64 text: String) -> String {
        Data(base64Encoded: text).map { fingerprint(of: Array($0)) } ?? "(unreadable)"
    }
}
