import PostgreSQLWire

/// What SHOW answers with: columns, and rows whose values are nil where SQL has null.
struct ConsoleTable: Sendable {
    var columns: [ColumnDescription]
    var rows: [[String?]] = []

    init(_ columns: [ColumnDescription]) { self.columns = columns }

    /// Names of text columns, and of those with whole numbers.
    init(text: [String] = [], numbers: [String] = []) {
        columns = text.map { ColumnDescription($0) } + numbers.map { ColumnDescription($0, .int8) }
    }

    /// DataRow for each, and what a SELECT would end with.
    func appendRows(to bytes: inout [UInt8]) {
        for row in rows { BackendWriter.dataRow(row, to: &bytes) }
    }
}

/// One row, filled from left to right.
struct ConsoleRow {
    private(set) var values: [String?] = []

    mutating func add(_ text: String) { values.append(text) }
    mutating func add(_ number: Int) { values.append("\(number)") }
    mutating func add(_ number: Int64) { values.append("\(number)") }
    mutating func add(_ number: UInt64) { values.append("\(number)") }
    mutating func addNull() { values.append(nil) }
    mutating func add(optional text: String?) { values.append(text) }
}
