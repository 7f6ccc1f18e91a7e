import Pool
import Reactor

/// What a worker finds in its mailbox.
enum WorkerMail {
    case message(PoolMessage)
    /// Take no more connections, and end when clients, or servers, are done.
    case shutDown(waitsForClients: Bool)
    case pause
    case resume
    /// Ends the thread.
    case stop
    /// For the first worker: another one has nothing left to do.
    case finished(Int)
}

/// Wakes a worker when there is mail.
final class MailSource: EventSource {
    private let mailbox: ThreadMailbox<WorkerMail>
    private let handle: (WorkerMail) -> Void

    init(_ mailbox: ThreadMailbox<WorkerMail>, _ handle: @escaping (WorkerMail) -> Void) {
        self.mailbox = mailbox
        self.handle = handle
    }

    func ready(_ readiness: Readiness) { for mail in mailbox.take() { handle(mail) } }
}
