import Diagnostics

/// `option`.
extension HAProxyParser {
    mutating func readOption(_ words: inout HAProxyArguments, isNegated: Bool) {
        let line = words.line
        guard let first = argument(&words, "option", "option http-keep-alive") else { return }
        guard let option = HAProxyOptionWord(rawValue: first) else {
            // What we do not do anyway can be switched off.
            if isNegated, HAProxyPeerWords.has(first, in: HAProxyPeerWords.option) { return }
            reportUnknown(first, in: .option, among: HAProxyOptionWord.allCases.map { $0.rawValue }, line)
            return
        }
        guard optionMayStandHere(option, line) else { return }
        switch option {
        case .httpKeepAlive:
            if isNegated {
                report(line, "connections are always kept alive where HTTP allows it", "Remove the line")
            }
        case .dontlognull:
            // Nothing is logged for connections without a request, with or without it.
            break
        case .redispatch: readRedispatch(&words, isNegated: isNegated)
        case .forwardfor:
            if isNegated {
                report(line, "option forwardfor cannot be negated", "Leave it out of the defaults section")
                return
            }
            readForwardFor(&words)
        case .httpchk:
            if isNegated {
                report(line, "option httpchk cannot be negated", "Leave it out of the defaults section")
                return
            }
            readHTTPCheckOption(&words)
        }
    }

    /// `redispatch` and `httpchk` are a backend's, `dontlognull` is a frontend's.
    private mutating func optionMayStandHere(_ option: HAProxyOptionWord, _ line: Int) -> Bool {
        guard let draft = current, draft.kind != nil else { return true }
        switch option {
        case .redispatch, .httpchk:
            if draft.serves { return true }
            report(
                line, "\"option \(option.rawValue)\" cannot stand in \(draft.keyword) \(draft.name)",
                "Move it to a backend or listen section")
        case .dontlognull:
            if draft.listens { return true }
            report(
                line, "\"option \(option.rawValue)\" cannot stand in \(draft.keyword) \(draft.name)",
                "Move it to a frontend or listen section")
        case .forwardfor, .httpKeepAlive: return true
        }
        return false
    }

    /// `option redispatch [N]`: N over 0 every Nth attempt, 0 never, -1 (and without N) the last one.
    private mutating func readRedispatch(_ words: inout HAProxyArguments, isNegated: Bool) {
        if isNegated {
            current?.settings.redispatch = .never
            return
        }
        guard !words.isAtEnd else {
            current?.settings.redispatch = .last
            return
        }
        let text = words.next()
        if text == "-1" {
            current?.settings.redispatch = .last
        } else if let value = HAProxyValues.number(text.utf8), value <= 100 {
            current?.settings.redispatch = value == 0 ? .never : .every(value)
        } else {
            report(
                words.line, "\"\(text)\" is not an interval for option redispatch",
                "Write -1, 0 or a number up to 100")
        }
    }

    private mutating func readForwardFor(_ words: inout HAProxyArguments) {
        var option = HAProxyConfiguration.ForwardFor()
        while !words.isAtEnd {
            let word = words.next()
            switch word {
            case "header":
                guard let name = argument(&words, "header", "option forwardfor header X-Client") else {
                    return
                }
                guard HAProxyValues.isToken(name) else {
                    report(
                        words.line, "\"\(name)\" cannot be the name of a header field", "Write it as X-Client"
                    )
                    return
                }
                option.header = name
            case "except":
                guard let text = argument(&words, "except", "option forwardfor except 127.0.0.0/8") else {
                    return
                }
                guard let network = network(text) else {
                    report(
                        words.line, "\"\(text)\" is not a network",
                        "Write it as 192.0.2.0/24 or 2001:db8::/32")
                    return
                }
                option.except = network
            case "if-none": option.onlyIfNone = true
            default:
                let near = nearestWord(to: word, among: ["header", "except", "if-none"])
                report(
                    words.line, "\"\(word)\" is not a word of option forwardfor",
                    near.map { "Did you mean \"\($0)\"?" } ?? "Write except, header or if-none")
                return
            }
        }
        current?.settings.forwardFor = option
        current?.settings.forwardForLine = words.line
    }

    private func network(_ text: String) -> HAProxyConfiguration.Network? {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count <= 2,
            let address = HAProxyConfiguration.Address(String(decoding: parts[0], as: UTF8.self))
        else {
            return nil
        }
        let bits: Int
        switch address {
        case .v4: bits = 32
        case .v6: bits = 128
        }
        guard parts.count == 2 else {
            return HAProxyConfiguration.Network(address: address, prefixLength: bits)
        }
        guard let length = HAProxyValues.number(parts[1]), length <= bits else { return nil }
        return HAProxyConfiguration.Network(address: address, prefixLength: length)
    }
}
