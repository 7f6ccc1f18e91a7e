import Diagnostics
import Languages

/// Reads a rendered configuration with the parser of the role that will read it on the node.
///
/// Takes the text and what diagnostics call the file.
public typealias LanguageChecker = @Sendable (_ text: String, _ file: String) -> [Diagnostic]

/// The configuration languages that a recipe's file may name.
public enum LanguageCheckers {
    /// The words after `language:`.
    public static let languages = [
        "control", "haproxy", "hba", "ini", "keepalived", "pgbouncer", "userlist",
    ]

    /// The parsers of our own roles. Nothing of this machine's environment is given to a configuration: on the node
    /// it will have another.
    public static let roles: [String: LanguageChecker] = [
        "control": { text, file in ControlConfiguration.parse(text, file: file).1 },
        "ini": { text, file in INIDocument.parse(text, file: file).1 },
        "haproxy": { text, file in HAProxyConfiguration.parse(text, file: file, environment: [:]).diagnostics
        },
        "hba": { text, file in HBARules.parse(text, file: file).1 },
        "keepalived": { text, file in KeepalivedConfiguration.parse(text, file: file).1 },
        // Included files are the node's; a recipe's file has none.
        "pgbouncer": { text, file in PoolConfiguration.parse(text, file: file).1 },
        "userlist": { text, file in Userlist.parse(text, file: file).1 },
    ]

    /// How a secret is written in a language. A list of users has it in double quotes: one inside of it is written twice.
    static func quoted(in language: String?) -> (String) -> String {
        language == "userlist" ? { $0.replacing("\"", with: "\"\"") } : { $0 }
    }
}
