import Foundation

/// Passes an interruption (SIGINT, SIGTERM, SIGHUP) on to the programs that run, then dies of it.
///
/// Each program is started in a process group of its own, so a terminal's Ctrl-C reaches only us, and without this a
/// compiler would go on after we are gone. Whatever the signal, the programs get SIGINT: on that one, and no other,
/// SwiftPM stops the compilers that it started. A program that handles a signal itself keeps its handler.
enum Interruption {
    /// How many programs can run at once and still be told: a signal handler can only look at memory that is there.
    static let capacity = 64

    // Plain memory made before the handler is set: the handler takes no lock and allocates nothing.
    nonisolated(unsafe) private static let groups: UnsafeMutablePointer<pid_t> = {
        let slots = UnsafeMutablePointer<pid_t>.allocate(capacity: capacity)
        slots.initialize(repeating: 0, count: capacity)
        return slots
    }()
    private static let lock = NSLock()
    private static let installed: Void = install()

    /// Remembers a program, the leader of its process group, until `forget`.
    static func remember(_ program: pid_t) {
        _ = installed
        lock.withLock {
            if let free = (0..<capacity).first(where: { groups[$0] == 0 }) { groups[free] = program }
        }
    }

    /// Forgets a program that has ended.
    static func forget(_ program: pid_t) {
        lock.withLock {
            for slot in 0..<capacity where groups[slot] == program { groups[slot] = 0 }
        }
    }

    private static func install() {
        _ = groups
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var current = sigaction()
            sigaction(number, nil, &current)
            guard current.__sigaction_handler.sa_handler == nil else { continue }
            signal(number) { number in
                for slot in 0..<Interruption.capacity where Interruption.groups[slot] > 0 {
                    kill(-Interruption.groups[slot], SIGINT)
                }
                signal(number, SIG_DFL)
                raise(number)
            }
        }
    }
}
