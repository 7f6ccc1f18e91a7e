import Events
import Foundation
import SSH

/// Confirming what may cut a node off, and what is done when that fails.
extension Rollout {
    func deadManSwitch(of member: Member) -> DeadManSwitch? {
        DeadManSwitch(
            member.plan, previous: member.facts.release, release: member.compiled.manifest.release,
            confirmTime: pace.confirmTime)
    }

    /// Confirms over a new connection that the node can be reached; what cannot be confirmed undoes itself.
    func confirm(_ member: Member, _ dead: DeadManSwitch) throws(DeploymentFailure) {
        let name = member.compiled.node.name
        sink.report(
            Event(.progress, command: "deploy", subject: name, message: "confirming over a new connection"))
        let end = ContinuousClock.now + dead.confirmTime - .seconds(2)
        var sentence = ""
        repeat {
            do throws(SSHError) {
                try member.reconnect()
                let answer = try member.session.perform(DeadManSwitch.confirming, step: "confirming").text
                guard answer.contains("confirmed") else {
                    throw SSHError(
                        .command(status: 0), node: name, sentence: "the confirmation came too late: \(answer)"
                    )
                }
                return
            } catch { sentence = error.sentence }
            usleep(500_000)
        } while ContinuousClock.now < end
        throw DeploymentFailure(
            "this change cuts the node off: after it no new connection came about (\(sentence)). It undoes itself within "
                + "\(dead.confirmTime.components.seconds) s")
    }

    /// Waits until a node has undone what nobody confirmed; false when it was confirmed, or does not come back.
    func waitForRevert(_ member: Member, _ dead: DeadManSwitch) -> Bool {
        let end = ContinuousClock.now + dead.confirmTime + DeadManSwitch.revertTime
        sink.report(
            Event(
                .progress, command: "deploy", subject: member.compiled.node.name,
                message: "waiting until it has undone the change"))
        while ContinuousClock.now < end {
            if (try? member.reconnect()) != nil,
                let answer = try? member.session.perform(
                    DeadManSwitch.question, step: "asking what became of it"
                ).text
            {
                if answer.contains("reverted") { return true }
                if answer.contains("unknown") { return false }
            }
            usleep(1_000_000)
        }
        return false
    }

    /// A connection that was lost is made anew, before anything is undone over it.
    func revive(_ member: Member) throws(DeploymentFailure) {
        guard (try? member.session.perform("true", step: "asking whether the connection lives")) == nil else {
            return
        }
        do throws(SSHError) { try member.reconnect() } catch { throw DeploymentFailure(error.sentence) }
    }
}
