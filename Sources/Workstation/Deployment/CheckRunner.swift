import Foundation
import Recipes

/// Asks what a recipe's check asks, again and again until it is satisfied or its time is over.
public struct CheckRunner: Sendable {
    /// How a check ended.
    public struct Outcome: Sendable, Equatable {
        /// The check.
        public var check: Check
        /// Nil: satisfied. Else the last observation.
        public var failure: String?
        /// The failure with what was asked.
        public var sentence: String? { failure.map { "\(check.url): \($0)" } }
        /// The last answer's body, as far as it goes.
        public var body: String
        /// From the first request to the verdict.
        public var took: Duration
    }

    /// The pause between two requests of one check.
    public static let pause: Duration = .milliseconds(100)
    /// The interface that sockets are bound to, or nil.
    public var device: String?

    /// Asks a role's console; without a login there is no answer.
    var console: @Sendable (Check.Console) -> Result<String, HTTPProbe.Failure> = { _ in
        .failure(HTTPProbe.Failure(reason: "there is no login to ask over"))
    }

    /// Told about once a second, while a check waits, what it saw last.
    var waiting: @Sendable (_ sentence: String) -> Void = { _ in }

    /// A runner for a cluster whose lab, if it is one, has this bridge.
    public init(device: String?) { self.device = device }

    /// Runs one check; at most `limit`, however long the recipe would wait.
    public func run(_ check: Check, limit: Duration? = nil) -> Outcome {
        let start = ContinuousClock.now
        let within = min(check.within, limit ?? check.within)
        var outcome = Outcome(check: check, failure: "", body: "", took: .zero)
        var nextTelling = start + .seconds(1)
        repeat {
            let left = max(.milliseconds(200), within - (ContinuousClock.now - start))
            (outcome.failure, outcome.body) = once(check, timeout: min(left, HTTPProbe.defaultTimeout))
            outcome.took = ContinuousClock.now - start
            if outcome.failure == nil { return outcome }
            if ContinuousClock.now >= nextTelling, let sentence = outcome.sentence {
                waiting(sentence)
                nextTelling = .now + .seconds(1)
            }
            usleep(useconds_t(Self.pause / .microseconds(1)))
        } while ContinuousClock.now - start < within
        return outcome
    }

    /// Runs checks side by side, each on a thread of its own; outcomes in the order of the checks.
    public func run(_ checks: [Check], limit: Duration? = nil) -> [Outcome] {
        parallel(checks) { run($0, limit: limit) }
    }

    private func once(_ check: Check, timeout: Duration) -> (failure: String?, body: String) {
        do throws(HTTPProbe.Failure) {
            if let question = check.console {
                let answer = try console(question).get()
                guard let wanted = check.contains, !answer.contains(wanted) else { return (nil, answer) }
                return ("answered \"\(answer.prefix(200))\", without \"\(wanted)\"", answer)
            }
            let answer = try HTTPProbe(check.url, device: device, timeout: timeout).get()
            if answer.status != check.status {
                return ("answered \(answer.status), not \(check.status)", answer.body)
            }
            if let wanted = check.contains, !answer.body.contains(wanted) {
                return ("answered without \"\(wanted)\"", answer.body)
            }
            return (nil, answer.body)
        } catch {
            return (error.reason, "")
        }
    }
}

/// Calls `body` for each element on a thread of its own, and returns the results in the order of the elements.
func parallel<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ body: @escaping @Sendable (Element) -> Result
) -> [Result] {
    let results = Results<Result>(count: elements.count)
    let group = DispatchGroup()
    for (index, element) in elements.enumerated() {
        group.enter()
        Thread.detachNewThread {
            results.set(index, body(element))
            group.leave()
        }
    }
    group.wait()
    return results.all
}

private final class Results<Value: Sendable>: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Value?]

    init(count: Int) { values = Array(repeating: nil, count: count) }

    var all: [Value] { lock.withLock { values.compactMap { $0 } } }

    func set(_ index: Int, _ value: Value) { lock.withLock { values[index] = value } }
}
