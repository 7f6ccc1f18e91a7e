import Languages
import CLinux
import JSON
import Reactor

/// What the console `/run/pinode/vrrp.sock` answers.
enum ConsoleAnswers {
    static func answer(_ command: String, role: VRRPRole) -> String {
        switch command {
        case "show vrrp": StatusText.text(role)
        case "show vrrp json": StatusDocument.document(role).compact
        case "show info": information(role)
        case "help": help
        default:
            OrderCommand(command).map { $0.answer(role.instances) }
                ?? "\"\(command)\" is not a command.\n\(help)"
        }
    }

    private static let help = """
        show vrrp               every virtual router: its state, why, whom it hears
        show vrrp json          the same for programs
        show info               this process
        yield [NAME] [SECONDS]  stand back: give the address up and be the last to take it; 60 s unless said otherwise
        pin [NAME] [SECONDS]    as active keep the address, whatever priority the others have; 60 s unless said otherwise
        resume [NAME]           neither of the two any more
        prompt                  keep the connection and show when it is ready
        quit                    close the connection
        """

    private static func information(_ role: VRRPRole) -> String {
        """
        Name: pinode vrrp
        Version: \(String(cString: cl_pinode_version()))
        Pid: \(getpid())
        Uptime_sec: \((Reactor.clock() - role.startedAt).components.seconds)
        File: \(role.file)
        Router_id: \(role.configuration.routerID ?? "")
        Guard: \(role.watchdog.isAlive ? "alive" : "missing")
        Realtime: \(role.isRealtime ? "yes" : "no")
        """
    }
}
