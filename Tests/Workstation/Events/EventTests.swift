import Events
import JSON
import Testing

@Suite struct EventTests {
    @Test("an event is one JSON object with its data beside its message")
    func json() {
        let event = Event(
            .finished, command: "build", subject: "armv7", message: "built",
            data: [.init("bytes", .integer(7))])
        #expect(
            event.json.compact
                == #"{"event":"finished","command":"build","subject":"armv7","message":"built","bytes":7}"#)
    }
}
