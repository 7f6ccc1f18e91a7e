extension HAProxyConfiguration {
    /// What holds where the file says nothing. HAProxy has no limit of its own in most of these places
    /// (proxy-facts 1.6); here every one is finite.
    public enum Defaults {
        /// `global maxconn`: two buffers of 16 KiB each make 64 MiB at worst.
        public static let maxconn = 2000
        /// `hard-stop-after`.
        public static let hardStopAfter: Duration = .seconds(30)
        /// `timeout connect`.
        public static let connectTimeout: Duration = .seconds(3)
        /// `timeout client`.
        public static let clientTimeout: Duration = .seconds(30)
        /// `timeout server`.
        public static let serverTimeout: Duration = .seconds(30)
        /// `timeout http-request`.
        public static let httpRequestTimeout: Duration = .seconds(10)
        /// `timeout http-keep-alive`.
        public static let httpKeepAliveTimeout: Duration = .seconds(60)
        /// `timeout queue`.
        public static let queueTimeout: Duration = .seconds(10)
        /// `timeout tunnel`.
        public static let tunnelTimeout: Duration = .seconds(3600)
        /// `timeout check`.
        public static let checkTimeout: Duration = .seconds(2)
        /// `retries`.
        public static let retries = 3
        /// `option redispatch`: HAProxy's is off; here a server that refuses costs no client a second.
        public static let redispatch: Redispatch = .every(1)
        /// `weight`.
        public static let weight = 1
        /// `inter`.
        public static let checkInterval: Duration = .seconds(2)
        /// `rise`.
        public static let rise = 2
        /// `fall`.
        public static let fall = 3
        /// `stats uri`.
        public static let statisticsURI = "/haproxy?stats"
    }
}
