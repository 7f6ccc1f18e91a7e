import CLinux
import Database
import Service

/// Jobs on a data folder that no PostgreSQL uses.
extension JobRunner {
    private var programs: String { configuration.programs }
    /// Lies in the data folder while initdb is at work there, so that only such a folder is ever taken away.
    private var mark: String { configuration.folder + "/creating" }
    /// There when what lies in the data folder is this cluster's, so that nothing else is ever taken away.
    private var owned: String { configuration.folder + "/owned" }
    /// Room for the log that is written meanwhile.
    private static var spareKiB: Int64 { 128 << 10 }

    func create() {
        let isOwn = access(mark, F_OK) == 0
        let entries = cl_directory_has_entries(configuration.data)
        if entries == 1, !isOwn {
            if configuration.adopts { return adopt() }
            return fail(
                "\(configuration.data) is not empty, and no data of this cluster is known. Move it away, or adopt it: docs/database.md"
            )
        }
        if let why = SmallWriter.write(mark, []) { return fail(why) }
        empty { [unowned(unsafe) self] in
            program(
                [
                    programs + "/initdb", "-D", configuration.data, "--data-checksums", "-E", "UTF8",
                    "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256", "-U", "postgres",
                ]
            ) { [unowned(unsafe) self] code in
                guard code == 0 else { return fail("initdb: \(lastWords)", isFolderTouched: true) }
                identify()
            }
        }
    }

    /// A cluster that is there already. It must have been stopped in order, by whoever ran it.
    private func adopt() {
        let data = configuration.data
        let version = String(
            decoding: (SmallFile.read(data + "/PG_VERSION", limit: 16) ?? []).prefix { $0 > 32 },
            as: UTF8.self)
        guard version == "\(configuration.version)" else {
            return fail("\(data) is of PostgreSQL \(version), not \(configuration.version)")
        }
        program(["/bin/chown", "-R", "--from=root", configuration.account, data]) {
            [unowned(unsafe) self] _ in
            program([programs + "/pg_controldata", "-D", data]) { [unowned(unsafe) self] code in
                guard code == 0, let identifier = ControlData.systemIdentifier(output) else {
                    return fail("pg_controldata: \(lastWords)")
                }
                guard ControlData.isShutDown(output) else {
                    return fail("the cluster in \(data) was not stopped in order. Start and stop it once")
                }
                if let why = SmallWriter.write(owned, []) { return fail(why) }
                finish(.created(systemIdentifier: identifier))
            }
        }
    }

    private func identify() {
        program([programs + "/pg_controldata", "-D", configuration.data]) { [unowned(unsafe) self] code in
            guard code == 0, let identifier = ControlData.systemIdentifier(output) else {
                return fail("pg_controldata: \(lastWords)", isFolderTouched: true)
            }
            unlink(mark)
            if let why = SmallWriter.write(owned, []) { return fail(why, isFolderTouched: true) }
            finish(.created(systemIdentifier: identifier))
        }
    }

    /// An empty data folder.
    private func empty(_ step: @escaping () -> Void) {
        let data = configuration.data
        program([
            "/bin/sh", "-c", "rm -rf -- \"$1\"/* \"$1\"/.[!.]* && mkdir -p -- \"$1\" && chmod 700 -- \"$1\"",
            "sh", data,
        ]) {
            [unowned(unsafe) self] code in
            code == 0 ? step() : fail("\(data) cannot be emptied: \(lastWords)", isFolderTouched: true)
        }
    }

    /// How libpq reaches a member for base backups and pg_rewind.
    private func source(_ member: MemberID) -> String {
        files.connection(to: member, as: "pidep-copy") + " dbname=postgres"
    }

