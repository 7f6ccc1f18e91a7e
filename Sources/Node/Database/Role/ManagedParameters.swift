/// Which of PostgreSQL's settings the role gives itself, and what it gives others unless the file says otherwise.
enum ManagedParameters {
    private static let byRole: [(name: String, why: String)] = [
        ("listen_addresses", "PostgreSQL listens on the node's own address"),
        ("port", "it stands below [postgresql]"),
        ("unix_socket_directories", "socket_folder below [postgresql] says it"),
        ("data_directory", "data below [postgresql] says it"),
        ("hba_file", "[access] says who may connect"),
        ("ident_file", "[access] says who may connect"),
        ("ssl_cert_file", "certificate below [postgresql] says it"),
        ("ssl_key_file", "certificate_key below [postgresql] says it"),
        ("ssl", "members only talk to each other over TLS"),
        ("hot_standby", "a standby is asked where it is"),
        ("wal_level", "standbys need replica, and pinode sets it"),
        ("wal_log_hints", "pg_rewind needs it"),
        ("full_page_writes", "pg_rewind and every crash need it"),
        ("fsync", "without it nothing that was acknowledged is safe"),
        (
            "synchronous_standby_names",
            "who confirms writes is agreed on; durability below [postgresql] says how"
        ),
        ("primary_conninfo", "whom a standby follows is agreed on"),
        ("primary_slot_name", "each member has its slot"),
        ("recovery_target_timeline", "a standby follows the elected one"),
        ("promote_trigger_file", "promotions are agreed on"),
        ("restart_after_crash", "after a crash another member may be primary"),
        ("recovery_min_apply_delay", "a standby that lags on purpose cannot take over"),
        ("logging_collector", "log below [postgresql] says where PostgreSQL writes"),
        ("cluster_name", "it is the node's name"),
    ]

    /// Used unless the file says otherwise. Sizes fit a Pi with 1 GB and an SD card of 16 GB.
    static let defaults: [(name: String, value: String)] = [
        ("max_connections", "100"), ("max_wal_senders", "20"), ("max_replication_slots", "20"),
        ("wal_keep_size", "256MB"), ("max_slot_wal_keep_size", "2GB"), ("wal_receiver_timeout", "5s"),
        ("wal_sender_timeout", "5s"), ("wal_retrieve_retry_interval", "200ms"),
        ("wal_receiver_status_interval", "1s"), ("password_encryption", "scram-sha-256"),
        ("tcp_keepalives_idle", "10"), ("tcp_keepalives_interval", "5"), ("tcp_keepalives_count", "3"),
        ("hot_standby_feedback", "on"), ("max_standby_streaming_delay", "5s"),
        ("checkpoint_timeout", "15min"), ("log_line_prefix", "%m [%p] %q%u@%d "),
    ]

    /// Why a setting is none of the file's; nil: it may stand there.
    static func reason(_ name: String) -> String? { byRole.first { $0.name == name }?.why }

    /// The names of all that the role gives itself.
    static var names: [String] { byRole.map { $0.name } }
}
