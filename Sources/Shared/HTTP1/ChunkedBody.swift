/// Walks over a chunked body (RFC 9112 section 7.1) in the very buffer it was received into, and leaves there
/// what may go on: sizes and data verbatim, or the data alone for a receiver that knows no chunks. Extensions
/// and trailers stay here. Where nothing is to be removed, no byte moves.
public struct ChunkedBody: Equatable, Sendable {
    /// Bytes of one chunk extension that we skip; a longer one is refused.
    public static let maximumExtension = 64
    /// Bytes of a whole trailer section that we skip; a longer one is refused.
    public static let maximumTrailer = 4096
    /// Digits of a chunk size: 13 hold 2^52.
    public static let maximumSizeDigits = 13

    /// What is left for the receiver.
    public enum Output: Sendable {
        /// Chunks, without extensions and trailers.
        case chunks
        /// The data alone.
        case data
    }

    private enum State: UInt8, Sendable {
        case size, sizeExtension, sizeLineFeed
        case data, dataReturn, dataLineFeed
        case trailerStart, trailerLine, trailerLineFeed, endLineFeed
        case finished
    }

    private var state: State = .size
    private var digits = 0
    private var skipped = 0
    private var size: Int64 = 0
    private let output: Output

    /// Before the first chunk's size.
    public init(_ output: Output = .chunks) { self.output = output }

    /// Whether the last chunk and the trailers have come.
    public var isFinished: Bool { state == .finished }

    /// What became of the bytes.
    public struct Result: Equatable, Sendable {
        /// So many of the given bytes belong to this body; the rest is the next message's.
        public var consumed: Int
        /// So many bytes at the beginning of the given ones are left to send.
        public var kept: Int
        /// The rule that the bytes break, if any.
        public var violation: Violation?
    }

    /// Takes bytes that were received; may move them within `bytes`.
    public mutating func take(_ bytes: UnsafeMutableRawBufferPointer) -> Result {
        var read = 0
        var write = 0
        let count = bytes.count
        while read < count, state != .finished {
            if state == .data {
                let length = Int(min(size, Int64(count - read)))
                if read != write, let base = bytes.baseAddress {
                    (base + write).copyMemory(from: base + read, byteCount: length)
                }
                read += length
                write += length
                size -= Int64(length)
                if size == 0 { state = .dataReturn }
                continue
            }
            let byte = bytes[read]
            read += 1
            let keeps: Bool
            switch step(byte) {
            case .keep: keeps = output == .chunks
            case .skip: keeps = false
            case .fail(let violation): return Result(consumed: read, kept: write, violation: violation)
            }
            if keeps {
                if read - 1 != write { bytes[write] = byte }
                write += 1
            }
        }
        return Result(consumed: read, kept: write, violation: nil)
    }

    private enum Verdict {
        case keep
        case skip
        case fail(Violation)
    }

    private mutating func step(_ byte: UInt8) -> Verdict {
        switch state {
        case .size:
            if let digit = Octets.hexadecimal(byte) {
                guard digits < Self.maximumSizeDigits else { return .fail(.chunkTooLarge) }
                digits += 1
                size = size << 4 | Int64(digit)
                return .keep
            }
            guard digits > 0 else { return .fail(.invalidChunkSize) }
            switch byte {
            case 0x0D:
                state = .sizeLineFeed
                return .keep
            case 0x3B:
                state = .sizeExtension
                skipped = 1
                return .skip
            default: return .fail(.invalidChunkSize)
            }
        case .sizeExtension:
            if byte == 0x0D {
                state = .sizeLineFeed
                return .keep
            }
            skipped += 1
            guard skipped <= Self.maximumExtension else { return .fail(.chunkExtensionTooLong) }
            return Octets.isFieldValue(byte) ? .skip : .fail(.invalidChunkSize)
        case .sizeLineFeed:
            guard byte == 0x0A else { return .fail(.invalidChunkSize) }
            digits = 0
            skipped = 0
            state = size == 0 ? .trailerStart : .data
            return .keep
        case .dataReturn:
            guard byte == 0x0D else { return .fail(.malformedChunk) }
            state = .dataLineFeed
            return .keep
        case .dataLineFeed:
            guard byte == 0x0A else { return .fail(.malformedChunk) }
            state = .size
            return .keep
        case .trailerStart:
            if byte == 0x0D {
                state = .endLineFeed
                return .keep
            }
            guard Octets.isToken(byte) else { return .fail(.malformedTrailer) }
            state = .trailerLine
            return trailer()
        case .trailerLine:
            if byte == 0x0D {
                state = .trailerLineFeed
                return trailer()
            }
            return Octets.isFieldValue(byte) ? trailer() : .fail(.malformedTrailer)
        case .trailerLineFeed:
            guard byte == 0x0A else { return .fail(.malformedTrailer) }
            state = .trailerStart
            return trailer()
        case .endLineFeed:
            guard byte == 0x0A else { return .fail(.malformedTrailer) }
            state = .finished
            return .keep
        case .data, .finished: return .fail(.malformedChunk)
        }
    }

    private mutating func trailer() -> Verdict {
        skipped += 1
        return skipped <= Self.maximumTrailer ? .skip : .fail(.trailerTooLarge)
    }
}
