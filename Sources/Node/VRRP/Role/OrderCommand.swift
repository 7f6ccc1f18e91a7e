import Languages
import Reactor
import VRRP

/// `yield`, `pin` and `resume` at the console, for all virtual routers or one.
struct OrderCommand {
    private let verb: String
    private let words: [String]

    /// Nil when it is another command.
    init?(_ command: String) {
        var words = command.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard let verb = words.first, verb == "yield" || verb == "pin" || verb == "resume" else { return nil }
        words.removeFirst()
        self.verb = verb
        self.words = words
    }

    /// Carries it out, and says what is now, a line for each virtual router.
    func answer(_ instances: [Instance]) -> String {
        var chosen = instances
        var time = VirtualRouter.defaultOrderTime
        var rest = words[...]
        if let name = rest.first, let instance = instances.first(where: { $0.configuration.name == name }) {
            chosen = [instance]
            rest = rest.dropFirst()
        }
        if let word = rest.first, verb != "resume" {
            let most = VirtualRouter.maximumOrderTime.components.seconds
            guard let seconds = Int64(word) else {
                return "\"\(word)\" is neither a virtual router of this node nor a number of seconds.\n"
            }
            guard seconds >= 1, seconds <= most else { return "It may last 1 to \(most) seconds.\n" }
            time = .seconds(seconds)
            rest = rest.dropFirst()
        }
        guard rest.isEmpty else {
            return "Write it as: \(verb) [NAME]\(verb == "resume" ? "" : " [SECONDS]")\n"
        }
        var text = ""
        for instance in chosen { text += carryOut(on: instance, time) }
        return text
    }

    private func carryOut(on instance: Instance, _ time: Duration) -> String {
        let name = instance.configuration.name
        switch verb {
        case "yield": instance.handle(.yield(for: time))
        case "pin":
            guard instance.router.state == .active else {
                return "\(name): is \(instance.router.state.name): only an active router can be pinned\n"
            }
            instance.handle(.pin(for: time))
        default: instance.handle(.resume)
        }
        return "\(name): \(instance.router.state.name), priority \(instance.router.effectivePriority)\n"
    }
}
