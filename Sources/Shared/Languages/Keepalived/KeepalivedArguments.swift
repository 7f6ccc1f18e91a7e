/// Readers of a statement's words, each with its sentence for what is not as it must be.
extension KeepalivedParser {
    /// The statements of a block; none, and a sentence, where the braces are missing.
    mutating func body(of statement: KeepalivedStatement) -> [KeepalivedStatement] {
        guard let block = statement.block else {
            report(statement.line, "\(statement.keyword) needs a block", "Write it between { and }")
            return []
        }
        return block
    }

    mutating func refuseBlock(_ statement: KeepalivedStatement) {
        if statement.block != nil { report(statement.line, "\(statement.keyword) takes no block") }
    }

    /// Whether the statement has so many words.
    @discardableResult
    mutating func expectWords(_ statement: KeepalivedStatement, _ count: Int, _ form: String) -> Bool {
        if statement.words.count == count { return true }
        let what = statement.words.count < count ? "lacks something" : "has a word too many"
        report(statement.line, "\(statement.keyword) \(what)", "Write it as: \(form)")
        return false
    }

    /// The one word after the keyword.
    mutating func argument(_ statement: KeepalivedStatement, _ form: String) -> KeepalivedWord? {
        refuseBlock(statement)
        guard expectWords(statement, 2, form) else { return nil }
        guard !statement.words[1].text.isEmpty else {
            report(statement.line, "\(statement.keyword) has an empty value", "Write it as: \(form)")
            return nil
        }
        return statement.words[1]
    }

    mutating func flag(_ statement: KeepalivedStatement) {
        refuseBlock(statement)
        expectWords(statement, 1, statement.keyword)
    }

    mutating func number(_ statement: KeepalivedStatement, _ range: ClosedRange<Int>, _ form: String) -> Int?
    {
        guard let word = argument(statement, form) else { return nil }
        return number(word, range, of: statement.keyword)
    }

    mutating func number(_ word: KeepalivedWord, _ range: ClosedRange<Int>, of keyword: String) -> Int? {
        if let value = Self.integer(word.text), range.contains(value) { return value }
        report(
            word.line,
            "\(keyword) \(word.text) is not a number from \(range.lowerBound) to \(range.upperBound)")
        return nil
    }

    /// A time in seconds with at most six decimals.
    mutating func time(_ statement: KeepalivedStatement, upTo limit: Duration, _ form: String) -> Duration? {
        guard let word = argument(statement, form) else { return nil }
        if let time = Self.seconds(word.text), time <= limit { return time }
        report(
            word.line,
            "\(statement.keyword) \(word.text) is not a time in seconds from 0 to \(limit.components.seconds)",
            "Decimals are allowed: 0.25")
        return nil
    }

    /// A switch that may only be on, because we always do what it says.
    mutating func requireTrue(_ statement: KeepalivedStatement) {
        refuseBlock(statement)
        guard statement.words.count <= 2 else {
            expectWords(statement, 2, "\(statement.keyword) on")
            return
        }
        switch statement.words.count == 2 ? statement.words[1].text : "on" {
        case "on", "true", "yes": break
        case "off", "false", "no":
            report(
                statement.line, "\(statement.keyword) cannot be switched off: pinode always does it",
                "Remove the line")
        case let word:
            report(statement.line, "\"\(word)\" is neither on nor off", "Keepalived's words: on, true, yes")
        }
    }

    static func integer(_ text: String) -> Int? {
        var digits = ArraySlice(Array(text.utf8))
        let negative = digits.first == UInt8(ascii: "-")
        if negative || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        guard !digits.isEmpty, digits.count <= 9 else { return nil }
        var value = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return negative ? -value : value
    }

    static func seconds(_ text: String) -> Duration? {
        var microseconds: Int64 = 0
        var digits = 0
        var decimals: Int?
        for byte in text.utf8 {
            if byte == UInt8(ascii: "."), decimals == nil {
                decimals = 0
                continue
            }
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 12 else { return nil }
            if let count = decimals {
                guard count < 6 else { return nil }
                decimals = count + 1
            }
            microseconds = microseconds * 10 + Int64(byte - UInt8(ascii: "0"))
            digits += 1
        }
        guard digits > 0 else { return nil }
        for _ in (decimals ?? 0)..<6 { microseconds *= 10 }
        return .microseconds(microseconds)
    }
}
