/// Answers that the proxy gives itself.
public enum LocalAnswer {
    /// The reason phrase of a status that we send.
    static func reason(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 303: "See Other"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 414: "URI Too Long"
        case 417: "Expectation Failed"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Error"
        }
    }

    /// Why, in a sentence for a person who looks at a browser.
    static func explanation(_ status: Int) -> StaticString {
        switch status {
        case 400: "The request was not valid HTTP/1.1."
        case 405: "This method is not for this server."
        case 408: "The request did not come in time."
        case 414: "The request line is longer than 15 KiB."
        case 417: "Only the expectation 100-continue is known here."
        case 431: "The request header is longer than 15 KiB or has more than 100 fields."
        case 501: "The only transfer coding known here is chunked."
        case 502: "The server's answer was not valid HTTP or broke off."
        case 503: "No server can take this request now."
        case 504: "The server did not answer in time."
        case 505: "Only HTTP/1.0 and HTTP/1.1 are spoken here."
        default: "The request could not be handled."
        }
    }

    /// A whole answer that closes the connection.
    static func write(_ status: Int, withBody: Bool, to output: inout BufferWriter) {
        let reason = reason(status)
        let explanation = explanation(status)
        output.append("HTTP/1.1 ")
        output.append(number: status)
        output.append(" ")
        output.append(reason)
        output.append("\r\nContent-Length: ")
        // <h1>NNN Reason</h1>\n<p>Explanation</p>\n
        output.append(number: 4 + 4 + reason.utf8CodeUnitCount + 6 + 3 + explanation.utf8CodeUnitCount + 5)
        output.append("\r\nCache-Control: no-cache\r\nConnection: close\r\nContent-Type: text/html\r\n")
        if status == 503 { output.append("Retry-After: 1\r\n") }
        if status == 405 { output.append("Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n") }
        output.append("\r\n")
        guard withBody else { return }
        output.append("<h1>")
        output.append(number: status)
        output.append(" ")
        output.append(reason)
        output.append("</h1>\n<p>")
        output.append(explanation)
        output.append("</p>\n")
    }
}
