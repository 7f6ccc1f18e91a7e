import CLinux

/// What a program tells the person who started it.
public enum StandardError {
    /// Writes a sentence as a line.
    public static func say(_ sentence: String) {
        let bytes = Array((sentence + "\n").utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
