/// `bind`.
extension HAProxyParser {
    mutating func readBind(_ words: inout HAProxyArguments) {
        let form = "bind 192.0.2.29:80"
        guard let text = argument(&words, "bind", form) else { return }
        var binds: [HAProxyConfiguration.Bind] = []
        for bytes in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let part = String(decoding: bytes, as: UTF8.self)
            guard let endpoint = endpoint(part, words.line) else { continue }
            switch endpoint {
            case .descriptor(let number):
                binds.append(bind(.descriptor(number), words.line))
            case .address(_, port: nil):
                report(words.line, "\"\(part)\" has no port to listen on", "Write it as: \(form)")
            case .address(let address, port: let port?):
                binds.append(bind(.address(address, port: port), words.line))
            case .problem: break
            }
        }
        while !words.isAtEnd {
            let first = words.next()
            guard let word = HAProxyBindWord(rawValue: first) else {
                reportUnknown(
                    first, in: .bind, among: HAProxyBindWord.allCases.map { $0.rawValue }, words.line)
                return
            }
            switch word {
            case .name:
                guard let name = argument(&words, "name", "\(form) name web") else { return }
                for index in binds.indices { binds[index].name = name }
            case .transparent:
                for index in binds.indices { binds[index].isTransparent = true }
            case .v4v6, .v6only:
                for index in binds.indices { binds[index].isIPv6Only = word == .v6only }
            }
        }
        current?.binds += binds
    }

    private func bind(_ endpoint: HAProxyConfiguration.Bind.Endpoint, _ line: Int)
        -> HAProxyConfiguration.Bind
    {
        HAProxyConfiguration.Bind(
            endpoint: endpoint, name: nil, isTransparent: false, isIPv6Only: false, line: line)
    }
}
