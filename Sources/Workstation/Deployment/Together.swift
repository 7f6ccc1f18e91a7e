import Inventory
import Manifest
import Recipes

/// Which checks that concern all nodes with a recipe together can hold by now: those of recipes that run on all of them.
struct Together {
    let cluster: Cluster
    /// The nodes of the run.
    let members: [Member]
    /// Those that have been deployed in it, and the ones in hand.
    let deployed: [String]

    func checks(of member: Member) -> [Check] {
        member.compiled.checks.filter { $0.together != nil && isWhole($0.recipe) }
    }

    /// A node that `--limit` left out counts as one where it runs: nobody has asked it.
    private func isWhole(_ recipe: String) -> Bool {
        cluster.nodes.filter { $0.recipes.contains(recipe) }.allSatisfy { node in
            guard !deployed.contains(node.name),
                let member = members.first(where: { $0.plan.node == node.name })
            else { return true }
            return Self.run(Self.units(of: recipe, in: member.compiled.checks), in: member.facts.units)
        }
    }

    /// Whether a plan restarts or stops what runs on all nodes together: then no other node may be touched beside this one, or
    /// too few would be left.
    static func isBroken(by plan: NodePlan, _ checks: [Check]) -> Bool {
        let units = checks.flatMap { $0.together ?? [] }
        return plan.steps.contains {
            $0.kind == .unit && units.contains($0.name) && ["restart", "stop"].contains($0.action)
        }
    }

    /// What must run on a node: of a recipe's checks, those that concern the node alone do not say.
    static func units(of recipe: String, in checks: [Check]) -> [String] {
        checks.first { $0.recipe == recipe && $0.together != nil }?.together ?? []
    }

    static func run(_ units: [String], in states: [UnitState]) -> Bool {
        units.allSatisfy { unit in states.contains { $0.name == unit && $0.isRunning } }
    }
}
