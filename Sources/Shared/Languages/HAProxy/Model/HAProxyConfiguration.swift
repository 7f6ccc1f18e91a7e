/// What a `haproxy.cfg` says, once every `defaults` section and every default of ours has been applied.
///
/// A value that nobody may change after parsing: the proxy reads it, and compares it with the next one when
/// the file is read again. Made by ``parse(_:file:environment:)`` only.
public struct HAProxyConfiguration: Sendable, Equatable {
    /// What holds for the whole process.
    public internal(set) var global: Global
    /// The `frontend`, `backend` and `listen` sections, in the order of the file.
    public internal(set) var sections: [Section]
    /// What listens: one for each `frontend` and `listen` section, in the order of the file.
    public internal(set) var frontends: [Frontend]
    /// What serves: one for each `backend` and `listen` section, in the order of the file.
    public internal(set) var backends: [Backend]

    /// The place in `backends` of the backend with this name.
    public func backendIndex(named name: String) -> Int? {
        backends.firstIndex { $0.name == name }
    }
}

extension HAProxyConfiguration {
    /// The `global` section.
    public struct Global: Sendable, Equatable {
        /// Client connections that the process holds at once; the next one waits in the kernel's queue.
        public internal(set) var maxconn: Int = Defaults.maxconn
        /// Threads that carry traffic; nil means one for each processor core.
        public internal(set) var nbthread: Int?
        /// After SIGTERM: how long connections may finish before they are cut.
        public internal(set) var hardStopAfter: Duration = Defaults.hardStopAfter
        /// `stats socket` lines: further console sockets besides the role's own.
        public internal(set) var statisticsSockets: [StatisticsSocket] = []
        /// `node`: what the statistics page calls this machine; nil means its host name.
        public internal(set) var node: String?
        /// `description`: a text for the statistics page.
        public internal(set) var description: String?
    }

    /// A `stats socket` line.
    public struct StatisticsSocket: Sendable, Equatable {
        /// What a client of the socket may do.
        public enum Level: Sendable, Equatable {
            /// Look at what is not sensitive.
            case user
            /// Look at everything, change nothing that carries traffic. HAProxy's default.
            case `operator`
            /// Change servers' states and weights.
            case admin
        }

        /// The absolute path of the Unix socket.
        public internal(set) var path: String
        /// Permissions of the socket's file, such as 0o660.
        public internal(set) var mode: UInt32
        /// What its clients may do.
        public internal(set) var level: Level
        /// Where the file says so.
        public internal(set) var line: Int
    }

    /// A `frontend`, `backend` or `listen` section: the name under which statistics are shown together.
    public struct Section: Sendable, Equatable {
        /// The word that opens the section.
        public enum Kind: Sendable, Equatable {
            case frontend
            case backend
            case listen
        }

        /// Its name.
        public internal(set) var name: String
        /// The word that opened it.
        public internal(set) var kind: Kind
        /// HAProxy's `iid`: 2 for the first section of the file, then counted up (1 is its internal one).
        public internal(set) var identifier: Int
        /// What the section does with bytes.
        public internal(set) var mode: Mode
        /// `description`: a text for the statistics page.
        public internal(set) var description: String?
        /// The place in `frontends`, unless it is a `backend`.
        public internal(set) var frontend: Int?
        /// The place in `backends`, unless it is a `frontend`.
        public internal(set) var backend: Int?
        /// The line of the word that opened it.
        public internal(set) var line: Int
    }

    /// `mode`: whether bytes are understood as HTTP or only passed on.
    public enum Mode: Sendable, Equatable {
        case http
        case tcp
    }
}
