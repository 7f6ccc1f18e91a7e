import CTLS

/// What all TLS connections of one kind have in common: certificates, versions, ciphers. Read from files once; a reload makes a new
/// one, and connections keep theirs.
public final class TLSContext {
    /// Versions of TLS; older ones are not spoken.
    public enum Version: Int32, Comparable, Sendable {
        case v1_2 = 0x0303
        case v1_3 = 0x0304

        /// Whether it is the older one.
        public static func < (a: Version, b: Version) -> Bool { a.rawValue < b.rawValue }
    }

    /// Whether the other side must show a certificate of a known authority.
    public enum PeerCertificate: Int32, Sendable {
        /// It is not asked for (of a client), or not looked at (of a server).
        case ignored
        /// It may be left out, and if shown must be good. For servers the same as `required`: they always show one.
        case verifiedIfGiven
        /// It must be shown, and be good.
        case required
    }

    /// How to make one.
    public struct Settings: Equatable, Sendable {
        /// Certificate (with its chain) and key, in PEM. A server must have them.
        public var certificateFile: String?
        /// See `certificateFile`.
        public var keyFile: String?
        /// Certificate authorities that are trusted, in PEM.
        public var authoritiesFile: String?
        /// What is asked of the other side.
        public var peerCertificate: PeerCertificate
        /// The versions that are spoken.
        public var versions: ClosedRange<Version>
        /// Ciphers of TLS 1.2 in OpenSSL's words; nil: those with forward secrecy and authenticated encryption.
        public var ciphers: String?
        /// Cipher suites of TLS 1.3; nil: all.
        public var suites: String?
        /// Curves for the key exchange in OpenSSL's words; nil: X25519, P-256 and further ones.
        public var groups: String?

        /// Settings with defaults.
        public init(
            certificateFile: String? = nil, keyFile: String? = nil, authoritiesFile: String? = nil,
            peerCertificate: PeerCertificate = .ignored,
            versions: ClosedRange<Version> = .v1_2 ... .v1_3, ciphers: String? = nil,
            suites: String? = nil, groups: String? = nil
        ) {
            self.certificateFile = certificateFile
            self.keyFile = keyFile
            self.authoritiesFile = authoritiesFile
            self.peerCertificate = peerCertificate
            self.versions = versions
            self.ciphers = ciphers
            self.suites = suites
            self.groups = groups
        }
    }

    /// Whose side it is for.
    public enum Side: Sendable {
        case server
        case client
    }

    let handle: OpaquePointer
    /// Whose side it is for.
    public let side: Side

    /// Reads the files.
    public init(_ side: Side, _ settings: Settings) throws(TLSError) {
        self.side = side
        if side == .server, settings.certificateFile == nil || settings.keyFile == nil {
            throw TLSError("a server needs a certificate and a key")
        }
        if settings.peerCertificate != .ignored, settings.authoritiesFile == nil {
            throw TLSError("certificates can only be checked with a file of certificate authorities")
        }
        var raw = ctls_settings()
        raw.is_server = side == .server ? 1 : 0
        raw.verify = settings.peerCertificate.rawValue
        raw.oldest = settings.versions.lowerBound.rawValue
        raw.newest = settings.versions.upperBound.rawValue
        let texts = [
            settings.certificateFile, settings.keyFile, settings.authoritiesFile, settings.ciphers,
            settings.suites, settings.groups,
        ].map { CText($0) }
        raw.certificate = texts[0].pointer
        raw.key = texts[1].pointer
        raw.authorities = texts[2].pointer
        raw.ciphers = texts[3].pointer
        raw.suites = texts[4].pointer
        raw.groups = texts[5].pointer
        var error = [CChar](repeating: 0, count: 256)
        let made = withExtendedLifetime(texts) { ctls_context_new(&raw, &error, error.count) }
        guard let made else { throw TLSError(CText.text(error)) }
        handle = made
    }

    deinit { ctls_context_free(handle) }
}

/// Why TLS cannot be spoken, as a phrase without a full stop.
public struct TLSError: Error, Equatable, Sendable {
    /// What is wrong.
    public var problem: String

    init(_ problem: String) { self.problem = problem }
}

/// A text for C, or none, for as long as this lives.
final class CText {
    let pointer: UnsafePointer<CChar>?

    init(_ text: String?) {
        guard let text else {
            pointer = nil
            return
        }
        let room = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
        var place = 0
        for byte in text.utf8 {
            room[place] = CChar(bitPattern: byte)
            place += 1
        }
        room[place] = 0
        pointer = UnsafePointer(room)
    }

    deinit { pointer?.deallocate() }

    /// Up to a zero.
    static func text(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func text(_ pointer: UnsafePointer<CChar>?) -> String {
        guard let pointer else { return "" }
        var bytes: [UInt8] = []
        var place = 0
        while pointer[place] != 0 {
            bytes.append(UInt8(bitPattern: pointer[place]))
            place += 1
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
