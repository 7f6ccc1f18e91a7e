/// A client's session with a PostgreSQL server (protocol 3.0): bytes in, events and bytes out. No socket, no clock, no dice.
///
/// Trust, password, md5 and SCRAM-SHA-256; simple queries, one after the other; errors, notices, notifications and
/// parameters. TLS is the driver's.
public struct ClientSession: Sendable {
    /// How to present oneself.
    public struct Settings: Sendable, Equatable {
        /// The role to log in as.
        public var user: String
        /// The database.
        public var database: String
        /// The password, when there is one.
        public var password: [UInt8]?
        /// Whether a password may be sent in clear text: only over TLS or a Unix socket.
        public var sendsClearPassword: Bool
        /// Further parameters of the session: `application_name`, `options` …
        public var parameters: [(name: String, value: String)]
        /// The longest message that is taken from the server.
        public var messageLimit: Int

        /// Settings with defaults.
        public init(
            user: String, database: String, password: [UInt8]? = nil, sendsClearPassword: Bool = false,
            parameters: [(name: String, value: String)] = [], messageLimit: Int = 1 << 20
        ) {
            self.user = user
            self.database = database
            self.password = password
            self.sendsClearPassword = sendsClearPassword
            self.parameters = parameters
            self.messageLimit = messageLimit
        }

        /// Whether they say the same.
        public static func == (a: Settings, b: Settings) -> Bool {
            a.user == b.user && a.database == b.database && a.password == b.password
                && a.sendsClearPassword == b.sendsClearPassword && a.messageLimit == b.messageLimit
                && a.parameters.count == b.parameters.count
                && zip(a.parameters, b.parameters).allSatisfy { $0.name == $1.name && $0.value == $1.value }
        }
    }

    /// Where it is.
    public enum State: Sendable, Equatable {
        /// Until the server knows who we are and says what it is.
        case starting
        /// It takes a query.
        case ready(TransactionStatus)
        /// A query is under way.
        case busy
        /// Nothing more will come of it.
        case broken
    }

    /// What happened.
    public enum Event: Sendable, Equatable {
        /// A query may be sent. Comes once after the start and once after each query.
        case ready(TransactionStatus)
        /// A setting of the server, such as `server_version` or `in_hot_standby`.
        case parameter(name: String, value: String)
        /// What `FrontendMessage.cancel` needs.
        case key(process: Int32, secret: [UInt8])
        /// A statement's rows will look like this.
        case columns([Column])
        /// A row, as text; nil is SQL's null.
        case row([[UInt8]?])
        /// A statement is done: `SELECT 1`, `INSERT 0 3`, `` for an empty query.
        case complete(String)
        /// A statement failed, or the session when `isFatal`.
        case failed(ServerMessage)
        /// A warning or a remark.
        case notice(ServerMessage)
        /// NOTIFY.
        case notification(process: Int32, channel: String, payload: String)
        /// The server does not keep to the protocol, or cannot be trusted: the last event; close the connection.
        case broken(WireViolation)
    }

    /// Where it is.
    public private(set) var state: State = .starting
    private var authenticator: Authenticator
    private var buffer: MessageBuffer
    private var output: [UInt8]

    /// A session that wants to say its first message. `entropy`: 18 or more unpredictable bytes, for SCRAM.
    public init(_ settings: Settings, entropy: [UInt8]) {
        authenticator = Authenticator(
            user: Array(settings.user.utf8),
            credentials: settings.password.map { .password($0) } ?? .none,
            sendsClearPassword: settings.sendsClearPassword, entropy: entropy)
        buffer = MessageBuffer(limit: settings.messageLimit)
        output = FrontendMessage.startup(
            [("user", settings.user), ("database", settings.database), ("client_encoding", "UTF8")]
                + settings.parameters)
    }

    /// What must be sent, taken once.
    public mutating func takeOutput() -> [UInt8] {
        defer { output = [] }
        return output
    }

    /// Sends a simple query. Only when `ready`; false: it is not.
    public mutating func query(_ text: String) -> Bool {
        guard case .ready = state else { return false }
        state = .busy
        output += FrontendMessage.query(text)
        return true
    }

    /// Says farewell; nothing more will come of it.
    public mutating func close() {
        if state != .broken { output += FrontendMessage.terminate }
        state = .broken
    }

    /// Takes what the server sent, and says what of it is for the caller. How it was cut makes no difference.
    public mutating func receive(_ bytes: some Collection<UInt8>) -> [Event] {
        guard state != .broken else { return [] }
        buffer.append(bytes)
        var events: [Event] = []
        do throws(WireViolation) {
            while let message = try buffer.next() {
                if let event = try handle(try BackendMessage(message), message.type) { events.append(event) }
            }
        } catch {
            state = .broken
            events.append(.broken(error))
        }
        return events
    }

    // MARK: inside

    private mutating func handle(_ message: BackendMessage, _ type: UInt8) throws(WireViolation) -> Event? {
        switch message {
        case .authentication(let kind, let data):
            guard state == .starting else { throw .unexpected(type) }
            try authenticator.handle(kind, data, to: &output)
            return nil
        case .parameter(let name, let value): return .parameter(name: name, value: value)
        case .notice(let message): return .notice(message)
        case .notification(let process, let channel, let payload):
            return .notification(process: process, channel: channel, payload: payload)
        case .error(let message):
            return .failed(message)
        case .versions: return nil
        case .key(let process, let secret):
            guard state == .starting, authenticator.isAuthenticated else { throw .unexpected(type) }
            return .key(process: process, secret: secret)
        case .ready(let status):
            guard authenticator.isAuthenticated, state == .starting || state == .busy else {
                throw .unexpected(type)
            }
            state = .ready(status)
            return .ready(status)
        case .columns(let columns):
            guard state == .busy else { throw .unexpected(type) }
            return .columns(columns)
        case .row(let values):
            guard state == .busy else { throw .unexpected(type) }
            return .row(values)
        case .complete(let tag):
            guard state == .busy else { throw .unexpected(type) }
            return .complete(tag)
        case .empty:
            guard state == .busy else { throw .unexpected(type) }
            return .complete("")
        case .copy:
            throw .unexpected(type)
        }
    }
}
