import Foundation
import Recipes
import SSH

/// Asks the consoles of one node's roles over its login, one question after the other.
final class ConsoleQuestions: @unchecked Sendable {
    // Checks are asked on threads of their own, and a session belongs to one at a time.
    private let lock = NSLock()
    private let connect: () throws(SSHError) -> SSHSession
    private var session: SSHSession?

    /// Over the login that `connect` makes when it is needed.
    init(_ connect: @escaping () throws(SSHError) -> SSHSession) { self.connect = connect }

    /// The answer's text, or half a sentence.
    func ask(_ question: Check.Console) -> Result<String, HTTPProbe.Failure> {
        lock.lock()
        defer { lock.unlock() }
        do throws(SSHError) {
            let session = if let session { session } else { try connect() }
            self.session = session
            let answer = try session.perform(Self.command(question), step: "asking \(question.role)").text
            return .success(answer.trimmingCharacters(in: .whitespacesAndNewlines))
        } catch {
            if case .command = error.kind {} else { session = nil }
            return .failure(HTTPProbe.Failure(reason: error.sentence))
        }
    }

    static func command(_ question: Check.Console) -> String {
        "/opt/pinode/current/pinode ctl \(SSHSession.quote(question.role)) \(SSHSession.quote(question.command))"
    }
}
