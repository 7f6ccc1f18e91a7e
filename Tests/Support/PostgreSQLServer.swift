import Commands
import Foundation

/// A throw-away PostgreSQL 15 of Debian in a temporary folder, on a Unix socket only.
///
/// PostgreSQL does not run as root: there it runs as `postgres`, as who Debian's package made the account.
public final class PostgreSQLServer {
    /// Debian's programs.
    public static let programs = "/usr/lib/postgresql/15/bin"

    /// Where the socket is.
    public let folder: String
    private let data: String

    /// Creates and starts it; the superuser is `postgres`, its password `secret`. `access`: the method in pg_hba.conf.
    public init(access: String = "trust", passwordEncryption: String = "scram-sha-256") throws {
        folder = NSTemporaryDirectory() + "pg-" + UUID().uuidString.prefix(8)
        data = folder + "/data"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        if geteuid() == 0 { try Self.run("/bin/chown", ["postgres", folder]) }
        let password = folder + "/password"
        try "secret\n".write(toFile: password, atomically: true, encoding: .utf8)
        try Self.asPostgres([
            "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", "--no-locale", "-E", "UTF8",
        ])
        try Self.asPostgres([
            "pg_ctl", "-D", data, "-w", "-s", "-l", folder + "/log", "-o",
            "-c listen_addresses='' -c unix_socket_directories=\(folder) -c fsync=off "
                + "-c password_encryption=\(passwordEncryption)", "start",
        ])
        try Self.asPostgres([
            "psql", "-q", "-h", folder, "-U", "postgres", "-c", "alter role postgres password 'secret'",
        ])
        try "local all all \(access)\n".write(
            toFile: data + "/pg_hba.conf", atomically: false, encoding: .utf8)
        try Self.asPostgres(["pg_ctl", "-D", data, "-s", "reload"])
    }

    deinit {
        try? Self.asPostgres(["pg_ctl", "-D", data, "-s", "-m", "immediate", "-w", "stop"])
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// The socket's path.
    public var socket: String { folder + "/.s.PGSQL.5432" }

    /// Runs one of Debian's programs as the account that PostgreSQL may run as.
    public static func asPostgres(_ arguments: [String]) throws {
        let command = [programs + "/" + arguments[0]] + arguments.dropFirst()
        if geteuid() == 0 {
            try run("/usr/sbin/runuser", ["-u", "postgres", "--"] + command)
        } else {
            try run(command[0], Array(command.dropFirst()))
        }
    }

    private static func run(_ path: String, _ arguments: [String]) throws {
        try Command([path] + arguments, in: "/", timeout: 60).run()
    }
}
