import CLinux
import Digest
import Manifest

/// Makes a node equal to a manifest.
///
/// Everything that can be known to fail is looked at first; then the order is: blobs, files that packages read while they
/// are installed, packages, accounts, modules, notes of what is begun, what is made and what the units are owed, sysctls, files, release folder, link to it,
/// units, then folders and accounts that are not needed any more. Each step can be repeated: a run killed at any point is made up for by the next one.
struct Transition {
    /// Where the workstation puts a manifest and blobs.
    static let incoming = "/var/lib/pinode/incoming"
    private static let state = "/var/lib/pinode"
    private static let lock = "/var/lib/pinode/apply.lock"
    /// How long to wait for another apply: long enough for one that is just ending.
    private static let lockTimeout: Duration = .seconds(2)

    let tree: FileTree
    let program: Program
    let events: ApplyEvents
    let faults: FaultPoints

    private var releases: Releases { Releases(tree: tree) }
    private var units: Units { Units(program: program) }
    private var packages: Packages { Packages(tree: tree, program: program, events: events) }
    private var kernel: Kernel { Kernel(tree: tree, program: program) }

    /// Applies the manifest at a path.
    func run(manifestPath: String) throws(ApplyError) {
        guard let document = try tree.read(manifestPath) else {
            throw ApplyError("\(manifestPath) is not there: deploy again")
        }
        let manifest: Manifest
        do throws(ManifestError) {
            manifest = try Manifest.read(document)
        } catch {
            throw ApplyError(error.sentence)
        }
        let lock = try takeLock()
        defer { close(lock) }

        let currentRelease = try releases.currentIdentifier()
        var previous: Manifest?
        if let currentRelease { previous = try releases.manifest(of: currentRelease) }
        let begun = try begunManifest()
        let whole = manifest.retiring(previous).retiring(begun)

        // Look at everything before anything is touched.
        try verifyBlobs(of: manifest)
        let missing = try packages.missing(manifest.packages)
        let accounts = try Accounts(tree, adding: manifest)
        try accounts.check(manifest, toleratingUnknownGroups: !missing.isEmpty)
        var changes = FileChanges(tree: tree, accounts: accounts)
        try changes.look(at: whole.files, toleratingUnknownOwners: !missing.isEmpty)
        let modules = try kernel.missingModules(manifest.modules)
        var sysctls = try kernel.changes(manifest, toleratingUnknown: !modules.isEmpty)
        var pending = PendingActions(text: text(try tree.read(PendingActions.path)))

        try faults.pass()
        try storeBlobs(of: manifest)
        try packages.removePolicy()
        if missing.isEmpty {
            try packages.removePushed()
        } else {
            try performEarly(changes, &pending, begins: manifest.owning(begun))
            try packages.install(missing, faults: faults)
        }
        let made = try makeAccounts(of: manifest)
        if !modules.isEmpty {
            for module in modules {
                try kernel.load(module)
                events.changed("module", "name", module, "loaded")
                try faults.pass()
            }
            sysctls = try kernel.changes(manifest, toleratingUnknown: false)
        }
        if made || !missing.isEmpty {
            changes = FileChanges(tree: tree, accounts: try Accounts(tree, adding: manifest))
            try changes.look(at: whole.files, toleratingUnknownOwners: false)
        }
        for change in changes.list { pending.add(changed: change.file) }
        if previous?.runtime.digest != manifest.runtime.digest {
            for unit in manifest.units { pending.add(newRuntimeOf: unit) }
        }
        let isCurrent = try currentRelease == manifest.release ? releases.isWhole(manifest) : false
        try note(pending, changes, begins: isCurrent ? nil : manifest.owning(begun))
        if let begun { removeTemporaries(of: begun) }
        try faults.pass()

        for change in sysctls {
            try kernel.set(change.sysctl)
            events.changed("sysctl", "name", change.sysctl.key, "changed")
            try faults.pass()
        }
        let names = whole.units.map { $0.name }
        let before = try units.states(names)
        let nothing = PendingActions()
        let stopped = try changeUnits(
            of: whole, owing: nothing, before, only: { $0 == .stop || $0 == .disable })
        for change in changes.list {
            try changes.perform(change)
            events.changed("file", "path", change.file.path, change.action)
            try faults.pass()
        }
        if !isCurrent {
            try releases.make(manifest, document: manifest.document, faults: faults)
            try faults.pass()
            try releases.activate(manifest.release)
            events.changed("release", "name", manifest.release, "activated")
            try faults.pass()
        }
        // Enabling reads and writes links only: one reload behind all of it tells systemd.
        let enabled = try changeUnits(of: whole, owing: nothing, before, only: { $0 == .enable })
        let isManagerBehind = enabled > 0 || pending.reloadsManager
        if isManagerBehind { try units.reloadManager() }
        try faults.pass()
        let now = isManagerBehind || stopped > 0 ? try units.states(names) : before
        try changeUnits(of: whole, owing: pending, now, only: { $0 != .stop && $0 != .disable })
        try confirmUnits(of: manifest)
        try faults.pass()
        try removeFolders(of: manifest)
        try removeAccounts(of: manifest)
        try tree.remove(PendingActions.path)
        try tree.remove(PendingActions.begunPath)
        try faults.pass()
        try releases.prune()
        try tree.remove("\(Self.incoming)/manifest.json")
        events.done()
    }

