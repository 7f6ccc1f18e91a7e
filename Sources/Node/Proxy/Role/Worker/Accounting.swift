import Reactor
import Languages
import CLinux
import HTTP1
import Proxy

extension Worker {
    /// Counts one exchange, or one connection of `mode tcp`.
    func account(
        _ stream: Stream, _ frontend: FrontendTraffic, _ backend: BackendTraffic?, _ server: ServerTraffic?
    ) {
        guard stream.policy.isHTTP else {
            countEnding(stream.ending, frontend, backend, server)
            return
        }
        frontend.counters.requests.count(second: second)
        if stream.status > 0 { frontend.counters.responses.count(status: stream.status) }
        if stream.ending == .local {
            frontend.counters.intercepted &+= 1
            return
        }
        countEnding(stream.ending, frontend, backend, server)
        guard let backend, stream.ending != .refused else { return }
        backend.counters.requests &+= 1
        if stream.status > 0 { backend.counters.responses.count(status: stream.status) }
        guard let server else { return }
        server.counters.requests &+= 1
        if stream.status > 0 { server.counters.responses.count(status: stream.status) }
        guard stream.responseStart > 0 else { return }
        let response = (stream.responseStart - stream.requestSentAt) / 1000
        let total = (now - stream.requestStart) / 1000
        server.counters.responseTime.add(microseconds: response)
        server.counters.totalTime.add(microseconds: total)
        backend.counters.responseTime.add(microseconds: response)
        backend.counters.totalTime.add(microseconds: total)
    }

    private func countEnding(
        _ ending: Stream.Ending, _ frontend: FrontendTraffic, _ backend: BackendTraffic?,
        _ server: ServerTraffic?
    ) {
        switch ending {
        case .normal, .local, .queueTimedOut, .noServer, .connectFailed: break
        case .refused: frontend.counters.requestErrors &+= 1
        case .clientAborted, .clientTimedOut:
            if server == nil {
                frontend.counters.requestErrors &+= 1
            } else {
                backend?.counters.clientAborts &+= 1
                server?.counters.clientAborts &+= 1
            }
        case .serverAborted:
            backend?.counters.serverAborts &+= 1
            server?.counters.serverAborts &+= 1
            backend?.counters.responseErrors &+= 1
            server?.counters.responseErrors &+= 1
        case .serverTimedOut, .badResponse:
            backend?.counters.responseErrors &+= 1
            server?.counters.responseErrors &+= 1
        case .exhausted: frontend.counters.internalErrors &+= 1
        }
    }

    /// Keeps what broke a rule for `show errors`.
    func noteViolation(_ session: Session, _ server: ServerTraffic?) {
        guard let violation = session.stream.violation else { return }
        let ofServer = session.stream.violationIsServers
        var bytes: [UInt8] = []
        for byte in session.stream.faultyBytes.prefix(CapturedError.maximumBytes) { bytes.append(byte) }
        let backend = session.stream.policy.backend.map { backends[$0].name } ?? ""
        let peer = session.stream.peer
        shared.control.post(
            .broken(
                CapturedError(
                    ofServer ? .response : .request, section: ofServer ? backend : session.frontend.name,
                    server: ofServer ? server?.name : nil,
                    client: peer.map { $0.address.text(port: $0.port) } ?? "",
                    unixTime: Int64(cl_wall_ns() / 1_000_000_000), reason: "\(violation.sentence)",
                    position: session.stream.faultPosition, bytes: bytes)))
        session.stream.clearViolation()
    }
}
