import HTTP1
import Languages

/// One health check of one server, without its socket: what to send, and what the answer means.
public struct HealthProbe {
    /// Bytes of an answer that are looked at.
    public static let maximumAnswer = 16384

    /// What one step came to.
    public struct Finding: Equatable, Sendable {
        /// In HAProxy's words.
        public var status: ServerState.CheckStatus
        /// The HTTP status, where there was one.
        public var code: Int?
        /// What came or went wrong; empty when the status says it all.
        public var detail: String

        init(_ status: ServerState.CheckStatus, code: Int? = nil, _ detail: String = "") {
            self.status = status
            self.code = code
            self.detail = detail
        }
    }

    private let check: HAProxyConfiguration.HealthCheck
    private var received: [UInt8] = []
    private var parser = ResponseParser()
    private var head: ResponseHead?

    /// A check that has not begun.
    public init(_ check: HAProxyConfiguration.HealthCheck) { self.check = check }

    /// What to send once the connection stands; nil: that it stands is all that was asked.
    public var request: [UInt8]? {
        guard case .http(let http) = check else { return nil }
        var text = "\(http.method) \(http.uri) \(http.version)\r\n"
        for field in http.fields { text += "\(field.name): \(field.value)\r\n" }
        if !http.body.isEmpty { text += "Content-Length: \(http.body.utf8.count)\r\n" }
        text += "Connection: close\r\n\r\n"
        text += http.body
        return Array(text.utf8)
    }

    /// The server accepted the connection.
    public var accepted: Finding { Finding(.layer4Passed) }

    /// The connection was refused or broke before it stood.
    public static func failed(_ why: String) -> Finding { Finding(.layer4Failed, why) }

    /// The socket could not even be made.
    public static func noSocket(_ why: String) -> Finding { Finding(.socketError, why) }

    /// The time is over.
    public func timedOut(connected: Bool) -> Finding {
        connected ? Finding(.layer7TimedOut, code: head?.status) : Finding(.layer4TimedOut)
    }

    /// Bytes of the answer; a finding as soon as they suffice.
    public mutating func take(_ bytes: UnsafeRawBufferPointer) -> Finding? {
        for byte in bytes where received.count < Self.maximumAnswer { received.append(byte) }
        guard case .http(let http) = check else { return nil }
        if head == nil {
            var parser = parser
            let progress = parser.parse(received.span.bytes, limits: HeadLimits(bytes: Self.maximumAnswer))
            self.parser = parser
            switch progress {
            case .incomplete: return nil
            case .failed(let violation):
                return Finding(.layer7Invalid, "the answer breaks a rule: \(violation.sentence)")
            case .complete:
                // Interim answers are for clients that wait; the next head counts.
                if parser.head.isInterim {
                    received.removeFirst(parser.head.byteCount)
                    self.parser = ResponseParser()
                    return take(UnsafeRawBufferPointer(start: nil, count: 0))
                }
                head = parser.head
            }
        }
        guard let head else { return nil }
        switch http.expectation {
        case .status(let ranges, let isNegated):
            var hit = false
            for range in ranges where range.contains(head.status) { hit = true }
            return hit != isNegated
                ? Finding(.layer7Passed, code: head.status)
                : Finding(.layer7WrongStatus, code: head.status, "status \(head.status)")
        case .string(let text, let isNegated):
            let found = contains(text, from: head.byteCount)
            if found {
                return isNegated
                    ? wrongBody(head, text, negated: true) : Finding(.layer7Passed, code: head.status)
            }
            return bodyIsWhole(head) ? verdictWithout(text, isNegated, head) : nil
        }
    }

    /// The server closed the connection.
    public func ended() -> Finding {
        guard case .http(let http) = check else { return Finding(.layer4Passed) }
        guard let head else {
            return Finding(
                .layer7Invalid,
                received.isEmpty ? "it closed without an answer" : "it closed within its answer")
        }
        if case .string(let text, let isNegated) = http.expectation {
            return verdictWithout(text, isNegated, head)
        }
        return Finding(.layer7Invalid, code: head.status)
    }

    private func verdictWithout(_ text: String, _ isNegated: Bool, _ head: ResponseHead) -> Finding {
        isNegated ? Finding(.layer7Passed, code: head.status) : wrongBody(head, text, negated: false)
    }

    private func wrongBody(_ head: ResponseHead, _ text: String, negated: Bool) -> Finding {
        Finding(
            .layer7Invalid, code: head.status,
            negated ? "the body contains \"\(text)\"" : "the body lacks \"\(text)\"")
    }

    private func bodyIsWhole(_ head: ResponseHead) -> Bool {
        if received.count >= Self.maximumAnswer { return true }
        if head.fields.contentLength >= 0 {
            return Int64(received.count - head.byteCount) >= head.fields.contentLength
        }
        return false
    }

    private func contains(_ text: String, from start: Int) -> Bool {
        let wanted = Array(text.utf8)
        guard !wanted.isEmpty, received.count - start >= wanted.count else { return wanted.isEmpty }
        search: for offset in start...received.count - wanted.count {
            for index in wanted.indices where received[offset + index] != wanted[index] { continue search }
            return true
        }
        return false
    }
}
