import CLinux
import Console
import Consensus
import ConsensusDriver
import Diagnostics
import Languages
import Reactor
import Service

/// `pinode control`: what the nodes must agree on.
public enum ControlCommandLine {
    private static let usage =
        "Usage: pinode control -f FILE [-c | recover [--accept-loss] | rejoin [--accept-loss]] (-c only checks the file). "
        + "Example: pinode control -f /etc/pinode/control.conf"

    /// Runs the command; returns its exit code: 0 stopped on request or file is fine, 1 failure, 2 wrong usage.
    public static func run(_ arguments: [String]) -> Int32 {
        var file: String?
        var checksOnly = false
        var acceptsLoss = false
        var verb: String?
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-c": checksOnly = true
            case "--accept-loss": acceptsLoss = true
            case "recover" where verb == nil, "rejoin" where verb == nil: verb = arguments[index]
            case "-f" where index + 1 < arguments.count:
                index += 1
                file = arguments[index]
            default: return complain("pinode control: \"\(arguments[index])\" is not understood. \(usage)", 2)
            }
            index += 1
        }
        guard verb != nil || !acceptsLoss, verb == nil || !checksOnly else {
            return complain("pinode control: --accept-loss belongs to recover and rejoin alone. \(usage)", 2)
        }
        guard let file else { return complain("pinode control needs a file. \(usage)", 2) }
        guard let text = SmallFile.read(file, limit: INIDocument.limit) else {
            let reason = String(cString: cl_strerror(cl_errno()))
            return complain("pinode control: \(file) cannot be read: \(reason)", 1)
        }
        let (configuration, diagnostics) = ControlConfiguration.parse(
            String(decoding: text, as: UTF8.self), file: file)
        for diagnostic in diagnostics { _ = complain(diagnostic.sentence, 1) }
        guard !diagnostics.contains(where: { $0.severity == .error }), let node = configuration.own else {
            return 1
        }
        if checksOnly { return 0 }
        if let verb {
            let recovery = OfflineRecovery(configuration, node, file: file)
            do throws(LogError) {
                let text =
                    verb == "recover"
                    ? try recovery.recover(acceptsLoss: acceptsLoss)
                    : try recovery.rejoin(acceptsLoss: acceptsLoss)
                print(text)
                return 0
            } catch {
                return complain("pinode control \(verb): \(error.sentence).", 1)
            }
        }
        return serve(configuration, node)
    }

    private static func serve(_ configuration: ControlConfiguration, _ node: ControlConfiguration.Node)
        -> Int32
    {
        let journal = Journal(identifier: "pinode-control")
        var secret = SmallFile.read(configuration.keyFile, limit: 4096) ?? []
        while let last = secret.last, last == 10 || last == 13 || last == 32 { secret.removeLast() }
        guard let key = ClusterKey(secret: secret, cluster: configuration.cluster) else {
            journal.log(
                .error,
                "\(configuration.keyFile) must hold the cluster's secret, \(ClusterKey.leastBytes) bytes at least, and be readable"
            )
            return 1
        }
        do throws(LogError) {
            let role = try ControlRole(configuration, node: node, key: key, journal: journal)
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
}
