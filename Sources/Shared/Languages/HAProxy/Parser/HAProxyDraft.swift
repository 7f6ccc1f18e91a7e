/// What a section has said so far. `kind` is nil for a `defaults` section.
struct HAProxyDraft {
    var kind: HAProxyConfiguration.Section.Kind?
    var name: String
    var line: Int
    var settings = HAProxySettings()

    var description: String?
    var binds: [HAProxyConfiguration.Bind] = []
    var servers: [HAProxyServerDraft] = []

    init(kind: HAProxyConfiguration.Section.Kind?, name: String, line: Int) {
        self.kind = kind
        self.name = name
        self.line = line
    }

    /// Whether frontends' words may stand in it.
    var listens: Bool { kind != .backend }
    /// Whether backends' words may stand in it.
    var serves: Bool { kind != .frontend }

    /// The word that opened it.
    var keyword: String {
        switch kind {
        case nil: "defaults"
        case .frontend: "frontend"
        case .backend: "backend"
        case .listen: "listen"
        }
    }
}

/// What a `defaults` section can say for the sections below it.
struct HAProxySettings {
    /// A name with the line that says it.
    struct Reference {
        var name: String
        var line: Int
    }

    /// HAProxy's default.
    var mode: HAProxyConfiguration.Mode = .tcp
    var maxconn: Int?
    var defaultBackend: Reference?
    /// `use_backend` without a condition: goes before `defaultBackend`.
    var useBackend: Reference?
    var timeouts: [HAProxyTimeoutWord: Duration] = [:]
    var retries = HAProxyConfiguration.Defaults.retries
    var redispatch: HAProxyConfiguration.Redispatch = HAProxyConfiguration.Defaults.redispatch
    var forwardFor: HAProxyConfiguration.ForwardFor?
    var statistics: HAProxyConfiguration.Statistics?
    var httpCheck: HAProxyConfiguration.HTTPCheck?
    var serverDefaults = HAProxyServerSettings()

    /// Lines of this very section, for words that make no sense with the rest of it; nil when inherited.
    var statisticsLine: Int?
    var forwardForLine: Int?
    /// The first `http-check` line that waits for an `option httpchk`.
    var httpCheckLine: Int?
    /// `http-check` lines before, or without, `option httpchk`.
    var httpCheckRules = HAProxyCheckRules()

    /// Called when the settings become another section's starting point.
    mutating func markAsInherited() {
        statisticsLine = nil
        forwardForLine = nil
        httpCheckLine = nil
        httpCheckRules.isInherited = true
    }
}

/// What `http-check` lines say; it goes on top of `option httpchk`.
struct HAProxyCheckRules {
    var method: String?
    var uri: String?
    var version: String?
    var fields: [HAProxyConfiguration.HTTPCheck.Field] = []
    var body: String?
    var expectation: HAProxyConfiguration.HTTPCheck.Expectation?
    var sendLine: Int?
    var expectLine: Int?
    /// They come from a `defaults` section: the first `http-check` line of this one replaces them.
    var isInherited = false
}

/// What `server` and `default-server` lines say after the address.
struct HAProxyServerSettings {
    var checks = false
    var checkAddress: HAProxyConfiguration.Address?
    var checkPort: UInt16?
    var interval = HAProxyConfiguration.Defaults.checkInterval
    var fastInterval: Duration?
    var downInterval: Duration?
    var rise = HAProxyConfiguration.Defaults.rise
    var fall = HAProxyConfiguration.Defaults.fall
    var weight = HAProxyConfiguration.Defaults.weight
    var maxconn: Int?
    var isDisabled = false
}

/// A `server` line.
struct HAProxyServerDraft {
    var name: String
    var address: HAProxyConfiguration.Address
    var port: UInt16?
    var settings: HAProxyServerSettings
    var line: Int
}
