/// What can be done with which kind of secret, and if not, what is missing: sentences for the log. They name kinds, never secrets.
public enum SecretUse {
    /// How a client can prove itself by a password.
    public enum Exchange: Equatable, Sendable, CaseIterable {
        case plain
        case md5
        case scram
    }

    /// What a server side can log in with.
    public enum Means: Equatable, Sendable, CaseIterable {
        /// Nothing.
        case nothing
        /// The password itself, from a secret in clear text or because the client sent it.
        case password
        /// The digits of an MD5 secret.
        case md5
        /// A SCRAM secret and the key that the client proved to have.
        case scramKeys
        /// A SCRAM secret whose user has not proven anything by SCRAM.
        case scramSecret
    }

    /// Why a client with such a secret cannot prove itself in this way; nil when it can.
    public static func obstacle(toCheck exchange: Exchange, with kind: StoredSecret.Kind, user: String)
        -> String?
    {
        switch (exchange, kind) {
        case (_, .plain), (.plain, .md5), (.plain, .scram), (.md5, .md5), (.scram, .scram): nil
        case (_, .none):
            "user \"\(user)\" has no password: add one to auth_file, or see whether auth_query returns NULL (no "
                + "password, or VALID UNTIL has passed)"
        case (_, .damaged):
            "the secret of user \"\(user)\" begins with SCRAM-SHA-256$ and cannot be read: copy it anew from "
                + "pg_authid"
        case (.scram, .md5):
            "user \"\(user)\" has an MD5 secret, and scram-sha-256 cannot be checked with it: set the password anew "
                + "with password_encryption = scram-sha-256, put it in clear text into auth_file, or use auth_type "
                + "= md5"
        case (.md5, .scram):
            "user \"\(user)\" has a SCRAM secret, and md5 cannot be checked with it: let the exchange be "
                + "scram-sha-256"
        }
    }

    /// Why one cannot log in to a server that asks for this with such means; nil when one can. `isForced`: `user=` of the database
    /// made it this user, whoever the client is.
    public static func obstacle(
        toLogIn exchange: Exchange, with means: Means, user: String, isForced: Bool
    ) -> String? {
        switch (exchange, means) {
        case (_, .password), (.md5, .md5), (.scram, .scramKeys): return nil
        case (_, .nothing):
            return "the server asks for a password of user \"\(user)\", and none is known: "
                + remedy(isForced: isForced)
        case (.scram, .md5):
            return "the server asks for scram-sha-256, and of user \"\(user)\" only an MD5 secret is known: "
                + remedy(isForced: isForced)
        case (.scram, .scramSecret):
            let why =
                isForced
                ? "the keys that a client proves are its own, not those of a forced user"
                : "the client did not log in by scram-sha-256, which would have proven a key"
            return
                "the server asks for scram-sha-256, and of user \"\(user)\" only a SCRAM secret is known, which "
                + "opens no server: \(why); \(remedy(isForced: isForced))"
        case (.md5, .scramKeys), (.md5, .scramSecret):
            return
                "the server asks for md5, and of user \"\(user)\" a SCRAM secret is known: the pool's secret is "
                + "not the server's; take it from the server's pg_authid, or use auth_query"
        case (.plain, .md5), (.plain, .scramKeys), (.plain, .scramSecret):
            return
                "the server asks for the password of user \"\(user)\" itself, and only a secret made of it is "
                + "known: \(remedy(isForced: isForced))"
        }
    }

    private static func remedy(isForced: Bool) -> String {
        isForced
            ? "add password= to the database's line, or the password in clear text to auth_file"
            : "put the password in clear text into auth_file, or let clients log in by scram-sha-256 with the "
                + "very secret of the server's pg_authid"
    }
}
