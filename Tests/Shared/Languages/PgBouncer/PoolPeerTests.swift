import Commands
import Foundation
import Languages
import TestSupport
import Testing

/// Debian's PgBouncer (1.18) as the judge of our reading, in words that both know.
@Suite struct PoolPeerTests {
    static let pgbouncer = "/usr/sbin/pgbouncer"
    /// As root it takes the account of Debian's postgresql: PgBouncer does not run as root.
    static let isPossible =
        FileManager.default.isExecutableFile(atPath: pgbouncer)
        && (geteuid() != 0 || getpwnam("postgres") != nil)

    /// What each of the two says about a file and its neighbours; FOLDER in the texts is where they are.
    static func verdicts(_ text: String, _ others: [String: String] = [:]) throws -> (
        ours: Bool, theirs: Bool, log: String
    ) {
        let folder = NSTemporaryDirectory() + "pool-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        chmod(folder, 0o777)
        func write(_ name: String, _ text: String) throws {
            try text.replacing("FOLDER", with: folder).write(
                toFile: folder + "/" + name, atomically: false, encoding: .utf8)
        }
        try write("pool.ini", text)
        try write("users", "\"app\" \"secret\"\n")
        for (name, text) in others { try write(name, text) }
        let main = folder + "/pool.ini"
        let (configuration, found) = PoolConfiguration.parse(
            text.replacing("FOLDER", with: folder), file: main
        ) { FileManager.default.contents(atPath: $0).map { Array($0) } }
        var isGood = !found.contains { $0.severity == .error }
        func contents(_ path: String?) -> String? {
            path.flatMap { FileManager.default.contents(atPath: $0) }.map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        if isGood, let hba = contents(configuration.authHbaFile) {
            isGood = HBARules.parse(hba, file: "hba").1.isEmpty
        }
        if isGood, let users = contents(configuration.authFile) {
            isGood = Userlist.parse(users, file: "users").1.isEmpty
        }
        // It has no way to check a file only: it runs until it says that it is up, or has ended.
        let script = """
            cd "$1" && "$2" pool.ini 2>log & pid=$!
            until grep -q "process up" "$1/log" 2>/dev/null || ! kill -0 $pid 2>/dev/null; do sleep 0.02; done
            kill -INT $pid 2>/dev/null; wait $pid; cat "$1/log"
            """
        let account = geteuid() == 0 ? ["/usr/sbin/runuser", "-u", "postgres", "--"] : []
        let log = try Command(account + ["sh", "-c", script, "sh", folder, pgbouncer], timeout: 60).runAny()
            .standardOutput
        return (
            isGood, log.contains("process up") && !log.contains("ERROR") && !log.contains(" WARNING "), log
        )
    }

    static let head = "[pgbouncer]\nunix_socket_dir = FOLDER\nauth_file = FOLDER/users\n"

    static let acceptedFiles: [String] = [
        "[databases]\n* =\n" + head,
        head + "[databases]\napp = host=127.0.0.1 dbname=x\n",
        head + "; a comment\n  # another\n[databases]\n\t app\t=\thost=127.0.0.1   port = 5433\n",
        head + "[databases] ; behind\napp = host=127.0.0.1 user=a password='it''s = one'\n",
        head + "[databases]\napp-1.x_y = host=127.0.0.1,127.0.0.2 connect_query='select 1'\n",
        head
            + "reserve_pool_timeout = 2.5\nserver_check_query =\nquery_timeout=0\npool_mode = TRANSACTION\n[databases]\n* =\n",
        head
            + "verbose = 0\nverbose = 1\n[users]\napp = pool_mode=session max_user_connections=5\n[databases]\n* =\n",
        head + "%include FOLDER/more.ini\n[databases]\n* =\n",
        head + "auth_type = hba\nauth_hba_file = FOLDER/hba\n[databases]\n* =\n",
        head + "max_packet_size = 4294967295\nunix_socket_mode = 0700\ntcp_keepidle = 60\n[databases]\n* =\n",
        head
            + ";pinode failover_wait_timeout = 5\n[databases]\napp = host=127.0.0.1\n;pinode app = follow=lease\n",
        PoolSamples.old.split(separator: "\n").filter { !$0.hasPrefix("listen_addr") }.joined(separator: "\n")
            .replacing("/etc/pgbouncer/userlist.txt", with: "FOLDER/users")
            .replacing("/run/pinode", with: "FOLDER") + "\n",
    ]

    static let refusedFiles: [String] = [
        head + "max_client_con = 5\n[databases]\n* =\n",
        head + "max_client_conn = 5x\n[databases]\n* =\n",
        head + "max_client_conn =\n[databases]\n* =\n",
        head + "query_timeout = 5s\n[databases]\n* =\n",
        head + "query_timeout = -1\n[databases]\n* =\n",
        head + "pool_mode = transactions\n[databases]\n* =\n",
        head + "auth_type = hash\n[databases]\n* =\n",
        head + "client_tls_sslmode = disabled\n[databases]\n* =\n",
        head + "log_stats = yes\n[databases]\n* =\n",
        head + "just words\n[databases]\n* =\n",
        head + "[databses]\na = host=127.0.0.1\n",
        head + "[databases\na = host=127.0.0.1\n",
        "verbose = 1\n" + head + "[databases]\n* =\n",
        head + "[databases]\npgbouncer = host=127.0.0.1\n",
        head + "[databases]\napp = hots=127.0.0.1\n",
        head + "[databases]\napp = host\n",
        head + "[databases]\napp = host=127.0.0.1 password='open\n",
        head + "[databases]\napp = host=127.0.0.1 user=''\n",
        head + "[databases]\napp = host=127.0.0.1 port=none\n",
        head + "[databases]\napp = host=127.0.0.1 pool_mode=always\n",
        head + "[databases]\na b = host=127.0.0.1\n",
        head + "[users]\napp = pool_mod=session\n[databases]\n* =\n",
        head + "%include FOLDER/nowhere.ini\n[databases]\n* =\n",
        head + "%include FOLDER/pool.ini\n[databases]\n* =\n",
        head + "auth_type = hba\nauth_hba_file = FOLDER/bad.hba\n[databases]\n* =\n",
    ]

    static let others = [
        "more.ini": "default_pool_size = 3\n",
        "hba":
            "local all all peer\nhost app,other \"a b\" 192.0.2.0/24 scram-sha-256 # x\nhostssl all all ::/0 md5\nhost all all 192.0.2.0 255.255.255.0 reject\n",
        "bad.hba": "hosts all all all trust\n",
    ]

    @Test(
        "both accept a file", .enabled(if: isPossible, "needs Debian's package pgbouncer"),
        arguments: acceptedFiles)
    func accepted(text: String) throws {
        let verdicts = try Self.verdicts(text, Self.others)
        #expect(verdicts.ours)
        #expect(verdicts.theirs, "\(verdicts.log)")
    }

    @Test(
        "both refuse a file", .enabled(if: isPossible, "needs Debian's package pgbouncer"),
        arguments: refusedFiles)
    func refused(text: String) throws {
        let verdicts = try Self.verdicts(text, Self.others)
        #expect(!verdicts.ours)
        #expect(!verdicts.theirs, "\(verdicts.log)")
    }

    @Test(
        "both tell a broken list of users", .enabled(if: isPossible, "needs Debian's package pgbouncer"),
        arguments: ["app x\n", "\"app\" \"x\n", "\"app\n"])
    func users(list: String) throws {
        let text = Self.head.replacing("users", with: "broken") + "[databases]\n* =\n"
        let verdicts = try Self.verdicts(text, ["broken": list])
        #expect(!verdicts.ours)
        #expect(!verdicts.theirs, "\(verdicts.log)")
    }

    @Test(
        "what we accept of damaged files, Debian's PgBouncer accepts too",
        .enabled(if: isPossible, "needs Debian's package pgbouncer"))
    func damaged() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var numbers = SplitMix64(seed: seed)
        let sample = try #require(Self.acceptedFiles.last)
        var compared = 0
        for round in 0..<400 where compared < 20 {
            let text = String(decoding: PoolFuzzTests.mutated(sample, &numbers), as: UTF8.self)
            // Its folder must be this test's own, its users be there, and it must not listen on TCP.
            guard text.contains("\nunix_socket_dir = FOLDER\n"),
                text.contains("\nauth_file = FOLDER/users\n"),
                text.split(separator: "auth_file").count == 2, !text.contains("listen_addr"), text != sample,
                PoolConfiguration.parse(text.replacing("FOLDER", with: "/x"), file: "f").1.isEmpty
            else { continue }
            compared += 1
            let verdicts = try Self.verdicts(text, Self.others)
            #expect(verdicts.theirs, "seed \(seed), round \(round): \(verdicts.log)\n\(text)")
        }
        #expect(compared > 0, "seed \(seed)")
    }
}
