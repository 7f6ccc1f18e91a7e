import Reactor
import Languages
import Proxy

extension Controller {
    /// Answers one console command, or nil when a worker hangs: whatever the question, an answer says that all
    /// workers are alive.
    func answer(_ command: String, level: HAProxyConfiguration.StatisticsSocket.Level) -> String? {
        guard let snapshot = snapshot(countsConnections: ConsoleCommands.showsInfo(command))
        else { return nil }
        let answer = ConsoleCommands.answer(command, level: level, snapshot: snapshot)
        var text = answer.text
        for action in answer.actions { text += perform(action) }
        return text
    }

    /// Returns what stands in the way, as a line; empty for nothing.
    private func perform(_ action: ConsoleAction) -> String {
        switch action {
        case .setState(let backend, let server, let wish):
            checkers[backend][server].set(wish, reason: "an operator said so at the console")
        case .setWeight(let backend, let server, let weight): checkers[backend][server].setWeight(weight)
        case .setFrontends(let state, let time): return setFrontends(state, for: time)
        case .clearCounters(let all):
            for mailbox in shared.mailboxes { mailbox.post(.clearCounters(all: all)) }
        }
        return ""
    }

    /// A statistics page and its status: a whole answer.
    func page(_ request: PageRequest) -> ([UInt8], Int) {
        guard let snapshot = snapshot(), let page = configuredPage(request) else {
            let nothing = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            return (Array(nothing.utf8), 503)
        }
        let answer = StatisticsAnswer(target: request.target, page: page, snapshot: snapshot, closes: true)
        return (request.isHead ? answer.header : answer.header + answer.body, answer.status)
    }

    /// The pages of a frontend: its own, then its backend's.
    private func configuredPage(_ request: PageRequest) -> HAProxyConfiguration.Statistics? {
        let frontend = plan.configuration.frontends[request.frontend]
        let backend = frontend.defaultBackend.map { plan.configuration.backends[$0] }
        let pages = [frontend.statistics, backend?.statistics].compactMap { $0 }
        return request.page < pages.count ? pages[request.page] : nil
    }
}
