/// A program that the keeper starts as PostgreSQL's account.
struct ProgramRequest: Equatable, Sendable {
    /// The agent's number for it.
    var id: UInt32
    /// The path first.
    var arguments: [String]
    /// Beside the keeper's own environment: `NAME=value`.
    var environment: [String] = []
    /// A file that its output and errors are added to.
    var output: String
    /// A file that it reads; empty: nothing.
    var input = ""
}

/// What agent and keeper tell each other, one message a packet: a letter, and fields that a NUL byte ends.
enum KeeperMessage: Equatable, Sendable {
    /// Bytes that a message may have.
    static let limit = 64 << 10

    // MARK: from the agent
    /// Start a program.
    case start(ProgramRequest)
    /// Send it a signal.
    case signal(id: UInt32, Int32)
    /// Kill all programs and what they have started, and answer with `killed` when nothing is left.
    case kill(UInt64)
    /// Kill them when the clock since boot reaches this, in nanoseconds; 0: not.
    case until(Int64)
    /// The agent lives.
    case alive
    /// What the next agent must know, before this one goes.
    case handOver(String)

    // MARK: from the keeper
    /// A program has ended, with a code as a shell would say it.
    case ended(id: UInt32, code: Int32)
    /// Nothing is left.
    case killed(UInt64)
    /// The installed program has changed, or its file: hand over.
    case replace
    /// The service stops.
    case stop

    var bytes: [UInt8] {
        switch self {
        case .start(let program):
            Self.join(
                "P",
                ["\(program.id)", program.output, program.input, "\(program.arguments.count)"]
                    + program.arguments + program.environment)
        case .signal(let id, let number): Self.join("I", ["\(id)", "\(number)"])
        case .kill(let number): Self.join("K", ["\(number)"])
        case .until(let time): Self.join("U", ["\(time)"])
        case .alive: Self.join("A", [])
        case .handOver(let state): Self.join("H", [state])
        case .ended(let id, let code): Self.join("e", ["\(id)", "\(code)"])
        case .killed(let number): Self.join("k", ["\(number)"])
        case .replace: Self.join("r", [])
        case .stop: Self.join("s", [])
        }
    }

    init?(_ bytes: some Collection<UInt8>) {
        guard let kind = bytes.first else { return nil }
        var fields = bytes.dropFirst().split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        guard fields.popLast() == "" else { return nil }
        func number<N: FixedWidthInteger>(_ index: Int) -> N? {
            index < fields.count ? N(fields[index]) : nil
        }
        switch kind {
        case UInt8(ascii: "P"):
            guard let id: UInt32 = number(0), let count: Int = number(3), count > 0, count <= fields.count - 4
            else { return nil }
            self = .start(
                ProgramRequest(
                    id: id, arguments: Array(fields[4..<(4 + count)]),
                    environment: Array(fields[(4 + count)...]), output: fields[1], input: fields[2]))
        case UInt8(ascii: "I"):
            guard let id: UInt32 = number(0), let signal: Int32 = number(1) else { return nil }
            self = .signal(id: id, signal)
        case UInt8(ascii: "K"):
            guard let id: UInt64 = number(0) else { return nil }
            self = .kill(id)
        case UInt8(ascii: "U"):
            guard let time: Int64 = number(0) else { return nil }
            self = .until(time)
        case UInt8(ascii: "A"): self = .alive
        case UInt8(ascii: "H"):
            guard fields.count == 1 else { return nil }
            self = .handOver(fields[0])
        case UInt8(ascii: "e"):
            guard let id: UInt32 = number(0), let code: Int32 = number(1) else { return nil }
            self = .ended(id: id, code: code)
        case UInt8(ascii: "k"):
            guard let id: UInt64 = number(0) else { return nil }
            self = .killed(id)
        case UInt8(ascii: "r"): self = .replace
        case UInt8(ascii: "s"): self = .stop
        default: return nil
        }
    }

    private static func join(_ kind: Unicode.Scalar, _ fields: [String]) -> [UInt8] {
        var bytes = [UInt8(ascii: kind)]
        for field in fields {
            bytes += Array(field.utf8)
            bytes.append(0)
        }
        // An empty list of fields ends like any other.
        if fields.isEmpty { bytes.append(0) }
        return bytes
    }
}
