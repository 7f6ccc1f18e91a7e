/// A column as a server of the protocol describes it.
public struct ColumnDescription: Equatable, Sendable {
    /// Types that a console's tables are made of, by their object ID (pg_type.dat).
    public enum Kind: Sendable {
        case text
        case int4
        case int8
        case bool
        case numeric

        /// Its object ID.
        public var identifier: UInt32 {
            switch self {
            case .bool: 16
            case .int8: 20
            case .int4: 23
            case .text: 25
            case .numeric: 1700
            }
        }

        /// Bytes of a value; -1: they differ.
        var size: Int {
            switch self {
            case .bool: 1
            case .int4: 4
            case .int8: 8
            case .text, .numeric: -1
            }
        }
    }

    /// Its name.
    public var name: String
    /// Its type; values are written as text all the same.
    public var kind: Kind

    /// A column with both its parts.
    public init(_ name: String, _ kind: Kind = .text) {
        self.name = name
        self.kind = kind
    }
}

extension BackendWriter {
    /// RowDescription, of values in text format.
    public static func rowDescription(_ columns: [ColumnDescription], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "T"), to: &bytes) { body in
            appendInt16(columns.count, to: &body)
            for column in columns {
                appendText(column.name, to: &body)
                // No table, no column of one.
                appendInt32(0, to: &body)
                appendInt16(0, to: &body)
                appendInt32(Int32(bitPattern: column.kind.identifier), to: &body)
                appendInt16(column.kind.size, to: &body)
                // No modifier; text.
                appendInt32(-1, to: &body)
                appendInt16(0, to: &body)
            }
        }
    }

    /// The values of one row, added one after the other.
    public struct Row: ~Copyable {
        fileprivate var bytes: [UInt8]
        fileprivate var count = 0

        /// SQL's null.
        public mutating func appendNull() {
            count += 1
            BackendWriter.appendInt32(-1, to: &bytes)
        }

        /// A value in text format.
        public mutating func append(_ text: String) {
            count += 1
            BackendWriter.appendInt32(Int32(truncatingIfNeeded: text.utf8.count), to: &bytes)
            bytes.append(contentsOf: text.utf8)
        }

        /// A value in text format, as bytes.
        public mutating func append(_ text: [UInt8]) {
            count += 1
            BackendWriter.appendInt32(Int32(truncatingIfNeeded: text.count), to: &bytes)
            bytes.append(contentsOf: text)
        }

        /// A number.
        public mutating func append(_ number: Int64) { append("\(number)") }
    }

    /// DataRow, of the values that `fill` appends.
    public static func dataRow(to bytes: inout [UInt8], _ fill: (inout Row) -> Void) {
        var row = Row(bytes: [])
        message(UInt8(ascii: "D"), to: &bytes) { body in
            let start = body.count
            appendInt16(0, to: &body)
            swap(&row.bytes, &body)
            fill(&row)
            swap(&row.bytes, &body)
            body[start] = UInt8(truncatingIfNeeded: row.count >> 8)
            body[start + 1] = UInt8(truncatingIfNeeded: row.count)
        }
    }

    /// DataRow, of texts; nil is SQL's null.
    public static func dataRow(_ values: [String?], to bytes: inout [UInt8]) {
        dataRow(to: &bytes) { row in
            for value in values {
                if let value { row.append(value) } else { row.appendNull() }
            }
        }
    }

    /// CommandComplete: `SHOW`, `SELECT 3` …
    public static func commandComplete(_ tag: String, to bytes: inout [UInt8]) {
        message(UInt8(ascii: "C"), to: &bytes) { appendText(tag, to: &$0) }
    }

    /// EmptyQueryResponse.
    public static func emptyQueryResponse(to bytes: inout [UInt8]) { empty(UInt8(ascii: "I"), to: &bytes) }

    // MARK: extended protocol

    /// ParseComplete.
    public static func parseComplete(to bytes: inout [UInt8]) { empty(UInt8(ascii: "1"), to: &bytes) }

    /// BindComplete.
    public static func bindComplete(to bytes: inout [UInt8]) { empty(UInt8(ascii: "2"), to: &bytes) }

    /// CloseComplete.
    public static func closeComplete(to bytes: inout [UInt8]) { empty(UInt8(ascii: "3"), to: &bytes) }

    /// NoData: a statement without rows.
    public static func noData(to bytes: inout [UInt8]) { empty(UInt8(ascii: "n"), to: &bytes) }

    /// PortalSuspended: Execute's limit of rows is reached.
    public static func portalSuspended(to bytes: inout [UInt8]) { empty(UInt8(ascii: "s"), to: &bytes) }

    /// ParameterDescription: the object IDs of a statement's parameters.
    public static func parameterDescription(_ types: [UInt32] = [], to bytes: inout [UInt8]) {
        message(UInt8(ascii: "t"), to: &bytes) { body in
            appendInt16(types.count, to: &body)
            for type in types { appendInt32(Int32(bitPattern: type), to: &body) }
        }
    }

    private static func empty(_ type: UInt8, to bytes: inout [UInt8]) {
        message(type, to: &bytes) { _ in }
    }
}
