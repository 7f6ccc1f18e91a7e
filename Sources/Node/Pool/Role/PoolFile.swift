import CLinux
import Diagnostics
import Languages
import Reactor
import Service

/// The pool's file, with what it includes.
enum PoolFile {
    /// Bytes that a file may have.
    static let limit = 1 << 20

    /// What it says, nil when it cannot be used, and a sentence for each thing that is wrong with it.
    static func read(_ file: String) -> (PoolConfiguration?, [String]) {
        guard let text = SmallFile.read(file, limit: limit) else {
            return (nil, ["\(file): \(SystemError("cannot read it").sentence)."])
        }
        let (configuration, diagnostics) = PoolConfiguration.parse(
            String(decoding: text, as: UTF8.self), file: file, read: { SmallFile.read($0, limit: limit) })
        let isUsable = !diagnostics.contains { $0.severity == .error }
        return (isUsable ? configuration : nil, diagnostics.map { $0.sentence })
    }
}
