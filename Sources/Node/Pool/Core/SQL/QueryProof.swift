/// What is known while a query is proven to be a plain read; a bit for each depth of parentheses.
struct QueryProof {
    enum Expectation {
        case nothing, relation, withName
    }

    /// Depths whose clause is FROM, where a comma is followed by another relation.
    var from: UInt64 = 0
    /// Depths at which WITH has begun and its query has not.
    var with: UInt64 = 0
    /// Parentheses of EXTRACT(… FROM …), TRIM, SUBSTRING, OVERLAY, POSITION.
    var special: UInt64 = 0
    var expects = Expectation.nothing
    /// The name that has been read up to here, while a dot may go on with it.
    var schema: SQLToken?
    var name: SQLToken?
    var parts = 0
    var isRelation = false
    /// COPY's query ends with its parenthesis.
    var endsWithParenthesis = false

    /// More names than that are too many to be looked up for one statement.
    static let mostNames = 32
}

/// A grammar in miniature: it knows where relations and function calls stand, and which words a plain read does not have. It
/// may take a read for something else, never the other way round.
extension StatementClassifier {
    /// Goes through a query. False: something is doubtful, at the token which is there then.
    @_lifetime(self: copy self)
    mutating func prove(_ proof: inout QueryProof) -> Bool {
        while true {
            if proof.parts > 0, token.kind != .dot, previous.kind != .dot || !token.isName {
                guard finishName(&proof) else { return false }
            }
            let bit = UInt64(1) << UInt64(truncatingIfNeeded: depth)
            switch token.kind {
            case .end, .semicolon: return depth == 0 && !proof.endsWithParenthesis
            case .malformed: return false
            case .open:
                // Also where it only looks like a call: what touches sessions is left to the scan for effects.
                if previous.isName, !mayBeRead(function: SQLName(schema: nil, name: SQLName.Part(previous))) {
                    return false
                }
                depth += 1
                guard depth < 64 else { return false }
                open(&proof, bit << 1)
            case .close:
                depth -= 1
                guard depth >= 0 else { return false }
                proof.expects = .nothing
                if depth == 0, proof.endsWithParenthesis {
                    advance()
                    return true
                }
            case .comma:
                proof.expects =
                    proof.with & bit != 0 ? .withName : proof.from & bit != 0 ? .relation : .nothing
            case .word:
                guard !isTemporarySchema, word(&proof, bit) else { return false }
            case .quotedName:
                guard !isTemporarySchema else { return false }
                nameBegins(&proof, bit)
            case .unicodeName: return false
            case .dot: break
            case .string, .number, .parameter, .symbol, .colon, .openBracket, .closeBracket:
                proof.expects = .nothing
            }
            advance()
        }
    }

    /// A parenthesis: in FROM another list of relations begins, unless a query does.
    @_lifetime(self: copy self)
    private mutating func open(_ proof: inout QueryProof, _ bit: UInt64) {
        proof.from &= ~bit
        proof.with &= ~bit
        proof.special &= ~bit
        if proof.expects == .relation {
            proof.from |= bit
        } else {
            proof.expects = .nothing
        }
        switch previous.keyword {
        case .extract, .trim, .substring, .overlay, .position: proof.special |= bit
        default: break
        }
    }

    /// A word that may be a keyword. False: a plain read does not have it.
    @_lifetime(self: copy self)
    private mutating func word(_ proof: inout QueryProof, _ bit: UInt64) -> Bool {
        if previous.kind == .dot {
            nameBegins(&proof, bit)
            return true
        }
        switch token.keyword {
        case .none: nameBegins(&proof, bit)
        case .into, .insert, .update, .delete, .merge: return false
        case .share, .key, .no:
            if previous.keyword == .for { return false }
            nameBegins(&proof, bit)
        case .select, .values:
            queryBegins(&proof, bit)
            proof.expects = .nothing
        case .table:
            queryBegins(&proof, bit)
            proof.expects = .relation
        case .with:
            // WITH ORDINALITY, WITH TIES and WITH TIME ZONE stand elsewhere.
            if previous.kind == .semicolon || previous.kind == .open {
                queryBegins(&proof, bit)
                proof.with |= bit
                proof.expects = .withName
            }
        case .recursive: if previous.keyword != .with { nameBegins(&proof, bit) }
        case .from:
            if previous.keyword != .distinct, proof.special & bit == 0 {
                proof.from |= bit
                proof.expects = .relation
            }
        case .join, .like, .ilike, .overlaps:
            // After an operand an operator, else perhaps a function that somebody has named so.
            if !operandEnds { nameBegins(&proof, bit) }
            proof.expects = token.keyword == .join ? .relation : .nothing
        case .only, .lateral: break
        case .where, .group, .having, .window, .union, .intersect, .except, .order, .limit, .offset, .fetch:
            queryBegins(&proof, bit)
            proof.expects = .nothing
        case .all, .and, .any, .array, .as, .asc, .both, .case, .cast, .collate, .default, .deferrable, .desc,
            .distinct, .do, .else, .end, .false, .for, .grant, .in, .leading, .not, .null, .on, .or,
            .returning,
            .some, .symmetric, .then, .to, .trailing, .true, .using, .when, .create:
            // Reserved: neither a relation nor a function has such a name unquoted.
            proof.expects = .nothing
        case .over, .filter: if previous.kind != .close { nameBegins(&proof, bit) }
        case .by, .sets, .rollup, .cube, .varying: if !continuesKeyword { nameBegins(&proof, bit) }
        case .materialized: if proof.with & bit == 0 { nameBegins(&proof, bit) }
        case .rows: if proof.expects != .relation { nameBegins(&proof, bit) }
        default: nameBegins(&proof, bit)
        }
        return true
    }

