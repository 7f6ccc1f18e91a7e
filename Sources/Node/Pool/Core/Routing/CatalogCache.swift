/// What the catalogue says of the functions and relations of one database's reads: not volatile, an ordinary permanent table.
///
/// A name stands for everything of that name, because neither arguments nor the search path are known here: one volatile
/// overload makes all of them doubtful.
public struct CatalogCache: Sendable {
    /// Functions and relations have names of their own.
    public enum Kind: UInt8, Sendable {
        case function, relation
    }

    /// Something that must be asked, over any connection to the database's primary.
    public struct Question: Sendable, Equatable {
        /// What is asked about.
        public var kind: Kind
        /// As PostgreSQL keeps it; nil: in any schema.
        public var schema: [UInt8]?
        /// As PostgreSQL keeps it.
        public var name: [UInt8]
        fileprivate var key: UInt64
    }

    private enum Answer: Sendable, Equatable {
        case asked
        case known(Bool)
    }

    private struct Entry: Sendable {
        var kind: Kind
        var schema: [UInt8]?
        var name: [UInt8]
        var answer: Answer
        var at: Duration
    }

    /// Names that are kept; past that all are forgotten and asked again.
    public let capacity: Int
    /// After this time an answer is asked anew.
    public let expiry: Duration
    /// After this time a question without an answer is asked again.
    public let patience: Duration
    private var entries: [UInt64: Entry] = [:]
    private var questions: [Question] = []

    /// Nothing known.
    public init(
        capacity: Int = 4096, expiry: Duration = .seconds(300), patience: Duration = .seconds(2)
    ) {
        self.capacity = max(1, capacity)
        self.expiry = expiry
        self.patience = patience
    }

    /// Whether a name is harmless, as far as is known; if it is not known, nil, and it will be asked.
    public mutating func isHarmless(
        _ kind: Kind, _ name: SQLName, in text: RawSpan, at now: Duration
    ) -> Bool? {
        let key = Self.key(kind, name, in: text)
        if let entry = entries[key], entry.kind == kind, Self.equal(entry.name, name.name, in: text),
            Self.equal(entry.schema, name.schema, in: text)
        {
            switch entry.answer {
            case .known(let harmless) where now - entry.at < expiry: return harmless
            case .asked where now - entry.at < patience: return nil
            default: break
            }
        }
        if entries.count >= capacity { forget() }
        let question = Question(
            kind: kind, schema: name.schema.map { $0.folded(in: text) }, name: name.name.folded(in: text),
            key: key)
        entries[key] = Entry(
            kind: kind, schema: question.schema, name: question.name, answer: .asked, at: now)
        questions.append(question)
        return nil
    }

    /// The next one to ask, once.
    public mutating func nextQuestion() -> Question? { questions.popLast() }

    /// Its answer.
    public mutating func answer(_ question: Question, isHarmless: Bool, at now: Duration) {
        guard let entry = entries[question.key], entry.kind == question.kind, entry.name == question.name,
            entry.schema == question.schema
        else { return }
        entries[question.key]?.answer = .known(isHarmless)
        entries[question.key]?.at = now
    }

    /// After somebody changed the schema: CREATE, ALTER, DROP, DO, CALL …
    public mutating func forget() {
        entries = [:]
        questions = []
    }

    /// FNV-1a of the folded name, without making it. Names that share a key take turns.
    private static func key(_ kind: Kind, _ name: SQLName, in text: RawSpan) -> UInt64 {
        var hash = (0xCBF2_9CE4_8422_2325 ^ UInt64(kind.rawValue)) &* 0x100_0000_01B3
        if let schema = name.schema {
            schema.forEachByte(in: text) { hash = (hash ^ UInt64($0)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0x100) &* 0x100_0000_01B3
        }
        name.name.forEachByte(in: text) { hash = (hash ^ UInt64($0)) &* 0x100_0000_01B3 }
        return hash
    }

    private static func equal(_ name: [UInt8]?, _ part: SQLName.Part?, in text: RawSpan) -> Bool {
        guard let name, let part else { return name == nil && part == nil }
        return equal(name, part, in: text)
    }

    private static func equal(_ name: [UInt8], _ part: SQLName.Part, in text: RawSpan) -> Bool {
        var index = 0
        var isEqual = true
        part.forEachByte(in: text) {
            isEqual = isEqual && index < name.count && name[index] == $0
            index += 1
        }
        return isEqual && index == name.count
    }
}

extension CatalogCache.Question {
    /// A query with one row of one boolean, which is the answer.
    ///
    /// A function that is not there will not be found by the read either, or is no function but grammar that we do not
    /// know: not harmless. A relation that is not there is a name of WITH, or a column. Views are not harmless: what they
    /// call is not known here.
    public var query: [UInt8] {
        var text: [UInt8] = []
        func add(_ part: StaticString) {
            for index in 0..<part.utf8CodeUnitCount { text.append(part.utf8Start[index]) }
        }
        func literal(_ value: [UInt8]) {
            add(" E'")
            for byte in value {
                if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\\") { text.append(byte) }
                text.append(byte)
            }
            add("'")
        }
        switch kind {
        case .function:
            add(
                """
                SELECT pg_catalog.count(*) > 0 AND pg_catalog.bool_and(o.provolatile <> 'v' AND o.prokind <> 'p') \
                FROM pg_catalog.pg_proc o JOIN pg_catalog.pg_namespace n ON n.oid = o.pronamespace WHERE o.proname =
                """)
        case .relation:
            add(
                """
                SELECT pg_catalog.count(*) = 0 OR pg_catalog.bool_and(o.relkind IN ('r', 'p', 'm') AND o.relpersistence = 'p') \
                FROM pg_catalog.pg_class o JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace \
                WHERE o.relkind IN ('r', 'p', 'm', 'v', 'f', 'S') AND o.relname =
                """)
        }
        literal(name)
        if let schema {
            add(" AND n.nspname =")
            literal(schema)
        }
        return text
    }
}
