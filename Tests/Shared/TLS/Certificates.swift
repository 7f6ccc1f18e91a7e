import Commands
import Foundation

/// Certificates that Debian's openssl made: an authority, and what it signed.
final class Certificates: Sendable {
    static let shared = try? Certificates()

    let folder: String

    private init() throws {
        folder = NSTemporaryDirectory() + "tls-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["authority", "stranger"] {
            try run(
                [
                    "req", "-x509", "-subj", "/CN=\(name)", "-days", "30", "-keyout", key(name), "-out",
                    file(name),
                ]
                    + Self.curve)
        }
        try make("server", subject: "/CN=db.example", names: "DNS:db.example,DNS:*.pool.example,IP:192.0.2.7")
        try make(
            "rsa", subject: "/CN=db.example", names: "DNS:db.example", algorithm: ["-newkey", "rsa:2048"])
        try make("client", subject: "/CN=ada", names: "DNS:ada.example")
        try make("old", subject: "/CN=db.example", names: "DNS:db.example", days: "-1")
    }

    func file(_ name: String) -> String { "\(folder)/\(name).crt" }
    func key(_ name: String) -> String { "\(folder)/\(name).key" }

    private static let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    private func make(
        _ name: String, subject: String, names: String, algorithm: [String] = curve, days: String = "30"
    ) throws {
        let request = "\(folder)/\(name).csr"
        try run(
            ["req", "-subj", subject, "-keyout", key(name), "-out", request, "-nodes"] + algorithm)
        let extensions = "\(folder)/\(name).ext"
        try "subjectAltName=\(names)\n".write(toFile: extensions, atomically: false, encoding: .utf8)
        try run([
            "x509", "-req", "-in", request, "-CA", file("authority"), "-CAkey", key("authority"),
            "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", file(name),
        ])
    }

    private func run(_ arguments: [String]) throws { try Command(["openssl"] + arguments, timeout: 60).run() }
}
