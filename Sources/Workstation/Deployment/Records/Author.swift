import Foundation
import JSON

/// Who changes nodes, in which run, and why.
public struct Author: Sendable, Equatable {
    /// `kim@desk`.
    public var who: String
    /// The run's name: its time, as the folder under `.pidep/runs` is called.
    public var run: String
    /// Why, in the person's own words; may be empty.
    public var message: String

    /// Whoever runs this process.
    public init(run: String, message: String) {
        let host = ProcessInfo.processInfo.hostName.prefix { $0 != "." }
        who = "\(NSUserName())@\(host)"
        self.run = run
        self.message = message
    }
}

/// A time as records have it: RFC 3339 in UTC, whole seconds.
func timeText(_ date: Date = Date()) -> String { ISO8601DateFormatter().string(from: date) }
