/// The kinds of values that words have.
extension PoolWord {
    static func flag(
        _ name: String, fixed: Bool = false, fate: Fate = .supported, _ access: @escaping Access<Bool>
    )
        -> PoolWord
    {
        PoolWord(
            name, unit: "0 or 1", expected: "0 or 1", fate: fate, fixed: fixed, access,
            show: { $0 ? "1" : "0" }, take: { $0 == "1" ? true : $0 == "0" ? false : nil })
    }

    static func number(
        _ name: String, _ range: ClosedRange<Int>, unit: String = "number", fixed: Bool = false,
        fate: Fate = .supported, _ access: @escaping Access<Int>
    ) -> PoolWord {
        PoolWord(
            name, unit: unit, expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            fate: fate,
            fixed: fixed, access, show: { "\($0)" }, take: { PoolNumbers.integer($0, range) })
    }

    /// A number that is nil where the file does not say it.
    static func override(_ name: String, _ range: ClosedRange<Int>, _ access: @escaping Access<Int?>)
        -> PoolWord
    {
        PoolWord(
            name, unit: "number", expected: "a number from \(range.lowerBound) to \(range.upperBound)",
            access,
            show: { value in value.map { "\($0)" } ?? "" },
            take: { text in PoolNumbers.integer(text, range).map { .some($0) } })
    }

    /// A number that is nil where the file says 0.
    static func limit(
        _ name: String, upTo most: Int = PoolNumbers.most, unit: String = "number", fixed: Bool = false,
        _ access: @escaping Access<Int?>
    ) -> PoolWord {
        PoolWord(
            name, unit: unit, expected: "a number from 0 to \(most)", fixed: fixed, access,
            show: { "\($0 ?? 0)" },
            take: { text in PoolNumbers.integer(text, 0...most).map { $0 == 0 ? .none : .some($0) } })
    }

    static func port(_ name: String, fixed: Bool = false, _ access: @escaping Access<UInt16>) -> PoolWord {
        PoolWord(
            name, unit: "port", expected: "a port from 1 to 65535", fixed: fixed, access, show: { "\($0)" },
            take: { text in PoolNumbers.integer(text, 1...65535).map { UInt16($0) } })
    }

    static func time(_ name: String, fate: Fate = .supported, _ access: @escaping Access<Duration>)
        -> PoolWord
    {
        PoolWord(
            name, unit: "seconds", expected: PoolNumbers.expectedSeconds, fate: fate, access,
            show: { PoolNumbers.text($0) }, take: { PoolNumbers.seconds($0) })
    }

    /// A time that is nil where the file says 0.
    static func timeout(_ name: String, fate: Fate = .supported, _ access: @escaping Access<Duration?>)
        -> PoolWord
    {
        PoolWord(
            name, unit: "seconds, 0 is never", expected: PoolNumbers.expectedSeconds, fate: fate, access,
            show: { PoolNumbers.text($0 ?? .zero) },
            take: { text in PoolNumbers.seconds(text).map { $0 == .zero ? .none : .some($0) } })
    }

    /// A time that is nil where the file does not say it; -1 says so, too, where `allowsUnset`.
    static func timeOverride(_ name: String, allowsUnset: Bool = false, _ access: @escaping Access<Duration?>)
        -> PoolWord
    {
        PoolWord(
            name, unit: "seconds", expected: PoolNumbers.expectedSeconds, access,
            show: { value in value.map { PoolNumbers.text($0) } ?? "" },
            take: { text in
                if allowsUnset, text == "-1" { return .some(nil) }
                return PoolNumbers.seconds(text).map { .some($0) }
            })
    }

    /// Seconds as PgBouncer reads some words: without a fraction; nil where the file says 0.
    static func wholeSeconds(_ name: String, _ access: @escaping Access<Duration?>) -> PoolWord {
        whole(name, "seconds", 1000, access)
    }

    /// Milliseconds; nil where the file says 0.
    static func milliseconds(_ name: String, _ access: @escaping Access<Duration?>) -> PoolWord {
        whole(name, "milliseconds", 1, access)
    }

    private static func whole(
        _ name: String, _ unit: String, _ step: Int64, _ access: @escaping Access<Duration?>
    ) -> PoolWord {
        PoolWord(
            name, unit: "whole " + unit + ", 0 is none",
            expected: "a whole number of \(unit) from 0 to \(PoolNumbers.most)", access,
            show: { "\(PoolNumbers.milliseconds($0 ?? .zero) / step)" },
            take: { text in
                guard let value = PoolNumbers.integer(text, 0...PoolNumbers.most) else { return nil }
                return value == 0 ? .some(nil) : .milliseconds(Int64(value) * step)
            })
    }

    static func text(
        _ name: String, unit: String = "text", fixed: Bool = false, fate: Fate = .supported,
        _ access: @escaping Access<String>
    ) -> PoolWord {
        PoolWord(
            name, unit: unit, expected: "text", fate: fate, fixed: fixed, access, show: { $0 }, take: { $0 })
    }

    /// Text that is nil where the file says nothing, or an empty text.
    static func optionalText(
        _ name: String, unit: String = "text", fixed: Bool = false, fate: Fate = .supported,
        _ access: @escaping Access<String?>
    ) -> PoolWord {
        PoolWord(
            name, unit: unit, expected: "text", fate: fate, fixed: fixed, access, show: { $0 ?? "" },
            take: { $0.isEmpty ? .some(nil) : .some($0) })
    }

    /// Names with commas between them.
    static func names(_ name: String, fixed: Bool = false, _ access: @escaping Access<[String]>) -> PoolWord {
        PoolWord(
            name, unit: "list", expected: "names with commas between them", fixed: fixed, access,
            show: { list in
                var text = ""
                for item in list { text += text.isEmpty ? item : ", " + item }
                return text
            }, take: { PoolNumbers.list($0) })
    }

    /// One of an enumeration's words; as in PgBouncer, capitals do not matter.
    static func choice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, but: String = "", _ access: @escaping Access<Value>
    ) -> PoolWord where Value.RawValue == String {
        PoolWord(
            name, unit: PoolNumbers.alternatives(Value.self),
            expected: "one of " + PoolNumbers.alternatives(Value.self) + but, access, show: { $0.rawValue },
            take: { PoolNumbers.choice($0) })
    }

    static func optionalChoice<Value: RawRepresentable & CaseIterable & Sendable>(
        _ name: String, _ access: @escaping Access<Value?>
    ) -> PoolWord where Value.RawValue == String {
        PoolWord(
            name, unit: PoolNumbers.alternatives(Value.self),
            expected: "one of " + PoolNumbers.alternatives(Value.self), access, show: { $0?.rawValue ?? "" },
            take: { text in
                let value: Value? = PoolNumbers.choice(text)
                return value.map { .some($0) }
            })
    }
}
