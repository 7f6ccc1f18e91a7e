/// Readers of numbers, times, addresses and names. Each returns nil for what is not one.
enum HAProxyValues {
    /// HAProxy keeps times as 31-bit numbers of milliseconds.
    static let maximumTime: Duration = .milliseconds(Int64(Int32.max))

    /// Decimal digits only, at most nine of them, so that it fits 32 bits.
    static func number(_ text: some Sequence<UInt8>) -> Int? {
        var value = 0
        var digits = 0
        for byte in text {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 9 else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            digits += 1
        }
        return digits > 0 ? value : nil
    }

    /// What a time can be read as.
    enum Time {
        case time(Duration)
        case notATime
        /// Over `maximumTime`.
        case tooLong
        /// Not zero, but under a millisecond.
        case tooShort
    }

    /// Digits with a unit of `us ms s m h d` (configuration.txt 2.5), or without one.
    static func time(_ text: String, unit: Duration) -> Time {
        let bytes = Array(text.utf8)
        var value: Int64 = 0
        var index = 0
        while index < bytes.count, bytes[index] >= UInt8(ascii: "0"), bytes[index] <= UInt8(ascii: "9") {
            // 16 digits of days in microseconds overflow; over 10^12 of anything is too long anyway.
            if value < 1_000_000_000_000 { value = value * 10 + Int64(bytes[index] - UInt8(ascii: "0")) }
            index += 1
        }
        guard index > 0 else { return .notATime }
        let scale: Duration
        switch String(decoding: bytes[index...], as: UTF8.self) {
        case "": scale = unit
        case "us": scale = .microseconds(1)
        case "ms": scale = .milliseconds(1)
        case "s": scale = .seconds(1)
        case "m": scale = .seconds(60)
        case "h": scale = .seconds(3600)
        case "d": scale = .seconds(86400)
        default: return .notATime
        }
        guard value < 3_000_000_000_000 else { return .tooLong }
        let microseconds =
            scale.components.seconds * 1_000_000 + scale.components.attoseconds / 1_000_000_000_000
        let (product, overflow) = value.multipliedReportingOverflow(by: microseconds)
        guard !overflow, product <= 1_000 * Int64(Int32.max) else { return .tooLong }
        guard product == 0 || product >= 1_000 else { return .tooShort }
        return .time(.microseconds(product))
    }

    /// Letters, digits, `.`, `-`, `_` and `:` (configuration.txt 4).
    static func isName(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"), UInt8(ascii: ":"):
                continue
            default: return false
            }
        }
        return true
    }

    /// A field name or a method: one or more of RFC 9110's tchar (section 5.6.2).
    static func isToken(_ text: String) -> Bool {
        guard !text.isEmpty else { return false }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                continue
            default:
                guard "!#$%&'*+-.^_`|~".utf8.contains(byte) else { return false }
            }
        }
        return true
    }

    /// The target of a request: begins with `/`, and has no blank, control or non-ASCII character.
    static func isPath(_ text: String) -> Bool {
        text.utf8.first == UInt8(ascii: "/") && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
    }
}
