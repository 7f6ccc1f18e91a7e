import Foundation
import Inventory
import Recipes
import SSH

/// The consoles of one role, on all nodes that have it.
public struct RoleConsoles: Sendable {
    /// Why a console gave no answer: a sentence that begins with the node.
    public struct Silence: Error, Sendable, Equatable {
        /// The sentence.
        public var sentence: String
        /// Whether the node itself answered, so that the role is what is missing.
        public var isReachable: Bool
    }

    /// The inventory file, for what is to be typed next.
    public var inventory: String
    /// The names of the nodes that have the role, in the order of the inventory.
    public var nodes: [String]
    /// Asks one node; from any thread.
    var ask: @Sendable (_ node: String, _ command: String) -> Result<String, Silence>
    /// Runs a shell script as root on a node, over a login of its own, and hands its lines on as they come; nil, or why it
    /// did not end well.
    var run:
        @Sendable (
            _ node: String, _ script: String, _ step: String, _ line: @escaping (String) -> Void
        ) -> String? = { node, _, _, _ in "\(node): no answer" }
    /// Sleeps, between two looks at something that goes on.
    var pause: @Sendable (Duration) -> Void = { usleep(useconds_t($0 / .microseconds(1))) }
    /// The time since some moment.
    var clock: @Sendable () -> Duration = { ContinuousClock.now - Self.start }

    private static let start = ContinuousClock.now

    init(
        inventory: String, nodes: [String],
        ask: @escaping @Sendable (_ node: String, _ command: String) -> Result<String, Silence>
    ) {
        self.inventory = inventory
        self.nodes = nodes
        self.ask = ask
    }

    /// Whether a node has the role, as a failure with those that do. `role`: as it stands in a sentence.
    func require(_ node: String, running role: String) throws(DeploymentFailure) {
        guard !nodes.contains(node) else { return }
        throw DeploymentFailure(
            "\(node) does not run \(role); the nodes that do are \(nodes.joined(separator: ", "))")
    }

    /// Logs in at all nodes that have the recipe; one that cannot be reached answers with the reason.
    public init(
        _ role: String, recipe: String, of access: NodeAccess, asking: Asking
    ) throws(DeploymentFailure) {
        var access = access
        let file = access.loaded.cluster.file
        access.nodes = access.nodes.filter { node in
            node.recipes.contains(recipe) && node.variables["\(recipe)_engine"]?.text != "debian"
        }
        guard !access.nodes.isEmpty else {
            throw DeploymentFailure(
                "\(file): no node has the recipe \(recipe) with our own engine. docs/\(role).md says what to write there"
            )
        }
        var lines: [String: NodeLine] = [:]
        for login in try access.open(asking: asking) { lines[login.node.name] = NodeLine(login) }
        let known = lines
        self.init(inventory: file, nodes: access.nodes.map(\.name)) { node, command in
            guard let line = known[node] else {
                return .failure(Silence(sentence: "\(node): is none of the nodes", isReachable: false))
            }
            return line.ask(.init(node: node, role: role, command: command), inventory: file)
        }
        run = { node, script, step, line in
            guard let login = known[node] else { return "\(node): is none of the nodes" }
            return login.run(script, step, line)
        }
    }

    /// Asks all nodes side by side.
    func askAll(_ command: String) -> [(node: String, answer: Result<String, Silence>)] {
        parallel(nodes) { node in (node, ask(node, command)) }
    }
}

/// The login at one node, made anew when it was lost.
private final class NodeLine: @unchecked Sendable {
    // A session belongs to one thread at a time.
    private let lock = NSLock()
    private let login: Login
    private var session: SSHSession?
    private var isFirst = true

    init(_ login: Login) { self.login = login }

    func ask(_ question: Check.Console, inventory: String) -> Result<String, RoleConsoles.Silence> {
        lock.lock()
        defer { lock.unlock() }
        do throws(SSHError) {
            let session = try current()
            let answer = try session.perform(
                ConsoleQuestions.command(question), step: "asking \(question.role)"
            ).text
            return .success(answer.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            guard case .command(let status) = error.kind else {
                session = nil
                return .failure(.init(sentence: error.sentence, isReachable: false))
            }
            return .failure(
                .init(
                    sentence: Self.explain(error.sentence, status: status, question, inventory),
                    isReachable: true))
        }
    }

    func run(_ script: String, _ step: String, _ line: @escaping (String) -> Void) -> String? {
        do throws(SSHError) {
            let session = try SSHSession.connect(to: login.target)
            try session.perform("/bin/sh -c \(SSHSession.quote(script))", step: step, line: line)
            return nil
        } catch {
            return error.sentence
        }
    }

    private func current() throws(SSHError) -> SSHSession {
        if let session { return session }
        // The first one is the login that was made beside all others.
        let made = isFirst ? try login.outcome.get() : try SSHSession.connect(to: login.target)
        isFirst = false
        session = made
        return made
    }

    private static func explain(
        _ sentence: String, status: Int32, _ question: Check.Console, _ inventory: String
    ) -> String {
        let node = question.node
        let unit = "pinode-\(question.role)"
        if status == 127 || sentence.contains("not found") {
            return "\(node): there is no node runtime. Put it there: pidep deploy \(inventory)"
        }
        guard sentence.contains("connect to ") else { return sentence }
        return
            "\(node): \(unit) does not run. Look there: pidep logs \(inventory) \(node) --role \(unit).service"
            + " (or it was never deployed: pidep deploy \(inventory))"
    }
}
