extension HAProxyConfiguration {
    /// The serving half of a `backend` or `listen` section.
    public struct Backend: Sendable, Equatable {
        /// The section's name.
        public internal(set) var name: String
        /// The section's number (HAProxy's `iid`).
        public internal(set) var identifier: Int
        /// HTTP or plain TCP; the same as that of every frontend that uses it.
        public internal(set) var mode: Mode
        /// How a server is chosen.
        public internal(set) var balance: Balance
        /// In the order of the file; may be empty.
        public internal(set) var servers: [Server]
        /// What servers with `check` are asked.
        public internal(set) var healthCheck: HealthCheck
        /// `timeout connect`: how long a server may take to accept a connection.
        public internal(set) var connectTimeout: Duration
        /// `timeout server`: how long a server may send or take nothing while it is its turn.
        public internal(set) var serverTimeout: Duration
        /// `timeout queue`: how long a request waits for a server below its `maxconn`.
        public internal(set) var queueTimeout: Duration
        /// `timeout tunnel`: replaces client and server timeouts after an upgrade, and in `mode tcp`.
        public internal(set) var tunnelTimeout: Duration
        /// `timeout check`: how long a health check waits for its answer once connected.
        public internal(set) var checkTimeout: Duration
        /// `retries`: further attempts after a connection failed.
        public internal(set) var retries: Int
        /// Which of these attempts goes to another server.
        public internal(set) var redispatch: Redispatch
        /// `option forwardfor`; the frontend's holds too.
        public internal(set) var forwardFor: ForwardFor?
        /// The statistics page of a `backend` section (that of a `listen` stands with its frontend).
        public internal(set) var statistics: Statistics?
        /// The line of the word that opened the section.
        public internal(set) var line: Int
    }

    /// `balance`.
    public enum Balance: Sendable, Equatable {
        /// In turn, by weight.
        case roundrobin
    }

    /// `option redispatch [N]`.
    public enum Redispatch: Sendable, Equatable {
        /// All attempts go to the same server.
        case never
        /// The last attempt goes to another server.
        case last
        /// Every attempt whose number is a multiple of this, at least 1, goes to another server.
        case every(Int)
    }

    /// A `server` line.
    public struct Server: Sendable, Equatable {
        /// Unique in its backend.
        public internal(set) var name: String
        /// The server's number in its backend, from 1 (HAProxy's `sid`).
        public internal(set) var identifier: Int
        /// Where it is.
        public internal(set) var address: Address
        /// Its port; nil means the one that the client connected to.
        public internal(set) var port: UInt16?
        /// The share of the turns, 0 to 256; 0 gets none.
        public internal(set) var weight: Int
        /// Requests (connections in `mode tcp`) at once, at least 1; nil means that only the process's
        /// `maxconn` bounds it.
        public internal(set) var maxconn: Int?
        /// `disabled`: starts in maintenance.
        public internal(set) var startsInMaintenance: Bool
        /// How it is checked; nil without `check`.
        public internal(set) var check: Check?
        /// Where the file says so.
        public internal(set) var line: Int
    }

    /// When and where a server is checked.
    public struct Check: Sendable, Equatable {
        /// Where checks go: `addr`, or the server's address.
        public internal(set) var address: Address
        /// The port that checks go to: `port`, or the server's.
        public internal(set) var port: UInt16
        /// `inter`: between two checks of a server whose state is settled and up.
        public internal(set) var interval: Duration
        /// `fastinter`: while the state is changing; `inter` unless set.
        public internal(set) var fastInterval: Duration
        /// `downinter`: while the server is down; `inter` unless set.
        public internal(set) var downInterval: Duration
        /// `rise`: good checks in a row that bring a server up, at least 1.
        public internal(set) var rise: Int
        /// `fall`: bad checks in a row that take it down, at least 1.
        public internal(set) var fall: Int
    }

    /// What a health check asks.
    public enum HealthCheck: Sendable, Equatable {
        /// That the server accepts a connection (layer 4).
        case connect
        /// `option httpchk`: an HTTP request (layer 7).
        case http(HTTPCheck)
    }

    /// `option httpchk` and its `http-check` lines.
    public struct HTTPCheck: Sendable, Equatable {
        /// A header field that the check sends.
        public struct Field: Sendable, Equatable {
            /// The field's name.
            public internal(set) var name: String
            /// Its value.
            public internal(set) var value: String
        }

        /// What the answer must look like.
        public enum Expectation: Sendable, Equatable {
            /// A status in one of these ranges; with `isNegated`, in none of them.
            case status([ClosedRange<Int>], isNegated: Bool)
            /// The body contains this text; with `isNegated`, it does not.
            case string(String, isNegated: Bool)
        }

        /// The method; `OPTIONS` unless set.
        public internal(set) var method: String = "OPTIONS"
        /// The target; `/` unless set.
        public internal(set) var uri: String = "/"
        /// `HTTP/1.0` (unless set) or `HTTP/1.1`.
        public internal(set) var version: String = "HTTP/1.0"
        /// Fields of `http-check send hdr`, in order. `Content-Length` is not among them.
        public internal(set) var fields: [Field] = []
        /// `http-check send body`, or empty.
        public internal(set) var body: String = ""
        /// What makes a check pass; status 200 to 399 unless set.
        public internal(set) var expectation: Expectation = .status([200...399], isNegated: false)
    }
}
