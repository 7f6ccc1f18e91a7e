/// The part of a stream that passes bytes on without understanding them: `mode tcp`, and WebSocket after 101.
extension Stream {
    mutating func advanceTunnel() -> Action? {
        if !clientOutput.isEmpty, !isClientBlocked { return .sendToClient }
        if !serverOutput.isEmpty, !isServerBlocked { return .sendToServer }
        var changed = false
        if clientOut.isEmpty, responseBody.approved == 0, !serverIn.isEmpty {
            _ = responseBody.approve(&serverIn)
            changed = true
        }
        if requestBody.approved == 0, !clientIn.isEmpty {
            _ = requestBody.approve(&clientIn)
            changed = true
        }
        if changed { return nil }
        // Each side's end is passed on once all before it is: a half-closed connection stays half open.
        if clientEnded, !serverOutputEnded, serverOutput.isEmpty {
            serverOutputEnded = true
            return .endServerOutput
        }
        if serverEnded, !clientOutputEnded, clientOutput.isEmpty {
            clientOutputEnded = true
            return .endClientOutput
        }
        if clientOutputEnded, serverOutputEnded {
            phase = .closed
            return .finishExchange(reusable: false)
        }
        clientIn.releaseIfEmpty(pool)
        serverIn.releaseIfEmpty(pool)
        clientOut.releaseIfEmpty(pool)
        return .wait
    }
}
