import Foundation

/// Values from working threads to the one that reports, so that drawing never holds up the work.
public final class Mailbox<Value: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private var values: [Value] = []

    /// An empty box.
    public init() {}

    /// Adds a value.
    public func put(_ value: Value) {
        condition.lock()
        values.append(value)
        condition.signal()
        condition.unlock()
    }

    /// What has come; waits for it, at most until `limit` has passed.
    public func take(waiting limit: TimeInterval) -> [Value] {
        condition.lock()
        defer { condition.unlock() }
        if values.isEmpty { _ = condition.wait(until: Date(timeIntervalSinceNow: limit)) }
        defer { values.removeAll() }
        return values
    }
}
