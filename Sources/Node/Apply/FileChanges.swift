import CLinux
import Digest
import Manifest

/// What differs between a manifest's files and the tree.
struct FileChanges {
    /// One path to change.
    struct Change {
        var file: ManagedFile
        /// `created`, `changed`, `attributes` or `removed`.
        var action: String
        var user: UInt32
        var group: UInt32
    }

    let tree: FileTree
    let accounts: Accounts
    private(set) var list: [Change] = []

    init(tree: FileTree, accounts: Accounts) {
        self.tree = tree
        self.accounts = accounts
    }

    /// Compares, and refuses what could not be carried out. An owner may be unknown only while packages that
    /// may bring it are missing, or if the manifest makes it.
    mutating func look(at files: [ManagedFile], toleratingUnknownOwners: Bool) throws(ApplyError) {
        for file in files {
            let user = accounts.user(file.owner)
            let group = accounts.group(file.group)
            if file.content != .absent, !toleratingUnknownOwners {
                guard accounts.willKnow(user: file.owner) else { throw unknown("user", file.owner, file) }
                guard accounts.willKnow(group: file.group) else { throw unknown("group", file.group, file) }
            }
            let found = try tree.look(file.path)
            if let action = try action(for: file, found: found, user: user, group: group) {
                list.append(Change(file: file, action: action, user: user ?? 0, group: group ?? 0))
            }
        }
    }

    /// Those of the changes that must be made before packages are installed.
    var early: FileChanges {
        var early = self
        early.list = list.filter { $0.file.isEarly && $0.file.content != .absent }
        return early
    }

    /// Folders that the changes will make, those above their files included.
    func newFolders() throws(ApplyError) -> [String] {
        var folders: [String] = []
        for change in list where change.action == "created" {
            var path =
                change.file.content == .directory
                ? change.file.path : FileTree.folder(of: change.file.path)
            while path != "/", !folders.contains(path), try tree.look(path) == nil {
                folders.append(path)
                path = FileTree.folder(of: path)
            }
        }
        return folders
    }

    /// Makes one path as it shall be.
    func perform(_ change: Change) throws(ApplyError) {
        let file = change.file
        if file.content != .absent { try tree.makeFolder(FileTree.folder(of: file.path)) }
        switch file.content {
        case .absent: try tree.remove(file.path)
        case .directory:
            try tree.makeFolder(file.path)
            try tree.setAttributes(file.path, mode: file.mode, user: change.user, group: change.group)
            try tree.sync(folder: FileTree.folder(of: file.path))
        case .link(let target):
            try tree.link(file.path, to: target)
            try tree.setAttributes(file.path, mode: nil, user: change.user, group: change.group)
        case .blob(let digest, _):
            if change.action == "attributes" {
                try tree.setAttributes(file.path, mode: file.mode, user: change.user, group: change.group)
            } else {
                try tree.copy(
                    Releases.blobPath(digest), to: file.path, mode: file.mode, user: change.user,
                    group: change.group)
            }
        }
    }

    private func action(for file: ManagedFile, found: cl_file?, user: UInt32?, group: UInt32?)
        throws(ApplyError) -> String?
    {
        guard let found else { return file.content == .absent ? nil : "created" }
        let sameOwner = found.user == user && found.group == group
        let isFolder = found.kind == kind("d")
        switch file.content {
        case .absent:
            if isFolder, cl_directory_has_entries(tree.real(file.path)) > 0 {
                throw ApplyError(
                    "\(file.path) shall go, but it is a folder with something in it; empty it first")
            }
            return "removed"
        case .directory:
            guard isFolder else {
                throw ApplyError("\(file.path) shall be a folder, but a file is there; take it away first")
            }
            return found.mode == file.mode && sameOwner ? nil : "attributes"
        case .link(let target):
            guard !isFolder else { throw folderInTheWay(file) }
            guard found.kind == kind("l"), try tree.target(of: file.path) == target else { return "changed" }
            return sameOwner ? nil : "attributes"
        case .blob(let digest, let size):
            guard !isFolder else { throw folderInTheWay(file) }
            guard found.kind == kind("f"), found.size == Int64(size),
                try tree.digest(of: file.path) == digest
            else { return "changed" }
            return found.mode == file.mode && sameOwner ? nil : "attributes"
        }
    }

    private func folderInTheWay(_ file: ManagedFile) -> ApplyError {
        ApplyError("\(file.path) shall be a file, but a folder is there; take it away first")
    }

    private func unknown(_ what: String, _ name: String, _ file: ManagedFile) -> ApplyError {
        ApplyError(
            "\(file.path) shall belong to the \(what) \"\(name)\", which this node does not know; "
                + "nothing was changed. Which package makes it?")
    }
}
