import Apply
import CLinux
import Console
import ControlRole
import DatabaseRole
import PoolRole
import ProxyRole
import Reactor
import Service
import VRRPRole

/// Picks the role. In a function, not at top level: Embedded Swift does not let globals be consumed.
func run(_ arguments: [String]) -> Int32 {
    let rest = Array(arguments.dropFirst(2))
    switch arguments.count > 1 ? arguments[1] : "--help" {
    case "proxy": return ProxyCommand.run(rest)
    case "vrrp": return VRRPCommand.run(rest)
    case "control": return ControlCommandLine.run(rest)
    case "database": return DatabaseCommandLine.run(rest)
    case "pool": return PoolCommandLine.run(rest)
    case "apply": return ApplyCommand.run(rest)
    case "ctl": return control(rest)
    case "--version", "version":
        print("pinode \(String(cString: cl_pinode_version())) \(String(cString: cl_pinode_architecture()))")
        return 0
    case "--help", "-h", "help":
        print(usage)
        return arguments.count > 1 ? 0 : 2
    case let word:
        StandardError.say("pinode: \"\(word)\" is not a role or command. pinode --help lists them.")
        return 2
    }
}

let usage = """
    pinode: the node runtime of pidep

      pinode proxy -f FILE [-c]      load balancer, reads HAProxy's language (-c only checks the file)
      pinode vrrp -f FILE [-c]       moves the virtual IP, reads Keepalived's language
      pinode control -f FILE [-c]    leases and facts that the nodes agree on
      pinode database -f FILE [-c]   PostgreSQL as primary or standby, with failover
      pinode pool -f FILE [-c]       connection pool for PostgreSQL, reads PgBouncer's language
      pinode apply                   makes this node equal to a manifest (pidep deploy calls it)
      pinode ctl ROLE COMMAND...     asks a role's console: pinode ctl proxy show stat
      pinode --version               version and architecture
    """

/// `pinode ctl ROLE COMMAND...`
func control(_ arguments: [String]) -> Int32 {
    guard arguments.count >= 2 else {
        StandardError.say("pinode ctl takes a role and a command. Example: pinode ctl proxy show stat")
        return 2
    }
    let path = "/run/pinode/\(arguments[0]).sock"
    var command = arguments[1]
    for word in arguments.dropFirst(2) { command += " " + word }
    do throws(SystemError) {
        print(try ConsoleClient.ask(command, at: path))
        return 0
    } catch {
        StandardError.say(
            "pinode ctl: \(error.sentence). Is the role running? systemctl status pinode-\(arguments[0])")
        return 1
    }
}

exit(run((0..<cl_argument_count()).map { String(cString: cl_argument($0)) }))
