@testable import Pool

/// A client that writes down what it is told, a line a message.
final class TestClient: WirePeer {
    let wire: Wire
    private unowned let stage: PoolStage
    private var cutter = MessageCutter()
    /// What it has been told and not asked for yet.
    private(set) var lines: [String] = []
    private(set) var isClosed = false
    /// How it writes down what it is told.
    var transcript = Transcript()

    init(_ wire: Wire, _ stage: PoolStage) {
        self.wire = wire
        self.stage = stage
        wire.peer = self
    }

    /// Sends, lets everything that follows happen, and returns what it was told since it last asked.
    @discardableResult
    func ask(_ messages: [UInt8]...) -> [String] {
        for message in messages { send(message) }
        stage.pump()
        return take()
    }

    /// A simple query.
    @discardableResult
    func query(_ text: String) -> [String] { ask(Say.query(text)) }

    /// Sends without letting anything happen.
    func send(_ bytes: [UInt8]) { wire.incoming += bytes }

    /// What it was told since it last asked.
    func take() -> [String] {
        defer { lines = [] }
        return lines
    }

    /// It is gone without a word.
    func vanish() {
        wire.peerEnded = .some(nil)
        stage.pump()
    }

    /// Sends a cancel request for itself, on a connection of its own.
    func cancel() {
        let other = stage.connect()
        other.ask(transcript.cancelRequest)
    }

    func receive(_ bytes: [UInt8]) {
        cutter.append(bytes)
        while let (type, body) = cutter.next() { lines.append(transcript.line(type, body)) }
    }

    func closed() {
        isClosed = true
        lines.append(cutter.rest == 0 ? "end" : "end in a message")
    }
}
