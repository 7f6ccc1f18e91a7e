import Commands
import Foundation

/// C-Raft's sources, which are not ours and so not in git: `scripts/fetch-raft` puts them below Sources/System/CRaft.
struct RaftSources {
    /// How long their download, 371 KB behind 11 MB of Debian's index, may take.
    static let timeout: TimeInterval = 600

    let root: PackageRoot

    private var script: String { "\(root.path)/scripts/fetch-raft" }
    private var folder: String { "\(root.path)/Sources/System/CRaft/upstream" }
    /// Its licence, the LGPL 3 with a static-linking exception: whoever gets the binary gets it, too.
    var licence: String { "\(folder)/.LICENSE" }

    /// Makes sure that they are there, and the right ones.
    func fetch() throws(BuildError) {
        if Files.exists(script) {
            do throws(Command.Failure) { try Command(["bash", script], timeout: Self.timeout).run() } catch {
                throw BuildError("\(error.sentence). Run again: scripts/fetch-raft")
            }
        }
        guard Files.exists(licence) else {
            throw BuildError(
                "\(root.path) has neither C-Raft's sources nor scripts/fetch-raft, which fetches them: this is not a "
                    + "whole copy of pidep. Clone it again.")
        }
    }
}
