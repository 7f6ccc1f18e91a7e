/// `option httpchk` and `http-check`.
extension HAProxyParser {
    /// `option httpchk [URI]`, `option httpchk METHOD URI [VERSION]`.
    mutating func readHTTPCheckOption(_ words: inout HAProxyArguments) {
        var check = HAProxyConfiguration.HTTPCheck()
        var arguments: [String] = []
        while !words.isAtEnd, arguments.count < 3 { arguments.append(words.next()) }
        switch arguments.count {
        case 0: break
        case 1: check.uri = arguments[0]
        default:
            check.method = arguments[0]
            check.uri = arguments[1]
            if arguments.count == 3 { check.version = arguments[2] }
        }
        guard isMethod(check.method, words.line), isURI(check.uri, words.line),
            isVersion(check.version, words.line)
        else { return }
        current?.settings.httpCheck = check
    }

    /// Lines count on top of `option httpchk`, wherever it stands in the section.
    mutating func readHTTPCheck(_ words: inout HAProxyArguments) {
        guard let first = argument(&words, "http-check", "http-check expect status 200") else { return }
        guard let word = HAProxyHTTPCheckWord(rawValue: first) else {
            reportUnknown(
                first, in: .httpCheck, among: HAProxyHTTPCheckWord.allCases.map { $0.rawValue }, words.line)
            return
        }
        if current?.settings.httpCheckLine == nil { current?.settings.httpCheckLine = words.line }
        if current?.settings.httpCheckRules.isInherited == true {
            current?.settings.httpCheckRules = HAProxyCheckRules()
        }
        switch word {
        case .send: readSend(&words)
        case .expect: readExpect(&words)
        }
    }

    private mutating func readSend(_ words: inout HAProxyArguments) {
        let form = "http-check send meth GET uri / ver HTTP/1.1 hdr Host www"
        var rules = current?.settings.httpCheckRules ?? HAProxyCheckRules()
        if let line = rules.sendLine {
            report(words.line, "http-check send is also at line \(line)", "Put both into one line")
            return
        }
        // For HAProxy an expectation ends a request, and what is sent after it needs a connection of its own.
        if let line = rules.expectLine {
            report(
                words.line, "http-check send stands after the http-check expect at line \(line)", "Swap them")
            return
        }
        rules.sendLine = words.line
        while !words.isAtEnd {
            let first = words.next()
            guard let word = HAProxyCheckSendWord(rawValue: first) else {
                reportUnknown(
                    first, in: .checkSend, among: HAProxyCheckSendWord.allCases.map { $0.rawValue },
                    words.line)
                return
            }
            guard let value = argument(&words, first, form) else { return }
            switch word {
            case .meth:
                guard isMethod(value, words.line) else { return }
                rules.method = value
            case .uri:
                guard isURI(value, words.line) else { return }
                rules.uri = value
            case .ver:
                guard isVersion(value, words.line) else { return }
                rules.version = value
            case .hdr:
                guard let field = readField(value, &words, form) else { return }
                rules.fields.append(field)
            case .body: rules.body = value
            }
        }
        current?.settings.httpCheckRules = rules
    }

    private mutating func readField(
        _ name: String, _ words: inout HAProxyArguments, _ form: String
    ) -> HAProxyConfiguration.HTTPCheck.Field? {
        guard HAProxyValues.isToken(name) else {
            report(words.line, "\"\(name)\" cannot be the name of a header field", "Write it as: \(form)")
            return nil
        }
        // RFC 9112 section 6: what says how long the request is must be the proxy's own.
        let lowercased = name.lowercased()
        if lowercased == "content-length" || lowercased == "transfer-encoding" || lowercased == "connection" {
            report(words.line, "http-check send writes \(name) by itself", "Remove the field")
            return nil
        }
        guard let format = argument(&words, "hdr \(name)", form) else { return nil }
        guard let value = plainText(format) else {
            report(
                words.line,
                "hdr \(name) has a % that begins a log-format item, which pinode proxy does not support",
                "Write %% for a percent sign")
            return nil
        }
        for byte in value.utf8 where byte < 0x20 && byte != 9 || byte == 0x7f {
            report(words.line, "hdr \(name) has a control character", "Remove it")
            return nil
        }
        return HAProxyConfiguration.HTTPCheck.Field(name: name, value: value)
    }

    /// HAProxy reads values of fields as log-format: `%%` is a percent sign, `%` alone begins an item.
    private func plainText(_ format: String) -> String? {
        var result: [UInt8] = []
        var isAfterPercent = false
        for byte in format.utf8 {
            if byte == UInt8(ascii: "%") {
                if isAfterPercent { result.append(byte) }
                isAfterPercent.toggle()
            } else if isAfterPercent {
                return nil
            } else {
                result.append(byte)
            }
        }
        return isAfterPercent ? nil : String(decoding: result, as: UTF8.self)
    }

    /// `http-check expect [!] status LIST`, `http-check expect [!] string TEXT`.
    private mutating func readExpect(_ words: inout HAProxyArguments) {
        let form = "http-check expect status 200-399"
        if let line = current?.settings.httpCheckRules.expectLine {
            report(
                words.line, "http-check expect is also at line \(line); pinode proxy supports one only",
                "Remove one of them")
            return
        }
        guard var first = argument(&words, "http-check expect", form) else { return }
        let isNegated = first == "!"
        if isNegated {
            guard let second = argument(&words, "http-check expect !", form) else { return }
            first = second
        }
        guard let word = HAProxyCheckExpectWord(rawValue: first) else {
            let known = HAProxyCheckExpectWord.allCases.map { $0.rawValue }
            reportUnknown(first, in: .checkExpect, among: known, words.line)
            return
        }
        guard let value = argument(&words, "http-check expect \(first)", form) else { return }
        current?.settings.httpCheckRules.expectLine = words.line
        switch word {
        case .status:
            guard let ranges = statusRanges(value) else {
                report(
                    words.line, "\"\(value)\" is not a list of statuses from 100 to 599",
                    "Write it as 200,204,300-399")
                return
            }
            current?.settings.httpCheckRules.expectation = .status(ranges, isNegated: isNegated)
        case .string:
            guard !value.isEmpty else {
                report(words.line, "http-check expect string is empty", "Write a text that the body contains")
                return
            }
            current?.settings.httpCheckRules.expectation = .string(value, isNegated: isNegated)
        }
    }

    private func statusRanges(_ text: String) -> [ClosedRange<Int>]? {
        var ranges: [ClosedRange<Int>] = []
        for part in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = part.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard ends.count <= 2, let low = HAProxyValues.number(ends[0]),
                let high = ends.count == 2 ? HAProxyValues.number(ends[1]) : low, low >= 100, high <= 599,
                low <= high
            else { return nil }
            ranges.append(low...high)
        }
        return ranges
    }

    private mutating func isMethod(_ text: String, _ line: Int) -> Bool {
        if HAProxyValues.isToken(text) { return true }
        report(line, "\"\(text)\" is not an HTTP method", "Write it as: option httpchk GET /")
        return false
    }

    private mutating func isURI(_ text: String, _ line: Int) -> Bool {
        if HAProxyValues.isPath(text) || text == "*" { return true }
        report(line, "\"\(text)\" cannot be the target of a request", "Begin it with /, without blanks")
        return false
    }

    private mutating func isVersion(_ text: String, _ line: Int) -> Bool {
        if text == "HTTP/1.0" || text == "HTTP/1.1" { return true }
        report(
            line, "\"\(text)\" is not a version of HTTP for a check",
            "Write HTTP/1.0 or HTTP/1.1; header fields go to: http-check send hdr Host www")
        return false
    }
}
