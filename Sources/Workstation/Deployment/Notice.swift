import Events
import Foundation

/// Tells once, at once, that an interruption was asked for while something goes on that is brought to its end first.
final class Notice: @unchecked Sendable {
    private static let pause: UInt32 = 50_000
    private let lock = NSLock()
    private var isOver = false

    init(_ interruption: Interruption, _ tell: @escaping @Sendable () -> Void) {
        Thread.detachNewThread { [self] in
            while !lock.withLock({ isOver }) {
                if interruption.isRequested {
                    tell()
                    return
                }
                usleep(Self.pause)
            }
        }
    }

    /// What went on is at its end.
    func end() { lock.withLock { isOver = true } }
}
