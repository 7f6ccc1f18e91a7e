import CrossBuild
import Events
import Foundation
import Inventory
import Lab
import Manifest
import Recipes
import SSH

/// Why a command over nodes cannot go on, as sentences, a line each.
public struct DeploymentFailure: Error, Sendable, Equatable {
    /// What to print.
    public var sentence: String

    /// A failure.
    public init(_ sentence: String) { self.sentence = sentence }
}

/// One node of a run: its login, what it shall be, what it says it is, what would change.
public final class Member: @unchecked Sendable {
    // Handed from thread to thread, never shared: a session belongs to one at a time.
    private(set) var session: SSHSession
    /// What the node shall be.
    public internal(set) var compiled: CompiledNode
    /// What it says it is.
    public internal(set) var facts: Facts
    /// What would change.
    public internal(set) var plan: NodePlan
    /// What is sent of packages; nil: the node's own apt fetches them.
    private(set) var packages: PackageDelivery?

    func deliver(_ packages: PackageDelivery) {
        self.packages = packages
        plan = NodePlan(compiled, facts, packages: packages.resolution)
    }

    /// A new connection in the place of the one there was.
    func reconnect() throws(SSHError) { session = try SSHSession.connect(to: session.target) }

    init(session: SSHSession, compiled: CompiledNode, facts: Facts) {
        self.session = session
        self.compiled = compiled
        self.facts = facts
        plan = NodePlan(compiled, facts)
    }
}

/// The nodes of a run, reached in parallel, one login each.
public struct Fleet: Sendable {
    /// The cluster.
    public var loaded: LoadedCluster
    /// Where bundles and the lab's keys are.
    public var root: PackageRoot
    /// Which nodes, as `--limit` says; nil for all.
    public var limit: String?

    /// Whether package indexes are read anew.
    public var refreshPackages = false
    /// `plan` or `deploy`: the events' command.
    public var command: String
    /// Takes what happens.
    public var sink: any EventSink

    /// The nodes of a cluster.
    public init(
        _ loaded: LoadedCluster, root: PackageRoot, limit: String?, command: String, sink: any EventSink
    ) {
        self.loaded = loaded
        self.root = root
        self.limit = limit
        self.command = command
        self.sink = sink
    }

    /// Logs in everywhere, gathers facts, compiles for what the nodes really are, and compares.
    ///
    /// `asking` asks about unknown host keys and passphrases, all at once.
    public func members(asking: Asking) throws(DeploymentFailure) -> [Member] {
        do throws(LoadedCluster.Failure) { try loaded.requireLab() } catch {
            throw DeploymentFailure(error.sentence)
        }
        let chosen: [ClusterNode]
        do throws(NodeSelection.Failure) {
            chosen = try NodeSelection.nodes(of: loaded.cluster, limit: limit)
        } catch { throw DeploymentFailure(error.sentence) }
        let drafts: [CompiledNode]
        let secrets: SecretStore
        do throws(LoadedCluster.Failure) {
            secrets = try loaded.secrets()
            drafts = try loaded.withoutRuntime(secrets)
        } catch { throw DeploymentFailure(error.sentence) }
        let wanted = drafts.filter { draft in chosen.contains { $0.name == draft.node.name } }
        let reached = try reach(wanted, secrets, asking)
        let compiled = try compile(reached, secrets)
        let pairs = reached.compactMap { entry in
            compiled.first { $0.node.name == entry.draft.node.name }.map { (entry, $0) }
        }
        var members: [Member] = []
        var failures: [String] = []
        for attempt in parallel(pairs, { entry, node in member(entry, node) }) {
            switch attempt {
            case .success(let member): members.append(member)
            case .failure(let error): failures.append(error.sentence)
            }
        }
        guard failures.isEmpty else { throw DeploymentFailure(failures.joined(separator: "\n")) }
        try PackageDeliveries(
            folder: "\(root.state)/packages", loaded: loaded, refresh: refreshPackages, sink: sink,
            command: command
        ).fill(members)
        return members
    }

    private func member(_ entry: Reached, _ node: CompiledNode) -> Result<Member, DeploymentFailure> {
        do throws(DeploymentFailure) {
            let facts = try complete(entry.facts, of: entry, for: node)
            return .success(Member(session: entry.session, compiled: node, facts: facts))
        } catch { return .failure(error) }
    }

    private struct Reached: @unchecked Sendable {
        var session: SSHSession
        var draft: CompiledNode
        var facts: Facts
    }

