import Foundation

/// Private key files on the workstation.
enum KeyFiles {
    /// The usual files, best first (ssh(1), IdentityFile).
    static var usual: [String] {
        ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(NSHomeDirectory())/.ssh/\($0)" }
            .filter { FileManager.default.isReadableFile(atPath: $0) }
    }

    /// Whether a key can only be read with a passphrase: a PEM header says so, or an OpenSSH key's cipher
    /// is another than `none` (PROTOCOL.key of OpenSSH).
    static func needsPassphrase(_ text: String) -> Bool {
        if text.contains("ENCRYPTED") { return true }
        let marker = "OPENSSH PRIVATE KEY-----"
        guard text.contains("-----BEGIN \(marker)") else { return false }
        let body = text.split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
        guard let data = Data(base64Encoded: body.filter { $0 != "\r" && $0 != " " }) else { return false }
        let bytes = Array(data)
        let magic = Array("openssh-key-v1\0".utf8)
        guard bytes.starts(with: magic), bytes.count >= magic.count + 8 else { return false }
        return !bytes[(magic.count + 4)...].starts(with: "none".utf8)
    }

    /// An RSA key: libssh2 before 1.11 signs with SHA-1 only, which sshd refuses since OpenSSH 8.8.
    static func isRSA(_ path: String) -> Bool {
        let text =
            FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.contains("BEGIN RSA PRIVATE KEY") || path.hasSuffix("id_rsa")
    }
}
