import Commands
import Foundation

extension Requirement {
    /// A program on PATH (or in an sbin folder), from one of Debian's packages.
    public static func program(
        _ program: String, package: String, for purpose: Purpose, isOptional: Bool = false
    ) -> Requirement {
        Requirement(
            program, for: purpose, isOptional: isOptional, remedy: "sudo apt-get install \(package)"
        ) {
            guard let path = Command.path(of: program) else {
                return .missing("the program \(program) is not on PATH")
            }
            return .present(path)
        }
    }

    /// A header that compiling needs, from one of Debian's packages.
    static func header(_ header: String, package: String) -> Requirement {
        Requirement(package, for: .develop, remedy: "sudo apt-get install \(package)") {
            guard FileManager.default.fileExists(atPath: "/usr/include/\(header)") else {
                return .missing("the header /usr/include/\(header) is missing")
            }
            return .present("/usr/include/\(header)")
        }
    }

    /// What compiling pidep itself takes beside Swift.
    public static let forDevelopment: [Requirement] = [
        .header("archive.h", package: "libarchive-dev"),
        .header("libssh2.h", package: "libssh2-1-dev"),
        .header("openssl/sha.h", package: "libssl-dev"),
        .program("shellcheck", package: "shellcheck", for: .develop, isOptional: true),
    ]
}
