import Foundation
import JSON

/// What a node remembers of the deploys to it: a line of JSON when one begins, one when it ends.
public struct NodeHistory: Equatable, Sendable {
    static let path = "/var/lib/pinode/history"
    /// Lines that a node keeps: two a deploy.
    static let keptLines = 1000

    /// One deploy or rollback.
    public struct Entry: Equatable, Sendable {
        /// The run's name.
        public var run: String
        /// When it began, in RFC 3339's form, by the workstation's clock.
        public var time: String
        /// `kim@desk`.
        public var who: String
        /// `deploy` or `rollback`.
        public var command: String
        /// The release before; empty: none.
        public var from: String
        /// The release after, if it went well.
        public var to: String
        /// `done`, `rolled back`, `left as it is`; `interrupted` when its end was never told.
        public var result: String
        /// Why, in the person's words.
        public var message: String
    }

    /// The oldest first.
    public var entries: [Entry]

    /// The line of a beginning, for a shell to append.
    static func begin(_ author: Author, command: String, from: String?, to: String) -> String {
        JSONValue.object([
            .init("run", .string(author.run)), .init("time", .string(timeText())),
            .init("who", .string(author.who)),
            .init("command", .string(command)), .init("from", .string(from ?? "")), .init("to", .string(to)),
            .init("message", .string(author.message)),
        ]).compact
    }

    /// The line of an end.
    static func end(_ author: Author, result: String) -> String {
        JSONValue.object([.init("run", .string(author.run)), .init("result", .string(result))]).compact
    }

    /// Shell that appends a line, and forgets the oldest.
    static func appending(_ line: String) -> String {
        let script = """
            f=\(path); umask 077; mkdir -p -m 755 ${f%/*}; printf '%s\\n' "$1" >>$f; \
            [ "$(wc -l <$f)" -le \(keptLines) ] || { tail -n \(keptLines / 2) $f >$f.new && mv $f.new $f; }
            """
        return "sh -c \(quote(script)) sh \(quote(line))"
    }

    /// Reads a node's lines; one that was cut by a crash is passed over.
    public init(_ text: String) {
        entries = []
        for line in text.split(separator: "\n") {
            guard let json = try? JSONValue.parse(String(line)), let run = json["run"]?.text else { continue }
            if let result = json["result"]?.text {
                if let index = entries.lastIndex(where: { $0.run == run }) { entries[index].result = result }
                continue
            }
            func text(_ name: String) -> String { json[name]?.text ?? "" }
            entries.append(
                Entry(
                    run: run, time: text("time"), who: text("who"), command: text("command"),
                    from: text("from"),
                    to: text("to"), result: "interrupted", message: text("message")))
        }
    }
}