    @_lifetime(self: copy self)
    private mutating func queryBegins(_ proof: inout QueryProof, _ bit: UInt64) {
        proof.from &= ~bit
        proof.with &= ~bit
    }

    /// A name, or its next part.
    @_lifetime(self: copy self)
    private mutating func nameBegins(_ proof: inout QueryProof, _ bit: UInt64) {
        if previous.kind == .dot {
            // After `(row).` or `array[1].` there is no chain to go on with: only a field, or a call that is refused below.
            if proof.parts == 0 {
                proof.parts = 2
                proof.isRelation = false
            }
            proof.parts += 1
            proof.schema = proof.name
            proof.name = token
            return
        }
        let expected = proof.expects
        proof.expects = .nothing
        // What follows AS, or stands after a parenthesis in FROM, is an alias or a type; WITH names its queries.
        if expected == .withName || previous.keyword == .as { return }
        if previous.kind == .close, proof.from & bit != 0 { return }
        proof.isRelation = expected == .relation
        proof.schema = nil
        proof.name = token
        proof.parts = 1
    }

    /// What a name turned out to be, now that the token after it is there.
    @_lifetime(self: copy self)
    private mutating func finishName(_ proof: inout QueryProof) -> Bool {
        defer { proof.parts = 0 }
        guard let name = proof.name else { return false }
        let isCall = token.kind == .open
        guard isCall || proof.isRelation else { return true }
        guard proof.parts <= 2 else { return false }
        let found = SQLName(schema: proof.schema.map { SQLName.Part($0) }, name: SQLName.Part(name))
        if isCall {
            if found.schema == nil, Self.hasGrammar(name.keyword) { return true }
            guard mayBeRead(function: found), result.functions.count < QueryProof.mostNames else {
                return false
            }
            result.functions.append(found)
        } else {
            guard mayBeRead(relation: found), result.relations.count < QueryProof.mostNames else {
                return false
            }
            result.relations.append(found)
        }
        return true
    }

    /// Whether the token before is the end of an operand, or a word that makes JOIN or LIKE what it is.
    private var operandEnds: Bool {
        switch previous.kind {
        case .string, .number, .parameter, .close, .closeBracket, .quotedName: true
        case .word:
            switch previous.keyword {
            case .none, .not, .left, .right, .full, .inner, .outer, .cross, .natural, .true, .false, .null,
                .end:
                true
            default: false
            }
        default: false
        }
    }

    /// ORDER BY, GROUPING SETS, CHARACTER VARYING and the like.
    private var continuesKeyword: Bool {
        switch (previous.keyword, token.keyword) {
        case (.order, .by), (.group, .by), (.partition, .by), (.grouping, .sets), (.by, .rollup),
            (.by, .cube),
            (.character, .varying), (.char, .varying), (.nchar, .varying), (.bit, .varying):
            true
        default: false
        }
    }

    /// Types and expressions of the grammar that take parentheses: no function can have such a name unquoted, without a
    /// schema.
    private static func hasGrammar(_ keyword: SQLKeyword) -> Bool {
        switch keyword {
        case .bigint, .bit, .boolean, .char, .character, .coalesce, .dec, .decimal, .exists, .extract, .float,
            .greatest,
            .grouping, .int, .integer, .interval, .least, .national, .nchar, .normalize, .nullif, .numeric,
            .position,
            .precision, .real, .row, .smallint, .time, .timestamp, .trim, .varchar, .between:
            true
        default: false
        }
    }
}
