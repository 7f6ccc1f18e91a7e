import CLinux
import Manifest

/// `pinode apply`: makes this node equal to its manifest.
public enum ApplyCommand {
    /// Runs the command; returns its exit code. Options that are not in `--help` are for tests.
    public static func run(_ arguments: [String]) -> Int32 {
        var manifest = "\(Transition.incoming)/manifest.json"
        var root = ""
        var tools = "/usr/bin"
        var index = 0
        while index < arguments.count {
            let option = arguments[index]
            if option == "--help" || option == "-h" {
                print(usage)
                return 0
            }
            guard index + 1 < arguments.count else { return wrong(option) }
            switch option {
            case "--manifest": manifest = arguments[index + 1]
            case "--root": root = arguments[index + 1]
            case "--tools": tools = arguments[index + 1]
            default: return wrong(option)
            }
            index += 2
        }
        // The connection may be cut at any time; what was begun is ended.
        cl_ignore_signals([SIGPIPE, SIGHUP], 2)
        umask(0o022)
        let events = ApplyEvents { line in
            let bytes = Array((line + "\n").utf8)
            _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        }
        return apply(
            manifest: manifest, root: root, tools: tools, events: events, faults: FaultPoints())
    }

    /// One run with everything that a test may replace.
    static func apply(
        manifest: String, root: String, tools: String, events: ApplyEvents, faults: FaultPoints
    ) -> Int32 {
        let transition = Transition(
            tree: FileTree(root: root), program: Program(folder: tools), events: events, faults: faults)
        do throws(ApplyError) {
            try transition.run(manifestPath: manifest)
            return 0
        } catch {
            events.failed(error.sentence)
            return 1
        }
    }

    private static let usage = """
        pinode apply [--manifest FILE]: makes this node equal to a manifest; pidep deploy calls it.

        FILE is /var/lib/pinode/incoming/manifest.json unless told; its blobs lie in
        /var/lib/pinode/incoming/blobs or /var/lib/pinode/blobs, named by their SHA-256.
        Prints one JSON object a line; exit code 0 when the node is equal to the manifest, 1 when not.
        """

    private static func wrong(_ word: String) -> Int32 {
        let bytes = Array("pinode apply: \"\(word)\" is not understood. pinode apply --help\n".utf8)
        _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
        return 2
    }
}
