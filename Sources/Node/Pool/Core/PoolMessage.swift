import Languages

/// What the workers of a pool tell one another. Rare: none is on the way of a query.
public enum PoolMessage: Sendable {
    /// A worker's clients wait, and its share of the servers is with others.
    case want(database: String, user: String)
    /// A server was closed for the sake of whoever wants one.
    case freed(database: String, user: String)
    /// A command of a console of worker `from`, and which one of its.
    case command(String, number: UInt64, from: Int)
    /// What came of it.
    case answer(ConsoleAnswer, number: UInt64)
    /// A cancel request for a client of the worker's.
    case cancel(UInt64)
    /// Who leads the cluster's database.
    case leadership(Leadership)
    /// New settings.
    case reload(PoolReload)
}

/// Settings that were read anew.
public struct PoolReload: Sendable {
    var configuration: PoolConfiguration
    var secrets: PoolSecrets

    /// Settings and the files that they name.
    public init(_ configuration: PoolConfiguration, _ secrets: PoolSecrets) {
        self.configuration = configuration
        self.secrets = secrets
    }
}

/// One worker's part of an answer of the console.
public struct ConsoleAnswer: Sendable {
    enum Content: Sendable {
        case table(ConsoleTable)
        case done
        case failed(code: String, String)
    }

    var content: Content
}
