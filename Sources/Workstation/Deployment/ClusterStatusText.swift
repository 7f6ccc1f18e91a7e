import Foundation

extension ClusterStatus {
    /// A table with a line a node, below it what each proxy thinks of each server, then the problems.
    public func text(colour: Bool) -> String {
        var rows = [
            [
                "node", "state", "VIP", "VIP is at", "version", "up", "load", "memory free", "disk", "temp",
                "roles",
            ]
        ]
        rows += entries.map(row)
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        var lines = rows.map { row in
            zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }.joined(
                separator: "  ")
        }
        if colour {
            lines[0] = "\u{1B}[1m\(lines[0])\u{1B}[0m"
            for (index, entry) in entries.enumerated() where entry.report == nil {
                lines[index + 1] = "\u{1B}[31m\(lines[index + 1])\u{1B}[0m"
            }
        }
        for entry in entries {
            guard let servers = entry.report?.servers, !servers.isEmpty else { continue }
            let states = servers.map { "\($0.name.split(separator: "/").last ?? "") \($0.status)" }
            lines.append("\(entry.node.name)'s proxy: \(states.joined(separator: ", "))")
        }
        lines += problems.map { colour ? "\u{1B}[31m✗\u{1B}[0m \($0)" : "✗ \($0)" }
        if problems.isEmpty { lines.append("All is well.") }
        return lines.map { $0.trimmingCharacters(in: .init(charactersIn: " ")) }.joined(separator: "\n")
    }

    private func row(_ entry: Entry) -> [String] {
        guard let report = entry.report else {
            return [entry.node.name, "unreachable"] + Array(repeating: "-", count: 8) + [roles(entry)]
        }
        let memory = report.memoryAvailable.map { "\($0) MB" }
        return [
            entry.node.name, report.units.allSatisfy { $0.state == "active" } ? "ok" : "degraded",
            report.router ?? "-", believedOwner(entry) ?? "-", report.version ?? "none",
            report.uptime.map(Self.span) ?? "-",
            report.load ?? "-",
            memory ?? "-", report.diskUsed.map { "\($0) %" } ?? "-",
            report.temperature.map { "\($0 / 1000) °C" } ?? "-",
            roles(entry),
        ]
    }

    private func roles(_ entry: Entry) -> String { entry.node.recipes.joined(separator: " ") }

    /// `3 d 4 h`, `5 min`, `12 s`.
    static func span(_ seconds: Int64) -> String {
        switch seconds {
        case 86400...: "\(seconds / 86400) d \(seconds % 86400 / 3600) h"
        case 3600...: "\(seconds / 3600) h \(seconds % 3600 / 60) min"
        case 60...: "\(seconds / 60) min"
        default: "\(seconds) s"
        }
    }
}
