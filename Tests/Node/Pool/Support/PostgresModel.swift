import Languages

@testable import Pool

/// A PostgreSQL as a pool sees it: who gets in, and who is inside. All ports are the same one.
final class PostgresModel {
    /// Those that were let in, by their process.
    var sessions: [Int32: PostgresSession] = [:]
    /// All that are connected, also those that are not let in or that bring cancel requests.
    var connections = 0
    /// Sessions at the same time, at most so far.
    private(set) var mostSessions = 0
    var lastProcess: Int32 = 100
    /// Nobody answers on these ports; connecting takes for ever.
    var silentPorts: Set<UInt16> = []
    /// Connecting is refused on these ports.
    var closedPorts: Set<UInt16> = []
    /// A login fails with this; nil: it does not.
    var loginError: (code: String, text: String)?
    /// It says that it is in recovery.
    var isStandby = false
    /// Start-up messages are not answered.
    var loginHangs = false
    /// Cancel requests are carried out, but their connections stay open for now.
    var cancelLingers = false
    var lingering: [Wire] = []
    /// Cancel requests that hit something, by process.
    private(set) var cancelled: [Int32] = []
    /// Statements that were carried out, in order.
    var executed: [String] = []
    /// Start-up parameters of those that were let in.
    var startups: [[String: String]] = []

    func answers(_ endpoint: Endpoint) -> Bool { !silentPorts.contains(endpoint.port) }
    func refuses(_ endpoint: Endpoint) -> Bool { closedPorts.contains(endpoint.port) }

    func enter(_ session: PostgresSession) {
        sessions[session.process] = session
        mostSessions = max(mostSessions, sessions.count)
    }

    /// A cancel request, carried out at once.
    func cancel(_ process: Int32, _ secret: [UInt8], on wire: Wire) {
        if let session = sessions[process], session.secret == secret, session.cancel() {
            cancelled.append(process)
        }
        if cancelLingers { lingering.append(wire) } else { wire.peerEnded = .some(nil) }
    }

    /// Connections of cancel requests are closed.
    func finishCancels() {
        for wire in lingering { wire.peerEnded = .some(nil) }
        lingering = []
    }

    /// All sessions that sleep wake up.
    func wakeAll() {
        for process in sessions.keys.sorted() { sessions[process]?.wake() }
    }

    /// All sessions end at once, as when the machine restarts.
    func crash() {
        for process in sessions.keys.sorted() { sessions[process]?.crash() }
    }
}

/// Settings of a session, as far as a pool can tell: names as PostgreSQL writes them.
struct PostgresSettings: Equatable {
    /// What PostgreSQL reports.
    static let reported = [
        "client_encoding", "DateStyle", "TimeZone", "standard_conforming_strings", "application_name",
        "IntervalStyle", "server_version",
    ]

    private(set) var values: [String: String] = [
        "client_encoding": "UTF8", "DateStyle": "ISO, MDY", "TimeZone": "UTC",
        "standard_conforming_strings": "on", "application_name": "", "IntervalStyle": "postgres",
        "server_version": "15.14", "work_mem": "4MB", "search_path": "public",
    ]

    /// The name as PostgreSQL writes it.
    func name(_ name: String) -> String? { values.keys.first { $0.lowercased() == name.lowercased() } }

    /// False: the value is not possible.
    mutating func set(_ name: String, _ value: String) -> Bool {
        guard let known = self.name(name), known != "server_version" else { return false }
        switch known {
        case "client_encoding":
            let folded = value.uppercased().filter { $0.isLetter || $0.isNumber }
            guard ["UTF8", "LATIN1", "SQLASCII"].contains(folded) else { return false }
            values[known] = folded
        case "DateStyle":
            var style = values[known] ?? ""
            for word in value.uppercased().split(separator: ",").map({ $0.filter { $0 != " " } }) {
                let parts = style.split(separator: ",").map { $0.filter { $0 != " " } }
                switch word {
                case "ISO", "SQL", "GERMAN": style = "\(word), \(parts[1])"
                case "MDY", "DMY", "YMD": style = "\(parts[0]), \(word)"
                default: return false
                }
            }
            values[known] = style
        case "TimeZone":
            guard value != "Nowhere" else { return false }
            values[known] = value
        case "standard_conforming_strings":
            guard ["on", "off"].contains(value) else { return false }
            values[known] = value
        default: values[known] = value
        }
        return true
    }
}
