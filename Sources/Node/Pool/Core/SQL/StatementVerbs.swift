/// What each command begins with.
extension StatementClassifier {
    /// One statement, up to its semicolon or the end.
    @_lifetime(self: copy self)
    mutating func statement() {
        if token.kind == .open { return query() }
        let verb = token.keyword
        switch verb {
        case .select, .values, .with, .table: query()
        case .begin, .start: begin()
        case .commit, .end: commit()
        case .rollback, .abort: rollback()
        case .savepoint: control(.savepoint)
        case .release: control(.release)
        case .set: set()
        case .reset: reset()
        case .copy: copy()
        case .explain: explain()
        case .declare: declare()
        case .create: create()
        case .prepare: prepare()
        case .execute: execute()
        case .deallocate: deallocate()
        case .discard: discard()
        case .listen: effect(.listen)
        case .unlisten: effect(.unlisten)
        case .load: effect(.load)
        case .lock: effect(.tableLock)
        case .do, .call:
            result.changesSchema = true
            effect(.procedure)
        case .alter, .drop:
            result.changesSchema = true
            scanForEffects()
        case .fetch, .move, .close: effect(.usesCursor)
        case .update:
            advance()
            if token.isName, SQLName.Part(token).equals("pg_settings", in: text) {
                result.effects.insert(.settingByFunction)
            }
            scanForEffects()
        default: scanForEffects()
        }
    }

    /// A query, proven to be a read if that is wanted and can be.
    @_lifetime(self: copy self)
    mutating func query() {
        if proving {
            var proof = QueryProof()
            let proven = prove(&proof)
            if proven, result.count == 1 { result.isProvenRead = true }
        }
        scanForEffects()
    }

    @_lifetime(self: copy self)
    private mutating func effect(_ effect: SessionEffects) {
        result.effects.insert(effect)
        scanForEffects()
    }

    @_lifetime(self: copy self)
    private mutating func control(_ control: TransactionControl) {
        result.control = control
        scanForEffects()
    }

    /// EXPLAIN of a query is as good as the query.
    @_lifetime(self: copy self)
    private mutating func explain() {
        advance()
        if token.kind == .open {
            // Options, unless it is a query in parentheses.
            advance()
            switch token.keyword {
            case .select, .values, .with, .table:
                // Its parenthesis is open already.
                depth = 1
                return query()
            default: break
            }
            if token.kind == .open {
                depth = 1
                return query()
            }
            while !atEnd, token.kind != .close { advance() }
            if token.kind == .close { advance() }
        } else {
            while token.keyword == .analyze || isWord("analyse") || isWord("verbose") { advance() }
        }
        previous = SQLToken(.semicolon, token.start, token.start)
        if token.kind == .open { return query() }
        switch token.keyword {
        case .select, .values, .with, .table: query()
        case .execute: execute()
        case .declare: declare()
        case .create: create()
        default: scanForEffects()
        }
    }

    /// COPY, of a table or a query, to or from somewhere.
    @_lifetime(self: copy self)
    private mutating func copy() {
        advance()
        var reads = proving
        if token.kind == .open {
            if reads {
                var proof = QueryProof()
                proof.endsWithParenthesis = true
                reads = prove(&proof)
            }
            if depth > 0 || !reads { scanForEffects(toParenthesis: true) }
        } else {
            if isWord("binary") { advance() }
            guard token.isName else { return scanForEffects() }
            let first = SQLName.Part(token)
            reads = reads && token.kind != .unicodeName
            var name = SQLName(schema: nil, name: first)
            advance()
            if token.kind == .dot {
                advance()
                reads = reads && token.isName && token.kind != .unicodeName
                name = SQLName(schema: first, name: SQLName.Part(token))
                advance()
            }
            reads = reads && mayBeRead(relation: name)
            if reads { result.relations.append(name) }
            if token.kind == .open { scanForEffects(toParenthesis: true) }
        }
        let from = token.keyword == .from
        guard from || token.keyword == .to else { return scanForEffects() }
        advance()
        if from, token.keyword == .stdin { result.copy = .fromClient }
        if !from, token.keyword == .stdout {
            result.copy = .toClient
            if reads, result.count == 1 { result.isProvenRead = true }
        }
        scanForEffects()
    }

    /// DECLARE name … CURSOR [WITH HOLD] FOR query
    @_lifetime(self: copy self)
    private mutating func declare() {
        while !atEnd, token.keyword != .for {
            if token.keyword == .hold, previous.keyword == .with { result.effects.insert(.holdCursor) }
            advance()
        }
        scanForEffects()
    }

    /// CREATE [OR REPLACE] [GLOBAL | LOCAL] TEMPORARY …
    @_lifetime(self: copy self)
    private mutating func create() {
        advance()
        while token.keyword == .or || token.keyword == .global || token.keyword == .local || isWord("replace")
        {
            advance()
        }
        if token.keyword == .temp || token.keyword == .temporary {
            result.effects.insert(.temporary)
        } else {
            result.changesSchema = true
        }
        scanForEffects(creating: true)
    }

    @_lifetime(self: copy self)
    private mutating func prepare() {
        advance()
        if token.keyword == .transaction { return control(.prepareTransaction) }
        if token.isName { result.prepared = .prepare(SQLName.Part(token)) }
        effect(.prepares)
    }

    @_lifetime(self: copy self)
    mutating func execute() {
        advance()
        if token.isName { result.prepared = .execute(SQLName.Part(token)) }
        effect(.executes)
    }

    @_lifetime(self: copy self)
    private mutating func deallocate() {
        advance()
        _ = take(.prepare)
        if token.keyword == .all {
            result.prepared = .deallocateAll
            return effect(.deallocatesAll)
        }
        if token.isName { result.prepared = .deallocate(SQLName.Part(token)) }
        effect(.deallocates)
    }

    @_lifetime(self: copy self)
    private mutating func discard() {
        advance()
        effect(token.keyword == .all ? .discardsAll : .discardsSome)
    }

    /// Whether the token is this word, for words that matter in one place only.
    func isWord(_ word: StaticString) -> Bool {
        token.kind == .word && SQLName.Part(token).equals(word, in: text)
    }
}
