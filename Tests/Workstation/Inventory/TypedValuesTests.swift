import Diagnostics
import Testing

@testable import Inventory

@Suite struct TypedValuesTests {
    private func node(_ text: String) -> ClusterNode {
        ClusterNode(
            name: "n1", address: "192.0.2.1", variables: ["v": Variable(text: text, file: "a.ini", line: 7)],
            file: "a.ini", line: 3)
    }

    @Test("every accepted spelling of a boolean, in any case")
    func booleans() throws {
        for text in ["true", "Yes", "ON", "1"] { #expect(try node(text).boolean("v")) }
        for text in ["false", "No", "OFF", "0"] { #expect(try !node(text).boolean("v")) }
    }

    @Test("values are read as what they are asked for")
    func values() throws {
        #expect(try node("-5").integer("v", in: -9...9) == -5)
        #expect(try node("65535").port("v") == 65535)
        #expect(try node("250us").duration("v") == .microseconds(250))
        #expect(try node("10ms").duration("v") == .milliseconds(10))
        #expect(try node("2m").duration("v") == .seconds(120))
        #expect(try node("1d").duration("v") == .seconds(86400))
        #expect(try node("2001:db8::1").address("v") == "2001:db8::1")
        #expect(try node("192.0.2.0/24").network("v").last.description == "192.0.2.255")
        #expect(try node("3G").size("v") == 3 << 30)
        #expect(try node("b").choice("v", of: ["a", "b"]) == "b")
        #expect(node("a, b  c").list("v") == ["a", "b", "c"])
        #expect(try node(" as it is ").text("v") == " as it is ")
    }

    @Test(
        "what does not fit is refused at its boundary",
        arguments: [
            (ValueKind.integer(1...5), "0"), (.integer(1...5), "6"), (.integer(1...5), "+3"),
            (.integer(1...5), "3 "), (.integer(0...Int.max), "99999999999999999999"), (.port, "0"),
            (.port, "65536"), (.port, "080800"), (.duration, "5"), (.duration, "s"), (.duration, "5 s"),
            (.duration, "1.5s"), (.duration, "-1s"), (.duration, "3651d"), (.duration, "999999999999999d"),
            (.address, "192.0.2"), (.address, "192.0.2.256"), (.address, "192.0.02.1"), (.address, "host"),
            (.address, ""), (.network, "192.0.2.1/24"), (.network, "192.0.2.0/33"), (.network, "192.0.2.0"),
            (.size, "G"), (.size, "1g"), (.size, "999999999999999T"), (.boolean, "y"), (.choice(["a"]), "A"),
        ])
    func refused(kind: ValueKind, text: String) {
        #expect(!kind.accepts(text))
    }

    @Test("an error names file, line, key, value and the accepted forms")
    func error() {
        do throws(Diagnostic) {
            _ = try node("http").port("v")
            Issue.record("was accepted")
        } catch {
            #expect(
                error.sentence
                    == "a.ini:7: v is \"http\", which cannot be used. Write a port, a whole number from 1 to 65535."
            )
        }
    }

    @Test("a variable that is not set is its default, or an error with the node's line")
    func missing() throws {
        #expect(try node("").integer("other", default: 4) == 4)
        #expect(node("").list("other") == [])
        do throws(Diagnostic) {
            _ = try node("").boolean("other")
            Issue.record("was accepted")
        } catch {
            #expect(error.sentence.hasPrefix("a.ini:3: n1 has no variable \"other\". Set it"))
        }
    }
}
