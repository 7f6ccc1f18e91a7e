import JSON

/// How large a binary is, by section, and what changed since another one.
struct SizeReport {
    /// Bytes that the stripped armv7 binary may have. Raised on purpose, by whoever adds what needs it: apply has
    /// learnt accounts, kernel parameters and packages, the roles to let an address go; consensus, the database and the pool come.
    static let armv7Budget = 4_000_000

    /// A section, and its size before; nil when it is new or there is nothing to compare with.
    struct Row: Equatable {
        var section: String
        var bytes: Int
        var before: Int?
    }

    let architecture: Architecture
    let total: Int
    let totalBefore: Int?
    let rows: [Row]

    /// What a binary may measure; nil where only armv7's is held to a figure.
    static func budget(_ architecture: Architecture) -> Int? { architecture == .armv7 ? armv7Budget : nil }

    /// Compares a binary with the one of the last build, if there was one.
    init(architecture: Architecture, total: Int, file: ELFFile, totalBefore: Int?, before: ELFFile?) {
        self.architecture = architecture
        self.total = total
        self.totalBefore = totalBefore
        let old = Dictionary(
            (before?.sections ?? []).map { ($0.name, $0.size) }, uniquingKeysWith: { first, _ in first })
        rows = file.sections.filter { $0.isLoaded && !$0.isEmptyInFile && $0.size > 0 }
            .sorted { ($1.size, $0.name) < ($0.size, $1.name) }
            .map { Row(section: $0.name, bytes: $0.size, before: old[$0.name]) }
    }

    /// `412,345 bytes (+1,204)`.
    var summary: String {
        "\(grouped(total)) bytes" + change(total, totalBefore)
            + (Self.budget(architecture).map { " of at most \(grouped($0))" } ?? "")
    }

    /// A line a section that has at least 1 % of the whole, the others as one.
    var table: [String] {
        let large = rows.filter { $0.bytes * 100 >= total }
        let rest = rows.filter { $0.bytes * 100 < total }
        let restBefore = rest.reduce(into: 0) { $0 += $1.before ?? 0 }
        let others = Row(
            section: "others", bytes: rest.reduce(0) { $0 + $1.bytes },
            before: totalBefore == nil ? nil : restBefore)
        return (large + (rest.isEmpty ? [] : [others])).map {
            let name = $0.section + String(repeating: " ", count: max(1, 16 - $0.section.count))
            let bytes = grouped($0.bytes)
            return name + String(repeating: " ", count: max(0, 11 - bytes.count)) + bytes
                + change($0.bytes, $0.before)
        }
    }

    /// For machines: every section, with what it measured before where that is known.
    var json: JSONValue {
        .array(
            rows.map { row in
                .object(
                    [.init("name", .string(row.section)), .init("bytes", .integer(Int64(row.bytes)))]
                        + (row.before.map { [.init("before", .integer(Int64($0)))] } ?? []))
            })
    }

    /// Throws when the binary is above its budget; the sentence names what grew.
    func enforceBudget(_ budget: Int?) throws(BuildError) {
        guard let budget, total > budget else { return }
        let grown = rows.compactMap { row in row.before.map { (row.section, row.bytes - $0) } }
            .filter { $0.1 > 0 }.sorted { $0.1 > $1.1 }.prefix(3)
            .map { "\($0.0) by \(grouped($0.1))" }
        let since = grown.isEmpty ? "" : " Since the last build grew: \(grown.joined(separator: ", "))."
        throw BuildError(
            "pinode for \(architecture.rawValue) has \(grouped(total)) bytes, \(grouped(total - budget)) more than "
                + "its budget of \(grouped(budget)).\(since) Make it smaller (generics and String processing cost "
                + "most), or raise SizeReport.armv7Budget with a reason.")
    }

    private func change(_ now: Int, _ before: Int?) -> String {
        guard let before, before != now else { return "" }
        return now > before ? " (+\(grouped(now - before)))" : " (-\(grouped(before - now)))"
    }
}

/// `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var at = digits.count - 3
    while at > 0 {
        digits.insert(",", at: at)
        at -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
}
