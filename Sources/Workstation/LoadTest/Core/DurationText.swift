import Foundation

/// Durations as people write and read them.
public enum DurationText {
    /// The forms that are read, for messages.
    public static let forms = "a number with a unit: 250us, 20ms, 1.5s, 2m, 1h"

    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    /// `200ms`, `1.5s`, `2m`; nil for anything else, for negative ones, and for more than a hundred days.
    public static func parse(_ text: some StringProtocol) -> Duration? {
        let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let unit = units.first(where: { $0.name == text[number.endIndex...] }),
            number.first != ".", number.last != ".", let value = Double(number)
        else { return nil }
        let nanoseconds = (value * unit.nanoseconds).rounded()
        guard nanoseconds.isFinite, nanoseconds <= 8_640_000e9 else { return nil }
        return .nanoseconds(Int64(nanoseconds))
    }

    /// Three digits and the fitting unit: `412 µs`, `3.29 s`, `2 min 5 s`.
    public static func words(_ duration: Duration) -> String {
        let nanoseconds = Double(duration.nanoseconds)
        switch nanoseconds.magnitude {
        case ..<999.5: return "\(Int(nanoseconds)) ns"
        case ..<999_500: return digits(nanoseconds / 1e3) + " µs"
        case ..<999_500_000: return digits(nanoseconds / 1e6) + " ms"
        case ..<119.5e9: return digits(nanoseconds / 1e9) + " s"
        default:
            let seconds = Int((nanoseconds / 1e9).rounded())
            return seconds % 60 == 0 ? "\(seconds / 60) min" : "\(seconds / 60) min \(seconds % 60) s"
        }
    }

    private static func digits(_ value: Double) -> String {
        let places = value.magnitude < 9.995 ? 2 : value.magnitude < 99.95 ? 1 : 0
        let text = String(format: "%.\(places)f", value)
        guard places > 0 else { return text }
        var trimmed = Substring(text)
        while trimmed.last == "0" { trimmed.removeLast() }
        if trimmed.last == "." { trimmed.removeLast() }
        return String(trimmed)
    }
}
