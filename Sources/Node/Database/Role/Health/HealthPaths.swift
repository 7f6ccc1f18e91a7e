import CLinux
import Database
import JSON
import Reactor

/// Patroni's REST API as far as it asks (its documentation, "REST API"): the same paths and status codes, so that HAProxy files and
/// dashboards made for it work.
struct HealthPaths {
    let agent: Agent

    func answer(_ target: String) -> HealthServer.Answer {
        let parts = target.utf8.split(
            separator: UInt8(ascii: "?"), maxSplits: 1, omittingEmptySubsequences: false)
        let path = parts.first.map { String(decoding: $0, as: UTF8.self) } ?? "/"
        let query = parts.count > 1 ? Query(String(decoding: parts[1], as: UTF8.self)) : Query("")
        switch path {
        case "/metrics":
            return HealthServer.Answer(
                status: 200, type: "text/plain; version=0.0.4; charset=utf-8",
                body: Metrics(agent: agent).text)
        case "/cluster":
            return HealthServer.Answer(
                status: 200, type: "application/json", body: StatusDocument(agent: agent).cluster.compact)
        case "/liveness": return document(true)
        default:
            guard let isHealthy = isHealthy(path, query) else {
                return HealthServer.Answer(
                    status: 404, type: "text/plain", body: "There is no \(path). See docs/database.md.\n")
            }
            return document(isHealthy)
        }
    }

    private func document(_ isHealthy: Bool) -> HealthServer.Answer {
        HealthServer.Answer(
            status: isHealthy ? 200 : 503, type: "application/json",
            body: StatusDocument(agent: agent).patroni.compact)
    }

    /// Nil: there is no such path.
    private func isHealthy(_ path: String, _ query: Query) -> Bool? {
        let isPrimary = agent.isPrimary
        let isReplica = agent.postgres.view.process == .standby && isNear(query)
        let isSynchronous = agent.isVoter && agent.postgres.view.isReceiving
        switch path {
        case "/", "/primary", "/read-write", "/leader", "/master": return isPrimary
        case "/replica": return isReplica
        case "/read-only": return isPrimary || isReplica
        case "/synchronous", "/sync": return isReplica && isSynchronous
        case "/asynchronous", "/async": return isReplica && !isSynchronous
        case "/read-only-sync", "/read-only-synchronous": return isPrimary || (isReplica && isSynchronous)
        case "/health": return agent.postgres.details != nil
        case "/readiness": return isPrimary || (isReplica && agent.postgres.view.isReceiving)
        case "/patroni": return true
        case "/standby-leader", "/standby_leader": return false
        default: return nil
        }
    }

    /// `lag=` in bytes, kB, MB or GB; `replication_state=streaming`.
    private func isNear(_ query: Query) -> Bool {
        if query["replication_state"] == "streaming", !agent.postgres.view.isReceiving { return false }
        guard let wanted = query["lag"], let most = Postgres.bytes(wanted) else { return true }
        guard let lag = agent.lag else { return false }
        return lag <= most
    }

    private struct Query {
        private let pairs: [(String, String)]

        init(_ text: String) {
            pairs = text.utf8.split(separator: UInt8(ascii: "&")).map { pair in
                let parts = pair.split(
                    separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
                return (
                    String(decoding: parts[0], as: UTF8.self),
                    parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
                )
            }
        }

        subscript(_ name: String) -> String? { pairs.first { $0.0 == name }?.1 }
    }
}
