import Languages

/// What somebody asks of the statistics page: the words after its URI, which HAProxy separates by `;`.
public struct StatisticsRequest: Sendable, Equatable {
    /// The bytes of a name that `scope` may have, as in HAProxy.
    public static let maximumScope = 20

    /// `;csv`.
    public var wantsCSV = false
    /// `;norefresh`.
    public var stopsRefresh = false
    /// `;up`, `;no-maint`, `&scope=`.
    public var filter = StatisticsFilter()

    /// Reads a target such as `/haproxy?stats;up;norefresh`. Words that are not known mean nothing, as in HAProxy.
    public init(target: String, uri: String) {
        for word in target.utf8.dropFirst(uri.utf8.count).split(whereSeparator: {
            $0 == 0x3b || $0 == 0x26 || $0 == 0x3f
        }) {
            switch String(decoding: word, as: UTF8.self) {
            case "csv": wantsCSV = true
            case "norefresh": stopsRefresh = true
            case "up": filter.hidesDown = true
            case "no-maint": filter.hidesMaintenance = true
            default:
                if word.starts(with: "scope=".utf8) { filter.scope = Self.scope(word.dropFirst(6)) }
            }
        }
    }

    /// Only what can be in a section's name: anything else cannot be found anyway.
    private static func scope(_ text: some Sequence<UInt8>) -> String {
        var bytes: [UInt8] = []
        for byte in text {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                bytes.append(byte)
            default: return String(decoding: bytes, as: UTF8.self)
            }
            if bytes.count == maximumScope { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The target that asks for the same with some words changed.
    func target(uri: String, csv: Bool = false, hidesDown: Bool, stopsRefresh: Bool) -> String {
        var target = uri
        if csv { target += ";csv" }
        if hidesDown { target += ";up" }
        if filter.hidesMaintenance { target += ";no-maint" }
        if stopsRefresh { target += ";norefresh" }
        if !filter.scope.isEmpty {
            target += (uri.utf8.contains(0x3f) ? "&scope=" : "?scope=") + filter.scope
        }
        return target
    }
}

/// A whole HTTP answer for a request that the statistics page gets.
public struct StatisticsAnswer: Sendable {
    /// Always 200.
    public let status = 200
    /// The header, with its empty line, for HTTP/1.1.
    public let header: [UInt8]
    /// What follows it, unless the request was HEAD.
    public let body: [UInt8]

    /// The page or its CSV, as the target asks.
    /// - Parameters:
    ///   - closes: whether the connection ends after the answer.
    public init(
        target: String, page: HAProxyConfiguration.Statistics, snapshot: StatisticsSnapshot,
        closes: Bool = false
    ) {
        let request = StatisticsRequest(target: target, uri: page.uri)
        let body: [UInt8]
        if request.wantsCSV {
            body = Array(snapshot.csv(request.filter, showsLegends: page.showsLegends).utf8)
        } else {
            body = StatisticsPage(snapshot, page, request).bytes
        }
        var header = "HTTP/1.1 200 OK\r\n"
        header += "Content-Type: \(request.wantsCSV ? "text/plain" : "text/html"); charset=utf-8\r\n"
        header += "Content-Length: \(body.count)\r\nCache-Control: no-cache\r\n"
        if let refresh = page.refresh, !request.stopsRefresh {
            header += "Refresh: \(refresh.components.seconds)\r\n"
        }
        // The page needs no script and no other site: say so, and whatever slips through escaping does nothing.
        header += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
        header += "form-action 'self'; base-uri 'none'; frame-ancestors 'none'\r\n"
        header += "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        if closes { header += "Connection: close\r\n" }
        header += "\r\n"
        self.header = Array(header.utf8)
        self.body = body
    }
}
