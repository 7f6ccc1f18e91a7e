/// What a server shows before anybody logs in, and what is on file about it.
public struct SSHIdentity: Sendable {
    /// The key that it offers.
    public var key: HostKey
    /// It is the one on file.
    public var isKnown: Bool
    /// `known`, `new`, or what is recorded instead, and where.
    public var standing: String

    init(_ key: HostKey, _ known: KnownHosts) {
        self.key = key
        let verdict = known.check(key)
        isKnown = verdict == .known
        standing =
            switch verdict {
            case .known: "known"
            case .unknown: "new"
            case .changed(let entry):
                "CHANGED: \(HostKey.algorithm(entry.type)) \(HostKey.fingerprint(ofBase64: entry.base64)) is recorded in "
                    + "\(entry.file) line \(entry.line)"
            case .revoked(let entry): "REVOKED in \(entry.file) line \(entry.line)"
            }
    }
}
