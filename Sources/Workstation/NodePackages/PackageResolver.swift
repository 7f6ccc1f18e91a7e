import Apt
import Diagnostics
import Digest
import Foundation

/// Finds out with apt what nodes need for their packages, and downloads it: on the workstation, so that no node needs a
/// way to a package server.
///
/// Nodes of the same release and architecture are answered from the same indexes, so that a package has one version on
/// all of them. The indexes are kept and read anew only when they no longer do: a node that is added later gets what the
/// others have.
public struct PackageResolver: Sendable {
    /// How often, and after how long, a package server in mid-sync is asked again.
    static let retryDelays: [Duration] = [.seconds(3), .seconds(10), .seconds(30)]

    /// `.pidep/packages`.
    public var folder: String
    /// Put before apt's commands: a way out of a lab's network namespace.
    public var prefix: [String]
    /// Whether the indexes are read anew first.
    public var refresh: Bool
    /// Where this machine keeps archive keys.
    var systemKeyrings = Keyrings.systemFolder
    /// Waits between two tries.
    var pause: @Sendable (Duration) -> Void = { Thread.sleep(forTimeInterval: Double($0.components.seconds)) }
    /// Told in a few words what happens.
    public var progress: @Sendable (String) -> Void = { _ in }
    /// Told in a sentence what is worth reading.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// A resolver that keeps indexes, packages and keys below `folder`.
    public init(folder: String, prefix: [String] = [], refresh: Bool = false) {
        self.folder = folder
        self.prefix = prefix
        self.refresh = refresh
    }

    /// Where a package's file is once `resolve` has returned it.
    public func file(_ digest: SHA256Digest) -> String { cache.path(digest) }

    private var cache: DebCache { DebCache(folder: "\(folder)/debs") }

    /// What each node needs, by its name; all files are in the cache then.
    public func resolve(_ requests: [PackageRequest]) throws(PackageFailure) -> [String: PackageResolution] {
        var result: [String: PackageResolution] = [:]
        for system in Set(requests.map(\.system)).sorted(by: { $0.name < $1.name }) {
            guard system.isUsable else {
                throw .other(
                    "\(requests.first { $0.system == system }?.node ?? ""): no packages can be found for "
                        + "\"\(system.name)\": pidep knows Debian and Raspberry Pi OS. Install them by hand, or let "
                        + "the nodes do it: packages = node in [all:vars]")
            }
            let alike = requests.filter { $0.system == system }
            let answers: Result<Answers, PackageFailure>
            do throws(AptFolder.Failure) {
                let lock = try lock(system)
                defer { close(lock) }
                answers = try resolve(alike, of: system)
            } catch { throw .other("\(error.sentence). Run the same command again when that is mended") }
            for (node, resolution) in try answers.get() { result[node] = resolution }
        }
        return result
    }

    private typealias Answers = [String: PackageResolution]

