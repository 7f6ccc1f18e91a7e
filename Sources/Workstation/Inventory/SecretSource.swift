import Diagnostics

/// Where a secret's value comes from: what stands behind `secret:` in an inventory. The value itself never stands there.
public enum SecretSource: Hashable, Sendable {
    /// `secret:file:PATH`: a file that only its owner may read; a relative path begins at the inventory's folder.
    case file(String)
    /// `secret:env:NAME`: a variable of the environment.
    case environment(String)
    /// `secret:command:COMMAND`: what a command of the workstation's shell prints.
    case command(String)
    /// `secret:lab:VALUE`: the value itself, in a lab only, whose passwords protect nothing.
    case lab(String)

    /// What a secret's text begins with.
    public static let prefix = "secret:"

    /// Reads `secret:file:db_password`; nil for anything else.
    public init?(_ text: String) {
        guard text.hasPrefix(Self.prefix) else { return nil }
        let parts = text.dropFirst(Self.prefix.count).split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, !parts[1].allSatisfy(\.isWhitespace) else { return nil }
        switch parts[0] {
        case "file": self = .file(parts[1])
        case "env": self = .environment(parts[1])
        case "command": self = .command(parts[1])
        case "lab": self = .lab(parts[1])
        default: return nil
        }
    }

    static let acceptedForms = "secret:file:PATH, secret:env:NAME or secret:command:COMMAND"
}

extension Variable {
    /// Where the secret comes from; nil where the value is none.
    public var secret: SecretSource? { SecretSource(text) }

    /// Why a value that begins with `secret:`, or that should, cannot be used; nil where it can.
    func secretProblem(_ key: String, _ kind: ValueKind) -> Diagnostic? {
        let begins = text.hasPrefix(SecretSource.prefix)
        guard begins || kind == .secret else { return nil }
        func problem(_ text: String, _ advice: String) -> Diagnostic {
            Diagnostic(file: file, line: line, problem: text, advice: advice)
        }
        // Without the value: a secret that stands there in clear must not be printed, too.
        guard begins else {
            return problem(
                "\(key) is a secret and stands here in clear", "Write \(SecretSource.acceptedForms) instead")
        }
        guard SecretSource(text) != nil else {
            return problem(
                "\(key) is \"\(ASCII.clip(text))\", which is no source of a secret",
                "Write \(SecretSource.acceptedForms)")
        }
        guard kind == .secret || kind == .text else {
            return problem("\(key) cannot be a secret", "Write \(kind.acceptedForms)")
        }
        return nil
    }
}
