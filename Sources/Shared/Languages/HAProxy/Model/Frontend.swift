extension HAProxyConfiguration {
    /// The listening half of a `frontend` or `listen` section.
    public struct Frontend: Sendable, Equatable {
        /// The section's name.
        public internal(set) var name: String
        /// The section's number (HAProxy's `iid`).
        public internal(set) var identifier: Int
        /// HTTP or plain TCP.
        public internal(set) var mode: Mode
        /// Where it listens; at least one.
        public internal(set) var binds: [Bind]
        /// Client connections that it holds at once, at least 1; the next one waits in the kernel's queue.
        public internal(set) var maxconn: Int
        /// Where requests go: the place in `backends`. Nil: every request that is not for the statistics
        /// page is answered 503.
        public internal(set) var defaultBackend: Int?
        /// `timeout client`: how long a client may send or take nothing while it is its turn.
        public internal(set) var clientTimeout: Duration
        /// `timeout http-request`: how long a request's header may take, from its first byte to its last.
        public internal(set) var httpRequestTimeout: Duration
        /// `timeout http-keep-alive`: how long a client may stay silent between two requests.
        public internal(set) var httpKeepAliveTimeout: Duration
        /// `option forwardfor`.
        public internal(set) var forwardFor: ForwardFor?
        /// The statistics page, when `stats enable` or another `stats` word is there.
        public internal(set) var statistics: Statistics?
        /// The line of the word that opened the section.
        public internal(set) var line: Int
    }

    /// One address of a `bind` line.
    public struct Bind: Sendable, Equatable {
        /// Where to listen.
        public enum Endpoint: Sendable, Equatable {
            /// An address of this machine (or `transparent`: of any) and a port from 1 to 65535.
            case address(Address, port: UInt16)
            /// `fd@N`: a listening socket that systemd or a test has opened.
            case descriptor(Int32)
        }

        /// Where to listen.
        public internal(set) var endpoint: Endpoint
        /// `name`: what the statistics call it.
        public internal(set) var name: String?
        /// `transparent`: the address may be one that this machine does not have yet (a virtual IP).
        public internal(set) var isTransparent: Bool
        /// `v6only`: an IPv6 wildcard takes no IPv4 clients. `v4v6` and the default: it does take them.
        public internal(set) var isIPv6Only: Bool
        /// Where the file says so.
        public internal(set) var line: Int
    }

    /// `option forwardfor`: tells servers the client's address in a header field.
    public struct ForwardFor: Sendable, Equatable {
        /// `header`: the field's name.
        public internal(set) var header: String = "X-Forwarded-For"
        /// `except`: clients of this network get no field.
        public internal(set) var except: Network?
        /// `if-none`: only when the request does not have the field yet.
        public internal(set) var onlyIfNone: Bool = false
    }

    /// The statistics page of a section.
    public struct Statistics: Sendable, Equatable {
        /// `stats uri`: requests whose target begins with it get the page.
        public internal(set) var uri: String = Defaults.statisticsURI
        /// `stats refresh`: how often a browser loads the page again.
        public internal(set) var refresh: Duration?
        /// `stats hide-version`.
        public internal(set) var hidesVersion: Bool = false
        /// `stats show-legends`: addresses and algorithms are shown too.
        public internal(set) var showsLegends: Bool = false
        /// `stats show-node`: the name to show for this machine; empty means the global one.
        public internal(set) var node: String?
        /// `stats show-desc`: the text to show; empty means the global one.
        public internal(set) var description: String?
    }
}
