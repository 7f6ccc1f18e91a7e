import Foundation
import Inventory

extension Compiler {
    /// Everything that the templates of a recipe know on a node.
    func values(for node: ClusterNode, recipe: Recipe) -> [String: TemplateValue] {
        var values = values(of: node)
        let siblings = cluster.nodes.filter { $0.recipes.contains(recipe.name) }
        let rank = (siblings.firstIndex { $0.name == node.name } ?? 0) + 1
        values["is_first"] = .flag(rank == 1)
        values["is_last"] = .flag(rank == siblings.count)
        values["is_self"] = .flag(true)
        let founders = siblings.prefix(TemplateFacts.founders(of: siblings.count)).map(\.name)
        values["is_founder"] = .flag(founders.contains(node.name))
        values["siblings"] = list(siblings, seenFrom: node, founders: founders)
        values["rank"] = .text("\(rank)")
        values["descending"] = .text("\(TemplateFacts.descending(rank: rank, of: siblings.count))")
        values["cluster"] = .text(cluster.name)
        values["vip"] = cluster.virtualAddress.map { .text($0) } ?? .absent
        values["has_vip"] = .flag(cluster.virtualAddress != nil)
        values["lab"] = .flag(cluster.lab != nil)
        values["lab_armv7"] = .flag(cluster.lab != nil && architecture(of: node) == "armv7")
        values["nodes"] = list(cluster.nodes, seenFrom: node)
        values["peers"] = list(cluster.nodes.filter { $0.name != node.name }, seenFrom: node)
        for group in recipe.groups {
            values[group.value] = list(cluster.nodes(in: group.value), seenFrom: node)
        }
        return values
    }

    private func list(
        _ nodes: [ClusterNode], seenFrom node: ClusterNode, founders: [String] = []
    ) -> TemplateValue {
        .list(
            nodes.enumerated().map { index, element in
                var values = values(of: element)
                values["is_first"] = .flag(index == 0)
                values["is_last"] = .flag(index == nodes.count - 1)
                values["is_self"] = .flag(element.name == node.name)
                values["is_founder"] = .flag(founders.contains(element.name))
                return values
            })
    }

    /// What is known of a node wherever it is listed: a few facts, and every variable that a recipe declares.
    private func values(of node: ClusterNode) -> [String: TemplateValue] {
        var values: [String: TemplateValue] = [
            "name": .text(node.name),
            "address": .text(node.address),
            "host": .text(node.address.utf8.contains(UInt8(ascii: ":")) ? "[\(node.address)]" : node.address),
            "arch": architecture(of: node).map { .text($0) } ?? .absent,
            "number": .text("\((cluster.nodes.firstIndex { $0.name == node.name } ?? 0) + 1)"),
            "interface": .text(node.variables["vip_interface"]?.text ?? Cluster.defaultInterface),
        ]
        for variable in catalog.declared.values {
            if let family = variable.family {
                values[family.stem] = self.family(variable, family, on: node)
                continue
            }
            if let given = node.variables[variable.name], given.secret != nil {
                values[variable.name] = .secret(
                    name: variable.name, token: SecretToken.token(variable.name, given.text))
                continue
            }
            let text = node.variables[variable.name]?.text ?? variable.preset
            values[variable.name] = text.map { value($0, variable.kind) } ?? .absent
            guard variable.kind == .duration else { continue }
            values["\(variable.name)_seconds"] =
                text.flatMap { Duration(spelled: $0) }.map { .text(Self.seconds($0)) } ?? .absent
        }
        return values
    }

    /// The words of the list that gives a family its keys; nil where none does.
    func keys(of variable: RecipeVariable, on node: ClusterNode) -> [String]? {
        guard let list = variable.keysOf?.value else { return nil }
        let text = node.variables[list]?.text ?? catalog.declared[list]?.preset ?? ""
        return Variable(text: text, file: "", line: 0).words
    }

    private func family(_ variable: RecipeVariable, _ family: VariableFamily, on node: ClusterNode)
        -> TemplateValue
    {
        var given = node.variables(of: family, in: keys(of: variable, on: node))
        for (key, preset) in variable.presets where !given.contains(where: { $0.key == key }) {
            given.append((key, Variable(text: preset.value, file: "", line: preset.line)))
        }
        if variable.keysOf == nil { given.sort { $0.key < $1.key } }
        return .list(
            given.map { key, given in
                let name = "\(family.stem)_\(key)"
                return [
                    "key": .text(key.replacingOccurrences(of: "__", with: ".")),
                    "value": given.secret == nil
                        ? value(given.text, variable.kind)
                        : .secret(name: name, token: SecretToken.token(name, given.text)),
                    TemplateScope.variable: .text(name), TemplateScope.owner: .text(node.name),
                ]
            })
    }

    private func value(_ text: String, _ kind: ValueKind) -> TemplateValue {
        switch kind {
        case .boolean: .flag(Bool(spelled: text) ?? false)
        case .list: .words(Variable(text: text, file: "", line: 0).words)
        default: .text(text)
        }
    }

    /// `1`, `0.01`: decimal seconds without superfluous zeros, as Keepalived's language writes times.
    static func seconds(_ duration: Duration) -> String {
        let (whole, attoseconds) = duration.components
        let micro = attoseconds / 1_000_000_000_000
        guard micro > 0 else { return "\(whole)" }
        var digits = String("\(1_000_000 + micro)".dropFirst())
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
