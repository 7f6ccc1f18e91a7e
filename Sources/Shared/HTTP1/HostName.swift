/// `uri-host [":" port]` (RFC 9110 section 7.2).
enum HostName {
    static func isValid(_ bytes: RawSpan, _ range: ByteRange) -> Bool {
        guard !range.isEmpty else { return false }
        for offset in range.lower..<range.upper where !Octets.isHost(bytes.byte(offset)) { return false }
        let name = withoutPort(bytes, range)
        guard !name.isEmpty else { return false }
        var start = range.lower
        if bytes.byte(start) == 0x5B {
            guard bytes.byte(name.upper - 1) == 0x5D, name.count > 2 else { return false }
            start = name.upper
        }
        // Outside an address literal's brackets there is at most one colon, the port's, and no bracket.
        for offset in start..<name.upper {
            let byte = bytes.byte(offset)
            if byte == 0x3A || byte == 0x5B || byte == 0x5D { return false }
        }
        for offset in name.upper..<range.upper where offset > name.upper {
            guard Octets.isDigit(bytes.byte(offset)) else { return false }
        }
        return range.upper - name.upper <= 6
    }

    /// The name alone: up to the colon after it.
    static func withoutPort(_ bytes: RawSpan, _ range: ByteRange) -> ByteRange {
        var offset = range.lower
        if bytes.byte(offset) == 0x5B {
            while offset < range.upper, bytes.byte(offset) != 0x5D { offset += 1 }
            if offset < range.upper { offset += 1 }
        } else {
            while offset < range.upper, bytes.byte(offset) != 0x3A { offset += 1 }
        }
        // Something other than a port after the brackets counts as part of the name, and fails there.
        if offset < range.upper, bytes.byte(offset) != 0x3A { offset = range.upper }
        return ByteRange(range.lower, offset)
    }

    /// Whether an absolute target's authority and Host say the same, a scheme's own port left out or not.
    static func agree(_ bytes: RawSpan, _ authority: ByteRange, _ host: ByteRange, defaultPort: StaticString)
        -> Bool
    {
        guard !authority.isEmpty, !host.isEmpty else { return false }
        let first = normalized(bytes, authority, defaultPort)
        let second = normalized(bytes, host, defaultPort)
        return bytes.equals(first, ignoringCase: second)
    }

    private static func normalized(_ bytes: RawSpan, _ range: ByteRange, _ port: StaticString) -> ByteRange {
        let name = withoutPort(bytes, range)
        let digits = ByteRange(min(name.upper + 1, range.upper), range.upper)
        return digits.isEmpty || bytes.equals(digits, port) ? name : range
    }
}
