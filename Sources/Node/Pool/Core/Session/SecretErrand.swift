import Languages
import PostgreSQLWire

/// `auth_query`: a client's secret is asked of the database by a session of the pool's own, that waits for a server as clients do.
final class SecretErrand: PoolClient {
    /// For whom; it may be gone by the time of the answer, and its link another's.
    let applicant: (link: Link, number: UInt64)
    /// As the client calls itself.
    let name: [UInt8]
    /// `auth_query`.
    var query = ""
    /// The first row's columns: a name and a secret.
    var row: [[UInt8]?]?

    init(_ client: PoolClient, number: UInt64, parameters: SessionParameters, now: Nanoseconds) {
        applicant = (client.link, client.number)
        name = Array(client.user.utf8)
        super.init(
            number: number, link: -1, peer: Peer(address: "auth_query", port: 0), parameters: parameters,
            now: now)
    }
}

extension Pooler {
    /// As who `auth_query` is run for a client; nil: it is not.
    func authUser(of client: PoolClient) -> String? {
        database(named: client.databaseName)?.settings.authUser ?? configuration.authUser
    }

    func askForSecret(of client: PoolClient) {
        guard let own = database(named: client.databaseName), let name = authUser(of: client) else {
            return secretFound(.unknown, for: client)
        }
        let place = own.settings.authDbname ?? configuration.authDbname
        guard let database = place.map({ self.database(named: $0) }) ?? own else {
            log(.error, client, "auth_dbname = \(place ?? "") is not in [databases]")
            return secretFound(.unknown, for: client)
        }
        let user = user(named: name)
        let pool = pool(database, user)
        if let secret = secrets[name] { pool.credentials = ServerCredentials(secret) }
        let errand = SecretErrand(
            client, number: nextNumber(), parameters: SessionParameters(names), now: now)
        errand.query = own.settings.authQuery ?? configuration.authQuery
        client.secretErrand = errand
        errand.user = name
        errand.state = .idle
        _ = permits.take(database.clientPlace, below: 0)
        _ = permits.take(user.clientPlace, below: 0)
        join(errand, pool)
        if obtainServer(for: errand) { ask(errand) }
    }

    /// Its turn has come.
    func ask(_ errand: SecretErrand) {
        guard let server = errand.server else { return }
        server.task = .secret
        server.taskFailed = false
        server.state = .busy
        say(to: server) { bytes in
            FrontendMessage.message(Ask.parse, to: &bytes) {
                $0.append(0)
                $0.append(contentsOf: errand.query.utf8)
                $0.append(contentsOf: [0, 0, 0])
            }
            FrontendMessage.message(Ask.bind, to: &bytes) { body in
                // No portal, no name, no formats, one parameter; text results.
                body.append(contentsOf: [0, 0, 0, 0, 0, 1])
                withUnsafeBytes(of: UInt32(errand.name.count).bigEndian) { body.append(contentsOf: $0) }
                body.append(contentsOf: errand.name)
                body.append(contentsOf: [0, 0])
            }
            FrontendMessage.message(Ask.execute, to: &bytes) { $0.append(contentsOf: [0, 0, 0, 0, 1]) }
            FrontendMessage.message(Ask.sync, to: &bytes) { _ in }
        }
    }

    /// A row of the answer.
    func noteSecretRow(_ body: UnsafeRawBufferPointer, _ server: PoolServer) {
        guard let errand = server.client?.errand, errand.row == nil, body.count >= 2 else { return }
        var row: [[UInt8]?] = []
        var at = 2
        while at + 4 <= body.count {
            let size = Int(
                Int32(bitPattern: UInt32(bigEndian: body.loadUnaligned(fromByteOffset: at, as: UInt32.self))))
            at += 4
            guard size >= 0 else {
                row.append(nil)
                continue
            }
            guard size <= body.count - at else { return }
            row.append(Array(body[at..<(at + size)]))
            at += size
        }
        errand.row = row
    }

    /// The answer is complete, or there is none: `failed`.
    func finish(_ errand: SecretErrand, failed problem: String?) {
        guard !errand.isClosed else { return }
        let row = errand.row
        let applicant = errand.applicant
        clientEnded(errand, problem ?? "auth_query is answered")
        guard let client = client(applicant.link, number: applicant.number) else { return }
        if let problem {
            log(.error, client, "auth_query failed: \(problem)")
            return refuse(
                client, "28000", "bouncer config error",
                hint: "The pool's log says what is wrong with auth_query.")
        }
        // A null secret is one that has expired or was never set (CVE-2025-2291).
        guard let row, row.count >= 2, row[0] == errand.name, let secret = row[1] else {
            return secretFound(.unknown, for: client)
        }
        secretFound(.found(StoredSecret(secret)), for: client)
    }
}
