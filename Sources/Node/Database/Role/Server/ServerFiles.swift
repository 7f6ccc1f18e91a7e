import CLinux
import Database
import Service

/// PostgreSQL's configuration, as the role writes it: `postgresql.conf` includes `pidep.conf`, and that `pidep-state.conf`, which
/// changes with what the members agree on.
struct ServerFiles {
    let configuration: DatabaseConfiguration
    let owner: (user: UInt32, group: UInt32)?

    /// What changes.
    struct State: Equatable {
        /// Whom it follows; nil: nobody.
        var following: MemberID?
        /// Whose confirmation commits wait for.
        var rule: AcknowledgementRule?
    }

    /// A name that no standby has: commits wait.
    static let nobody = "\"pidep-nobody\""

    var data: String { configuration.data }
    var wal: TimelineFiles { TimelineFiles(folder: data + "/pg_wal", owner: owner) }
    /// libpq's password file, for what PostgreSQL's account runs.
    /// Settings of a recovery from a backup, as long as it is under way.
    var recoveryFile: String { configuration.folder + "/restore.conf" }
    var passwordFile: String { data + ".pgpass" }

    /// libpq looks for certificates below it: not below root's, where PostgreSQL's account sees nothing.
    var home: String { "HOME=\(Folders.parent(data))" }

    // MARK: before a start

    /// Everything that a start needs; nil, or why it cannot be written. `least`: what some parameters must have at least.
    func prepare(
        _ state: State, password: String, least: [(name: String, value: Int)]
    ) -> String? {
        if let why = write(password: password, least: least) { return why }
        if let why = write(state) { return why }
        return write("standby.signal", "")
    }

    /// All that stands in the role's own file.
    func write(password: String, least: [(name: String, value: Int)]) -> String? {
        if let why = include() { return why }
        if let why = write("pidep.conf", settings(least)) { return why }
        if let why = write("pidep-hba.conf", clientAccess()) { return why }
        let map = "pidep root postgres\npidep \(configuration.account) postgres\n"
        if let why = write("pidep-ident.conf", map) { return why }
        return writePassword(password)
    }

    /// `.pgpass` with one line for all members.
    func writePassword(_ password: String) -> String? {
        var escaped = ""
        for character in password.unicodeScalars {
            if character == ":" || character == "\\" { escaped += "\\" }
            escaped.unicodeScalars.append(character)
        }
        return SmallWriter.write(
            passwordFile, Array("*:*:*:\(ClusterRole.name):\(escaped)\n".utf8), owner: owner)
    }

    private func include() -> String? {
        let path = data + "/postgresql.conf"
        // A cluster that Debian made has its file elsewhere.
        guard let text = access(path, F_OK) == 0 ? SmallFile.read(path, limit: 4 << 20) : [] else {
            return "cannot read \(path): \(String(cString: cl_strerror(cl_errno())))"
        }
        let line = "include 'pidep.conf'"
        if String(decoding: text, as: UTF8.self).hasSuffix(line + "\n") { return nil }
        return SmallWriter.write(
            path, text + Array("\n# What pinode sets, after all that stands above.\n\(line)\n".utf8),
            owner: owner)
    }

    func write(_ state: State) -> String? { write("pidep-state.conf", text(of: state)) }

    private func write(_ name: String, _ text: String) -> String? {
        SmallWriter.write("\(data)/\(name)", Array(text.utf8), owner: owner)
    }

    // MARK: texts

    static func quoted(_ value: String) -> String {
        var text = "'"
        for character in value.unicodeScalars {
            if character == "'" { text += "'" }
            if character == "\\" { text += "\\" }
            text.unicodeScalars.append(character)
        }
        return text + "'"
    }

