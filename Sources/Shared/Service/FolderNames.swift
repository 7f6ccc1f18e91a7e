import CLinux

/// What is in a folder.
public enum FolderNames {
    /// All names but `.` and `..`, in the order of their bytes; none when it cannot be listed.
    public static func list(_ path: String) -> [String] {
        var names: [String] = []
        withUnsafeMutablePointer(to: &names) { list in
            _ = cl_list_directory(path, list) { context, name in
                guard let name else { return }
                context?.assumingMemoryBound(to: [String].self).pointee.append(String(cString: name))
            }
        }
        names.sort()
        return names
    }
}
