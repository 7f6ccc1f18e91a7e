import Diagnostics
import Digest
import Events
import Foundation
import Inventory
import Lab
import NodePackages
import Recipes
import Requirements
import SSH

/// What is sent to a node of packages, and where its files lie here.
struct PackageDelivery: Sendable {
    /// apt's answer; no packages where the node has all.
    var resolution: PackageResolution
    /// The files of it.
    var file: @Sendable (SHA256Digest) -> String
}

/// Finds what nodes lack of their recipes' packages, for a cluster whose packages are pushed.
struct PackageDeliveries {
    /// Package state, indexes and packages lie in `.pidep/packages`.
    let folder: String
    let loaded: LoadedCluster
    let refresh: Bool
    let sink: any EventSink
    /// `plan` or `deploy`: the events' command.
    let command: String

    /// Fills in what each member is to be sent, and its plan with it.
    func fill(_ members: [Member]) throws(DeploymentFailure) {
        guard loaded.cluster.packages == .push else { return }
        var resolver = PackageResolver(
            folder: folder, prefix: Lab.wayOut(of: loaded.cluster), refresh: refresh)
        resolver.progress = { report(.progress, $0) }
        resolver.warn = { report(.warning, $0) }
        let lacking = members.filter { !$0.missingPackages.isEmpty }
        var found: [String: PackageResolution] = [:]
        if !lacking.isEmpty {
            do throws(Requirement.Missing) { try Requirement.packageTools.demand() } catch {
                throw DeploymentFailure(error.sentence)
            }
            let requests = try requests(lacking)
            do throws(PackageFailure) { found = try resolver.resolve(requests) } catch {
                throw sentence(error, lacking)
            }
        }
        for member in members {
            let resolution = found[member.compiled.node.name] ?? PackageResolution(packages: [])
            member.deliver(PackageDelivery(resolution: resolution, file: { [resolver] in resolver.file($0) }))
        }
        warnOfDifferences(members)
    }

    private func report(_ kind: Event.Kind, _ message: String) {
        sink.report(Event(kind, command: command, subject: "packages", message: message))
    }

    /// Asks all nodes that lack something at once.
    private func requests(_ members: [Member]) throws(DeploymentFailure) -> [PackageRequest] {
        var requests: [PackageRequest] = []
        var failures: [String] = []
        for attempt in parallel(members, { member in ask(member) }) {
            switch attempt {
            case .success(let request): requests.append(request)
            case .failure(let failure): failures.append(failure.sentence)
            }
        }
        guard failures.isEmpty else { throw DeploymentFailure(failures.joined(separator: "\n")) }
        return requests
    }

    private func ask(_ member: Member) -> Result<PackageRequest, DeploymentFailure> {
        let name = member.compiled.node.name
        do {
            let answer = try member.session.perform(
                "sh -s", step: "asking for packages", input: Array(PackageState.script.utf8)
            ).text
            let state = try PackageState(answer)
            return .success(
                PackageRequest(
                    node: name,
                    system: NodeSystem(
                        distribution: state.distribution, codename: state.codename,
                        architecture: state.architecture),
                    missing: member.missingPackages, wanted: member.compiled.manifest.packages,
                    status: state.status, sources: state.sources))
        } catch let error as SSHError {
            return .failure(DeploymentFailure(error.sentence))
        } catch let error as Facts.Failure {
            return .failure(DeploymentFailure("\(name): \(error.sentence)"))
        } catch { return .failure(DeploymentFailure("\(name): \(error)")) }
    }

    /// A name that does not exist is the recipe's fault.
    private func sentence(_ failure: PackageFailure, _ members: [Member]) -> DeploymentFailure {
        switch failure {
        case .other(let text): return DeploymentFailure(text)
        case .unknown(let name, let packages, let nearest):
            guard let node = members.first(where: { $0.compiled.node.name == name })?.compiled.node else {
                return DeploymentFailure("\(name): there is no package \(packages.joined(separator: ", "))")
            }
            let lines = packages.map { package in
                let place = loaded.catalog.place(ofPackage: package, on: node)
                return Diagnostic(
                    file: place?.file ?? "a dependency", line: place?.line ?? 0,
                    problem: "none of the package sources of \(name) has \"\(package)\"",
                    advice: nearest[package].map { "Did you mean \"\($0)\"?" }
                        ?? "apt search on a node lists what there is"
                ).sentence
            }
            return DeploymentFailure(lines.joined(separator: "\n"))
        }
    }

    /// Nodes of one release are to have the same versions: one that was installed otherwise is told.
    private func warnOfDifferences(_ members: [Member]) {
        for first in members {
            for package in first.packages?.resolution.packages ?? [] {
                let other = members.first { member in
                    member.facts.system == first.facts.system
                        && member.facts.architecture == first.facts.architecture
                        && member.facts.packages[package.name].map { $0 != package.to } == true
                }
                guard let other, let version = other.facts.packages[package.name] else { continue }
                sink.report(
                    Event(
                        .warning, command: command, subject: first.compiled.node.name,
                        message:
                            "gets \(package.name) \(package.to), \(other.compiled.node.name) has \(version): "
                            + "make them the same with pidep exec … -- apt-get install, or live with it"))
            }
        }
    }
}

extension Member {
    /// What the recipes want and the node has not.
    var missingPackages: [String] { compiled.manifest.packages.filter { facts.packages[$0] == nil } }
}
