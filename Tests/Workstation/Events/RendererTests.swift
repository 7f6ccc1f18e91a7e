import Testing

@testable import Events

@Suite struct RendererTests {
    @Test("kinds of events for nodes' lines have the names that scripts look for")
    func names() {
        #expect(Event.Kind.printed.rawValue == "printed")
        #expect(Event.Kind.complained.rawValue == "complained")
    }

    @Test("a node's line stands behind the node's name, and its errors on standard error")
    func lines() {
        let printed = Renderer.line(Event(.printed, command: "exec", subject: "n1", message: "a | b"))
        #expect(printed.text == "n1 | a | b\n")
        #expect(printed.descriptor == 1)
        #expect(
            Renderer.line(Event(.complained, command: "exec", subject: "n1", message: "")).text == "n1 | \n")
        #expect(
            Renderer.line(Event(.complained, command: "exec", subject: "n1", message: "")).descriptor == 2)
    }
}
