import Apt
import Foundation

/// The keys by which this machine knows the archives that nodes get packages from.
///
/// A node's own keys are not taken: a node that somebody else has taken over could then bring any package to all the
/// others.
struct Keyrings {
    /// Where Debian's packages put archive keys.
    static let systemFolder = "/usr/share/keyrings"
    /// The archives' usual files, for sources that name none (they lie in trusted.gpg.d on the node).
    static let usual = [
        "debian-archive-keyring", "raspberrypi-archive-keyring", "raspbian-archive-keyring",
    ]

    /// Where keys are looked for, the first that has them counts: pidep's own folder, then the system's.
    let folders: [String]

    init(own: String, system: String = systemFolder) { folders = [own, system] }

    /// The files with which a source's signature is checked; none: this machine does not know that archive.
    func files(for source: PackageSource) -> [String] {
        source.signedBy.isEmpty
            ? Self.usual.flatMap { stem in find { Self.stem($0) == stem } }
            : source.signedBy.filter { $0.hasPrefix("/") }.flatMap { path in
                let name = Self.stem((path as NSString).lastPathComponent)
                return find { Self.stem($0) == name }
            }
    }

    /// `x.gpg`, `x.asc` and `x.pgp` are the same keyring in other clothes.
    private static func stem(_ name: String) -> String { (name as NSString).deletingPathExtension }

    private func find(_ isWanted: (String) -> Bool) -> [String] {
        for folder in folders {
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
            if let name = names.first(where: isWanted) { return ["\(folder)/\(name)"] }
        }
        return []
    }
}
