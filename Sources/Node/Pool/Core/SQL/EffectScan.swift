/// What the rest of a statement does to its session: calls that matter, temporary tables, EXECUTE.
extension StatementClassifier {
    /// Up to the statement's end, or past the parenthesis that closes the one which is here.
    @_lifetime(self: copy self)
    mutating func scanForEffects(creating: Bool = false, toParenthesis: Bool = false) {
        // Inside BEGIN ATOMIC … END of a function's body semicolons do not end the statement.
        var atomic = 0
        while true {
            switch token.kind {
            case .end, .malformed: return
            case .semicolon where depth <= 0 && atomic == 0: return
            case .open:
                depth += 1
                if previous.isName, mayTouchSession(previous) {
                    if SQLName.Part(previous).equals("set_config", in: text) {
                        setConfig()
                        continue
                    }
                    call()
                }
            case .close:
                depth -= 1
                if toParenthesis, depth <= 0 {
                    advance()
                    return
                }
            case .word:
                switch token.keyword {
                case .none: if isTemporarySchema { result.effects.insert(.temporary) }
                case .temp, .temporary: if previous.keyword == .into { result.effects.insert(.temporary) }
                case .execute where creating && previous.keyword == .as:
                    return execute()
                case .atomic where creating && previous.keyword == .begin: atomic = 1
                case .begin, .case: if atomic > 0 { atomic += 1 }
                case .end: if atomic > 0 { atomic -= 1 }
                default: break
                }
            case .quotedName: if isTemporarySchema { result.effects.insert(.temporary) }
            default: break
            }
            advance()
        }
    }

    /// pg_temp, pg_temp_3
    @inline(__always)
    var isTemporarySchema: Bool {
        let name = SQLName.Part(token)
        return name.end - name.start >= 7 && name.begins("pg_temp", in: text)
    }

    /// A first look: most calls are no longer looked at after it.
    @inline(__always)
    private func mayTouchSession(_ token: SQLToken) -> Bool {
        let at = token.kind == .quotedName ? token.start + 1 : token.start
        switch text.unsafeLoad(fromByteOffset: at, as: UInt8.self) | 0x20 {
        case UInt8(ascii: "p"), UInt8(ascii: "s"), UInt8(ascii: "d"): return true
        default: return false
        }
    }

    /// A call of `previous`.
    @_lifetime(self: copy self)
    private mutating func call() {
        let name = SQLName.Part(previous)
        if name.begins("pg_", in: text) {
            if name.begins("pg_advisory_lock", in: text) || name.begins("pg_try_advisory_lock", in: text) {
                result.effects.insert(.advisoryLock)
            } else if name.begins("pg_advisory_unlock", in: text) {
                result.effects.insert(.advisoryUnlock)
            } else if name.begins("pg_replication_origin_session_setup", in: text) {
                result.effects.insert(.otherState)
            }
        } else if name.equals("setseed", in: text) || name.equals("set_limit", in: text)
            || name.begins("dblink_connect", in: text) || name.begins("dblink_open", in: text)
        {
            result.effects.insert(.otherState)
        }
    }

    /// At the opening parenthesis, which is counted already, of
    /// set_config(name, value, is_local): only a third argument that is just TRUE, 't' or 'true' keeps it in the transaction.
    @_lifetime(self: copy self)
    private mutating func setConfig() {
        let outside = depth - 1
        var commas = 0
        var words = 0
        var isLocal = false
        advance()
        while token.kind != .end, token.kind != .malformed, depth > outside {
            switch token.kind {
            case .open:
                depth += 1
                if previous.isName, mayTouchSession(previous) {
                    call()
                    // One inside another is not looked into.
                    if SQLName.Part(previous).equals("set_config", in: text) {
                        result.effects.insert(.settingByFunction)
                    }
                }
            case .close: depth -= 1
            case .comma where depth == outside + 1:
                commas += 1
                words = 0
                advance()
                continue
            default: break
            }
            if depth > outside {
                words += 1
                isLocal = commas == 2 && words == 1 && isTrue
            }
            advance()
        }
        if commas != 2 || words != 1 || !isLocal { result.effects.insert(.settingByFunction) }
    }

    private var isTrue: Bool {
        if token.keyword == .true { return true }
        guard token.kind == .string, token.end - token.start <= 6 else { return false }
        let word = PackedWord(text, token.start, token.end)
        return word == PackedWord("'t'") || word == PackedWord("'true'")
    }
}
