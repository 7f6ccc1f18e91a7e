import CLinux
import Database
import Diagnostics
import Languages
import Manifest
import Reactor
import Service

/// `pinode database`: PostgreSQL that survives.
public enum DatabaseCommandLine {
    private static let usage =
        "Usage: pinode database -f FILE [-c] (-c only checks the file). Example: pinode database -f /etc/pinode/database.conf"

    /// Runs the command; returns its exit code: 0 stopped on request or file is fine, 1 failure, 2 wrong usage.
    public static func run(_ arguments: [String]) -> Int32 {
        var file: String?
        var checksOnly = false
        var isAgent = false
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-c": checksOnly = true
            // What the command starts itself with.
            case "--agent": isAgent = true
            case "-f" where index + 1 < arguments.count:
                index += 1
                file = arguments[index]
            default:
                return complain("pinode database: \"\(arguments[index])\" is not understood. \(usage)", 2)
            }
            index += 1
        }
        guard let file else { return complain("pinode database needs a file. \(usage)", 2) }
        guard let text = SmallFile.read(file, limit: INIDocument.limit) else {
            let reason = String(cString: cl_strerror(cl_errno()))
            return complain("pinode database: \(file) cannot be read: \(reason)", 1)
        }
        let (configuration, diagnostics) = DatabaseConfiguration.parse(
            String(decoding: text, as: UTF8.self), file: file)
        for diagnostic in diagnostics { _ = complain(diagnostic.sentence, 1) }
        guard !diagnostics.contains(where: { $0.severity == .error }), let own = configuration.own else {
            return isAgent ? Keeper.misconfigured : 1
        }
        if checksOnly { return 0 }
        let journal = Journal(identifier: "pinode-database")
        let account: (user: UInt32, group: UInt32)?
        if geteuid() == 0 {
            let table = AccountTable(
                passwd: SmallFile.read("/etc/passwd", limit: 1 << 20) ?? [],
                group: SmallFile.read("/etc/group", limit: 1 << 20) ?? [])
            guard let user = table.user(configuration.account) else {
                journal.log(.error, "there is no account \(configuration.account). Is PostgreSQL installed?")
                return isAgent ? Keeper.misconfigured : 1
            }
            account = (user.id, user.group)
        } else {
            account = nil
        }
        return isAgent
            ? serve(configuration, own, account, journal) : keep(file, configuration, account, journal)
    }

    private static func keep(
        _ file: String, _ configuration: DatabaseConfiguration, _ account: (user: UInt32, group: UInt32)?,
        _ journal: Journal
    ) -> Int32 {
        cl_name_process("pinode-db-keep")
        do throws(SystemError) {
            let program = String(cString: cl_argument(0))
            return try Keeper([program, "database", "-f", file], account: account, journal: journal).run()
        } catch {
            journal.log(.error, "cannot run: \(error.sentence)")
            return 1
        }
    }

    private static func serve(
        _ configuration: DatabaseConfiguration, _ own: DatabaseConfiguration.Node,
        _ account: (user: UInt32, group: UInt32)?, _ journal: Journal
    ) -> Int32 {
        cl_name_process("pinode-db-agent")
        guard let password = SmallFile.read(configuration.passwordFile, limit: 4096) else {
            journal.log(.error, "the members' password cannot be read from \(configuration.passwordFile)")
            return Keeper.misconfigured
        }
        if let why = Folders.prepare(configuration, account) {
            journal.log(.error, why)
            return Keeper.misconfigured
        }
        var record = MemberRecord()
        switch RecordFile(path: Agent.recordPath(configuration)).read() {
        case .nothing: break
        case .record(let known): record = known
        case .damaged(let why):
            journal.log(
                .error,
                "\(why). Without it this node's data cannot be trusted: remove it and \(configuration.data), and it is copied anew"
            )
            return Keeper.misconfigured
        }
        do throws(SystemError) {
            let agent = try Agent(
                configuration, own: own, record: record, account: account, password: Chores.line(password),
                journal: journal)
            agent.run()
            return 0
        } catch {
            journal.log(.error, "cannot run: \(error.sentence)")
            return 1
        }
    }

    private static func complain(_ sentence: String, _ code: Int32) -> Int32 {
        StandardError.say(sentence)
        return code
    }
}
