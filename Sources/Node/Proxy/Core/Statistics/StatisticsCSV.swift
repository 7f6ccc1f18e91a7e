extension StatisticsRow {
    /// The row as HAProxy writes it, without the newline: a comma after every value, the last too.
    public var csvLine: String {
        var line = ""
        for column in StatisticsColumn.allCases {
            switch self[column] {
            case .none: break
            case .number(let value): line += String(value)
            case .text(let text): line += csvQuoted(text)
            }
            line += ","
        }
        return line
    }
}

extension StatisticsSnapshot {
    /// HAProxy's CSV: the line of names, then a line for each row that the filter lets through.
    public func csv(_ filter: StatisticsFilter, showsLegends: Bool) -> String {
        var text = StatisticsColumn.headerLine
        text += "\n"
        for row in rows(showsLegends: showsLegends) where filter.admits(row) {
            text += row.csvLine
            text += "\n"
        }
        return text
    }
}

/// Which rows somebody wants to see.
public struct StatisticsFilter: Sendable, Equatable {
    /// Leaves out servers and backends that are down (`up`).
    public var hidesDown = false
    /// Leaves out servers in maintenance (`no-maint`).
    public var hidesMaintenance = false
    /// Only this section, by number; -1 for all.
    public var section = -1
    /// The sum of what is wanted: 1 frontends, 2 backends, 4 servers; -1 for all.
    public var kinds = -1
    /// Only this server, by number; -1 for all.
    public var server = -1
    /// Only sections whose name contains this; empty for all.
    public var scope = ""

    /// All rows.
    public init() {}

    /// Whether a row is wanted.
    public func admits(_ row: StatisticsRow) -> Bool {
        if hidesDown, row.isDown { return false }
        if hidesMaintenance, row.isInMaintenance { return false }
        if section >= 0, row.identifier != section { return false }
        if server >= 0, row.kind == .server, row.serverIdentifier != server { return false }
        if kinds >= 0 {
            let bit: Int
            switch row.kind {
            case .frontend: bit = 1
            case .backend: bit = 2
            case .server: bit = 4
            }
            if kinds & bit == 0 { return false }
        }
        guard case .text(let name) = row[.pxname] else { return true }
        return admits(section: name)
    }

    /// Whether the name of a section contains `scope`.
    func admits(section name: String) -> Bool {
        let wanted = Array(scope.utf8)
        let bytes = Array(name.utf8)
        if wanted.isEmpty { return true }
        guard bytes.count >= wanted.count else { return false }
        for start in 0...(bytes.count - wanted.count)
        where bytes[start..<(start + wanted.count)].elementsEqual(wanted) {
            return true
        }
        return false
    }
}

/// In quotes if it contains a comma, a quote or a line feed; quotes inside are doubled (RFC 4180).
func csvQuoted(_ text: String) -> String {
    let bytes = text.utf8
    guard bytes.contains(where: { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 < 0x20 }) else {
        return text
    }
    var result: [UInt8] = [UInt8(ascii: "\"")]
    for byte in bytes {
        if byte == UInt8(ascii: "\"") { result.append(byte) }
        result.append(byte < 0x20 ? UInt8(ascii: " ") : byte)
    }
    result.append(UInt8(ascii: "\""))
    return String(decoding: result, as: UTF8.self)
}
