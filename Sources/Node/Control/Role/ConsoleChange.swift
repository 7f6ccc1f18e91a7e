import Consensus
import Control
import Languages

/// A change of the members as a person writes it, and what became of it in one line.
struct ConsoleChange {
    static let help =
        "control add ID ADDRESS   a new member, which follows: control add 5 192.0.2.5:4100\n"
        + "control promote ID       a follower votes\n"
        + "control demote ID        a voter votes no more, and follows\n"
        + "control remove ID        a member is none any more\n" + "control transfer ID      a voter leads"

    let change: ControlChange

    /// Reads `promote 4`; nil for what is no change of the members, a sentence for one with a mistake.
    static func parse(_ command: String) -> Result? {
        var words = command.split(separator: " ", omittingEmptySubsequences: true)
        // `pinode ctl control control add 5 …` and `pinode ctl control add 5 …` are meant alike.
        if words.first == "control" { words.removeFirst() }
        guard let verb = words.first else { return nil }
        let isAdding = verb == "add"
        guard isAdding || verb == "promote" || verb == "demote" || verb == "remove" || verb == "transfer"
        else {
            return nil
        }
        guard words.count == (isAdding ? 3 : 2), let id = UInt64(words[1]), id > 0, id <= UInt64(Int32.max)
        else {
            return .mistake(
                isAdding
                    ? "add needs a number and an address: add 5 192.0.2.5:4100"
                    : "\(verb) needs a member's number: \(verb) 3. show status has the numbers")
        }
        switch verb {
        case "add":
            guard INIDocument.isEndpoint(String(words[2])) else {
                return .mistake("\(words[2]) is not IP:PORT: add \(id) 192.0.2.\(id):4100")
            }
            return .change(ConsoleChange(change: .add(id, address: String(words[2]))))
        case "promote": return .change(ConsoleChange(change: .assign(.voter, id)))
        case "demote": return .change(ConsoleChange(change: .assign(.standby, id)))
        case "remove": return .change(ConsoleChange(change: .remove(id)))
        default: return .change(ConsoleChange(change: .transfer(id)))
        }
    }

    enum Result {
        case change(ConsoleChange)
        case mistake(String)
    }

    /// What became of it; `names` finds a node's name, nil for one that the file does not have.
    func sentence(_ result: ControlResult, _ name: (MemberID) -> String?) -> String {
        switch result {
        case .applied: "done: \(outcome(name))"
        case .refused(let why): "refused: \(why)"
        case .held, .unknown:
            "unknown: no answer within \(ControlCore.changeTimeout.components.seconds) s. It may still come to be: look at "
                + "show status before you ask again"
        }
    }

    private func outcome(_ name: (MemberID) -> String?) -> String {
        func title(_ id: MemberID) -> String { name(id).map { "\($0) (member \(id))" } ?? "member \(id)" }
        switch change {
        case .command: return ""
        case .add(let id, let address): return "\(title(id)) at \(address) follows"
        case .assign(.voter, let id): return "\(title(id)) votes"
        case .assign(_, let id): return "\(title(id)) does not vote"
        case .transfer(let id): return "\(title(id)) leads"
        case .remove(let id):
            guard name(id) != nil else { return "\(title(id)) is no member any more" }
            return
                "\(title(id)) is no member any more. control.conf has it, so the leader takes it in again as a follower: take it "
                + "from the inventory and deploy if it is to stay away"
        }
    }
}
