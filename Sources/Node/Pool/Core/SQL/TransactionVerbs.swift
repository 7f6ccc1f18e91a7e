/// Commands about transactions and parameters.
extension StatementClassifier {
    /// BEGIN, START TRANSACTION
    @_lifetime(self: copy self)
    mutating func begin() {
        let starts = token.keyword == .start
        advance()
        if !take(.transaction), !starts { _ = take(.work) }
        result.control = .begin(modes())
        scanForEffects()
    }

    /// COMMIT, END
    @_lifetime(self: copy self)
    mutating func commit() {
        advance()
        if token.keyword == .prepared {
            result.control = .commitPrepared
        } else {
            result.control = .commit(chain: chains())
        }
        scanForEffects()
    }

    /// ROLLBACK, ABORT
    @_lifetime(self: copy self)
    mutating func rollback() {
        advance()
        if token.keyword == .prepared {
            result.control = .rollbackPrepared
        } else {
            let chain = chains()
            result.control = token.keyword == .to ? .rollbackToSavepoint : .rollback(chain: chain)
        }
        scanForEffects()
    }

    /// [WORK | TRANSACTION] [AND [NO] CHAIN]
    @_lifetime(self: copy self)
    private mutating func chains() -> Bool {
        if !take(.work) { _ = take(.transaction) }
        guard take(.and) else { return false }
        return !take(.no)
    }

    /// ISOLATION LEVEL …, READ …, [NOT] DEFERRABLE, with commas or without.
    @_lifetime(self: copy self)
    private mutating func modes() -> TransactionModes {
        var modes = TransactionModes()
        while !atEnd {
            let keyword = token.keyword
            advance()
            switch keyword {
            case .read:
                if token.keyword == .only {
                    modes.readOnly = true
                } else if token.keyword == .write {
                    modes.readOnly = false
                } else {
                    modes.understood = false
                }
                advance()
            case .isolation:
                let isLevel = take(.level)
                if isLevel, take(.serializable) {
                    modes.isolation = .serializable
                } else if isLevel, take(.repeatable), take(.read) {
                    modes.isolation = .repeatableRead
                } else if isLevel, take(.read), take(.committed) || take(.uncommitted) {
                    modes.isolation = .readCommitted
                } else {
                    modes.understood = false
                }
            case .not:
                if take(.deferrable) { modes.deferrable = false } else { modes.understood = false }
            case .deferrable: modes.deferrable = true
            default: if previous.kind != .comma { modes.understood = false }
            }
            // Whatever comes after a word that is not known is not known either.
            if !modes.understood { break }
        }
        return modes
    }

    /// SET, which is ten commands.
    @_lifetime(self: copy self)
    mutating func set() {
        advance()
        if token.keyword == .local { return scanForEffects() }
        if token.keyword == .session {
            advance()
            if take(.characteristics) {
                if take(.as), take(.transaction) { result.control = .setCharacteristics(modes()) }
                // The defaults of transactions are parameters of the session, too.
                result.effects.insert(.settingByFunction)
                return scanForEffects()
            }
        }
        switch token.keyword {
        case .transaction:
            advance()
            result.control = .setTransaction(modes())
        case .constraints: break
        case .authorization, .role: result.effects.insert(.role)
        default: parameter()
        }
        scanForEffects()
    }

    /// RESET ALL | ROLE | SESSION AUTHORIZATION | parameter
    @_lifetime(self: copy self)
    mutating func reset() {
        advance()
        switch token.keyword {
        case .all: result.effects.insert(.resetAll)
        case .role, .session: result.effects.insert(.role)
        case .transaction: break
        default: parameter()
        }
        scanForEffects()
    }

    /// A parameter's name with its dots.
    @_lifetime(self: copy self)
    private mutating func parameter() {
        guard token.isName else { return }
        let first = SQLName.Part(token)
        if first.equals("session_authorization", in: text) {
            result.effects.insert(.role)
            return
        }
        if first.begins("transaction_", in: text) {
            // transaction_read_only, transaction_isolation, transaction_deferrable: SET TRANSACTION by another name.
            var modes = TransactionModes()
            modes.understood = false
            result.control = .setTransaction(modes)
            return
        }
        result.effects.insert(.setting)
        advance()
        if token.kind == .dot {
            advance()
            guard token.isName else { return }
            result.settings.append(SQLName(schema: first, name: SQLName.Part(token)))
        } else {
            result.settings.append(SQLName(schema: nil, name: first))
        }
    }
}
