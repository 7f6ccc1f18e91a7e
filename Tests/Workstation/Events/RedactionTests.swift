import Foundation
import JSON
import Testing

@testable import Events

@Suite struct RedactionTests {
    /// Secrets are hidden for the life of the process: each test has its own.
    static func secret() -> String { "s\"\\ \(UUID().uuidString)/x" }

    @Test("a secret is hidden as it stands, and as programs quote it")
    func forms() {
        let secret = Self.secret()
        Redaction.hide(secret, as: "db")
        #expect(Redaction.apply("a \(secret) b") == "a <secret db> b")
        let json = JSONValue.object([.init("p", .string(secret))]).compact
        #expect(Redaction.apply(json) == "{\"p\":\"<secret db>\"}")
        #expect(Redaction.apply(Data(secret.utf8).base64EncodedString()) == "<secret db>")
        let encoded = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        #expect(Redaction.apply("http://h/?p=\(encoded)") == "http://h/?p=<secret db>")
    }

    @Test("an event shows none, in its message and in its data")
    func event() {
        let secret = Self.secret()
        Redaction.hide(secret, as: "db")
        let data = JSONValue.array([.object([.init("a", .string("x\(secret)")), .init(secret, .integer(1))])])
        let event = Event(.failed, command: "deploy", message: "bad \(secret)", data: [.init("d", data)])
            .redacted
        #expect(event.message == "bad <secret db>")
        #expect(!event.json.compact.contains("x\(secret)"))
        #expect(event.json.compact.contains("<secret db>"))
    }

    @Test("of two secrets that begin alike the longer one is hidden as itself")
    func longest() {
        let secret = UUID().uuidString
        Redaction.hide(secret, as: "short")
        Redaction.hide(secret + "more", as: "long")
        #expect(Redaction.apply("\(secret)more") == "<secret long>")
    }
}
