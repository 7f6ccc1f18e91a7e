import Diagnostics
import Languages
import Testing

@Suite struct PoolErrorTests {
    static let generalCases: [(String, String)] = [
        (
            "max_client_con = 5",
            "\"max_client_con\" is not a word that pinode knows in [pgbouncer]. Did you mean \"max_client_conn\"?"
        ),
        (
            "pool_size = 5",
            "\"pool_size\" is not a word that pinode knows in [pgbouncer]. It belongs into another section."
        ),
        (
            "max_client_conn = many",
            "max_client_conn = many is not a number from 1 to 100000000. docs/pool-language.md lists the words."
        ),
        (
            "max_client_conn = 010",
            "max_client_conn = 010 is not a number from 1 to 100000000. docs/pool-language.md lists the words."
        ),
        (
            "max_client_conn = -1",
            "max_client_conn = -1 is not a number from 1 to 100000000. docs/pool-language.md lists the words."
        ),
        (
            "max_client_conn =",
            "max_client_conn =  is not a number from 1 to 100000000. docs/pool-language.md lists the words."
        ),
        ("log_stats = yes", "log_stats = yes is not 0 or 1. Write 1 for on, 0 for off."),
        (
            "query_timeout = 5s",
            "query_timeout = 5s is not a time in seconds from 0 to 100000000, with at most six decimals and no unit behind it. Write 15, or 0.25."
        ),
        (
            "tcp_keepidle = 1.5",
            "tcp_keepidle = 1.5 is not a whole number of seconds from 0 to 100000000. docs/pool-language.md lists the words."
        ),
        (
            "pool_mode = transactions",
            "pool_mode = transactions is not one of session, transaction, statement. docs/pool-language.md lists the words."
        ),
        (
            "auth_type = ldap",
            "auth_type = ldap is not one of any, trust, plain, md5, scram-sha-256, cert, hba; ldap and pam are PgBouncer's alone. docs/pool-language.md lists the words."
        ),
        (
            "listen_addr = pool.example",
            "listen_addr = pool.example is not a list of IP addresses, localhost or *; names are not looked up. docs/pool-language.md lists the words."
        ),
        (
            "listen_port = 65536",
            "listen_port = 65536 is not a port from 1 to 65535. docs/pool-language.md lists the words."
        ),
        (
            "unix_socket_mode = 777",
            "unix_socket_mode = 777 is not an octal mode from 0000 to 0777. docs/pool-language.md lists the words."
        ),
        (
            "max_packet_size = 4294967296",
            "max_packet_size = 4294967296 is not a number from 1024 to 4294967295. docs/pool-language.md lists the words."
        ),
        (
            "client_tls_protocols = tlsv1.4",
            "client_tls_protocols = tlsv1.4 is not a list of tlsv1.0, tlsv1.1, tlsv1.2 and tlsv1.3, or secure, or all. docs/pool-language.md lists the words."
        ),
        (
            "conffile = /x",
            "conffile is PgBouncer's, not supported here: RELOAD reads the file that the pool was started with. Remove it, or deploy Debian's pgbouncer with engine = debian."
        ),
        (
            "auth_ldap_options = x",
            "auth_ldap_options is PgBouncer's, not supported here: users of an LDAP server are not supported. Remove it, or deploy Debian's pgbouncer with engine = debian."
        ),
        ("pidfile = /run/x", "warning: pidfile changes nothing. For systemd knows the process."),
        (
            "just words",
            "\"just words\" is no setting. Write NAME = VALUE; a name with other characters than letters, digits and _ . - * stands in double quotes."
        ),
        (
            "= 5",
            "\"= 5\" does not begin with a name. A name has letters, digits and _ . - * or stands in double quotes."
        ),
        ("%included x", "\"%included x\" is not a directive. Write %include and a file's name."),
        ("%include nowhere", "the file nowhere cannot be read. Is it there, and may the pool read it?"),
        ("[databses]", "[databses] is no section of PgBouncer's. Did you mean [databases]?"),
        ("[pgbouncer", "the section's bracket is not closed. Write [pgbouncer]."),
        ("[users] x", "\"x\" stands behind the section's bracket. Write it into a line of its own."),
        (
            "[pgbouncer]",
            "[pgbouncer] begins again, after pool.ini:3. PgBouncer would put all settings of the first back to their defaults: write one section."
        ),
    ]

    @Test("a line of [pgbouncer] that cannot be used is told with its place", arguments: generalCases)
    func general(line: String, sentence: String) {
        let text = "[databases]\n* = host=192.0.2.1\n[pgbouncer]\nauth_file = f\n\(line)\n"
        #expect(complaints(text) == ["pool.ini:5: \(sentence)"])
    }

