/// One folder on a disk, as the log needs it: `FileDisk` is a real one, tests have one that forgets and breaks.
public protocol Disk {
    /// The names of the files in the folder, in any order.
    mutating func list() throws(DiskError) -> [String]
    /// A whole file.
    mutating func read(_ name: String) throws(DiskError) -> [UInt8]
    /// Writes bytes at an offset no greater than the file's size. At 0 the file is made, or made anew.
    mutating func write(_ bytes: [UInt8], to name: String, at offset: Int64) throws(DiskError)
    /// Cuts a file.
    mutating func truncate(_ name: String, to size: Int64) throws(DiskError)
    /// Returns once the file's bytes and size are on the disk (fdatasync).
    mutating func sync(_ name: String) throws(DiskError)
    /// Gives a file another name, in place of a file that has it.
    mutating func rename(_ name: String, to other: String) throws(DiskError)
    /// Removes a file.
    mutating func remove(_ name: String) throws(DiskError)
    /// Returns once files made, renamed and removed are so on the disk (fsync of the folder).
    mutating func syncFolder() throws(DiskError)
}

/// What a disk did not do.
public struct DiskError: Error, Sendable, Equatable {
    /// No space left, in errno's numbers (asm-generic, which all our architectures have).
    public static let noSpace: Int32 = 28
    /// Input/output error.
    public static let input: Int32 = 5
    /// Read-only file system.
    public static let readOnly: Int32 = 30
    /// Disk quota exceeded.
    public static let quota: Int32 = 122

    /// What was tried, as the end of a sentence: `written`.
    public var verb: String
    /// The file, with its path where there is one.
    public var file: String
    /// The errno.
    public var code: Int32
    /// The errno in words.
    public var words: String

    /// An error.
    public init(_ verb: String, _ file: String, code: Int32, words: String) {
        self.verb = verb
        self.file = file
        self.code = code
        self.words = words
    }

    /// What verb a flush that failed has.
    public static let flushVerb = "synchronised"

    /// There was no room to write; a flush may have lost what was written before.
    public var isForRoom: Bool { (code == Self.noSpace || code == Self.quota) && verb != Self.flushVerb }

    /// For the person.
    public var sentence: String {
        let advice =
            switch code {
            case Self.noSpace, Self.quota: "Free some space on its disk"
            case Self.input: "The disk fails: replace it, and add this member anew"
            case Self.readOnly:
                "Its file system is mounted read-only, usually because the disk failed: look at dmesg, and replace it if so"
            default: "Mend that, then restart"
            }
        return "\(file) cannot be \(verb): \(words). \(advice)"
    }
}