    func copy(_ member: MemberID) {
        if let why = files.writePassword(password) { return fail(why) }
        if cl_directory_has_entries(configuration.data) == 1, access(owned, F_OK) != 0 {
            return fail(
                "\(configuration.data) is not empty, and not this cluster's. Move it away, and it is copied")
        }
        if let why = SmallWriter.write(owned, []) { return fail(why) }
        empty { [unowned(unsafe) self] in
            let free = cl_free_kib(configuration.data)
            let needed = Int64(sourceSizeKiB(member)) + Self.spareKiB
            guard free < 0 || free >= needed else {
                return fail(
                    "\(configuration.data) has room for \(free >> 10) MB, the copy needs \(needed >> 10) MB. Make room",
                    isFolderTouched: true)
            }
            let slot = configuration.own.map { ClusterRole.standbyName($0.id) } ?? ""
            program(
                [
                    programs + "/pg_basebackup", "-D", configuration.data, "-d", source(member), "-X",
                    "stream",
                    "-S", slot, "--checkpoint=fast", "-P",
                ]
            ) { [unowned(unsafe) self] code in
                guard code == 0 else { return fail("pg_basebackup: \(lastWords)", isFolderTouched: true) }
                finish(.done)
            }
        }
    }

    func rewind(_ member: MemberID) {
        if let why = files.writePassword(password) { return fail(why) }
        program(
            [
                programs + "/pg_rewind", "-D", configuration.data, "--source-server=\(source(member))", "-P",
                "--no-ensure-shutdown",
            ]
        ) { [unowned(unsafe) self] code in
            guard code == 0 else {
                let said = String(decoding: SmallFile.read(output, limit: 1 << 20) ?? [], as: UTF8.self)
                // What it says right before it writes for the first time.
                return fail(
                    "pg_rewind: \(lastWords)", isFolderTouched: Text.contains(said, "need to copy"))
            }
            finish(.done)
        }
    }
}

/// pg_controldata's output.
enum ControlData {
    static func isShutDown(_ path: String) -> Bool {
        let text = String(decoding: SmallFile.read(path, limit: 1 << 16) ?? [], as: UTF8.self)
        return Text.contains(text, "shut down\n")
    }

    static func systemIdentifier(_ path: String) -> UInt64? {
        for line in (SmallFile.read(path, limit: 1 << 16) ?? []).split(separator: 10) {
            let text = String(decoding: line, as: UTF8.self)
            guard text.hasPrefix("Database system identifier:") else { continue }
            return text.utf8.split(separator: 32).last.flatMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        }
        return nil
    }
}

extension ControlData {
    /// Parameters that a standby must not have less of than the primary whose log it goes through (26.4.3).
    private static let bounded = [
        "max_connections", "max_worker_processes", "max_wal_senders", "max_prepared_xacts",
        "max_locks_per_xact",
    ]

    /// What the log was written with.
    static func leastSettings(_ path: String) -> [(name: String, value: Int)] {
        var least: [(name: String, value: Int)] = []
        for line in (SmallFile.read(path, limit: 1 << 16) ?? []).split(separator: 10) {
            let words = line.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
            guard words.count == 3, words[1] == "setting:", bounded.contains(words[0]),
                let value = Int(words[2])
            else { continue }
            switch words[0] {
            case "max_prepared_xacts": least.append(("max_prepared_transactions", value))
            case "max_locks_per_xact": least.append(("max_locks_per_transaction", value))
            default: least.append((words[0], value))
            }
        }
        return least
    }
}

/// Searches in texts, which Embedded Swift's library does not.
enum Text {
    static func contains(_ text: String, _ part: String) -> Bool { find(part, in: text) != nil }

    /// How many bytes of the text there are up to the end of a part of it; 0: it has no such part.
    static func end(of part: String, in text: String) -> Int {
        find(part, in: text).map { $0 + part.utf8.count } ?? 0
    }

    private static func find(_ part: String, in text: String) -> Int? {
        let (bytes, wanted) = (Array(text.utf8), Array(part.utf8))
        guard wanted.count <= bytes.count else { return nil }
        for start in 0...(bytes.count - wanted.count)
        where bytes[start..<(start + wanted.count)].elementsEqual(wanted) { return start }
        return nil
    }
}
