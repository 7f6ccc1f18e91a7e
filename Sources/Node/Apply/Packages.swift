import CLinux

/// Debian's packages, through dpkg-query and apt-get.
struct Packages {
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
        let foreign = try tree.read(Self.policyPath)
        let ours = foreign == nil || foreign == Array(Self.policy.utf8)
        if ours { try tree.write(Array(Self.policy.utf8), to: Self.policyPath, mode: 0o755) }
        try faults.pass()
        let result = try attempt(packages)
        if ours { try tree.remove(Self.policyPath) }
        guard result.code == 0 else { throw explain(result, packages) }
        for package in packages { events.changed("package", "name", package, "installed") }
    }

    /// Takes away what a killed run left.
    func removePolicy() throws(ApplyError) {
        if try tree.read(Self.policyPath) == Array(Self.policy.utf8) { try tree.remove(Self.policyPath) }
    }

    private func attempt(_ packages: [String]) throws(ApplyError) -> Program.Result {
        let words = joined(packages)
        events.progress("installing \(words)")
        let install =
            [
                "apt-get", "install", "--yes", "--no-install-recommends", "-oDpkg::Options::=--force-confold",
                "-oDPkg::Lock::Timeout=\(Self.lockTimeout)", "--",
            ] + packages
        var result = try run(install)
        if result.code == 0 { return result }
        if contains(result.output, "dpkg --configure -a") {
            events.progress("ending an interrupted installation")
            _ = try run(["dpkg", "--configure", "-a"])
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

    private func explain(_ result: Program.Result, _ packages: [String]) -> ApplyError {
        let words = joined(packages)
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
