import CLinux
import Database
import Reactor

/// Prometheus' text format: Patroni's names where the thing is the same, and our own.
struct Metrics {
    let agent: Agent

    var text: String {
        var out = Writer(labels: "{scope=\"\(scope)\",name=\"\(agent.own.name)\"}")
        let view = agent.postgres.view
        let isRunning = agent.postgres.details != nil
        out.add("patroni_postgres_running", "PostgreSQL answers", "gauge", isRunning)
        out.add("patroni_primary", "It is the primary", "gauge", agent.isPrimary)
        out.add("patroni_master", "It is the primary", "gauge", agent.isPrimary)
        out.add("patroni_replica", "It is a standby", "gauge", view.process == .standby)
        out.add(
            "patroni_sync_standby", "It is a standby that may confirm writes", "gauge",
            view.process == .standby && agent.isVoter)
        out.add("patroni_standby_leader", "It leads a standby cluster", "gauge", false)
        out.add(
            "patroni_xlog_location", "Where a primary writes", "counter",
            agent.isPrimary ? view.position.offset : 0)
        out.add(
            "patroni_xlog_received_location", "What a standby has received", "counter",
            view.process == .standby ? view.position.offset : 0)
        out.add(
            "patroni_xlog_replayed_location", "What a standby has replayed", "counter",
            view.process == .standby ? agent.postgres.details?.offset ?? 0 : 0)
        out.add("patroni_postgres_timeline", "The timeline", "counter", UInt64(view.position.timeline))
        out.add(
            "patroni_cluster_unlocked", "Nobody holds the lease", "gauge",
            agent.control?.view?.owner == nil)
        out.add(
            "patroni_pending_restart", "A setting waits for a restart", "gauge", agent.chores.isRestartPending
        )
        out.add("patroni_is_paused", "Failover is switched off", "gauge", false)
        out.add("pinode_database_epoch", "The lease's epoch", "counter", agent.control?.view?.epoch ?? 0)
        out.add(
            "pinode_database_voters", "Members that an election is among", "gauge",
            UInt64(agent.electorate?.voters.count ?? 0))
        out.add(
            "pinode_database_acknowledgements", "Standbys that confirm each write", "gauge",
            UInt64(agent.electorate?.acknowledgements ?? 0))
        out.add(
            "pinode_database_waiting_sessions", "Sessions that wait for a standby's confirmation", "gauge",
            UInt64(agent.postgres.details?.waiting ?? 0))
        if let lag = agent.lag {
            out.add("pinode_database_lag_bytes", "How far it is behind the primary", "gauge", lag)
        }
        return out.text
    }

    private var scope: String { "\(agent.systemIdentifier)" }

    private struct Writer {
        let labels: String
        var text = ""

        mutating func add(_ name: String, _ help: String, _ type: String, _ value: UInt64) {
            text += "# HELP \(name) \(help).\n# TYPE \(name) \(type)\n\(name)\(labels) \(value)\n"
        }

        mutating func add(_ name: String, _ help: String, _ type: String, _ value: Bool) {
            add(name, help, type, value ? 1 : 0)
        }
    }
}
