/// Why a log cannot be used, or could not be written; for the person.
public struct LogError: Error, Sendable, Equatable {
    /// What is wrong, where, and what to do. No full stop.
    public var sentence: String
    /// Nothing was wrong but that there was no room, and nothing was half done that the next start does not cut off: with room again
    /// the log may be opened anew. Not after a flush that failed: nobody knows then what is on the disk.
    public var isForRoom: Bool

    /// An error.
    public init(_ sentence: String, isForRoom: Bool = false) {
        self.sentence = sentence
        self.isForRoom = isForRoom
    }

    /// What follows from damage: a member that forgot what it acknowledged must not go on with its number.
    static func damage(_ file: String, _ what: String) -> LogError {
        LogError(
            "\(file) is damaged (\(what)): what this member has acknowledged cannot be read any more. Remove the member from "
                + "the cluster, empty its folder and add it anew; the others have all that counts")
    }
}
