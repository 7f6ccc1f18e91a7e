import Diagnostics

/// Readers of a line's words, each with its sentence for what is not as it must be.
extension HAProxyParser {
    /// Reports a word that is not known in this place: HAProxy's own, or misspelt.
    mutating func reportUnknown(_ word: String, in place: HAProxyPlace, among known: [String], _ line: Int) {
        if let (problem, advice) = HAProxyRefusals.reason(for: word, in: place) {
            report(line, problem, advice)
            return
        }
        if HAProxyPeerWords.has(word, in: place.peerWords) {
            report(
                line, "\"\(word)\" is HAProxy's, pinode proxy does not support it yet",
                "Remove it, or deploy with engine = debian")
            return
        }
        let near = nearestWord(to: word, among: known)
        report(
            line, "\"\(word)\" is not \(place.name)",
            near.map { "Did you mean \"\($0)\"?" } ?? "docs/proxy-language.md lists the words")
    }

    /// The next word, or nil and a sentence.
    mutating func argument(_ words: inout HAProxyArguments, _ what: String, _ form: String) -> String? {
        guard !words.isAtEnd else {
            report(words.line, "\(what) lacks a value", "Write it as: \(form)")
            return nil
        }
        return words.next()
    }

    /// Reports words that are left over.
    mutating func expectEnd(_ words: inout HAProxyArguments, _ what: String) {
        guard let word = words.peek else { return }
        report(words.line, "\(what) does not know what to do with \"\(word)\"", "Remove it")
    }

    mutating func number(
        _ words: inout HAProxyArguments, _ what: String, _ range: ClosedRange<Int>, _ form: String
    ) -> Int? {
        guard let word = argument(&words, what, form) else { return nil }
        if let value = HAProxyValues.number(word.utf8), range.contains(value) { return value }
        report(
            words.line,
            "\"\(word)\" is not a number from \(range.lowerBound) to \(range.upperBound) for \(what)",
            word.utf8.contains(UInt8(ascii: "$"))
                ? "Variables are read inside double quotes only: \"${NAME}\"" : "Write it as: \(form)")
        return nil
    }

    /// A time over zero: none of HAProxy's times may be endless here.
    mutating func time(
        _ words: inout HAProxyArguments, _ what: String, _ form: String, unit: Duration = .milliseconds(1)
    ) -> Duration? {
        guard let word = argument(&words, what, form) else { return nil }
        let problem: String
        switch HAProxyValues.time(word, unit: unit) {
        case .time(let value):
            if value > .zero { return value }
            problem = "\(what) 0 would mean no limit at all"
        case .notATime: problem = "\"\(word)\" is not a time for \(what)"
        case .tooLong: problem = "\"\(word)\" is too long for \(what)"
        case .tooShort: problem = "\"\(word)\" is too short for \(what)"
        }
        report(words.line, problem, "Write 1ms to 24d, with a unit of us, ms, s, m, h or d")
        return nil
    }

    /// A port from 1 to 65535.
    mutating func port(_ words: inout HAProxyArguments, _ what: String, _ form: String) -> UInt16? {
        number(&words, what, 1...65535, form).map { UInt16($0) }
    }

    /// An address with variables replaced.
    mutating func endpoint(_ text: String, _ line: Int) -> HAProxyAddressText? {
        let (expanded, problem) = HAProxyVariable.expand(text, environment)
        if let (problem, advice) = problem {
            report(line, problem, advice)
            return nil
        }
        switch HAProxyAddressText.read(expanded) {
        case .problem(let problem, let advice):
            report(line, problem, advice)
            return nil
        case .address, .descriptor: return HAProxyAddressText.read(expanded)
        }
    }
}
