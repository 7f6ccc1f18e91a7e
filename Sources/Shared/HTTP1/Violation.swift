/// A rule of HTTP/1.1 that received bytes break. Each has a status for the client and a sentence for the operator.
public enum Violation: UInt8, Error, Equatable, Sendable, CaseIterable {
    case bareLineFeed
    case bareCarriageReturn
    case foldedLine
    case nulByte
    case controlByte
    case malformedRequestLine
    case invalidMethod
    case invalidTarget
    case asteriskTarget
    case connectMethod
    case unsupportedVersion
    case malformedVersion
    case malformedStatusLine
    case missingColon
    case emptyFieldName
    case blankBeforeColon
    case invalidFieldName
    case missingHost
    case severalHosts
    case invalidHost
    case targetAndHostDiffer
    case invalidContentLength
    case severalContentLengths
    case contentLengthTooLarge
    case transferEncodingAndContentLength
    case transferEncodingInOldVersion
    case invalidTransferEncoding
    case unsupportedTransferEncoding
    case framingFieldInConnection
    case invalidConnection
    case unsupportedExpectation
    case targetTooLong
    case headTooLarge
    case tooManyFields
    case invalidChunkSize
    case chunkTooLarge
    case chunkExtensionTooLong
    case malformedChunk
    case trailerTooLarge
    case malformedTrailer

    /// What a client gets for it (RFC 9110 section 15). From a server everything is 502.
    public var status: Int {
        switch self {
        case .connectMethod: 405
        case .unsupportedVersion: 505
        case .unsupportedTransferEncoding: 501
        case .unsupportedExpectation: 417
        case .targetTooLong: 414
        case .headTooLarge, .tooManyFields: 431
        default: 400
        }
    }

    /// The rule in words, with its source, without a full stop.
    public var sentence: StaticString {
        switch self {
        case .bareLineFeed: "a line ends with LF alone; lines end with CRLF (RFC 9112 section 2.2)"
        case .bareCarriageReturn: "a CR stands without its LF (RFC 9112 section 2.2)"
        case .foldedLine: "a field is continued on a second line (obs-fold, RFC 9112 section 5.2)"
        case .nulByte: "a NUL byte (RFC 9110 section 5.5)"
        case .controlByte: "a control byte (RFC 9110 section 5.5)"
        case .malformedRequestLine:
            "the first line is not METHOD TARGET HTTP/1.1 with one space between (RFC 9112 section 3)"
        case .invalidMethod: "the method is not a token (RFC 9110 section 9.1)"
        case .invalidTarget:
            "the request target has a byte or form that is not allowed (RFC 9112 section 3.2)"
        case .asteriskTarget: "the target * goes only with OPTIONS (RFC 9112 section 3.2.4)"
        case .connectMethod: "CONNECT is for forward proxies (RFC 9110 section 9.3.6)"
        case .unsupportedVersion: "the version is neither HTTP/1.0 nor HTTP/1.1"
        case .malformedVersion: "the version is not HTTP/DIGIT.DIGIT (RFC 9112 section 2.3)"
        case .malformedStatusLine: "the status line is not HTTP/1.x DDD REASON (RFC 9112 section 4)"
        case .missingColon: "a field line has no colon (RFC 9112 section 5)"
        case .emptyFieldName: "a field has no name (RFC 9112 section 5)"
        case .blankBeforeColon: "a blank stands before a field's colon (RFC 9112 section 5.1)"
        case .invalidFieldName: "a field name is not a token (RFC 9110 section 5.1)"
        case .missingHost: "HTTP/1.1 without Host (RFC 9112 section 3.2)"
        case .severalHosts: "more than one Host (RFC 9112 section 3.2)"
        case .invalidHost: "Host is not a name or address with a port (RFC 9110 section 7.2)"
        case .targetAndHostDiffer: "the target's authority and Host differ (RFC 9112 section 3.2.2)"
        case .invalidContentLength: "Content-Length is not a plain decimal number (RFC 9110 section 8.6)"
        case .severalContentLengths: "more than one Content-Length (RFC 9112 section 6.3)"
        case .contentLengthTooLarge: "Content-Length is above 2^53"
        case .transferEncodingAndContentLength:
            "Transfer-Encoding together with Content-Length (RFC 9112 section 6.1)"
        case .transferEncodingInOldVersion: "Transfer-Encoding in HTTP/1.0 (RFC 9112 section 6.1)"
        case .invalidTransferEncoding:
            "Transfer-Encoding does not end with chunked, once (RFC 9112 section 6.1)"
        case .unsupportedTransferEncoding: "a transfer coding other than chunked"
        case .framingFieldInConnection: "Connection names Host or a framing field"
        case .invalidConnection: "Connection is not a list of tokens (RFC 9110 section 7.6.1)"
        case .unsupportedExpectation: "an expectation other than 100-continue (RFC 9110 section 10.1.1)"
        case .targetTooLong: "the request line does not fit the buffer (tune.bufsize less tune.maxrewrite)"
        case .headTooLarge: "the head does not fit the buffer (tune.bufsize less tune.maxrewrite)"
        case .tooManyFields: "more than 100 field lines"
        case .invalidChunkSize: "a chunk size is not plain hexadecimal (RFC 9112 section 7.1)"
        case .chunkTooLarge: "a chunk size has more than 13 digits"
        case .chunkExtensionTooLong: "a chunk extension is longer than 64 bytes"
        case .malformedChunk: "a chunk does not end with CRLF (RFC 9112 section 7.1)"
        case .trailerTooLarge: "the trailer section is longer than 4096 bytes"
        case .malformedTrailer: "the trailer section is malformed (RFC 9112 section 7.1.2)"
        }
    }
}

/// How far a head is.
public enum HeadProgress: Equatable, Sendable {
    /// More bytes are needed.
    case incomplete
    /// The whole head is there and sound.
    case complete
    /// A rule is broken.
    case failed(Violation)
}

/// How large a head may be.
public struct HeadLimits: Equatable, Sendable {
    /// Bytes of a whole head, first line to empty line. HAProxy's tune.bufsize less tune.maxrewrite.
    public var bytes: Int
    /// Field lines.
    public var fields: Int

    /// Our buffer and a hundred fields, unless told otherwise.
    public init(bytes: Int = 16384 - 1024, fields: Int = 100) {
        self.bytes = bytes
        self.fields = fields
    }
}
