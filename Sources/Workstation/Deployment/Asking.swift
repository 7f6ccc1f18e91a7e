import SSH

/// What only a person can say, asked before any work: which host keys are right, the passphrase of a key, passwords.
public struct Asking: Sendable {
    /// Shown all unknown host keys at once; says whether they are accepted.
    public var trust: @Sendable ([HostKey]) -> Bool
    /// The passphrase of a key file; nil where there is nobody to ask.
    public var passphrase: @Sendable (_ file: String) -> String?
    /// The password for keyboard-interactive and password logins; nil: none was given.
    public var password: String?
    /// sudo's password; nil: none was given.
    public var becomePassword: String?

    /// A person, or nobody: then nothing unknown is accepted.
    public init(
        trust: @escaping @Sendable ([HostKey]) -> Bool = { _ in false },
        passphrase: @escaping @Sendable (_ file: String) -> String? = { _ in nil },
        password: String? = nil, becomePassword: String? = nil
    ) {
        self.trust = trust
        self.passphrase = passphrase
        self.password = password
        self.becomePassword = becomePassword
    }
}
