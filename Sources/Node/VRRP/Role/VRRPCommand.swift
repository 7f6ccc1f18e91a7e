import CLinux
import Console
import Diagnostics
import Languages
import Reactor
import Service

/// `pinode vrrp`: Keepalived's job.
public enum VRRPCommand {
    /// Bytes that a configuration file may have.
    private static let maximumFile = 1 << 20

    /// Runs the command; returns its exit code: 0 stopped on request or file is fine, 1 failure, 2 wrong usage.
    public static func run(_ arguments: [String]) -> Int32 {
        var file: String?
        var checksOnly = false
        var takesOver = false
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-c": checksOnly = true
            case "--takeover": takesOver = true
            case "-f" where index + 1 < arguments.count:
                index += 1
                file = arguments[index]
            default: return complain("pinode vrrp: \"\(arguments[index])\" is not understood. \(usage)", 2)
            }
            index += 1
        }
        guard let file else { return complain("pinode vrrp needs a file. \(usage)", 2) }
        guard let text = read(file) else {
            let reason = String(cString: cl_strerror(cl_errno()))
            return complain("pinode vrrp: \(file) cannot be read: \(reason)", 1)
        }
        let (configuration, diagnostics) = KeepalivedConfiguration.parse(text, file: file)
        for diagnostic in diagnostics { _ = complain(diagnostic.sentence, 1) }
        if diagnostics.contains(where: { $0.severity == .error }) { return 1 }
        if checksOnly { return 0 }
        guard takesOver else { return serve(configuration, file: file, handover: nil) {} }
        do throws(SystemError) {
            return try Successor.run { started in takeOver(configuration, file: file, started) }
        } catch {
            return complain("pinode vrrp: \(error.sentence).", 1)
        }
    }

    private static let usage = """
        Usage: pinode vrrp -f FILE [-c | --takeover] (-c only checks the file; --takeover replaces the running process, \
        and the address stays where it is)
        """

    private static func takeOver(
        _ configuration: KeepalivedConfiguration, file: String, _ started: () -> Void
    ) -> Int32 {
        do throws(SystemError) {
            let handover = VRRPHandover(try Handover.ask(at: VRRPRole.handoverPath))
            return serve(configuration, file: file, handover: handover, started)
        } catch {
            return complain(
                "pinode vrrp: \(error.sentence). Is it running? systemctl status pinode-vrrp", 1)
        }
    }

    private static func serve(
        _ configuration: KeepalivedConfiguration, file: String, handover: VRRPHandover?,
        _ started: () -> Void
    ) -> Int32 {
        let journal = Journal(identifier: "pinode-vrrp")
        // Before anything else is open or scheduled: the guard inherits what there is.
        let watchdog = Guard.start(journal)
        do throws(SystemError) {
            let role = try VRRPRole(
                configuration, file: file, journal: journal, watchdog: watchdog, takingOver: handover)
            started()
            role.run()
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

    private static func read(_ path: String) -> String? {
        SmallFile.read(path, limit: maximumFile).map { String(decoding: $0, as: UTF8.self) }
    }
}
