import CLinux
import Digest
import Events
import Foundation

/// The root file system that all lab nodes share and none can change: made once by mmdebstrap from the package list
/// in `images/lab`, kept by the digest of its recipe.
struct RootFileSystem {
    /// `packages`, `prefilled` and `customize`.
    let images: String
    /// Debian's suite.
    let suite: String
    let packages: [String]
    /// Where it is, or will be.
    let folder: String

    /// Where root file systems are kept, machine-wide so that a second clone of the project finds them:
    /// `$PIDEP_CACHE_DIR`, else `/var/cache/pidep`.
    static var cacheFolder: String {
        let chosen = ProcessInfo.processInfo.environment["PIDEP_CACHE_DIR"] ?? ""
        return chosen.isEmpty ? "/var/cache/pidep" : chosen
    }

    /// Documentation is read on the workstation; without it the build is a third faster.
    private static let excluded = [
        "/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*",
    ]

    /// `prefilled`: with the packages that recipes want, so that a deploy has none to install.
    init(
        root: String, prefilled: Bool = false, cache: String = RootFileSystem.cacheFolder,
        suite: String = AptSources.suite()
    ) throws(LabFailure) {
        images = "\(root)/images/lab"
        guard let bare = readFile("\(images)/packages"), let more = readFile("\(images)/prefilled"),
            let recipe = readFile("\(images)/customize")
        else {
            throw LabFailure(
                "\(images)/packages, prefilled and customize say what a lab node is made of, and one cannot be read. "
                    + "Are they in your clone? git status images")
        }
        guard !cache.contains(where: { ",:\\".contains($0) }) else {
            throw LabFailure(
                "The cache folder \"\(cache)\" has a comma, colon or backslash in its name, which an overlay mount "
                    + "cannot take: set PIDEP_CACHE_DIR to another folder.")
        }
        self.suite = suite
        packages = Self.packages(bare) + (prefilled ? Self.packages(more) : [])
        let text = ([suite] + packages + Self.excluded + [recipe]).joined(separator: "\n")
        folder = "\(cache)/rootfs/\(SHA256Digest(of: Array(text.utf8)).hexadecimal.prefix(16))"
    }

    /// One package a line; `#` begins a comment.
    static func packages(_ list: String) -> [String] {
        list.split(separator: "\n")
            .map { $0.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces) }
            .filter { !$0.isEmpty }
    }

    var isReady: Bool { access("\(folder)/usr/lib/systemd/systemd", X_OK) == 0 }

    /// Builds it unless it is there. A build that fails is tried again: a mirror in the middle of a sync is right again
    /// a little later.
    func ensure(_ tools: Toolbox, limits: LabLimits, events: any EventSink) throws(LabFailure) {
        guard !isReady else { return }
        try makeFolder(NSString(string: folder).deletingLastPathComponent)
        // Two labs may want it at the same time: the second waits for the first one's.
        let lock = try FileLock("\(folder).lock", within: limits.buildTimeout) { holder in
            events.report(
                Event(
                    .progress, command: "lab up", subject: "root file system",
                    message: "waiting for another build (\(holder))"))
        }
        defer { lock.release() }
        guard !isReady else { return }
        events.report(
            Event(
                .started, command: "lab up", subject: "root file system",
                message: "building Debian \(suite) with \(packages.count) packages, once; about a minute"))
        var attempt = 1
        while true {
            do throws(LabFailure) {
                try build(tools, limits: limits, events: events)
                break
            } catch {
                guard attempt < limits.buildAttempts else {
                    throw LabFailure(
                        "The lab's root file system could not be built in \(attempt) attempts. Can this machine reach "
                            + "its Debian mirror? sudo apt-get update tells. The last attempt: \(error.sentence)"
                    )
                }
                events.report(
                    Event(
                        .warning, command: "lab up", subject: "root file system",
                        message: "attempt \(attempt) of \(limits.buildAttempts) failed, the next follows in "
                            + "\(limits.buildPause): \(error.sentence)"))
                attempt += 1
                usleep(UInt32(limits.buildPause.components.seconds) * 1_000_000)
            }
        }
        events.report(
            Event(.finished, command: "lab up", subject: "root file system", message: "kept in \(folder)"))
    }

    private func build(_ tools: Toolbox, limits: LabLimits, events: any EventSink) throws(LabFailure) {
        let partial = "\(folder).partial"
        try MountPoint.unmountAll(below: partial, within: limits.unmountTimeout)
        try? FileManager.default.removeItem(atPath: partial)
        var arguments = [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory",
            "--include=\(packages.joined(separator: ","))", "--aptopt=Acquire::Retries \"3\"",
            "--customize-hook=\(images)/customize",
        ]
        arguments += Self.excluded.map { "--dpkgopt=path-exclude=\($0)" }
        arguments += ["--", suite, partial]
        // None found: then mmdebstrap knows where Debian is.
        arguments += AptSources.ofThisMachine(suite: suite).lines
        try tools.run(arguments, environment: Self.proxies(tools, limits), timeout: limits.buildTimeout) {
            line in
            guard let step = Self.step(line) else { return }
            events.report(
                Event(.progress, command: "lab up", subject: "root file system", message: step))
        }
        let descriptor = cl_open(partial, O_RDONLY | O_DIRECTORY, 0)
        if descriptor >= 0 {
            _ = cl_syncfs(descriptor)
            close(descriptor)
        }
        guard rename(partial, folder) == 0, isReady else {
            throw LabFailure("\(partial) holds no system that boots, or cannot be renamed to \(folder).")
        }
    }

    /// What mmdebstrap says of its progress: `I: installing remaining packages inside the chroot...`.
    static func step(_ line: String) -> String? {
        guard line.hasPrefix("I: ") else { return nil }
        let text = line.dropFirst(3)
        return String(text.hasSuffix("...") ? text.dropLast(3) : text)
    }

    /// The machine's proxies for apt, by environment: they must not stay in the image.
    private static func proxies(_ tools: Toolbox, _ limits: LabLimits) -> [String: String] {
        var result: [String: String] = [:]
        let own = ProcessInfo.processInfo.environment
        for scheme in ["http", "https"] {
            let setting = try? tools.run(
                ["apt-config", "shell", "PROXY", "Acquire::\(scheme)::Proxy"], timeout: limits.toolTimeout)
            let configured = setting?.split(separator: "'").dropFirst().first.map(String.init)
            if let proxy = configured ?? own["\(scheme)_proxy"] { result["\(scheme)_proxy"] = proxy }
        }
        if let exceptions = own["no_proxy"] { result["no_proxy"] = exceptions }
        return result
    }
}
