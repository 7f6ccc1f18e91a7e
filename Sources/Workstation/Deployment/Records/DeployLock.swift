import Foundation
import JSON
import SSH

/// A node's lock against two deploys at once. It is held by a command that lives as long as the connection: whoever holds
/// it cannot forget it, only be cut off from it.
struct DeployLock {
    static let path = "/var/lib/pinode/deploy.lock"

    /// Who holds it, or held it last.
    struct Holder: Equatable, Sendable {
        var who: String
        var since: String
        var message: String
        /// The process on the node that holds it.
        var process: Int64

        var sentence: String { "\(who) since \(since)" + (message.isEmpty ? "" : " (\(message))") }
    }

    /// How a node stands.
    enum State: Equatable {
        case free
        /// Somebody took it and did not let it go, and the connection that held it is gone.
        case stale(Holder)
        case taken(Holder)
    }

    private let hold: SSHHold
    /// Whom it was taken from; nil: from nobody.
    let stale: Holder?

    /// Takes a node's lock, unless somebody has it or the node has another release than the plan was made for.
    init(_ session: SSHSession, node name: String, release expected: String?, by author: Author)
        throws(DeploymentFailure)
    {
        do throws(SSHError) { hold = try session.hold(Self.taking(author)) } catch {
            throw DeploymentFailure(error.sentence)
        }
        let (state, release) = try Self.read(hold.firstLine, node: name)
        switch state {
        case .free: stale = nil
        case .stale(let holder): stale = holder
        case .taken(let holder):
            throw DeploymentFailure(
                "\(name) is being deployed to by \(holder.sentence). Wait for its end; if that machine is gone: "
                    + "pidep unlock INVENTORY")
        }
        guard release == (expected ?? "") else {
            hold.end(saying: "release")
            throw DeploymentFailure(
                "\(name) got the release \(release.isEmpty ? "none" : release) while this was being planned: plan again"
            )
        }
    }

    /// The locks of nodes, all of them or none; those that were stale are told.
    static func take(
        _ nodes: [(session: SSHSession, name: String, release: String?)], by author: Author,
        in inventory: String,
        stale: (String, Holder) -> Void
    ) throws(DeploymentFailure) -> [DeployLock] {
        let entries = nodes.map { Entry(session: $0.session, name: $0.name, release: $0.release) }
        let attempts = parallel(entries) { entry in
            Result { () throws(DeploymentFailure) in
                Taken(
                    lock: try DeployLock(entry.session, node: entry.name, release: entry.release, by: author))
            }
        }
        var locks: [DeployLock] = []
        var failures: [String] = []
        for (node, attempt) in zip(nodes, attempts) {
            switch attempt {
            case .success(let taken):
                locks.append(taken.lock)
                if let holder = taken.lock.stale { stale(node.name, holder) }
            case .failure(let failure):
                failures.append(failure.sentence.replacing("INVENTORY", with: inventory))
            }
        }
        guard failures.isEmpty else {
            for lock in locks { lock.release() }
            throw DeploymentFailure((failures + ["Nothing was changed."]).joined(separator: "\n"))
        }
        return locks
    }

    // Handed from thread to thread, never shared: a session belongs to one at a time.
    private struct Entry: @unchecked Sendable {
        let session: SSHSession
        let name: String
        let release: String?
    }
    private struct Taken: @unchecked Sendable {
        let lock: DeployLock
    }

    /// Lets it go.
    func release() { hold.end(saying: "release") }

    /// Takes the lock and holds it until a line comes; that line missing, the holder's name stays: a stale lock.
    static func taking(_ author: Author) -> String {
        let record = JSONValue.object([
            .init("holder", .string(author.who)), .init("since", .string(timeText())),
            .init("message", .string(author.message)), .init("run", .string(author.run)),
            .init("process", .string("PROCESS")),
        ]).compact
        let script = """
            f=\(path); umask 077; mkdir -p -m 755 ${f%/*}; exec 9<>$f; now=$(readlink /opt/pinode/current); \
            now=${now##*/}; if flock -n 9; then was=$(cat $f); printf '%s\\n' "$1" | sed "s/\\"PROCESS\\"/$$/" >$f; \
            echo "held:$now:$was"; read -r word; [ "$word" = release ] && : >$f; \
            else echo "taken:$now:$(cat $f)"; fi
            """
        return "sh -c \(quote(script)) sh \(quote(record))"
    }

    /// What `taking` printed: the state before it, and the node's release.
    static func read(_ line: String, node: String) throws(DeploymentFailure) -> (State, release: String) {
        let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(
            String.init)
        guard parts.count == 3 else {
            throw DeploymentFailure(
                "\(node): the deploy lock \(path) cannot be taken: \(line). Is its disk full?")
        }
        let holder = Holder(parts[2])
        guard parts[0] == "held" else { return (.taken(holder ?? .unknown), parts[1]) }
        return (holder.map { .stale($0) } ?? .free, parts[1])
    }

    /// Asks who holds it, without taking it.
    static let question = """
        sh -c 'f=\(path); [ -e $f ] || exit 0; exec 9<$f; if flock -n 9; then echo "held::$(cat $f)"; \
        else echo "taken::$(cat $f)"; fi'
        """

    /// Ends the process that holds it, if it is one, and forgets its holder.
    static func breaking(_ holder: Holder) -> String {
        let process = holder.process
        let script = """
            f=\(path); if grep -qs deploy.lock /proc/\(process)/cmdline; then kill \(process); fi; \
            exec 9<>$f; flock -w 5 9 && : >$f
            """
        return "sh -c \(quote(script))"
    }
}

extension DeployLock.Holder {
    static let unknown = DeployLock.Holder(who: "somebody", since: "an unknown time", message: "", process: 0)

    /// Reads a lock's content; nil for an empty or unreadable one.
    init?(_ text: String) {
        guard let json = try? JSONValue.parse(text), let who = json["holder"]?.text,
            let since = json["since"]?.text
        else { return nil }
        self.init(
            who: who, since: since, message: json["message"]?.text ?? "",
            process: json["process"]?.integer ?? 0)
    }
}
