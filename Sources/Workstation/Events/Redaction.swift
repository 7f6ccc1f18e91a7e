import Foundation
import JSON

/// The secrets that this process knows, and how it keeps them to itself: whatever is printed or written down goes through
/// here first.
public enum Redaction {
    private static let known = Known()

    /// From now on `value` is `<secret NAME>` wherever it would be shown.
    public static func hide(_ value: String, as name: String) { known.add(value, name) }

    /// A text without secrets.
    public static func apply(_ text: String) -> String { known.apply(text) }

    /// A JSON value whose texts have no secrets.
    static func apply(_ value: JSONValue) -> JSONValue {
        guard !known.isEmpty else { return value }
        if let text = value.text { return .string(apply(text)) }
        if let elements = value.elements { return .array(elements.map { apply($0) }) }
        if let members = value.members {
            return .object(members.map { .init(apply($0.name), apply($0.value)) })
        }
        return value
    }

    private final class Known: @unchecked Sendable {
        private let lock = NSLock()
        private var names: [(value: String, name: String)] = []

        var isEmpty: Bool { lock.withLock { names.isEmpty } }

        func add(_ value: String, _ name: String) {
            lock.withLock {
                // As it stands, and as programs print it that quote: JSON, systemd, shells, URLs.
                let quoted = JSONValue.string(value).compact.dropFirst().dropLast()
                let encoded = value.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? value
                let base64 = Data(value.utf8).base64EncodedString()
                for form in [value, String(quoted), encoded, base64]
                where !names.contains(where: { $0.value == form }) {
                    names.append((form, name))
                }
                // The longest first: one secret may begin as another does.
                names.sort { $0.value.utf8.count > $1.value.utf8.count }
            }
        }

        func apply(_ text: String) -> String {
            lock.withLock {
                names.reduce(text) { text, secret in
                    text.contains(secret.value)
                        ? text.replacing(secret.value, with: "<secret \(secret.name)>") : text
                }
            }
        }
    }
}

extension Event {
    /// The event without secrets.
    public var redacted: Event {
        Event(
            kind, command: command, subject: subject, message: Redaction.apply(message),
            data: data.map { .init($0.name, Redaction.apply($0.value)) })
    }
}
