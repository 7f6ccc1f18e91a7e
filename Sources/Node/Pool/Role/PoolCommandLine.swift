import CLinux
import Diagnostics
import Languages
import Reactor
import Service

/// `pinode pool`: PgBouncer's job.
public enum PoolCommandLine {
    private static let usage = """
        pinode pool: connection pool for PostgreSQL, reads PgBouncer's language

          pinode pool -f FILE       serves until SIGTERM
          pinode pool -c -f FILE    only checks the file: every error in one run, with its line

        Exit codes: 0 all well, 1 the file or a socket cannot be used, 2 wrong usage.
        Example: pinode pool -c -f /etc/pinode/pool.ini
        """

    /// Runs the command; returns its exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        var file: String?
        var checksOnly = false
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-c": checksOnly = true
            // PgBouncer's: no lines on standard error. Ours go to the journal when systemd has started it.
            case "-q", "--quiet": break
            case "-f":
                index += 1
                guard index < arguments.count else { return complain("-f needs a file") }
                file = arguments[index]
            case "-h", "--help":
                print(usage)
                return 0
            case "-d", "--daemon":
                return complain(
                    "-d is not supported: systemd keeps it in the background, see pinode-pool.service")
            case "-u", "--user":
                return complain("-u is not supported: the unit says as which user it runs (User=)")
            case let word:
                // As PgBouncer: the file alone.
                guard file == nil, word.utf8.first != UInt8(ascii: "-") else {
                    return complain("\"\(word)\" is not an option")
                }
                file = word
            }
            index += 1
        }
        guard let file else { return complain("a configuration file is needed") }
        var dice = Dice()
        let (read, problems) = PoolFile.readWhole(file, entropy: dice.bytes(32))
        for problem in problems { StandardError.say(problem) }
        guard let whole = read else { return 1 }
        if checksOnly {
            print("\(file): valid")
            return 0
        }
        let journal = Journal(identifier: "pinode-pool")
        do throws(SystemError) {
            let role = try PoolRole(whole, file: file, journal: journal)
            try role.handleSignals()
            role.openConsole()
            role.run()
            return 0
        } catch {
            journal.log(.error, "cannot start: \(error.sentence)")
            return 1
        }
    }

    private static func complain(_ problem: String) -> Int32 {
        StandardError.say("pinode pool: \(problem). pinode pool --help shows the usage.")
        return 2
    }
}
