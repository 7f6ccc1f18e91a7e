import Apt
import Foundation

/// apt's lists of what there is for one system, kept between runs.
struct Indexes {
    static let sourcesName = "node.list"

    let apt: AptFolder
    let resolver: PackageResolver
    let system: NodeSystem

    /// Written when all indexes of the sources came: half of them would be taken for the whole ever after.
    private var mark: String { "\(apt.path)/whole" }

    var isWhole: Bool { FileManager.default.fileExists(atPath: mark) }

    /// The sources that the kept indexes come from.
    var sources: String? {
        FileManager.default.contents(atPath: "\(apt.parts)/\(Self.sourcesName)").map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    func forget() { try? FileManager.default.removeItem(atPath: mark) }

    /// Reads them anew. A package server in mid-sync is asked again; when one suite stays broken, what the others have
    /// is taken, with a warning.
    func update() throws(AptFolder.Failure) -> PackageFailure? {
        forget()
        var delays = PackageResolver.retryDelays[...]
        var isFirst = true
        while true {
            resolver.progress("reading the package indexes for \(system.codename) on \(system.architecture)")
            let output = try apt.run(["apt-get", "-q", "update"])
            guard output.code != 0 else {
                guard FileManager.default.createFile(atPath: mark, contents: nil) else {
                    throw AptFolder.Failure(sentence: "\(mark) cannot be written")
                }
                return nil
            }
            let words = output.standardError + output.standardOutput
            let failure = PackageFailure(words, system: system, folder: resolver.folder)
            guard AptFailure(words).isTransient else { return failure }
            if !isFirst, hasPackages {
                resolver.warn(
                    "one suite of the package server is in the middle of a sync and was left out for now "
                        + "(\(system.codename) on \(system.architecture))")
                return nil
            }
            guard let delay = delays.popFirst() else { return failure }
            isFirst = false
            resolver.progress(
                "the package server is in the middle of a sync; asking again in \(delay.components.seconds) s"
            )
            resolver.pause(delay)
        }
    }

    private var hasPackages: Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(apt.path)/state/lists")) ?? []
        return names.contains { $0.contains("_Packages") }
    }
}
