import Digest

/// Makes a stripped binary the same bytes wherever it was compiled.
///
/// Two things in it depend on folder names although they change nothing that runs: `.swift_modhash`, each module's
/// digest of the compiler's arguments, and the linker's build id, a digest that takes in debug information, where
/// clang's module cache is named by a digest of folders.
struct BinaryIdentity {
    /// The stripped binary: no module digests, and a build id made of what it holds.
    let bytes: [UInt8]
    /// The build id in it, in hexadecimal digits.
    let buildID: String

    /// Settles a stripped binary; `path` is for the sentence. Throws for a binary without a build id.
    init(of stripped: [UInt8], path: String) throws(BuildError) {
        let file = try ELFFile(stripped, path: path)
        guard let range = file.buildIDRange, range.count <= 32 else {
            throw BuildError("\(path) has no build id: the linker was not given --build-id")
        }
        var bytes = stripped
        for section in file.sections where section.name == ".swift_modhash" && !section.isEmptyInFile {
            guard section.size <= bytes.count, section.offset <= bytes.count - section.size else { continue }
            for place in section.offset..<(section.offset + section.size) { bytes[place] = 0 }
        }
        for place in range { bytes[place] = 0 }
        buildID = String(SHA256Digest(of: bytes).hexadecimal.prefix(2 * range.count))
        bytes.replaceSubrange(range, with: Self.bytes(buildID))
        self.bytes = bytes
    }

    /// Gives the binary before stripping the same build id, so that debuggers find its debug information.
    func stamp(_ linked: [UInt8], path: String) throws(BuildError) -> [UInt8] {
        guard let range = try ELFFile(linked, path: path).buildIDRange, 2 * range.count == buildID.utf8.count
        else {
            throw BuildError("\(path) has no build id: the linker was not given --build-id")
        }
        var bytes = linked
        bytes.replaceSubrange(range, with: Self.bytes(buildID))
        return bytes
    }

    /// What pairs of hexadecimal digits stand for.
    private static func bytes(_ digits: String) -> [UInt8] {
        let values = digits.compactMap { $0.hexDigitValue.map { UInt8($0) } }
        return stride(from: 1, to: values.count, by: 2).map { values[$0 - 1] << 4 | values[$0] }
    }
}
