import Events
import Foundation
import JSON

/// `pidep database drill`: the primary's PostgreSQL is killed on purpose while rows are written, and what came of it is told.
extension DatabaseActions {
    /// How long rows are written.
    static let drillTime = 20
    /// The accident comes when so many rows are acknowledged.
    static let drillRows = 50

    /// What a drill found.
    public struct Drill: Sendable, Equatable {
        /// The longest time without an acknowledged row after the accident.
        public var outage: Duration
        /// Rows that were acknowledged.
        public var acknowledged: Int
        /// Acknowledged rows that are not there; they should be none.
        public var missing: [Int]

        /// From when the rows were acknowledged, and what is there afterwards.
        init(_ rows: [(number: Int, at: Duration)], accident: Duration, present: Set<Int>) {
            var (longest, last) = (Duration.zero, accident)
            for row in rows where row.at > accident {
                longest = max(longest, row.at - last)
                last = row.at
            }
            outage = longest
            acknowledged = rows.count
            missing = rows.map(\.number).filter { !present.contains($0) }
        }
    }

    /// Rows that were acknowledged, as they come in on another thread.
    private final class Rows: @unchecked Sendable {
        private let lock = NSLock()
        private var list: [(number: Int, at: Duration)] = []
        private var complaint: String?
        private var isOver = false

        func add(_ number: Int, at time: Duration) { lock.withLock { list.append((number, time)) } }
        func end(_ complaint: String?) {
            lock.withLock {
                isOver = true
                self.complaint = complaint
            }
        }
        var all: [(number: Int, at: Duration)] { lock.withLock { list } }
        var end: (isOver: Bool, complaint: String?) { lock.withLock { (isOver, complaint) } }
    }

    /// Kills the primary's PostgreSQL while a standby's node writes rows to whoever leads.
    @discardableResult
    public func drill() throws(DeploymentFailure) -> Drill {
        let primary = try primary("there is nothing to try")
        guard let writer = primary.nodes.first(where: { $0.state == "streaming" && $0.isSynchronous })?.name
        else {
            throw DeploymentFailure(
                "no standby confirms writes now, so nobody could take over. Nothing was done: pidep database status \(consoles.inventory)"
            )
        }
        let rows = Rows()
        let consoles = consoles
        let thread = Thread {
            let outcome = consoles.run(writer, Self.writing, "writing rows") { line in
                if let number = Int(line) { rows.add(number, at: consoles.clock()) }
            }
            rows.end(outcome)
        }
        thread.start()
        tell(.progress, writer, "writes rows to whoever leads, for \(Self.drillTime) s")
        while rows.all.count < Self.drillRows, !rows.end.isOver { consoles.pause(.milliseconds(50)) }
        guard !rows.end.isOver else {
            throw DeploymentFailure(
                "\(writer): rows could not be written: \(rows.end.complaint ?? "it ended"). Nothing was killed"
            )
        }
        let accident = consoles.clock()
        tell(.progress, primary.node, "its PostgreSQL is killed")
        try order("failover", primary.node)
        while !rows.end.isOver { consoles.pause(.milliseconds(100)) }
        var present: Set<Int> = []
        if let complaint = consoles.run(
            writer, Self.reading, "reading the rows",
            { line in
                if let number = Int(line) { present.insert(number) }
            })
        {
            throw DeploymentFailure("\(writer): the rows could not be read: \(complaint)")
        }
        let drill = Drill(rows.all, accident: accident, present: present)
        let now = DatabaseStatus(consoles).primary?.node ?? "nobody"
        guard drill.missing.isEmpty else {
            throw DeploymentFailure(
                "\(drill.missing.count) of \(drill.acknowledged) acknowledged rows are missing: \(drill.missing.prefix(10)) …"
            )
        }
        tell(
            .finished, now,
            "leads now. Nobody could write for \(Self.seconds(drill.outage)); \(drill.acknowledged) rows were acknowledged, all are there"
        )
        return drill
    }

    /// Where the members are and how to log in stands on the node.
    private static let preparation = """
        set -eu
        conf=/etc/pinode/database.conf
        version=$(sed -n 's/^version *= *//p' $conf | head -n 1)
        data=$(sed -n 's/^data *= *//p' $conf | head -n 1)
        port=$(sed -n 's/^port *= *//p' $conf | head -n 1)
        hosts=$(sed -n 's/^address *= *//p' $conf | paste -sd, -)
        export PGPASSFILE="${data:-/var/lib/postgresql/${version:-15}/pidep}.pgpass" PGCONNECT_TIMEOUT=2
        to="host=$hosts port=${port:-5432} user=pidep dbname=postgres target_session_attrs=read-write sslmode=require"
        """
    private static let writing =
        preparation
            + """

            psql -XqAt "$to" -c "DROP TABLE IF EXISTS pidep.drill; CREATE TABLE pidep.drill(n bigserial PRIMARY KEY)"
            end=$(($(date +%s) + \(drillTime)))
            while [ "$(date +%s)" -lt $end ]; do
                { while [ "$(date +%s)" -lt $end ]; do
                    echo "INSERT INTO pidep.drill DEFAULT VALUES RETURNING n;"
                    sleep 0.02
                done; } | psql -XqAt "$to" 2>/dev/null || sleep 0.02
            done
            """
    private static let reading =
        preparation
            + """

            psql -XqAt "$to" -c "SELECT n FROM pidep.drill" -c "DROP TABLE pidep.drill"
            """
}
