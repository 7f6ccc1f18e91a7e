import Events
import JSON
import SSH

/// `pinode apply` on a node, its events passed on.
struct RemoteApply {
    /// How long it may be silent: it tells every 10 s that it still works.
    static let idle: Duration = .seconds(90)

    let session: SSHSession
    let node: String
    /// `deploy` or `rollback`: the events' command.
    let command: String
    let sink: any EventSink

    /// Runs a line of shell that ends in an apply; returns how much was changed.
    func run(_ line: String, input: any SSHInput = [UInt8]()) throws(DeploymentFailure) -> Int {
        var failure: String?
        var changed: Int?
        do throws(SSHError) {
            try session.perform(line, step: "pinode apply", input: input, idle: Self.idle) { line in
                guard let event = try? JSONValue.parse(line), let kind = event["event"]?.text else { return }
                switch kind {
                case "done": changed = event["changed"]?.integer.map(Int.init)
                case "failed": failure = event["message"]?.text
                case "progress": progress(event["message"]?.text ?? "")
                default:
                    let what = event["path"]?.text ?? event["name"]?.text ?? ""
                    progress(
                        "\(kind) \(what) \(event["action"]?.text ?? "")", data: [.init("change", event)])
                }
            }
        } catch {
            throw DeploymentFailure(failure ?? error.sentence)
        }
        guard let changed else {
            throw DeploymentFailure("pinode apply ended without saying how; run it again")
        }
        return changed
    }

    private func progress(_ message: String, data: [JSONValue.Member] = []) {
        sink.report(Event(.progress, command: command, subject: node, message: message, data: data))
    }
}
