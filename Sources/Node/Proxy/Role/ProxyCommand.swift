import CLinux
import Console
import Diagnostics
import Languages
import Reactor
import Service

/// `pinode proxy`: HAProxy's job.
public enum ProxyCommand {
    private static let usage = """
        pinode proxy: load balancer, reads HAProxy's language

          pinode proxy -f FILE               carries traffic until SIGTERM
          pinode proxy -c -f FILE            only checks the file: every error in one run, with its line
          pinode proxy -f FILE --takeover    replaces the running one: no client notices (systemctl reload)

        Exit codes: 0 all well, 1 the file or a socket cannot be used, 2 wrong usage.
        Example: pinode proxy -c -f /etc/pinode/proxy.cfg
        """

    /// Runs the command; returns its exit code.
    public static func run(_ arguments: [String]) -> Int32 {
        var file: String?
        var checksOnly = false
        var takesOver = false
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-c": checksOnly = true
            case "--takeover": takesOver = true
            case "-f":
                index += 1
                guard index < arguments.count else { return complain("-f needs a file") }
                file = arguments[index]
            case "-h", "--help":
                write(usage + "\n", to: 1)
                return 0
            case let word: return complain("\"\(word)\" is not an option")
            }
            index += 1
        }
        guard let file else { return complain("a configuration file is needed") }
        guard let configuration = read(file) else { return 1 }
        if checksOnly {
            write("\(file): valid\n", to: 1)
            return 0
        }
        guard takesOver else { return serve(configuration, handover: nil) {} }
        do throws(SystemError) {
            return try Successor.run { started in takeOver(configuration, started) }
        } catch {
            write("pinode proxy: \(error.sentence).\n", to: 2)
            return 1
        }
    }

    private static func takeOver(_ configuration: HAProxyConfiguration, _ started: () -> Void) -> Int32 {
        do throws(SystemError) {
            return serve(configuration, handover: try Handover.ask(at: ProxyRole.handoverPath), started)
        } catch {
            write("pinode proxy: \(error.sentence). Is it running? systemctl status pinode-proxy\n", to: 2)
            return 1
        }
    }

    /// Reads and checks a file; all that is wrong with it goes to standard error.
    private static func read(_ file: String) -> HAProxyConfiguration? {
        guard let text = load(file) else {
            write("\(file): \(SystemError("cannot read it").sentence).\n", to: 2)
            return nil
        }
        let (configuration, diagnostics) = HAProxyConfiguration.parse(
            text, file: file, environment: environment)
        var isUsable = true
        for diagnostic in diagnostics {
            write(diagnostic.sentence + "\n", to: 2)
            if diagnostic.severity == .error { isUsable = false }
        }
        return isUsable ? configuration : nil
    }

    private static func load(_ file: String) -> [UInt8]? {
        let descriptor = cl_open(file, O_RDONLY, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = CLinux.read(descriptor, &chunk, chunk.count)
            if count == 0 { return text }
            if count < 0 { return nil }
            text.append(contentsOf: chunk[0..<count])
        }
    }

    /// The process's environment, for `${VARIABLE}`.
    private static var environment: [String: String] {
        var variables: [String: String] = [:]
        var index: Int32 = 0
        while let entry = cl_environment(index) {
            let text = String(cString: entry)
            index += 1
            let bytes = Array(text.utf8)
            guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: bytes[..<equals], as: UTF8.self)
            variables[name] = String(decoding: bytes[(equals + 1)...], as: UTF8.self)
        }
        return variables
    }

    private static func serve(
        _ configuration: HAProxyConfiguration, handover: Handover?, _ started: () -> Void
    ) -> Int32 {
        let journal = Journal(identifier: "pinode-proxy")
        do throws(SystemError) {
            let role = try ProxyRole(configuration, journal: journal, takingOver: handover)
            try role.stopAtSignals()
            role.openConsoles(ownPath: ProxyRole.consolePath)
            role.offerHandover(at: ProxyRole.handoverPath)
            role.run(started: started)
            return 0
        } catch {
            journal.log(.error, "cannot start: \(error.sentence)")
            return 1
        }
    }

    private static func complain(_ problem: String) -> Int32 {
        write("pinode proxy: \(problem). pinode proxy --help shows the usage.\n", to: 2)
        return 2
    }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress, $0.count) }
    }
}
