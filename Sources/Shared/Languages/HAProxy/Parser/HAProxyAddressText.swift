extension HAProxyConfiguration.Address {
    /// Dotted decimal IPv4 or RFC 4291's IPv6 text without brackets and zone; nil for anything else.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if bytes.contains(UInt8(ascii: ":")) {
            guard let (high, low) = Self.readIPv6(bytes[...]) else { return nil }
            self = .v6(high: high, low: low)
        } else {
            guard let value = Self.readIPv4(bytes[...]) else { return nil }
            self = .v4(value)
        }
    }

    private static func readIPv4(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            // inet_aton(3) reads a leading zero as octal: refuse what two readers read differently.
            guard part.count <= 3, part.count == 1 || part.first != UInt8(ascii: "0"),
                let number = HAProxyValues.number(part), number <= 255
            else { return nil }
            value = value << 8 | UInt32(number)
        }
        return value
    }

    private static func readIPv6(_ bytes: ArraySlice<UInt8>) -> (UInt64, UInt64)? {
        var before: [UInt16] = []
        var after: [UInt16] = []
        var hasGap = false
        var rest = bytes
        if rest.starts(with: "::".utf8) {
            hasGap = true
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ":")) ?? rest.endIndex
            let group = rest[rest.startIndex..<end]
            if end == rest.endIndex, group.contains(UInt8(ascii: ".")) {
                guard let value = readIPv4(group) else { return nil }
                let pair = [UInt16(truncatingIfNeeded: value >> 16), UInt16(truncatingIfNeeded: value)]
                if hasGap { after += pair } else { before += pair }
                break
            }
            guard let value = readGroup(group) else { return nil }
            if hasGap { after.append(value) } else { before.append(value) }
            guard end < rest.endIndex else { break }
            rest = rest[(end + 1)...]
            if rest.first == UInt8(ascii: ":") {
                guard !hasGap else { return nil }
                hasGap = true
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil
            }
        }
        let count = before.count + after.count
        guard hasGap ? count < 8 : count == 8 else { return nil }
        let groups = before + [UInt16](repeating: 0, count: 8 - count) + after
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<4 {
            high = high << 16 | UInt64(groups[index])
            low = low << 16 | UInt64(groups[index + 4])
        }
        return (high, low)
    }

    private static func readGroup(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard digits.count >= 1, digits.count <= 4 else { return nil }
        var value: UInt16 = 0
        for byte in digits {
            guard let digit = hexDigit(byte) else { return nil }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}

/// An address of a `bind` or `server` line, cut into its host and its port.
enum HAProxyAddressText {
    case address(HAProxyConfiguration.Address, port: UInt16?)
    case descriptor(Int32)
    case problem(String, String)

    /// Reads `A:PORT`, `[A6]:PORT`, `*:PORT`, `:PORT`, `fd@N`, with `ipv4@` or `ipv6@` in front if wanted.
    static func read(_ text: String) -> HAProxyAddressText {
        var rest = Array(text.utf8)[...]
        var family: Int?
        if let at = rest.firstIndex(of: UInt8(ascii: "@")) {
            let prefix = String(decoding: rest[..<at], as: UTF8.self)
            rest = rest[(at + 1)...]
            switch prefix {
            case "ipv4": family = 4
            case "ipv6": family = 6
            case "fd":
                guard let number = HAProxyValues.number(rest), number <= 65535 else {
                    return .problem(
                        "\"\(text)\" is not a descriptor of an open socket",
                        "Write fd@3, or fd@${NAME} for a variable")
                }
                return .descriptor(Int32(number))
            default:
                return .problem(
                    "\"\(prefix)@\" is an address family that pinode proxy does not support",
                    "Write an IPv4 or IPv6 address, or fd@N")
            }
        }
        if rest.first == UInt8(ascii: "/") {
            return .problem(
                "\"\(text)\" is a Unix socket, which pinode proxy does not support here", "Write ADDRESS:PORT"
            )
        }
        return split(rest, text, family)
    }

    private static func split(_ rest: ArraySlice<UInt8>, _ text: String, _ family: Int?) -> HAProxyAddressText
    {
        let host: ArraySlice<UInt8>
        var portText: ArraySlice<UInt8>?
        if rest.first == UInt8(ascii: "["), let close = rest.firstIndex(of: UInt8(ascii: "]")) {
            host = rest[(rest.startIndex + 1)..<close]
            let after = rest[(close + 1)...]
            guard after.isEmpty || after.first == UInt8(ascii: ":") else { return bad(text) }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = rest.lastIndex(of: UInt8(ascii: ":")) {
            host = rest[..<colon]
            portText = rest[(colon + 1)...]
        } else {
            host = rest
        }
        var port: UInt16?
        if let digits = portText {
            guard let number = HAProxyValues.number(digits), number >= 1, number <= 65535 else {
                return badPort(digits, text)
            }
            port = UInt16(number)
        }
        if host.isEmpty || host.elementsEqual("*".utf8) {
            return .address(family == 6 ? .v6(high: 0, low: 0) : .v4(0), port: port)
        }
        guard let address = HAProxyConfiguration.Address(String(decoding: host, as: UTF8.self)) else {
            return bad(text)
        }
        switch (address, family) {
        case (.v4, 6), (.v6, 4):
            return .problem(
                "\"\(text)\" is not of the family that it names", "Remove what stands before the @")
        case (.v4, _), (.v6, _): return .address(address, port: port)
        }
    }

    private static func bad(_ text: String) -> HAProxyAddressText {
        .problem(
            "\"\(text)\" is not an address; names are not looked up",
            "Write it as 192.0.2.1:80, [2001:db8::1]:80 or *:80")
    }

    private static func badPort(_ digits: ArraySlice<UInt8>, _ text: String) -> HAProxyAddressText {
        if digits.contains(UInt8(ascii: "-")) || digits.first == UInt8(ascii: "+") {
            return .problem(
                "\"\(text)\" has a range of ports, which pinode proxy does not support", "Write one port")
        }
        return .problem("\"\(text)\" does not end with a port from 1 to 65535", "Write it as 192.0.2.1:80")
    }
}
