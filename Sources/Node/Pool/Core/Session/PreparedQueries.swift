/// A prepared statement's text and parameter types, as a Parse message has them behind its name, known once for all clients
/// and servers of the process that have it.
final class PreparedQuery {
    /// Names it on servers.
    let number: UInt32
    /// What follows the name in Parse: text, zero byte, number of types, types.
    let definition: [UInt8]
    /// Clients that have it under a name.
    var uses = 0
    /// What it can do to a transaction.
    var inFlight = InFlight.mayCommit

    init(number: UInt32, definition: [UInt8]) {
        self.number = number
        self.definition = definition
    }

    /// Its name on servers, with the zero byte: `pidep_17`.
    static func serverName(_ number: UInt32) -> [UInt8] {
        var digits: [UInt8] = []
        var rest = number
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        return Array("pidep_".utf8) + digits.reversed() + [0]
    }
}

/// All prepared queries of the process, by their definition.
struct PreparedQueries {
    /// Queries that no client has any more are kept so far: servers may have them still.
    static let idleLimit = 1024

    private var byDefinition: [[UInt8]: PreparedQuery] = [:]
    private var byNumber: [UInt32: PreparedQuery] = [:]
    private var last: UInt32 = 0
    private var unused = 0

    var count: Int { byNumber.count }

    /// The query with this definition, a new one if there is none; counts a use.
    mutating func use(_ definition: [UInt8]) -> PreparedQuery {
        if let known = byDefinition[definition] {
            if known.uses == 0 { unused -= 1 }
            known.uses += 1
            return known
        }
        last &+= 1
        let query = PreparedQuery(number: last, definition: definition)
        query.uses = 1
        byDefinition[definition] = query
        byNumber[last] = query
        return query
    }

    /// One client has it no more.
    mutating func release(_ query: PreparedQuery) {
        query.uses -= 1
        guard query.uses == 0 else { return }
        unused += 1
        if unused > Self.idleLimit { forgetUnused() }
    }

    subscript(number: UInt32) -> PreparedQuery? { byNumber[number] }

    /// A server that still has one of them loses it when its own limit is reached: its numbers are never used again.
    private mutating func forgetUnused() {
        for (number, query) in byNumber where query.uses == 0 {
            byNumber[number] = nil
            byDefinition[query.definition] = nil
        }
        unused = 0
    }
}

/// Which prepared queries a server has, the longest unused first.
///
/// At most `max_prepared_statements` of them, a few hundred: a short list that is searched is smaller and quicker than a table.
struct ServerStatements {
    private var numbers: [UInt32] = []

    var count: Int { numbers.count }

    /// Whether it has it; counts as used then.
    mutating func touch(_ number: UInt32) -> Bool {
        guard let index = numbers.lastIndex(of: number) else { return false }
        if index < numbers.count - 1 {
            numbers.remove(at: index)
            numbers.append(number)
        }
        return true
    }

    mutating func insert(_ number: UInt32) { numbers.append(number) }

    /// It was to be evicted, and was not.
    mutating func restore(_ number: UInt32) {
        if !numbers.contains(number) { numbers.insert(number, at: 0) }
    }

    mutating func remove(_ number: UInt32) { numbers.removeAll { $0 == number } }

    /// The longest unused one, when there are more than `limit`.
    mutating func evict(above limit: Int) -> UInt32? {
        numbers.count > limit ? numbers.removeFirst() : nil
    }

    mutating func removeAll() { numbers = [] }
}
