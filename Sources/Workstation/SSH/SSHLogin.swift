import CSSH2
import Foundation

/// Logs in with a key: the one that the inventory names, else the agent's and the usual files; then, where one was given,
/// with a password.
struct SSHLogin {
    let session: SSHSession

    private var user: String { session.target.user }

    /// Tries the keys in their order; what was tried is told when none is taken.
    func run() throws(SSHError) {
        let end = ContinuousClock.now + session.timeouts.authentication
        let methods = try methods(until: end)
        guard let methods else { return }
        guard methods.contains("publickey") || session.target.password != nil else {
            throw session.error(
                .authentication,
                "\(user) may log in with \(methods.joined(separator: ", ")) only, and pidep tries a public key unless "
                    + "a password is given: --ask-pass, or ansible_password in the inventory")
        }
        var tried: [String] = []
        var locked: [String] = []
        if let file = session.target.keyFile {
            guard FileManager.default.isReadableFile(atPath: file) else {
                throw session.error(
                    .authentication,
                    "the key file \(file) is not there. "
                        + (session.target.device == nil
                            ? "Mend ansible_ssh_private_key_file in the inventory" : "pidep lab up makes it"))
            }
            if try logIn(withFile: file, until: end, tried: &tried, locked: &locked) { return }
        }
        if try logInWithAgent(until: end, tried: &tried) { return }
        if session.target.keyFile == nil {
            for file in KeyFiles.usual {
                if try logIn(withFile: file, until: end, tried: &tried, locked: &locked) { return }
            }
        }
        if let password = session.target.password {
            if try PasswordLogin(session: session, password: password).run(methods, until: end, tried: &tried)
            {
                return
            }
        }
        throw refused(methods, tried, locked)
    }

    /// What the server lets the user try; nil when he is already in.
    private func methods(until end: ContinuousClock.Instant) throws(SSHError) -> [String]? {
        var list: UnsafeMutablePointer<CChar>?
        let code = session.complete(by: end) {
            list = libssh2_userauth_list(session.session, user, UInt32(user.utf8.count))
            return list == nil ? libssh2_session_last_errno(session.session) : 0
        }
        if let list { return String(cString: list).split(separator: ",").map(String.init) }
        if libssh2_userauth_authenticated(session.session) == 1 { return nil }
        guard code != nil else { throw tooSlow() }
        throw session.error(.authentication, "the server ended the login of \(user): \(session.lastError)")
    }

    private func logIn(
        withFile file: String, until end: ContinuousClock.Instant, tried: inout [String],
        locked: inout [String]
    ) throws(SSHError) -> Bool {
        let text =
            FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let passphrase = session.target.passphrases[file]
        guard passphrase != nil || !KeyFiles.needsPassphrase(text) else {
            locked.append(file)
            return false
        }
        tried.append(file)
        let code = session.complete(by: end) {
            libssh2_userauth_publickey_fromfile_ex(
                session.session, user, UInt32(user.utf8.count), nil, file, passphrase)
        }
        guard let code else { throw tooSlow() }
        if passphrase != nil, code == LIBSSH2_ERROR_FILE {
            throw session.error(.authentication, "the passphrase does not open the key file \(file)")
        }
        return code == 0
    }

    private func logInWithAgent(until end: ContinuousClock.Instant, tried: inout [String]) throws(SSHError)
        -> Bool
    {
        guard ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"] != nil,
            let agent = libssh2_agent_init(session.session)
        else { return false }
        defer { libssh2_agent_free(agent) }
        guard libssh2_agent_connect(agent) == 0 else { return false }
        defer { libssh2_agent_disconnect(agent) }
        guard libssh2_agent_list_identities(agent) == 0 else { return false }
        var identity: UnsafeMutablePointer<libssh2_agent_publickey>?
        while true {
            var next: UnsafeMutablePointer<libssh2_agent_publickey>?
            guard libssh2_agent_get_identity(agent, &next, identity) == 0, let next else { return false }
            identity = next
            tried.append("agent: \(String(cString: next.pointee.comment))")
            let code = session.complete(by: end) { libssh2_agent_userauth(agent, user, next) }
            guard let code else { throw tooSlow() }
            if code == 0 { return true }
        }
    }

    private func tooSlow() -> SSHError {
        session.error(
            .authentication, "the login took longer than \(session.timeouts.authentication.seconds) s")
    }

    private func refused(_ methods: [String], _ tried: [String], _ locked: [String]) -> SSHError {
        var text = "\(user) is not let in. The node takes \(methods.joined(separator: ", ")); "
        text += tried.isEmpty ? "there was no key to try" : "tried \(tried.joined(separator: ", "))"
        if !locked.isEmpty {
            text +=
                ". \(locked.joined(separator: ", ")) needs a passphrase: say it when pidep asks on a terminal, or load "
            text += "the key into an agent with ssh-add \(locked[0])"
            return session.error(.lockedKeys(locked), text)
        } else if !tried.isEmpty, tried.allSatisfy({ KeyFiles.isRSA($0) }) {
            text += ". RSA keys are signed with SHA-1 by libssh2 before 1.11, which new servers refuse: "
            text += "make an ed25519 key with ssh-keygen -t ed25519"
        } else {
            text += ". ssh-copy-id \(user)@\(session.target.address) gives the node your key"
        }
        return session.error(.authentication, text)
    }
}
