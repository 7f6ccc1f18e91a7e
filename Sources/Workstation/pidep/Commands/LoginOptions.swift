import ArgumentParser
import Deployment
import Events
import Foundation
import SSH

/// What all commands that log in have in common: Ansible's words for passwords that are asked for.
struct LoginOptions: ParsableArguments {
    @Flag(help: "Ask once for the password to log in with where no key is taken.") var askPass = false
    @Flag(help: "Ask once for sudo's password.") var askBecomePass = false

    func validate() throws {
        guard !askPass && !askBecomePass || Self.hasTerminal else {
            throw ValidationError(
                "there is no terminal to ask for a password on: use ansible_password = secret:… instead")
        }
    }

    /// Asks for passwords now; for the rest when it is needed. Without a terminal nothing unknown is accepted.
    var asking: Asking {
        let password = askPass ? Self.secret("Password for SSH") : nil
        let become = askBecomePass ? Self.secret("Password for sudo (Enter: the same)") : nil
        let becomePassword = become == "" ? password : become
        for word in [password, becomePassword].compactMap({ $0 }) where !word.isEmpty {
            Redaction.hide(word, as: "password")
        }
        return Asking(
            trust: Self.trust, passphrase: { Self.hasTerminal ? Self.secret("Passphrase of \($0)") : nil },
            password: password, becomePassword: becomePassword)
    }

    static var hasTerminal: Bool { isatty(0) == 1 && isatty(2) == 1 }

    /// All unknown keys at once, and one question.
    @Sendable static func trust(_ keys: [HostKey]) -> Bool {
        guard hasTerminal else { return false }
        let lines = keys.map { "  \($0.host)  \($0.algorithm) \($0.fingerprint)\n" }.joined()
        FileHandle.standardError.write(Data("These host keys are not known yet:\n\(lines)".utf8))
        return DeployOptions.ask("Are they what the nodes themselves show, shall they be trusted?")
    }

    /// One line that is not shown while it is typed.
    private static func secret(_ question: String) -> String {
        FileHandle.standardError.write(Data("\(question): ".utf8))
        var shown = termios()
        tcgetattr(0, &shown)
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(0, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(0, TCSAFLUSH, &shown)
            FileHandle.standardError.write(Data("\n".utf8))
        }
        return readLine() ?? ""
    }
}
