import Foundation
import Inventory
import SSH

extension Preflight {
    /// Asks the nodes that something will be done to, side by side; returns what stands in the way.
    static func run(_ members: [Member], in cluster: Cluster) throws(DeploymentFailure) -> [String] {
        let attempts = parallel(members.filter { !$0.plan.isEmpty }) { member in ask(member, cluster) }
        var nodes: [Node] = []
        var failures: [String] = []
        for attempt in attempts {
            switch attempt {
            case .success(let node): nodes.append(node)
            case .failure(let failure): failures.append(failure.sentence)
            }
        }
        guard failures.isEmpty else { throw DeploymentFailure(failures.joined(separator: "\n")) }
        return Preflight(cluster: cluster, nodes: nodes).problems
    }

    private static func ask(_ member: Member, _ cluster: Cluster) -> Result<Node, DeploymentFailure> {
        let demands = NodeDemands(member.compiled)
        let request = PreflightRequest(
            virtualAddresses: demands.virtualAddresses,
            peers: cluster.nodes.map(\.address).filter { $0 != member.compiled.node.address })
        let name = member.compiled.node.name
        do {
            let before = Date().timeIntervalSince1970
            let answer = try member.session.perform(
                "sh -s", step: "asking before the deploy", input: Array(request.script.utf8)
            ).text
            let found = try PreflightFacts(answer)
            // The clock is the script's first line: it was read soon after the request came.
            return .success(
                Node(
                    compiled: member.compiled, demands: demands, plan: member.plan, facts: member.facts,
                    found: found,
                    asked: before))
        } catch let error as SSHError {
            return .failure(DeploymentFailure(error.sentence))
        } catch let error as Facts.Failure {
            return .failure(DeploymentFailure("\(name): \(error.sentence)"))
        } catch { return .failure(DeploymentFailure("\(name): \(error)")) }
    }
}