    /// Two commands on one folder would take each other's indexes away.
    private func lock(_ system: NodeSystem) throws(AptFolder.Failure) -> Int32 {
        let path = "\(folder)/\(system.name).lock"
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard file >= 0 else {
            throw AptFolder.Failure(
                sentence: "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            progress("waiting for another pidep that looks for packages")
            while flock(file, LOCK_EX) != 0, errno == EINTR {}
        }
        return file
    }

    // Failures that are the user's are returned, those of this machine thrown: a function throws one type.
    private func resolve(_ requests: [PackageRequest], of system: NodeSystem) throws(AptFolder.Failure)
        -> Result<Answers, PackageFailure>
    {
        let apt = AptFolder("\(folder)/\(system.name)", architecture: system.architecture, prefix: prefix)
        let sources: String
        switch lines(requests, system) {
        case .success(let text): sources = text
        case .failure(let failure): return .failure(failure)
        }
        let indexes = Indexes(apt: apt, resolver: self, system: system)
        let isKept = indexes.isWhole && indexes.sources == sources && !refresh
        if !isKept { indexes.forget() }
        try apt.prepare(sources: sources, name: Indexes.sourcesName)
        var isNew = false
        if !isKept {
            if let failure = try indexes.update() { return .failure(failure) }
            isNew = true
        }
        while true {
            switch try answers(requests, apt, system) {
            case .success(let found): return .success(found)
            case .failure(let failure):
                // What is not to be had by old indexes may be by new ones.
                guard !isNew else { return .failure(failure) }
                if let failure = try indexes.update() { return .failure(failure) }
                isNew = true
            }
        }
    }

    /// All nodes' sources together, those whose archive this machine knows.
    private func lines(_ requests: [PackageRequest], _ system: NodeSystem) -> Result<String, PackageFailure> {
        let keyrings = Keyrings(own: "\(folder)/keyrings", system: systemKeyrings)
        var lines: [String] = []
        var unknown: [String] = []
        for source in requests.flatMap(\.sources) {
            let keys = keyrings.files(for: source)
            let line = source.line(keyrings: keys)
            if keys.isEmpty {
                let name = "\(source.uri) \(source.suite)"
                if !unknown.contains(name) { unknown.append(name) }
            } else if !lines.contains(line) {
                lines.append(line)
            }
        }
        let node = requests.first?.node ?? ""
        guard !lines.isEmpty else {
            return .failure(
                .other(
                    unknown.isEmpty
                        ? "\(node) names no package server in /etc/apt/sources.list or sources.list.d that this "
                            + "machine could ask. Write one there"
                        : "the keys of \(unknown.joined(separator: ", ")) are not known here. "
                            + PackageFailure.keyAdvice(folder)))
        }
        for name in unknown {
            warn(
                "\(name) of \(node) is left out: its keys are not known here. \(PackageFailure.keyAdvice(folder))"
            )
        }
        return .success(lines.sorted().joined(separator: "\n") + "\n")
    }

    private struct Question: Hashable {
        var status: String
        var missing: [String]
    }

    private func answers(_ requests: [PackageRequest], _ apt: AptFolder, _ system: NodeSystem)
        throws(AptFolder.Failure) -> Result<Answers, PackageFailure>
    {
        var known: [Question: AptAnswer] = [:]
        var result: Answers = [:]
        var files: [DebianPackage] = []
        progress("looking for the packages of \(requests.count == 1 ? "1 node" : "\(requests.count) nodes")")
        for request in requests {
            let question = Question(status: request.status, missing: request.missing)
            let answer: AptAnswer
            if let earlier = known[question] {
                answer = earlier
            } else {
                switch try ask(question, request.node, apt, system) {
                case .success(let new): answer = new
                case .failure(let failure): return .failure(failure)
                }
                known[question] = answer
            }
            for package in answer.packages where !files.contains(package) { files.append(package) }
            let versions = AptAnswer.versions(request.status)
            result[request.node] = PackageResolution(
                packages: answer.packages.map {
                    PackageResolution.Package(
                        name: $0.name, from: versions[$0.name], to: $0.version, size: $0.size,
                        digest: $0.digest,
                        isDependency: !request.wanted.contains($0.name))
                }, installedSize: answer.installedSize)
        }
        let lacking = cache.lacking(files)
        guard !lacking.isEmpty else { return .success(result) }
        let megabytes = Double(lacking.reduce(0) { $0 + $1.size }) / 1e6
        progress("downloading \(lacking.count) packages, \(String(format: "%.1f", megabytes)) MB, once")
        if let words = try cache.fetch(lacking, apt) {
            return .failure(PackageFailure(words, system: system, folder: folder))
        }
        return .success(result)
    }

    /// What apt would install on a node of that state.
    private func ask(_ question: Question, _ node: String, _ apt: AptFolder, _ system: NodeSystem)
        throws(AptFolder.Failure) -> Result<AptAnswer, PackageFailure>
    {
        let file = "\(apt.path)/state/node"
        do { try Data(question.status.utf8).write(to: URL(fileURLWithPath: file)) } catch {
            throw AptFolder.Failure(sentence: "\(file) cannot be written: \(error.localizedDescription)")
        }
        let output = try apt.run(
            [
                "apt-get", "-q", "-y", "--print-uris", "--no-install-recommends", "--no-remove",
                "-oDir::State::status=\(file)", "-oDir::Cache::srcpkgcache=\(apt.path)/cache/indexes.bin",
                "install", "--",
            ] + question.missing)
        if output.code == 0 { return .success(AptAnswer(output.standardOutput)) }
        let words = output.standardError + output.standardOutput
        guard case .unknownPackages(let names) = AptFailure(words) else {
            return .failure(PackageFailure(words, system: system, folder: folder))
        }
        return .failure(.unknown(node: node, names: names, nearest: try nearest(names, apt)))
    }

    private func nearest(_ names: [String], _ apt: AptFolder) throws(AptFolder.Failure) -> [String: String] {
        let all = try apt.run(["apt-cache", "pkgnames"]).standardOutput.split(separator: "\n").map(
            String.init)
        var result: [String: String] = [:]
        for name in names {
            // Among tens of thousands: who mistypes a name mostly gets its first letter right.
            let candidates = all.filter {
                $0.utf8.first == name.utf8.first && abs($0.utf8.count - name.utf8.count) <= 2
            }
            result[name] = nearestWord(to: name, among: candidates.sorted())
        }
        return result
    }
}
