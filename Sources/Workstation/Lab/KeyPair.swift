import Foundation

/// An ed25519 key pair in OpenSSH's files, made by ssh-keygen.
struct KeyPair {
    /// The private key's file; the public one's has `.pub` after it.
    let path: String

    /// Makes it unless it is there.
    func ensure(_ tools: Toolbox, comment: String, limits: LabLimits) throws(LabFailure) {
        guard readFile(path) == nil || readFile("\(path).pub") == nil else { return }
        let partial = "\(path).partial"
        for file in [partial, "\(partial).pub"] { unlink(file) }
        try tools.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", partial],
            timeout: limits.toolTimeout)
        // The public key first: where the private key is, the pair is whole.
        guard rename("\(partial).pub", "\(path).pub") == 0, rename(partial, path) == 0 else {
            throw LabFailure("The key pair \(path) cannot be put in its place.")
        }
    }

    /// `ssh-ed25519 AAAA…`, without the comment.
    func publicKey() throws(LabFailure) -> String {
        let words = (readFile("\(path).pub") ?? "").split(whereSeparator: \.isWhitespace)
        guard words.count >= 2 else {
            throw LabFailure("\(path).pub holds no public key. Remove it and run pidep lab up again.")
        }
        return "\(words[0]) \(words[1])"
    }
}
