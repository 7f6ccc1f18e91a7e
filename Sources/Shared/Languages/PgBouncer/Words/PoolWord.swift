/// A word of PgBouncer's language: where its value is kept, how it is read and written as text, and whether it is spoken here.
///
/// Embedded Swift has no key paths: `access` calls its second argument with the property, so that one closure reads and writes it.
public struct PoolWord<Root>: Sendable {
    /// Lends the property of a value.
    typealias Access<Value> = @Sendable (inout Root, (inout Value) -> Void) -> Void

    /// What becomes of the word.
    public enum Fate: Sendable, Equatable {
        /// It means what PgBouncer's manual says.
        case supported
        /// It changes nothing here, for the reason; a warning says so.
        case ignored(String)
        /// It is an error, for the reason, unless its value is the default.
        case refused(String)
    }

    /// As the file has it.
    public let name: String
    /// What its value is, for the manual: `seconds`, `0 or 1`.
    public let unit: String
    /// Whether it is spoken here.
    public let fate: Fate
    /// Whether RELOAD and SET change it; else a new start does.
    public let isReloadable: Bool
    /// What a value must be, as the end of a sentence.
    let expected: String
    /// The value as the file would have it.
    let read: @Sendable (Root) -> String
    /// False when the text is no value for the word.
    let write: @Sendable (inout Root, String) -> Bool

    init<Value>(
        _ name: String, unit: String, expected: String, fate: Fate = .supported, fixed: Bool = false,
        _ access: @escaping Access<Value>, show: @escaping @Sendable (Value) -> String,
        take: @escaping @Sendable (String) -> Value?
    ) {
        self.name = name
        self.unit = unit
        self.expected = expected
        self.fate = fate
        isReloadable = !fixed
        read = { root in
            var copy = root
            var text = ""
            access(&copy) { text = show($0) }
            return text
        }
        write = { root, text in
            guard let value = take(text) else { return false }
            access(&root) { $0 = value }
            return true
        }
    }

    /// The word's value in the form of the file; empty where it is not set.
    public func text(in root: Root) -> String { read(root) }

    /// What to do about a text that is no value.
    var advice: String {
        switch unit {
        case "0 or 1": "Write 1 for on, 0 for off"
        case "seconds", "seconds, 0 is never": "Write 15, or 0.25"
        default: "docs/pool-language.md lists the words"
        }
    }

    /// Sets the value; otherwise says what the text should have been.
    public func set(_ root: inout Root, to text: String) -> String? {
        write(&root, text) ? nil : "\(name) = \(text) is not \(expected)"
    }
}