    private func reach(_ drafts: [CompiledNode], _ secrets: SecretStore, _ asking: Asking)
        throws(DeploymentFailure)
        -> [Reached]
    {
        let logins = try Logins(loaded.cluster, root: root, secrets: secrets).open(
            drafts.map(\.node), asking: asking)
        let entries = logins.compactMap { login in
            drafts.first { $0.node.name == login.node.name }.map { (login, $0) }
        }
        let attempts = parallel(entries) { login, draft in
            login.use { (session) throws(SSHError) in
                let request = FactsRequest(
                    manifest: draft.manifest, virtualAddress: loaded.cluster.virtualAddress)
                return Reached(session: session, draft: draft, facts: try Fleet.gather(request, session))
            }
        }
        var reached: [Reached] = []
        var failures: [String] = []
        for attempt in attempts {
            switch attempt {
            case .success(let entry): reached.append(entry)
            case .failure(let error): failures.append(error.sentence)
            }
        }
        guard failures.isEmpty else {
            let others = drafts.count - failures.count
            let rest =
                others > 0 ? "\nNothing was changed; the other \(others) can be worked on with --limit." : ""
            throw DeploymentFailure(failures.joined(separator: "\n") + rest)
        }
        return reached
    }

    /// One round trip.
    static func gather(_ request: FactsRequest, _ session: SSHSession, adding known: Facts? = nil)
        throws(SSHError) -> Facts
    {
        let result = try session.perform("sh -s", step: "asking for facts", input: Array(request.script.utf8))
        do throws(Facts.Failure) {
            guard var facts = known else { return try Facts(result.text, request: request) }
            try facts.add(result.text, request: request)
            return facts
        } catch {
            throw SSHError(
                .command(status: 0), node: session.target.node,
                sentence: "\(session.target.name): \(error.sentence)")
        }
    }

    /// Compiles anew with the architectures that the nodes told and the runtimes that were built for them.
    private func compile(_ reached: [Reached], _ secrets: SecretStore) throws(DeploymentFailure)
        -> [CompiledNode]
    {
        var cluster = loaded.cluster
        var runtimes: [String: Manifest.Runtime] = [:]
        var failures: [String] = []
        for index in cluster.nodes.indices {
            let name = cluster.nodes[index].name
            guard let entry = reached.first(where: { $0.draft.node.name == name }) else { continue }
            let said = cluster.nodes[index].architecture
            cluster.nodes[index].architecture = entry.facts.architecture
            if let said, said != entry.facts.architecture {
                failures.append(
                    "\(name): the inventory says arch = \(said), the node is \(entry.facts.architecture)")
            }
        }
        guard failures.isEmpty else { throw DeploymentFailure(failures.joined(separator: "\n")) }
        let architectures = Set(cluster.nodes.compactMap(\.architecture))
        // Nodes that were not asked are compiled too (a recipe sees all nodes), with any runtime.
        for index in cluster.nodes.indices where cluster.nodes[index].architecture == nil {
            cluster.nodes[index].architecture = architectures.first ?? "amd64"
        }
        do throws(BuildError) {
            for architecture in architectures {
                let bundle = try CrossBuild.Bundle.load(architecture: architecture, from: root)
                runtimes[architecture] = Manifest.Runtime(
                    version: bundle.version, digest: bundle.digest, size: bundle.size)
            }
        } catch { throw DeploymentFailure(error.sentence) }
        do throws(RecipeFailure) {
            return try loaded.catalog.compile(cluster, runtime: runtimes, secrets: secrets)
        } catch {
            throw DeploymentFailure(error.sentence)
        }
    }

    /// Facts for what the node is compiled to: asked again only where its architecture brought other paths.
    private func complete(_ facts: Facts, of entry: Reached, for node: CompiledNode) throws(DeploymentFailure)
        -> Facts
    {
        let asked = entry.draft.manifest
        let same =
            asked.files.map(\.path) == node.manifest.files.map(\.path)
            && asked.files.map(\.content) == node.manifest.files.map(\.content)
            && asked.modules == node.manifest.modules && asked.sysctls == node.manifest.sysctls
            && asked.users == node.manifest.users && asked.groups == node.manifest.groups
        do throws(SSHError) {
            let facts =
                same
                ? facts
                : try Fleet.gather(
                    FactsRequest(manifest: node.manifest, virtualAddress: loaded.cluster.virtualAddress),
                    entry.session)
            guard let request = FactsRequest(supplementing: facts, for: node.manifest) else { return facts }
            return try Fleet.gather(request, entry.session, adding: facts)
        } catch { throw DeploymentFailure(error.sentence) }
    }
}
