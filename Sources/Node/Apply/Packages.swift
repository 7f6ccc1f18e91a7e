import CLinux
import Digest

/// Debian's packages, through dpkg-query and apt-get.
///
/// Where the workstation brought what this node lacks, nothing is fetched: `incoming/packages` holds the packages' files,
/// named by their SHA-256, and the names of those that only others need.
struct Packages {
    /// Where a deploy with `packages = push` puts files; the folder alone says that this node is not to fetch any.
    static let pushed = "\(Transition.incoming)/packages"
    /// In that folder: the names of packages that no recipe names, one a line.
    static let automatic = "automatic"
    /// How long a question may take.
    static let questionLimit: Duration = .seconds(60)
    /// How long an installation may take: PostgreSQL on a Pi 2 needs minutes.
    static let installLimit: Duration = .seconds(1800)
    /// How long apt waits for another one to end.
    static let lockTimeout = 120

    /// Forbids packages to start anything before it is configured (policy-rc.d; invoke-rc.d(8): 101 means
    /// forbidden).
    static let policyPath = "/usr/sbin/policy-rc.d"
    static let policy = "#!/bin/sh\n# pinode apply: nothing starts before it is configured\nexit 101\n"

    let tree: FileTree
    let program: Program
    let events: ApplyEvents

    /// Those of the packages that are not fully installed.
    func missing(_ wanted: [String]) throws(ApplyError) -> [String] {
        guard !wanted.isEmpty else { return [] }
        let question = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n"] + wanted
        // It ends with 1 when it does not know one of the packages, and still tells about the others.
        let result = try program.run(question, limit: Self.questionLimit)
        guard result.code == 0 || result.code == 1 else {
            throw ApplyError("dpkg-query ended with \(result.code): \(result.lastLines(3))")
        }
        var installed: [String] = []
        for line in result.output.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " "))
            guard words.count == 2, words[1].elementsEqual("installed".utf8) else { continue }
            installed.append(String(decoding: words[0], as: UTF8.self))
        }
        return wanted.filter { !installed.contains($0) }
    }

    /// Installs packages without their recommendations; nothing is started.
    func install(_ packages: [String], faults: FaultPoints) throws(ApplyError) {
        let source = try source()
        let foreign = try tree.read(Self.policyPath)
        let ours = foreign == nil || foreign == Array(Self.policy.utf8)
        if ours { try tree.write(Array(Self.policy.utf8), to: Self.policyPath, mode: 0o755) }
        try faults.pass()
        let result = try attempt(packages, from: source)
        if ours { try tree.remove(Self.policyPath) }
        guard result.code == 0 else { throw explain(result, packages, source) }
        let still = try missing(packages)
        guard still.isEmpty else {
            throw ApplyError(
                "\(joined(still)): still not installed after apt-get ended well:\n\(result.lastLines(12))")
        }
        try markDependencies(source)
        try removePushed()
        for package in packages { events.changed("package", "name", package, "installed") }
    }

    /// Takes away what a killed run left.
    func removePolicy() throws(ApplyError) {
        if try tree.read(Self.policyPath) == Array(Self.policy.utf8) { try tree.remove(Self.policyPath) }
    }

    /// What a deploy brought takes room on the card: it goes once it is installed, or of no use.
    func removePushed() throws(ApplyError) { try tree.removeFolder(Self.pushed) }

    /// Where the packages' files come from.
    private enum Source {
        /// The node's own package server.
        case server
        /// Paths of files that the workstation brought.
        case pushed([String])

        /// apt's arguments: with files that were brought it reads no index, and leaves the node's own caches be.
        var options: [String] {
            guard case .pushed = self else { return [] }
            return [
                "-oDir::Etc::SourceList=/dev/null", "-oDir::Etc::SourceParts=/dev/null",
                "-oDir::State::Lists=\(Transition.incoming)/lists", "-oDir::Cache::pkgcache=",
                "-oDir::Cache::srcpkgcache=", "-oAPT::Sandbox::User=root",
            ]
        }

        var files: [String] {
            guard case .pushed(let files) = self else { return [] }
            return files
        }
    }

    /// Looks at every file that was brought: it is what its name says, or nothing is begun.
    private func source() throws(ApplyError) -> Source {
        guard try tree.look(Self.pushed)?.kind == kind("d") else { return .server }
        var files: [String] = []
        for name in tree.names(in: Self.pushed) where name.utf8.count == 68 && endsInDeb(name) {
            let path = "\(Self.pushed)/\(name)"
            guard
                let digest = SHA256Digest(hexadecimal: String(decoding: name.utf8.prefix(64), as: UTF8.self)),
                try tree.digest(of: path) == digest
            else {
                throw ApplyError("\(path) is not what its name says; nothing was installed. Deploy again")
            }
            files.append(tree.real(path))
        }
        return .pushed(files)
    }

    private func endsInDeb(_ name: String) -> Bool { name.utf8.suffix(4).elementsEqual(".deb".utf8) }

    /// Lets apt's autoremove know what nobody asked for by name.
    private func markDependencies(_ source: Source) throws(ApplyError) {
        guard case .pushed = source, let list = try tree.read("\(Self.pushed)/\(Self.automatic)") else {
            return
        }
        var names: [String] = []
        for line in list.split(separator: UInt8(ascii: "\n")) {
            names.append(String(decoding: line, as: UTF8.self))
        }
        guard !names.isEmpty else { return }
        let result = try run(["apt-mark", "auto"] + names)
        if result.code != 0 { events.progress("apt-mark auto: \(result.lastLines(1))") }
    }

    private func attempt(_ packages: [String], from source: Source) throws(ApplyError) -> Program.Result {
        let words = joined(packages)
        events.progress("installing \(words)")
        let install =
            [
                "apt-get", "install", "--yes", "--no-install-recommends", "-oDpkg::Options::=--force-confold",
                "-oDPkg::Lock::Timeout=\(Self.lockTimeout)",
            ] + source.options + ["--"] + packages + source.files
        var result = try run(install)
        if result.code == 0 { return result }
        if contains(result.output, "dpkg --configure -a") {
            events.progress("ending an interrupted installation")
            _ = try run(["dpkg", "--configure", "-a"])
        } else if case .pushed = source {
            return result
        } else {
            events.progress("reading the package lists")
            let update = try run(["apt-get", "update", "-oDPkg::Lock::Timeout=\(Self.lockTimeout)"])
            if update.code != 0 { return update }
        }
        events.progress("installing \(words)")
        result = try run(install)
        return result
    }

    private func run(_ arguments: [String]) throws(ApplyError) -> Program.Result {
        try program.run(
            arguments, limit: Self.installLimit, waiting: { events.progress("\(arguments[0]) is at work") })
    }

    private func explain(_ result: Program.Result, _ packages: [String], _ source: Source) -> ApplyError {
        let words = joined(packages)
        if contains(result.output, "No space left on device") {
            return ApplyError(
                "\(words): not installed, the disk is full. Look with df -h, make room, deploy again:\n"
                    + result.lastLines(6))
        }
        if case .pushed = source, contains(result.output, "Unable to locate package") {
            return ApplyError(
                "\(words): not installed, and not all that it takes was brought: this node's packages changed "
                    + "since the plan. Deploy again:\n\(result.lastLines(6))")
        }
        for sign in ["Temporary failure resolving", "Could not connect", "Network is unreachable"] {
            if contains(result.output, sign) {
                return ApplyError(
                    "\(words): not installed, and this node does not reach its package server. "
                        + "Give it a way there, or install them beforehand:\n\(result.lastLines(6))")
            }
        }
        let how = result.timedOut ? "took longer than \(Self.installLimit.components.seconds) s" : "failed"
        return ApplyError("installing \(words) \(how):\n\(result.lastLines(12))")
    }

    private func joined(_ packages: [String]) -> String {
        var text = ""
        for package in packages { text += text.utf8.isEmpty ? package : " " + package }
        return text
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        let sought = Array(text.utf8)
        guard bytes.count >= sought.count else { return false }
        for start in 0...(bytes.count - sought.count) where bytes[start] == sought[0] {
            if bytes[start..<(start + sought.count)].elementsEqual(sought) { return true }
        }
        return false
    }
}
