import Foundation

/// Which seeds a simulation runs: `PIDEP_SEED=N` replays one, `PIDEP_SEEDS=N` hunts through so many new ones.
public enum Seeds {
    /// A fixed set for CI, so that a failure there is a failure here, unless the environment says otherwise.
    public static func chosen(count: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let text = environment["PIDEP_SEED"], let seed = UInt64(text) { return [seed] }
        if let text = environment["PIDEP_SEEDS"], let wanted = Int(text), wanted > 0 {
            let first = UInt64.random(in: 0...(UInt64.max / 2))
            return (0..<UInt64(wanted)).map { first + $0 }
        }
        return Array(1...UInt64(count))
    }
}
