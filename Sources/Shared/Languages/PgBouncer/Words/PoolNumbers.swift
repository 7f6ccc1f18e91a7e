/// Readers of the language's values.
enum PoolNumbers {
    /// The highest number that a setting may have, unless it says another: fits 32 bits, and is more than any machine has of anything.
    static let most = 100_000_000

    static let expectedSeconds =
        "a time in seconds from 0 to \(most), with at most six decimals and no unit behind it"

    /// Decimal digits alone. PgBouncer's strtol(3) reads 010 as eight: a leading zero is refused.
    static func integer(_ text: String, _ range: ClosedRange<Int>) -> Int? {
        guard let wide = wideInteger(text), let value = Int(exactly: wide), range.contains(value) else {
            return nil
        }
        return value
    }

    /// As ``integer(_:_:)``, of 64 bits on every machine.
    static func wideInteger(_ text: String) -> Int64? {
        let digits = text.utf8
        guard digits.count >= 1, digits.count <= 15, digits.count == 1 || digits.first != UInt8(ascii: "0")
        else { return nil }
        var value: Int64 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// A file mode: octal digits, with a zero in front.
    static func mode(_ text: String) -> UInt16? {
        let digits = text.utf8
        guard digits.first == UInt8(ascii: "0"), digits.count <= 5 else { return nil }
        var value: UInt16 = 0
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7") else { return nil }
            value = value << 3 | UInt16(digit - UInt8(ascii: "0"))
        }
        return value <= 0o777 ? value : nil
    }

    /// `15`, `0.25`; PgBouncer's strtod(3) would take 1e3, too.
    static func seconds(_ text: String) -> Duration? {
        guard let time = KeepalivedParser.seconds(text), time <= .seconds(most),
            text.utf8.first != UInt8(ascii: "."), text.utf8.last != UInt8(ascii: ".")
        else { return nil }
        return time
    }

    /// The shortest form: `15`, `0.25`.
    static func text(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        guard attoseconds != 0 else { return "\(seconds)" }
        var digits = Array("\(attoseconds / 1_000_000_000_000)".utf8)
        digits = [UInt8](repeating: 48, count: max(0, 6 - digits.count)) + digits
        while digits.last == 48 { digits.removeLast() }
        return "\(seconds)." + String(decoding: digits, as: UTF8.self)
    }

    /// Whole milliseconds, for words of which PgBouncer takes no fraction.
    static func milliseconds(_ time: Duration) -> Int64 {
        time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000
    }

    /// What stands between commas, without the blanks around it; nothing for an empty text.
    static func list(_ text: String) -> [String]? {
        if trimmed(text.utf8).isEmpty { return [] }
        var items: [String] = []
        for part in Array(text.utf8).split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let item = trimmed(part)
            guard !item.isEmpty else { return nil }
            items.append(item)
        }
        return items
    }

    static func trimmed(_ bytes: some Collection<UInt8>) -> String {
        var rest = Array(bytes)[...]
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        return String(decoding: rest, as: UTF8.self)
    }

    /// isspace(3) of the C locale.
    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }

    static func choice<Value: RawRepresentable & CaseIterable>(_ text: String) -> Value?
    where Value.RawValue == String {
        let wanted = lowered(text)
        return Value.allCases.first { $0.rawValue == wanted }
    }

    static func alternatives<Value: RawRepresentable & CaseIterable>(_: Value.Type) -> String
    where Value.RawValue == String {
        var text = ""
        for value in Value.allCases { text += text.isEmpty ? value.rawValue : ", " + value.rawValue }
        return text
    }

    static func lowered(_ text: String) -> String {
        String(decoding: text.utf8.map { $0 >= 65 && $0 <= 90 ? $0 + 32 : $0 }, as: UTF8.self)
    }
}