    static let databaseCases: [(String, String)] = [
        (
            "app = hots=192.0.2.1",
            "\"hots\" is not a word that pinode knows in [databases]. Did you mean \"host\"?"
        ),
        (
            "app = listen_port=1",
            "\"listen_port\" is not a word that pinode knows in [databases]. It belongs into another section."
        ),
        (
            "app = host=db.example",
            "host = db.example is not a list of IP addresses, localhost, folders that begin with / and @names; names are not looked up. docs/pool-language.md lists the words."
        ),
        (
            "app = host=192.0.2.1 port=0",
            "port = 0 is not a port from 1 to 65535. docs/pool-language.md lists the words."
        ),
        (
            "app = host",
            "\"host\" has no value. Write NAME=VALUE; a value with blanks stands in single quotes."
        ),
        (
            "app = =5",
            "nothing stands in front of an equals sign. Write NAME=VALUE; a value with blanks stands in single quotes."
        ),
        (
            "app = host=192.0.2.1 user=a password='x",
            "the quote of password is not closed. End the value with a single quote."
        ),
        (
            "app = host=192.0.2.1 user=a password='x'y",
            "no blank stands behind the quoted value of password. Write a quote inside of a value twice, and a blank behind the value."
        ),
        ("app = host=192.0.2.1 user=a password=''", "password has an empty value. Leave password out."),
        (
            "app = password= user=x",
            "password has no value. Write it behind the equals sign, or leave password out."
        ),
        ("app = host=192.0.2.1 port=1 port=2", "port stands twice in the line. Remove one of the two."),
        ("pgbouncer = host=192.0.2.1", "pgbouncer is the name of the console. Give the database another."),
        (
            "a b = host=192.0.2.1",
            "\"a b = host=192.0.2.1\" is no setting. Write NAME = VALUE; a name with other characters than letters, digits and _ . - * stands in double quotes."
        ),
        (
            "app = host=192.0.2.1 password=x",
            "warning: the password of the database app is for nobody. Write user=NAME, too, or remove it."
        ),
        (
            "app = host=192.0.2.1 max_standby_lag=16",
            "max_standby_lag = 16 is not a size like 16MB or a time like 500ms, 2s or 1min. docs/pool-language.md lists the words."
        ),
        (
            "app = host=192.0.2.1 read_standbys=auto",
            "the database app has read_standbys = auto without follow = lease. Who the standbys are is known by the lease alone: write follow=lease, too."
        ),
        (
            "app = host=/run/x follow=lease",
            "the database app follows the lease, but its host is no list of addresses. Write host=192.0.2.1,192.0.2.2, all members of the cluster's database."
        ),
        (
            ";pinode app = follow=lease",
            "the database app follows the lease, but its host is no list of addresses. Write host=192.0.2.1,192.0.2.2, all members of the cluster's database."
        ),
        (
            "app = auth_dbname=nowhere",
            "auth_dbname=nowhere is none of the databases. Write a line for it into [databases]."
        ),
    ]

    @Test("a line of [databases] that cannot be used is told with its place", arguments: databaseCases)
    func databases(line: String, sentence: String) {
        let text = "[pgbouncer]\nauth_file = f\n[databases]\nz = host=192.0.2.1\n\(line)\n"
        #expect(complaints(text) == ["pool.ini:5: \(sentence)"])
    }

    @Test("what does not fit together is told where it was set")
    func whole() {
        let head = "[databases]\na = host=192.0.2.1\n[pgbouncer]\n"
        #expect(
            complaints(head + "auth_file = f\nunix_socket_dir =\n") == [
                "pool.ini:5: the pool would listen nowhere: there is no listen_addr, and unix_socket_dir is empty. "
                    + "Write listen_addr = * into [pgbouncer]."
            ])
        #expect(
            complaints(head + "auth_type = any\n") == [
                "pool.ini:2: auth_type = any, but the database a has no user. "
                    + "Write user=NAME into its line: nobody says else as whom to log in there."
            ])
        #expect(
            complaints(head + "auth_type = hba\n") == [
                "pool.ini:4: auth_type = hba, but there is no auth_hba_file. Write its name."
            ])
        #expect(
            complaints(head + "client_tls_sslmode = require\nauth_file = f\n") == [
                "pool.ini:4: client_tls_sslmode = require needs client_tls_key_file and client_tls_cert_file. "
                    + "Name both, in PEM."
            ])
        #expect(
            complaints(head + "server_tls_sslmode = verify-ca\nauth_file = f\n") == [
                "pool.ini:4: server_tls_sslmode = verify-ca needs server_tls_ca_file. "
                    + "Name who signs servers' certificates, in PEM."
            ])
        #expect(
            complaints(head + "auth_type = trust\n") == [
                "pool.ini:4: warning: nobody can log in: there is neither an auth_file nor an auth_user. "
                    + "Name the users in the file of auth_file."
            ])
    }

    @Test("all that is wrong is told in one run")
    func all() {
        let found = complaints(
            "max = 1\n[pgbouncer]\nmax_client_conn = x\nnonsense = 1\n[users]\nu = pool_mod=session\n")
        #expect(found.count == 4)
        #expect(found.map { $0.prefix(11) } == ["pool.ini:1:", "pool.ini:3:", "pool.ini:4:", "pool.ini:6:"])
    }

    @Test("a setting that comes again counts, with a warning")
    func again() {
        let text =
            "[databases]\na = host=192.0.2.1\na = host=192.0.2.2\n[pgbouncer]\nauth_file = f\nverbose = 1\nverbose = 2\n"
        let (configuration, diagnostics) = PoolConfiguration.parse(text, file: "pool.ini")
        #expect(configuration.verbose == 2)
        #expect(configuration.databases.map { $0.host } == [[.address(.v4(0xc000_0202))]])
        #expect(
            diagnostics.map { $0.sentence } == [
                "pool.ini:3: warning: the database a stands in pool.ini:2 already. This line counts; remove the other.",
                "pool.ini:7: warning: verbose was set in pool.ini:6 already. This line counts; remove the other.",
            ])
    }
}
