import CLinux
import Foundation

/// A program's standard input as a file without a name: however much it is, nobody waits for anybody to read it.
struct InputFile {
    /// At the file's beginning; whoever made it closes it.
    let descriptor: Int32

    init(_ text: String) throws(LabFailure) {
        var name = Array("\(NSTemporaryDirectory())/pidep-input-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0 else {
            throw LabFailure("\(NSTemporaryDirectory()): no file can be made there. Is the disk full?")
        }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(name)
        let bytes = Array(text.utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: done), bytes.count - done)
            }
            guard count > 0 else {
                close(descriptor)
                throw LabFailure(
                    "\(NSTemporaryDirectory()): a program's input cannot be written. Is the disk full?")
            }
            done += count
        }
        lseek(descriptor, 0, SEEK_SET)
    }
}
