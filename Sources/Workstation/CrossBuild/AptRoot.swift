import Apt
import Commands
import Digest
import Foundation
import Requirements

/// The packages of a sysroot, from the machine's own Debian sources: apt downloads them and checks signatures and
/// digests.
struct AptRoot {
    /// How long the packages of one architecture, some 10 MB, may take.
    static let downloadTimeout: TimeInterval = 600
    /// How often, and after how long, a mirror in mid-sync is asked again.
    static let retryDelays: [Duration] = [.seconds(3), .seconds(10), .seconds(30)]

    /// Where this machine's Debian sources may stand: deb822 (Debian 12's installer and images), then one-line.
    static let sourceFiles = ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]

    let folder: String
    let debianArchitecture: String
    /// The sources file, `.sources` or `.list`.
    let sources: String
    /// What to type when a failure's cause is gone.
    let command: String
    /// Waits between two tries; tests put their own here.
    var pause: @Sendable (Duration) -> Void = { Thread.sleep(forTimeInterval: Double($0.components.seconds)) }
    /// Told in a few words what happens.
    var progress: @Sendable (String) -> Void = { _ in }
    /// Told in a sentence what is worth reading.
    var warn: @Sendable (String) -> Void = { _ in }

    /// What a look for the machine's Debian sources found.
    enum Sources: Equatable {
        case found(String)
        case unreadable(String)
        case none
    }

    /// The first of the files that names a repository.
    static func sources(among candidates: [String]) -> Sources {
        for file in candidates where FileManager.default.fileExists(atPath: file) {
            guard let data = FileManager.default.contents(atPath: file) else { return .unreadable(file) }
            let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
            let names = ["deb ", "deb\t", "Types:"]
            if lines.contains(where: { line in names.contains { line.hasPrefix($0) } }) {
                return .found(file)
            }
        }
        return .none
    }

    /// The machine's Debian sources, or a sentence where there are none.
    static func machineSources(_ candidates: [String] = sourceFiles) throws(BuildError) -> String {
        do throws(Requirement.Missing) { try Requirement.debianSources(candidates).demand() } catch {
            throw BuildError(error.sentence)
        }
        guard case .found(let path) = sources(among: candidates) else {
            throw BuildError("\(candidates[0]) changed while it was read. Run the same command again.")
        }
        return path
    }

    /// Fetches the indexes and says which versions of the packages there are.
    ///
    /// A mirror in mid-sync is asked again; when one suite stays broken but the others have all the packages,
    /// they are taken from there, with a warning.
    func resolve(_ names: [String]) throws(BuildError) -> [DebianPackage] {
        try prepare()
        var delays = Self.retryDelays[...]
        while true {
            progress("apt reads the package indexes for \(debianArchitecture)")
            guard let failure = try update() else { return try available(names) }
            guard failure.isTransient else { throw explain(failure) }
            let isFirst = delays.count == Self.retryDelays.count
            if !isFirst, let found = try? available(names) {
                warn(
                    "one suite of the Debian mirror is in the middle of a sync and was left out; the packages for "
                        + "\(debianArchitecture) come from the others. Later, run: pidep build --refresh")
                return found
            }
            guard let delay = delays.popFirst() else { throw explain(failure) }
            progress(
                "the Debian mirror is in the middle of a sync; asking again in \(delay.components.seconds) s")
            pause(delay)
        }
    }

    /// Downloads packages into `cache`, each named by its digest, those that are not there yet.
    func download(_ packages: [DebianPackage], into cache: String) throws(BuildError) {
        var missing: [DebianPackage] = []
        for package in packages {
            let file = "\(cache)/\(package.digest.hexadecimal)"
            // A power cut can leave a file of the right name and the wrong bytes.
            if Files.exists(file), try Files.digest(of: file) == package.digest { continue }
            try Files.remove(file)
            missing.append(package)
        }
        guard !missing.isEmpty else { return }
        let bytes = missing.reduce(0) { $0 + $1.size }
        progress("apt downloads \(missing.count) packages, \(megabytes(bytes)) MB")
        let incoming = "\(folder)/incoming"
        try Files.makeEmpty(incoming)
        defer { try? FileManager.default.removeItem(atPath: incoming) }
        let output = try run(
            ["download"] + missing.map { "\($0.name)=\($0.version)" }, in: incoming,
            timeout: Self.downloadTimeout)
        guard output.code == 0 else {
            throw explain(AptFailure(output.standardError + output.standardOutput))
        }
        try Files.makeFolder(cache)
        for file in try Files.list(incoming) where file.hasSuffix(".deb") {
            let path = "\(incoming)/\(file)"
            let digest = try Files.digest(of: path)
            guard missing.contains(where: { $0.digest == digest }) else {
                throw BuildError("\(file) is not the file that Debian's index names. Run again: \(command)")
            }
            try Files.move(path, to: "\(cache)/\(digest.hexadecimal)")
        }
        for package in missing
        where !FileManager.default.fileExists(atPath: "\(cache)/\(package.digest.hexadecimal)") {
            throw BuildError("apt did not deliver \(package.name) \(package.version). Run again: \(command)")
        }
    }

    private func explain(_ failure: AptFailure) -> BuildError {
        BuildError(failure.sentence(sources: sources, state: folder, command: command))
    }

    private var apt: AptFolder { AptFolder(folder, architecture: debianArchitecture) }

    private func prepare() throws(BuildError) {
        do throws(Requirement.Missing) { try Requirement.aptGet.demand() } catch {
            throw BuildError(error.sentence)
        }
        guard let text = FileManager.default.contents(atPath: sources) else {
            throw BuildError("\(sources) cannot be read. Run: sudo chmod a+r \(sources)")
        }
        do throws(AptFolder.Failure) {
            try apt.prepare(
                sources: String(decoding: text, as: UTF8.self),
                name: sources.hasSuffix(".list") ? "debian.list" : "debian.sources")
        } catch { throw BuildError(error.sentence) }
    }

    /// Nil when all indexes are there.
    private func update() throws(BuildError) -> AptFailure? {
        let output = try run(["update"], timeout: AptFolder.questionTimeout)
        return output.code == 0 ? nil : AptFailure(output.standardError + output.standardOutput)
    }

    private func available(_ names: [String]) throws(BuildError) -> [DebianPackage] {
        let output = try run(["--print-uris", "download"] + names, timeout: AptFolder.questionTimeout)
        guard output.code == 0 else { throw explain(AptFailure(output.standardError)) }
        let found = output.standardOutput.split(separator: "\n")
            .compactMap { DebianPackage(printedByApt: String($0)) }
        let missing = names.filter { name in !found.contains { $0.name == name } }
        guard missing.isEmpty else { throw explain(.unknownPackages(missing)) }
        return found.sorted { $0.name < $1.name }
    }

    private func run(_ arguments: [String], in place: String? = nil, timeout: TimeInterval)
        throws(BuildError) -> Command.Output
    {
        do throws(AptFolder.Failure) {
            return try apt.run(["apt-get", "-q"] + arguments, in: place, timeout: timeout)
        } catch { throw BuildError("\(error.sentence). Run again: \(command)") }
    }
}
