import Foundation

extension LoadReport {
    /// The report for people.
    public var text: String {
        let blocks: [[String]] = [
            [headline], figures, generator, timeline, service, verdict,
        ]
        return blocks.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
    }

    private var headline: String {
        let ended = interrupted ? ", ended after \(DurationText.words(elapsed))" : ""
        return "\(target.url): \(options.rate) requests/s for \(DurationText.words(options.duration)), "
            + "open loop\(options.newConnections ? ", a new connection each" : "")\(ended)"
    }

    private var figures: [String] {
        var lines = [
            "  requests   \(load.started) sent, \(load.answered) answered (\(percent(load.answered, load.started))), "
                + "\(load.failed) failed, \(load.dropped) dropped"
                + (unfinished > 0 ? ", \(unfinished) unfinished" : "")
                + "; \(String(format: "%.1f", rate)) answers/s"
        ]
        if load.failed > 0 { lines.append("  failures   \(Self.words(load.failures))") }
        if load.latency.count > 0 {
            let percentiles = [50, 90, 99, 99.9].map { percent in
                "p\(Self.number(percent)) \(words(load.latency.percentile(percent)))"
            }
            lines.append(
                "  latency    \(percentiles.joined(separator: "   "))   max \(words(load.latency.longest))   "
                    + "mean \(words(load.latency.mean))")
            lines.append("             from the intended start to the whole answer, of those answered")
        }
        if !load.nodes.isEmpty {
            let nodes = load.nodes.sorted { $0.key < $1.key }
                .map { "\($0.key) \($0.value) (\(percent($0.value, load.answered)))" }
            lines.append("  answers    \(nodes.joined(separator: ", "))")
        }
        return lines
    }

    private var generator: [String] {
        let lag =
            "start lag p50 \(words(load.lag.percentile(50))), p99 \(words(load.lag.percentile(99))), "
            + "max \(words(load.lag.longest))"
        var lines = [
            "  generator  \(lag)" + (load.waited > 0 ? "; \(load.waited) waited for a connection" : "")
        ]
        for reason in invalidity { lines.append("             the figures are NOT VALID: \(reason)") }
        return lines
    }

    /// A line a second, or a line for several where the run was long.
    private var timeline: [String] {
        let rows = load.seconds
        guard rows.count > 1 else { return [] }
        let each = (rows.count + Self.mostRows - 1) / Self.mostRows
        var lines = ["  second  answered\(String(repeating: " ", count: Self.barWidth))     p99    failed"]
        for start in stride(from: 0, to: rows.count, by: each) {
            lines.append(row(Array(rows[start..<min(start + each, rows.count)])))
        }
        if each > 1 { lines.append("  (a line is \(each) seconds; its p99 is that of the worst of them)") }
        return lines
    }

    private static let mostRows = 30
    private static let barWidth = 24

    private func row(_ seconds: [Tally.Second]) -> String {
        let scheduled = seconds.reduce(0) { $0 + $1.scheduled }
        let answered = seconds.reduce(0) { $0 + $1.answered }
        let failed = seconds.reduce(0) { $0 + $1.failed + $1.dropped }
        let number = seconds[0].number
        let range = number..<(number + seconds.count)
        let p99 = seconds.compactMap(\.p99).max()
        let line =
            "  " + Self.right("\(number)", 6) + "  "
            + Self.bar(answered, of: scheduled, width: Self.barWidth) + Self.right("\(answered)", 6) + "  "
            + Self.right(p99.map(DurationText.words) ?? "-", 9) + "  "
            + Self.right(failed > 0 ? "\(failed)" : "", 8)
        return (line + notes(in: range)).trimmingEnd
    }

    private func notes(in seconds: Range<Int>) -> String {
        var notes: [String] = []
        if let fault, let began = fault.began, seconds.contains(Int(began.components.seconds)) {
            notes.append(fault.name + (fault.node.map { fault.name.hasSuffix($0) ? "" : " (\($0))" } ?? ""))
        }
        for holder in holders.dropFirst() where seconds.contains(Int(holder.since.components.seconds)) {
            notes.append(holder.node.map { "address moves to \($0)" } ?? "address unknown")
        }
        return notes.isEmpty ? "" : "  ← " + notes.joined(separator: ", ")
    }

