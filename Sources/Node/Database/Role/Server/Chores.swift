import Database
import Service

/// What a new primary must have: slots for its standbys, the members' role, the file's roles and databases. All of it may be done
/// again and again.
final class Chores {
    private let configuration: DatabaseConfiguration
    private let postgres: Postgres
    private let password: String
    private var steps: [Step] = []
    private var round = 0
    /// Told what did not work.
    var note: ((String) -> Void)?
    /// A setting waits for PostgreSQL's restart.
    private(set) var isRestartPending = false

    /// The slots of a primary, as of the last look.
    private(set) var slots: [ServerDetails.Slot] = []

    /// What all databases take, in KiB; 0: not known.
    private(set) var sizeKiB: UInt32 = 0
    private var looks = 0

    private struct Step {
        let query: String
        let then: ([[String?]]) -> Void
    }

    init(_ configuration: DatabaseConfiguration, postgres: Postgres, password: String) {
        self.configuration = configuration
        self.postgres = postgres
        self.password = password
    }

    /// Does everything, one thing after the other.
    func run() {
        round += 1
        steps = []
        // First, since standbys wait for them.
        add("SELECT slot_name, active FROM pg_replication_slots WHERE slot_name LIKE 'pidep\\_%'") {
            [unowned(unsafe) self] rows in
            arrange(rows)
        }
        role(
            ClusterRole.name, password, options: "LOGIN REPLICATION", exists: "rolreplication AND rolcanlogin"
        )
        // What pg_rewind needs (its manual, "Notes").
        add(
            """
            GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean), \
            pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO \(ClusterRole.name)
            """)
        for role in configuration.roles {
            guard let bytes = SmallFile.read(role.passwordFile, limit: 4096) else {
                note?("the password of \(role.name) cannot be read from \(role.passwordFile)")
                continue
            }
            self.role(role.name, Self.line(bytes), options: "LOGIN", exists: "rolcanlogin")
        }
        for database in configuration.databases { create(database) }
        // Where `pidep database drill` writes.
        add("CREATE SCHEMA IF NOT EXISTS \(ClusterRole.name) AUTHORIZATION \(ClusterRole.name)")
        // Each timeline has its own file of the segment that it began in, and PostgreSQL counts positions, not files: elections
        // on an idle cluster would fill the disk with them.
        add("SELECT pg_switch_wal()")
        next(round)
    }

    /// What people want to see, and what a standby must not have: a former primary's slots would keep its log for ever.
    func look() {
        guard steps.isEmpty, let details = postgres.details else { return }
        looks += 1
        add(Self.slotsQuery) { [unowned(unsafe) self] rows in
            slots = rows.compactMap { row in
                guard row.count == 3, let name = row[0] else { return nil }
                return ServerDetails.Slot(
                    name: name, isActive: row[1] == "t", retained: row[2].flatMap { Int64($0) } ?? 0)
            }
            guard details.isInRecovery else { return }
            for slot in slots where !slot.isActive {
                insert("SELECT pg_drop_replication_slot(\(Self.literal(slot.name)))")
            }
        }
        add("SELECT count(*) FROM pg_settings WHERE pending_restart") { [unowned(unsafe) self] rows in
            isRestartPending = rows.first?.first != "0"
        }
        if looks % Self.looksPerSize == 1 {
            add("SELECT sum(pg_database_size(oid))::bigint / 1024 FROM pg_database") {
                [unowned(unsafe) self] rows in
                if let text = rows.first?.first ?? nil, let size = UInt32(text) { sizeKiB = size }
            }
        }
        next(round)
    }

    /// How often it looks.
    static let lookInterval: Duration = .seconds(5)
    /// The databases' size is asked for once in so many looks: PostgreSQL adds up all files.
    private static let looksPerSize = 60
    private static let slotsQuery = """
        SELECT slot_name, active, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() \
        ELSE pg_current_wal_lsn() END, restart_lsn)::bigint FROM pg_replication_slots \
        WHERE slot_name LIKE 'pidep\\_%'
        """

    /// Forgets all.
    func drop() {
        round += 1
        steps = []
    }

    static func line(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    }

    private func add(_ query: String, _ then: @escaping ([[String?]]) -> Void = { _ in }) {
        steps.append(Step(query: query, then: then))
    }

    /// Right after the present step.
    private func insert(_ query: String) { steps.insert(Step(query: query, then: { _ in }), at: 0) }

    private func next(_ number: Int) {
        guard round == number, !steps.isEmpty, let session = postgres.session else { return }
        let step = steps.removeFirst()
        session.ask(step.query, within: .seconds(60)) { [unowned(unsafe) self] answer in
            guard round == number else { return }
            switch answer {
            case .rows(let rows): step.then(rows)
            case .failed(let why, _): note?("PostgreSQL was asked in vain: \(why)")
            }
            next(number)
        }
    }

    private func arrange(_ rows: [[String?]]) {
        guard let own = configuration.own else { return }
        let wanted = configuration.members.without(own.id)
        var present: [String] = []
        for row in rows {
            guard let name = row.first ?? nil else { continue }
            let isMembers = ClusterRole.member(name).map { wanted.contains($0) } ?? false
            if isMembers || (name == ClusterRole.archiveSlot && configuration.backup != nil) {
                present.append(name)
            } else if row.last == "f" {
                insert("SELECT pg_drop_replication_slot(\(Self.literal(name)))")
            }
        }
        var names = wanted.map { ClusterRole.standbyName($0) }
        if configuration.backup != nil { names.append(ClusterRole.archiveSlot) }
        for name in names {
            if !present.contains(name) {
                insert("SELECT pg_create_physical_replication_slot(\(Self.literal(name)), true)")
            }
        }
    }

    private func role(_ name: String, _ password: String, options: String, exists: String) {
        add("SELECT rolpassword, \(exists) FROM pg_authid WHERE rolname = \(Self.literal(name))") {
            [unowned(unsafe) self] rows in
            let quoted = Self.identifier(name)
            guard let row = rows.first else {
                return insert(
                    "CREATE ROLE \(quoted) \(options) PASSWORD \(Self.literal(SCRAMVerifier.make(password)))")
            }
            if let verifier = row.first ?? nil, SCRAMVerifier.fits(verifier, password), row.last == "t" {
                return
            }
            insert("ALTER ROLE \(quoted) \(options) PASSWORD \(Self.literal(SCRAMVerifier.make(password)))")
        }
    }

    private func create(_ database: DatabaseConfiguration.OwnedDatabase) {
        add("SELECT 1 FROM pg_database WHERE datname = \(Self.literal(database.name))") {
            [unowned(unsafe) self] rows in
            guard rows.isEmpty else { return }
            insert(
                "CREATE DATABASE \(Self.identifier(database.name)) OWNER \(Self.identifier(database.owner))")
        }
    }

    /// A string constant; standard_conforming_strings is on since PostgreSQL 9.1.
    static func literal(_ text: String) -> String { "'" + doubled(text, "'") + "'" }

    static func identifier(_ text: String) -> String { "\"" + doubled(text, "\"") + "\"" }

    private static func doubled(_ text: String, _ quote: Unicode.Scalar) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == quote { result.append(quote) }
            result.append(scalar)
        }
        return String(result)
    }
}
