import CLinux

/// How one request ended.
public enum Outcome: Sendable, Equatable {
    /// A whole answer with a status below 400, and the node that gave it, where it said so.
    case answered(node: String?)
    /// Anything else.
    case failed(Failure)
}

/// The kinds of failure, in the order of a report.
public enum Failure: String, Sendable, CaseIterable {
    /// Nobody listens at the port: the kernel there answered with a reset.
    case refused
    /// The connection was reset.
    case reset
    /// No whole answer within the timeout.
    case timeout
    /// The address cannot be reached: no route, no link, nobody answers ARP.
    case noRoute = "no_route"
    /// The server closed the connection before the answer was whole.
    case closed
    /// The answer is not HTTP/1.1.
    case malformed
    /// An answer whose status is 400 to 499.
    case clientStatus = "status_4xx"
    /// An answer whose status is 500 or more.
    case serverStatus = "status_5xx"
    /// This machine's own limits: no descriptor, no port, no memory. The generator's fault.
    case local

    /// The kind that an errno of connect(2), send(2) or recv(2) means.
    public init(errno code: Int32) {
        switch code {
        case ECONNREFUSED: self = .refused
        case ECONNRESET, EPIPE, ECONNABORTED: self = .reset
        case ETIMEDOUT: self = .timeout
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN, ENODEV, ENONET: self = .noRoute
        default: self = .local
        }
    }

    /// For people.
    public var words: String {
        switch self {
        case .refused: "connection refused"
        case .reset: "connection reset"
        case .timeout: "timeout"
        case .noRoute: "no route"
        case .closed: "closed too early"
        case .malformed: "malformed answer"
        case .clientStatus: "status 4xx"
        case .serverStatus: "status 5xx"
        case .local: "this machine's own limits"
        }
    }
}