    /// Puts there what packages read while they are installed; what that owes units is written down first, as always.
    private func performEarly(
        _ changes: FileChanges, _ pending: inout PendingActions, begins manifest: Manifest
    ) throws(ApplyError) {
        let early = changes.early
        guard !early.list.isEmpty else { return }
        for change in early.list { pending.add(changed: change.file) }
        try note(pending, early, begins: manifest)
        try faults.pass()
        for change in early.list {
            try early.perform(change)
            events.changed("file", "path", change.file.path, change.action)
            try faults.pass()
        }
    }

    /// Two applies at once would undo each other. The lock ends with the process that holds it.
    private func takeLock() throws(ApplyError) -> Int32 {
        try tree.makeFolder(Self.state)
        let descriptor = cl_open(tree.real(Self.lock), O_RDWR | O_CREAT, 0o600)
        guard descriptor >= 0 else { throw ApplyError("open", Self.lock, code: cl_errno()) }
        let end = cl_now_ns() + Program.nanoseconds(Self.lockTimeout)
        while cl_lock(descriptor) != 0 {
            guard cl_now_ns() < end else {
                close(descriptor)
                throw ApplyError("another pinode apply is at work on this node: wait for its end")
            }
            usleep(20_000)
        }
        return descriptor
    }

    /// Every blob is here and is what its name says, whether it came just now or long ago.
    private func verifyBlobs(of manifest: Manifest) throws(ApplyError) {
        for blob in manifest.blobs {
            let path = try blobSource(blob.digest)
            guard let path else {
                throw ApplyError("the blob \(blob.digest.hexadecimal) did not come: deploy again")
            }
            guard try tree.digest(of: path) == blob.digest else {
                // A stored one that has rotted is taken away, so that the next deploy brings it again.
                if path == Releases.blobPath(blob.digest) { try tree.remove(path) }
                throw ApplyError("\(path) is not what its name says; nothing was changed. Deploy again")
            }
        }
    }

    private func blobSource(_ digest: SHA256Digest) throws(ApplyError) -> String? {
        let fresh = "\(Self.incoming)/blobs/\(digest.hexadecimal)"
        if try tree.look(fresh)?.kind == kind("f") { return fresh }
        let stored = Releases.blobPath(digest)
        return try tree.look(stored)?.kind == kind("f") ? stored : nil
    }

    private func storeBlobs(of manifest: Manifest) throws(ApplyError) {
        try tree.makeFolder(Releases.blobs, mode: 0o700)
        var fresh: [(source: String, stored: String)] = []
        for blob in manifest.blobs {
            let stored = Releases.blobPath(blob.digest)
            guard let source = try blobSource(blob.digest), source != stored else { continue }
            fresh.append((source, stored))
        }
        // All are synchronised before the first is moved: a move between two would make each a commit of its own, and
        // those are what an SD card is slow at.
        for blob in fresh { try tree.synchronise(blob.source) }
        for blob in fresh {
            try tree.move(blob.source, to: blob.stored)
            try faults.pass()
        }
        try tree.sync(folder: Releases.blobs)
    }

    /// Returns how many changes were made.
    @discardableResult
    private func changeUnits(
        of manifest: Manifest, owing pending: PendingActions, _ states: [UnitState],
        only: (UnitChange.Action) -> Bool
    ) throws(ApplyError) -> Int {
        let changes = manifest.unitChanges(owing: pending, states: states) { _ in "" }.filter {
            only($0.action)
        }
        for change in changes {
            try units.perform(change) { events.progress("\(change.action.verb) \(change.unit)") }
            events.changed("unit", "name", change.unit, change.action.verb)
            try faults.pass()
        }
        return changes.count
    }

    /// What was started must still be there.
    private func confirmUnits(of manifest: Manifest) throws(ApplyError) {
        for state in try units.states(manifest.units.filter { $0.running }.map { $0.name })
        where !state.isRunning {
            throw ApplyError(
                "\(state.name) is \(state.active) after its start:\n\(try units.log(of: state.name))")
        }
    }

    func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }
}