    private var service: [String] {
        var lines: [String] = []
        if let first = holders.first {
            let moves = holders.dropFirst().map {
                "\($0.node ?? "nobody") from \(DurationText.words($0.since)) on"
            }
            lines.append("  address    held by " + ([first.node ?? "nobody"] + moves).joined(separator: ", "))
        }
        if let fault {
            if let began = fault.began, let done = fault.done {
                lines.append(
                    "  fault      \(fault.name)\(fault.node.map { fault.name.hasSuffix($0) ? "" : ": \($0)" } ?? "") "
                        + "at \(DurationText.words(began)), done within \(DurationText.words(done - began))")
            } else {
                lines.append("  fault      \(fault.name): not injected, the run ended before")
            }
            lines += fault.problems.map { "             \($0)" }
        }
        guard let probes else { return lines }
        guard !probes.outages.isEmpty else {
            lines.append(
                "clients were never without service: \(probes.count) probes, a new connection every "
                    + "\(DurationText.words(probes.options.interval)), all answered")
            return lines
        }
        let lone = probes.outages.filter(\.isLoneProbe)
        lines += probes.outages.filter { !$0.isLoneProbe }.map(\.sentence)
        guard let first = lone.first, let last = lone.last else { return lines }
        lines.append(
            "\(lone.count) single probe\(lone.count == 1 ? "" : "s") failed between others that were answered, from "
                + "\(DurationText.words(first.began)) to \(DurationText.words(last.ended ?? last.began))")
        return lines
    }

    private var verdict: [String] {
        thresholds.map { result in
            let actual = result.actual.map { result.threshold.words($0) } ?? "no figure"
            return "\(result.passed ? "passed" : "FAILED")  \(result.threshold.text)  (\(actual))"
        }
    }

    static func words(_ failures: [Failure: Int]) -> String {
        Failure.allCases.compactMap { kind in failures[kind].map { "\($0) \(kind.words)" } }.joined(
            separator: ", ")
    }

    private func words(_ duration: Duration?) -> String { duration.map(DurationText.words) ?? "-" }

    private func percent(_ part: Int, _ whole: Int) -> String {
        guard whole > 0 else { return "0 %" }
        // Rounded down, so that 100 % means all.
        let tenths = part * 1000 / whole
        return tenths % 10 == 0 ? "\(tenths / 10) %" : "\(tenths / 10).\(tenths % 10) %"
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() ? "\(Int(value))" : "\(value)"
    }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// A bar in eighths of a character.
    static func bar(_ part: Int, of whole: Int, width: Int) -> String {
        guard whole > 0 else { return String(repeating: " ", count: width) }
        let eighths = min(part, whole) * width * 8 / whole
        let rest = eighths % 8
        let text =
            String(repeating: "█", count: eighths / 8)
            + (rest > 0 ? ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][rest] : "")
        return text + String(repeating: " ", count: width - text.count)
    }
}

extension Outage {
    /// One probe failed and its neighbours did not: a slow answer of one server, no time without service.
    var isLoneProbe: Bool { failed == 1 && ended != nil }

    /// `clients were without service for 3.29 s (between 3.28 s and 3.3 s), from 5.02 s to 8.31 s: …`
    public var sentence: String {
        let known =
            ended == nil
            ? "for at least \(DurationText.words(atLeast)), until the probes ended"
            : "for \(DurationText.words(length)) (between \(DurationText.words(atLeast)) and "
                + "\(atMost.map(DurationText.words) ?? "unknown: it began before the first probe"))"
        var text = "clients were without service \(known), from \(DurationText.words(began))"
        if let ended { text += " to \(DurationText.words(ended))" }
        text += ": \(failed) probes failed (\(LoadReport.words(failures)))"
        if succeededBetween > 0 { text += ", \(succeededBetween) succeeded in between" }
        if let nodeBefore { text += "; \(nodeBefore) answered last before" }
        if let nodeAfter { text += "\(nodeBefore == nil ? ";" : ",") \(nodeAfter) first after" }
        return text
    }
}

extension Threshold {
    /// A figure in this threshold's unit.
    func words(_ actual: Double) -> String {
        switch metric {
        case .latency, .mean, .outage: DurationText.words(.nanoseconds(Int64((actual * 1e9).rounded())))
        case .errors(percent: true): String(format: "%.3f %%", actual)
        case .errors(percent: false), .dropped: "\(Int(actual))"
        case .rate: String(format: "%.1f/s", actual)
        }
    }
}

extension String {
    fileprivate var trimmingEnd: String {
        var text = Substring(self)
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}
