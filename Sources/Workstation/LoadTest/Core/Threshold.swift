/// What a run must keep to pass: `p99<200ms`, `errors<0.1%`, `outage<3s`, `rate>495`.
public struct Threshold: Sendable, Equatable {
    /// A figure of the report.
    public enum Metric: Sendable, Equatable {
        /// The latency that this share (above 0, at most 100) of the answers does not exceed; `max` is 100.
        case latency(percentile: Double)
        case mean
        /// Requests that failed; in percent of those that were sent.
        case errors(percent: Bool)
        /// The longest outage that the prober saw.
        case outage
        /// Good answers a second.
        case rate
        /// Requests that the generator did not send.
        case dropped
    }

    /// How the figure is compared.
    public enum Comparison: String, Sendable, CaseIterable {
        case less = "<"
        case atMost = "<="
        case greater = ">"
        case atLeast = ">="
        case equal = "=="

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .less: left < right
            case .atMost: left <= right
            case .greater: left > right
            case .atLeast: left >= right
            case .equal: left == right
            }
        }
    }

    /// A threshold that cannot be read, as a sentence.
    public struct Problem: Error, Sendable, Equatable {
        /// What is wrong and how to write it.
        public var sentence: String
    }

    /// As it was written, without blanks.
    public var text: String
    /// The figure that is compared.
    public var metric: Metric
    /// How it is compared with the limit.
    public var comparison: Comparison
    /// Seconds for durations, otherwise the number as written.
    public var limit: Double

    /// Reads a threshold: a metric, a comparison and a value.
    public init(_ text: String) throws(Problem) {
        let compact = text.filter { $0 != " " }
        guard let start = compact.firstIndex(where: { "<>=".contains($0) }) else {
            throw Problem(sentence: "threshold \"\(text)\" compares nothing. Write for example p99<200ms.")
        }
        let rest = compact[start...]
        guard
            let comparison = Comparison.allCases.filter({ rest.hasPrefix($0.rawValue) })
                .max(by: { $0.rawValue.count < $1.rawValue.count })
        else {
            throw Problem(sentence: "threshold \"\(text)\": the comparisons are <, <=, >, >= and ==.")
        }
        let name = compact[..<start]
        let value = rest.dropFirst(comparison.rawValue.count)
        guard let metric = Self.metric(name, value) else {
            throw Problem(
                sentence: "threshold \"\(text)\": there is no figure \"\(name)\". "
                    + "There are p50, p90, p99, p99.9 (any p0 to p100), max, mean, errors, outage, rate and dropped."
            )
        }
        self.text = compact
        self.metric = metric
        self.comparison = comparison
        limit = try Self.limit(metric, value, in: text)
        if metric == .rate, comparison == .less || comparison == .atMost {
            throw Problem(
                sentence: "threshold \"\(text)\": a rate passes when it is high. Write rate>\(value).")
        }
        if metric != .rate, comparison == .greater || comparison == .atLeast {
            throw Problem(
                sentence: "threshold \"\(text)\": \(name) passes when it is low. Write \(name)<\(value).")
        }
    }

    private static func metric(_ name: Substring, _ value: Substring) -> Metric? {
        switch name {
        case "max": return .latency(percentile: 100)
        case "mean": return .mean
        case "errors": return .errors(percent: value.hasSuffix("%"))
        case "outage": return .outage
        case "rate": return .rate
        case "dropped": return .dropped
        default:
            guard name.hasPrefix("p"), let percentile = number(name.dropFirst()), percentile > 0,
                percentile <= 100
            else { return nil }
            return .latency(percentile: percentile)
        }
    }

    private static func limit(_ metric: Metric, _ value: Substring, in text: String) throws(Problem) -> Double
    {
        switch metric {
        case .latency, .mean, .outage:
            guard let duration = DurationText.parse(value) else {
                throw Problem(
                    sentence:
                        "threshold \"\(text)\": \"\(value)\" is no duration. Write \(DurationText.forms).")
            }
            return duration.seconds
        case .errors(percent: true):
            guard let share = number(value.dropLast()), share <= 100 else {
                throw Problem(
                    sentence: "threshold \"\(text)\": \"\(value)\" is no share. Write for example 0.1%.")
            }
            return share
        case .errors(percent: false), .dropped, .rate:
            let plain = metric == .rate && value.hasSuffix("/s") ? value.dropLast(2) : value
            guard let count = number(plain) else {
                throw Problem(sentence: "threshold \"\(text)\": \"\(value)\" is no number.")
            }
            return count
        }
    }

    /// Digits, perhaps with a fraction; no sign, no exponent.
    private static func number(_ text: Substring) -> Double? {
        guard text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), text.first != ".",
            text.last != "."
        else { return nil }
        return Double(text)
    }
}

extension Duration {
    /// Seconds, as a number to compare or print.
    var seconds: Double { Double(nanoseconds) / 1e9 }
}
