/// Counters of a database since the start, PgBouncer's SHOW STATS; times in nanoseconds.
struct Traffic: Equatable {
    var transactions: UInt64 = 0
    var queries: UInt64 = 0
    var assignments: UInt64 = 0
    var received: UInt64 = 0
    var sent: UInt64 = 0
    var transactionTime: Nanoseconds = 0
    var queryTime: Nanoseconds = 0
    var waitTime: Nanoseconds = 0
    var clientParses: UInt64 = 0
    var serverParses: UInt64 = 0
    var binds: UInt64 = 0
    var clientLogins: UInt64 = 0

    mutating func add(_ other: Traffic) {
        transactions += other.transactions
        queries += other.queries
        assignments += other.assignments
        received += other.received
        sent += other.sent
        transactionTime += other.transactionTime
        queryTime += other.queryTime
        waitTime += other.waitTime
        clientParses += other.clientParses
        serverParses += other.serverParses
        binds += other.binds
        clientLogins += other.clientLogins
    }
}
