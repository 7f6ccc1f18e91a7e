import Languages
import Proxy

extension Controller {
    /// Answers one console command, or nil when a worker hangs.
    func answer(_ command: String, level: HAProxyConfiguration.StatisticsSocket.Level) -> String? {
        // Whatever the question: an answer says that all workers are alive.
        guard let snapshot = snapshot() else { return nil }
        _ = snapshot
        return "Unknown command: \(command)"
    }

    /// A statistics page and its status: a whole answer.
    func page(_ request: PageRequest) -> ([UInt8], Int) {
        (
            Array("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8),
            503
        )
    }
}
