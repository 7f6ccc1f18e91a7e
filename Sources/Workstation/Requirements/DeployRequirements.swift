import Commands
import Foundation

extension Requirement {
    /// What logging in to nodes takes: an agent that answers for a key, or a key in a usual place. A lab has its own.
    public static var forDeploy: [Requirement] {
        [
            sshKey(
                agent: ProcessInfo.processInfo.environment["SSH_AUTH_SOCK"],
                folder: FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".ssh").path),
            packageTools,
        ]
    }

    /// apt, which finds and fetches the nodes' packages.
    public static let packageTools = Requirement(
        "apt for the nodes' packages", for: .deploy, isOptional: true,
        remedy:
            "work on Debian or a derivative, or let the nodes fetch their packages: packages = node in [all:vars]"
    ) {
        guard let path = Command.path(of: "apt-get"), Command.path(of: "apt-config") != nil else {
            return .missing(
                "this machine has no apt-get, which finds and fetches the packages that nodes lack")
        }
        return .present(path)
    }

    static func sshKey(agent: String?, folder: String) -> Requirement {
        Requirement(
            "SSH agent or key", for: .deploy, isOptional: true,
            remedy:
                "ssh-keygen -t ed25519, then ssh-copy-id USER@NODE for each node (a lab brings its own key)"
        ) {
            if let agent, FileManager.default.fileExists(atPath: agent) {
                return .present("agent at \(agent)")
            }
            let keys = ["id_ed25519", "id_ecdsa", "id_rsa"].map { "\(folder)/\($0)" }
            if let key = keys.first(where: { FileManager.default.isReadableFile(atPath: $0) }) {
                return .present(key)
            }
            return .missing(
                agent.map { "SSH_AUTH_SOCK names \($0), which is not there, and \(folder) holds no key" }
                    ?? "no SSH agent runs (SSH_AUTH_SOCK is not set) and \(folder) holds no key")
        }
    }
}
