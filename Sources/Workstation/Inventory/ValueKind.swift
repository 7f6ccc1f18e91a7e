/// What a variable's text may be read as. Inventories hold only text; whoever reads a value says its kind, and a
/// text that does not fit is an error that lists the accepted forms.
public enum ValueKind: Sendable, Equatable {
    /// Any text.
    case text
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    case boolean
    /// A time with its unit.
    case duration
    /// A TCP or UDP port.
    case port
    /// An IPv4 or IPv6 address.
    case address
    /// A range of IPv4 addresses.
    case network
    /// A number of bytes.
    case size
    /// Words separated by blanks or commas.
    case list
    /// One of these words.
    case choice([String])
    /// A text that nobody shall see: an inventory says where it comes from (`SecretSource`).
    case secret

    /// For a sentence: `a port: a number from 1 to 65535`.
    public var acceptedForms: String {
        switch self {
        case .text: "any text"
        case .integer(let range):
            range == Int.min...Int.max
                ? "a whole number"
                : range.upperBound == Int.max
                    ? "a whole number from \(range.lowerBound)"
                    : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .boolean: "true or false (yes, no, on, off, 1 and 0 are the same)"
        case .duration: "a time with its unit, as in 250us, 100ms, 5s, 2m, 1h or 1d"
        case .port: "a port, a whole number from 1 to 65535"
        case .address: "an IP address, as in 192.0.2.1 or 2001:db8::1"
        case .network: "a network in CIDR notation, as in 192.0.2.0/24"
        case .size: "a size with its unit, as in 512K, 100M or 1G"
        case .list: "words separated by blanks or commas"
        case .secret: SecretSource.acceptedForms
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        }
    }

    /// Whether a text can be read as this.
    public func accepts(_ text: String) -> Bool {
        switch self {
        case .text, .list: true
        case .integer(let range): Int(wholeNumber: text).map(range.contains) ?? false
        case .boolean: Bool(spelled: text) != nil
        case .duration: Duration(spelled: text) != nil
        case .port: UInt16(port: text) != nil
        case .address: IPAddress(text) != nil
        case .network: IPv4Network(text) != nil
        case .size: Int64(size: text) != nil
        case .secret: SecretSource(text) != nil
        case .choice(let words): words.contains(text)
        }
    }
}

extension Bool {
    /// `true`, `yes`, `on`, `1`, `false`, `no`, `off`, `0` in any case; nil for anything else.
    public init?(spelled text: String) {
        switch text.lowercased() {
        case "true", "yes", "on", "1": self = true
        case "false", "no", "off", "0": self = false
        default: return nil
        }
    }
}

extension Int {
    /// Decimal digits with an optional minus sign; nil for anything else.
    public init?(wholeNumber text: String) {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        guard !digits.isEmpty, digits.allSatisfy(ASCII.isDigit) else { return nil }
        self.init(text)
    }
}

extension UInt16 {
    /// A port from 1 to 65535 as decimal digits; nil for anything else.
    public init?(port text: String) {
        guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy(ASCII.isDigit), let port = UInt16(text),
            port > 0
        else { return nil }
        self = port
    }
}

extension Duration {
    /// A whole number with one of the units us, ms, s, m, h, d (`5s`), at most ten years; nil for anything else.
    public init?(spelled text: String) {
        let digits = text.utf8.prefix(while: ASCII.isDigit)
        guard (1...15).contains(digits.count), let number = Int64(ASCII.text(digits)) else { return nil }
        let microseconds: Int64
        switch ASCII.text(text.utf8.dropFirst(digits.count)) {
        case "us": microseconds = 1
        case "ms": microseconds = 1000
        case "s": microseconds = 1_000_000
        case "m": microseconds = 60_000_000
        case "h": microseconds = 3_600_000_000
        case "d": microseconds = 86_400_000_000
        default: return nil
        }
        let (total, overflow) = number.multipliedReportingOverflow(by: microseconds)
        guard !overflow, total <= 3650 * 86_400_000_000 else { return nil }
        self = .microseconds(total)
    }
}

extension Int64 {
    /// A number of bytes with one of the units K, M, G, T (powers of 1024), or none (`1G`); nil for anything else.
    public init?(size text: String) {
        let digits = text.utf8.prefix(while: ASCII.isDigit)
        guard (1...15).contains(digits.count), let number = Int64(ASCII.text(digits)) else { return nil }
        let unit: Int64
        switch ASCII.text(text.utf8.dropFirst(digits.count)) {
        case "": unit = 1
        case "K": unit = 1 << 10
        case "M": unit = 1 << 20
        case "G": unit = 1 << 30
        case "T": unit = 1 << 40
        default: return nil
        }
        let (total, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        self = total
    }
}