    func settings(_ least: [(name: String, value: Int)]) -> String {
        var text = "# Written by pinode. Your own settings stand in database.conf, [parameters].\n"
        var settings = ManagedParameters.defaults.filter { setting in
            !configuration.parameters.contains { $0.name == setting.name }
        }
        settings += configuration.parameters.map { ($0.name, $0.value) }
        for bound in least {
            // Later entries count, and a standby with less than its primary stands still.
            let value = settings.last { $0.0 == bound.name }.flatMap { Int($0.1) }
            if let value, value >= bound.value { continue }
            settings.append((bound.name, "\(bound.value)"))
        }
        let own = configuration.own?.address ?? ""
        settings += [
            ("listen_addresses", own.isEmpty ? "localhost" : "localhost,\(own)"),
            ("port", "\(configuration.port)"), ("unix_socket_directories", configuration.socketFolder),
            ("hba_file", data + "/pidep-hba.conf"), ("ident_file", data + "/pidep-ident.conf"),
            ("ssl", "on"), ("ssl_cert_file", configuration.certificate),
            ("ssl_key_file", configuration.certificateKey),
            ("hot_standby", "on"), ("wal_level", "replica"), ("wal_log_hints", "on"),
            ("full_page_writes", "on"), ("fsync", "on"), ("restart_after_crash", "off"),
            ("recovery_target_timeline", "latest"), ("logging_collector", "off"),
            ("cluster_name", configuration.node),
        ]
        for setting in settings { text += "\(setting.0) = \(Self.quoted(setting.1))\n" }
        return text + "include 'pidep-state.conf'\n"
    }

    func clientAccess() -> String {
        var text = """
            # Written by pinode. Who may connect from where stands in database.conf, [access].
            local all postgres peer map=pidep
            local all all scram-sha-256
            host all all 127.0.0.1/32 scram-sha-256
            host all all ::1/128 scram-sha-256

            """
        for node in configuration.nodes {
            let mask = node.address.utf8.contains(UInt8(ascii: ":")) ? "128" : "32"
            text += "hostssl replication \(ClusterRole.name) \(node.address)/\(mask) scram-sha-256\n"
            text += "host all all \(node.address)/\(mask) scram-sha-256\n"
        }
        for network in configuration.networks { text += "host all all \(network) scram-sha-256\n" }
        return text
    }

    func text(of state: State) -> String {
        var text = "# Written by pinode when the members agree on something else.\n"
        text += "primary_conninfo = \(Self.quoted(connection(to: state.following)))\n"
        let slot = configuration.own.map { ClusterRole.standbyName($0.id) } ?? ""
        text += "primary_slot_name = \(Self.quoted(state.following == nil ? "" : slot))\n"
        text += "synchronous_standby_names = \(Self.quoted(names(state.rule)))\n"
        let recovery = SmallFile.read(recoveryFile, limit: 4096) ?? []
        return text + String(decoding: recovery, as: UTF8.self)
    }

    /// How a standby reaches the member that it follows, in libpq's words; empty for nobody.
    func connection(to member: MemberID?) -> String {
        guard let own = configuration.own else { return "" }
        return connection(to: member, as: ClusterRole.standbyName(own.id))
    }

    /// The same under another name: whatever is called as a standby confirms writes, so nothing else may be.
    func connection(to member: MemberID?, as name: String) -> String {
        guard let member, let node = configuration.node(member) else { return "" }
        return
            "host=\(node.address) port=\(configuration.port) user=\(ClusterRole.name) passfile=\(passwordFile) "
            + "application_name=\(name) sslmode=require channel_binding=require "
            + "connect_timeout=3 keepalives_idle=5 keepalives_interval=2 keepalives_count=3"
    }

    /// `synchronous_standby_names`. Never empty where writes may not be lost, unless nobody is waited for: whether there are any is
    /// known to PostgreSQL's checkpointer first, and to others a moment later.
    func names(_ rule: AcknowledgementRule?) -> String {
        guard let rule else { return configuration.durability == .async ? "" : Self.nobody }
        if rule.count == 0 { return "" }
        guard rule.members.count >= rule.count else { return Self.nobody }
        var list = ""
        for member in rule.members {
            list += (list.isEmpty ? "" : ", ") + ClusterRole.standbyName(member)
        }
        return "ANY \(rule.count) (\(list))"
    }
}
