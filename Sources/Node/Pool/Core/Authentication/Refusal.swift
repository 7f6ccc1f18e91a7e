/// Why somebody does not get in: for the client as little as PgBouncer tells, for the log what is missing.
struct Refusal: Equatable, Sendable {
    /// SQLSTATE, as PostgreSQL gives it where PgBouncer says 08P01 to everything.
    var code: String
    /// PgBouncer's text.
    var text: String
    /// A sentence for the log, without a full stop: what is missing and what to do. No secret is ever in it.
    var log: String

    /// The same for whoever does not know a password and whoever does not exist.
    static func wrongPassword(_ user: String, bySASL: Bool, log: String) -> Refusal {
        Refusal(
            code: "28P01", text: bySASL ? "SASL authentication failed" : "password authentication failed",
            log: "user \"\(user)\" did not get in: \(log)")
    }

    /// What the client says is not what the protocol asks of it.
    static func violation(_ user: String, _ text: String, log: String? = nil) -> Refusal {
        Refusal(code: "08P01", text: text, log: "user \"\(user)\" did not get in: \(log ?? text)")
    }

    /// A way of getting in that is not open to this user.
    static func notAuthorized(_ user: String, _ text: String, log: String) -> Refusal {
        Refusal(code: "28000", text: text, log: "user \"\(user)\" did not get in: \(log)")
    }
}
