import Diagnostics
import Testing

@Suite struct DiagnosticTests {
    @Test("a diagnostic reads as a sentence with its place and an advice")
    func sentence() {
        let diagnostic = Diagnostic(
            file: "inventory/lab.ini", line: 7, problem: "\"prioritiy\" is not a variable that pidep knows",
            advice: "Did you mean \"priority\"?")
        #expect(
            diagnostic.sentence
                == "inventory/lab.ini:7: \"prioritiy\" is not a variable that pidep knows. Did you mean \"priority\"?"
        )
    }

    @Test("a warning says so, and a whole file has no line")
    func warning() {
        let diagnostic = Diagnostic(.warning, file: "a.ini", line: 0, problem: "the file is empty")
        #expect(diagnostic.sentence == "a.ini: warning: the file is empty.")
    }

    @Test(
        "the nearest known word is found, and a far one is not offered",
        arguments: [
            ("prioritiy", "priority"), ("prioirty", "priority"), ("stat", "state"), ("interfac", "interface"),
            ("banana", nil), ("x", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        #expect(nearestWord(to: word, among: ["priority", "state", "interface"]) == expected)
    }
}
