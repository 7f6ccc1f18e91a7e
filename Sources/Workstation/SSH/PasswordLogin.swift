import CSSH2
import Foundation

/// Logs in with a password, by whichever way the server asks for one.
struct PasswordLogin {
    let session: SSHSession
    let password: String

    /// Tries keyboard-interactive, then password; returns whether one of them was enough.
    func run(
        _ methods: [String], until end: ContinuousClock.Instant, tried: inout [String]
    ) throws(SSHError) -> Bool {
        let user = session.target.user
        for method in ["keyboard-interactive", "password"] where methods.contains(method) {
            tried.append("a password (\(method))")
            let code = session.complete(by: end) {
                method == "password"
                    ? libssh2_userauth_password_ex(
                        session.session, user, UInt32(user.utf8.count), password, UInt32(password.utf8.count),
                        nil)
                    : interactive(user)
            }
            guard let code else {
                throw session.error(
                    .authentication, "the login took longer than \(session.timeouts.authentication.seconds) s"
                )
            }
            if code == 0 { return true }
        }
        return false
    }

    /// The server asks questions; whatever it wants to know, the password is the answer (RFC 4256).
    private func interactive(_ user: String) -> Int32 {
        // libssh2 hands the session's own pointer to whoever answers.
        let place = libssh2_session_abstract(session.session)
        return password.withCString { text in
            place?.pointee = UnsafeMutableRawPointer(mutating: text)
            defer { place?.pointee = nil }
            return libssh2_userauth_keyboard_interactive_ex(session.session, user, UInt32(user.utf8.count)) {
                _, _, _, _, count, _, responses, place in
                guard let text = place?.pointee?.assumingMemoryBound(to: CChar.self), let responses else {
                    return
                }
                for index in 0..<Int(count) {
                    // libssh2 frees them.
                    responses[index].text = strdup(text)
                    responses[index].length = UInt32(strlen(text))
                }
            }
        }
    }
}
