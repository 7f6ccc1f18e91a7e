/// What an ELF file says about itself, as far as it decides whether a Pi can run it (elf(5), gABI chapters 4 and 5).
///
/// Reads any bytes without trusting them: an offset that leads out of the file is an error, never a crash.
struct ELFFile: Equatable {
    /// `EI_CLASS`.
    enum Class: UInt8 {
        case bits32 = 1
        case bits64 = 2
    }

    /// A section with its size in the file or, for `.bss`, in memory.
    struct Section: Equatable {
        var name: String
        var type: UInt32
        var flags: UInt64
        var address: UInt64
        var offset: Int
        var size: Int

        /// It is part of the running program's memory (SHF_ALLOC).
        var isLoaded: Bool { flags & 2 != 0 }
        /// It takes no room in the file (SHT_NOBITS).
        var isEmptyInFile: Bool { type == 8 }
    }

    /// A program header.
    struct Segment: Equatable {
        var type: UInt32
        var flags: UInt32
        var offset: Int
        var fileSize: Int
    }

    var elfClass: Class
    /// Least significant byte first.
    var isLittleEndian: Bool
    /// `e_type`: 2 is an executable, 3 a shared object or position-independent executable.
    var type: UInt16
    /// `e_machine`: 40 ARM, 183 AArch64, 62 x86-64.
    var machine: UInt16
    /// `e_flags`.
    var flags: UInt32
    var entry: UInt64
    var segments: [Segment]
    var sections: [Section]
    /// The dynamic linker that the kernel would start (PT_INTERP).
    var interpreter: String?
    /// Shared libraries (DT_NEEDED): how many.
    var neededCount: Int
    /// The GNU build id in hexadecimal digits.
    var buildID: String?
    /// Where in the file the build id's bytes are.
    var buildIDRange: Range<Int>?
    /// `Tag_CPU_arch` of `.ARM.attributes`.
    var armArchitecture: UInt64?

    private static let ptDynamic: UInt32 = 2
    private static let ptInterp: UInt32 = 3
    private static let ptNote: UInt32 = 4
    static let ptGNUStack: UInt32 = 0x6474_e551

    /// Reads a file's bytes; `path` is for the sentence.
    init(_ bytes: [UInt8], path: String) throws(BuildError) {
        let file = Bytes(bytes, path: path)
        guard bytes.count >= 52, bytes[0...3] == [0x7f, 0x45, 0x4c, 0x46] else {
            throw BuildError("\(path) is not an ELF file")
        }
        guard let elfClass = Class(rawValue: bytes[4]) else {
            throw BuildError("\(path) is neither ELF32 nor ELF64")
        }
        self.elfClass = elfClass
        isLittleEndian = bytes[5] == 1
        guard isLittleEndian else {
            throw BuildError("\(path) is big-endian, and every Raspberry Pi is little-endian")
        }
        let wide = elfClass == .bits64
        type = UInt16(try file.number(at: 16, width: 2))
        machine = UInt16(try file.number(at: 18, width: 2))
        entry = try file.number(at: 24, width: wide ? 8 : 4)
        flags = UInt32(try file.number(at: wide ? 48 : 36, width: 4))
        segments = try Self.segments(file, wide: wide)
        sections = try Self.sections(file, wide: wide)

        interpreter = nil
        neededCount = 0
        buildID = nil
        buildIDRange = nil
        armArchitecture = nil
        for segment in segments {
            let content = try file.slice(segment.offset, segment.fileSize)
            switch segment.type {
            case Self.ptInterp: interpreter = String(decoding: content.prefix { $0 != 0 }, as: UTF8.self)
            case Self.ptDynamic:
                neededCount = try Self.neededCount(Bytes(Array(content), path: path), wide: wide)
            case Self.ptNote:
                guard let range = try Self.buildID(Bytes(Array(content), path: path)) else { continue }
                buildID = content[
                    (content.startIndex + range.lowerBound)..<(content.startIndex + range.upperBound)
                ]
                .map { hexadecimal($0) }.joined()
                buildIDRange = (segment.offset + range.lowerBound)..<(segment.offset + range.upperBound)
            default: break
            }
        }
        if machine == 40, let attributes = sections.first(where: { $0.name == ".ARM.attributes" }) {
            armArchitecture = ARMAttributes.architecture(
                in: Array(try file.slice(attributes.offset, attributes.size)))
        }
    }

    /// Whether the stack may be executed; without the header the kernel makes it so.
    var hasExecutableStack: Bool {
        guard let stack = segments.first(where: { $0.type == Self.ptGNUStack }) else { return true }
        return stack.flags & 1 != 0
    }

    private static func segments(_ file: Bytes, wide: Bool) throws(BuildError) -> [Segment] {
        let start = try file.offset(at: wide ? 32 : 28, width: wide ? 8 : 4)
        let size = Int(try file.number(at: wide ? 54 : 42, width: 2))
        let count = Int(try file.number(at: wide ? 56 : 44, width: 2))
        var segments: [Segment] = []
        for index in 0..<count {
            let at = try file.sum(start, index * size)
            segments.append(
                Segment(
                    type: UInt32(try file.number(at: at, width: 4)),
                    flags: UInt32(try file.number(at: file.sum(at, wide ? 4 : 24), width: 4)),
                    offset: try file.offset(at: file.sum(at, wide ? 8 : 4), width: wide ? 8 : 4),
                    fileSize: try file.offset(at: file.sum(at, wide ? 32 : 16), width: wide ? 8 : 4)))
        }
        return segments
    }

    private static func sections(_ file: Bytes, wide: Bool) throws(BuildError) -> [Section] {
        let start = try file.offset(at: wide ? 40 : 32, width: wide ? 8 : 4)
        let size = Int(try file.number(at: wide ? 58 : 46, width: 2))
        let count = Int(try file.number(at: wide ? 60 : 48, width: 2))
        let names = Int(try file.number(at: wide ? 62 : 50, width: 2))
        let word = wide ? 8 : 4
        var sections: [Section] = []
        var nameOffsets: [Int] = []
        for index in 0..<count {
            let at = try file.sum(start, index * size)
            nameOffsets.append(Int(try file.number(at: at, width: 4)))
            let rest = try file.sum(at, 8)
            sections.append(
                Section(
                    name: "", type: UInt32(try file.number(at: file.sum(at, 4), width: 4)),
                    flags: try file.number(at: rest, width: word),
                    address: try file.number(at: file.sum(rest, word), width: word),
                    offset: try file.offset(at: file.sum(rest, 2 * word), width: word),
                    size: try file.offset(at: file.sum(rest, 3 * word), width: word)))
        }
        guard names < sections.count else { return sections }
        let table = sections[names]
        let text = Array(try file.slice(table.offset, table.isEmptyInFile ? 0 : table.size))
        for index in sections.indices where nameOffsets[index] < text.count {
            sections[index].name = String(
                decoding: text[nameOffsets[index]...].prefix { $0 != 0 }, as: UTF8.self)
        }
        return sections
    }

    private static func neededCount(_ table: Bytes, wide: Bool) throws(BuildError) -> Int {
        let word = wide ? 8 : 4
        var count = 0
        var at = 0
        while at + 2 * word <= table.count {
            let tag = try table.number(at: at, width: word)
            if tag == 0 { break }
            if tag == 1 { count += 1 }
            at += 2 * word
        }
        return count
    }

    /// Where the descriptor of the note of type 3 by "GNU" is.
    private static func buildID(_ notes: Bytes) throws(BuildError) -> Range<Int>? {
        var at = 0
        while at + 12 <= notes.count {
            let nameSize = Int(try notes.number(at: at, width: 4))
            let size = Int(try notes.number(at: at + 4, width: 4))
            let type = try notes.number(at: at + 8, width: 4)
            let name = Array(try notes.slice(at + 12, nameSize))
            let descriptor = at + 12 + (nameSize + 3) / 4 * 4
            if type == 3, name == Array("GNU\0".utf8) {
                return try notes.slice(descriptor, size).indices
            }
            at = descriptor + (size + 3) / 4 * 4
        }
        return nil
    }
}

/// Two hexadecimal digits.
private func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
}

/// Bytes of a file that may say anything.
private struct Bytes {
    let bytes: [UInt8]
    let path: String

    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
    }

    var count: Int { bytes.count }

    private var damaged: BuildError {
        BuildError("\(path) is damaged: its ELF headers point outside the file")
    }

    /// A little-endian number of at most 8 bytes.
    func number(at offset: Int, width: Int) throws(BuildError) -> UInt64 {
        guard offset >= 0, offset <= bytes.count - width else { throw damaged }
        var value: UInt64 = 0
        for index in (0..<width).reversed() { value = value << 8 | UInt64(bytes[offset + index]) }
        return value
    }

    /// A number that counts bytes.
    func offset(at place: Int, width: Int) throws(BuildError) -> Int {
        guard let value = Int(exactly: try number(at: place, width: width)) else { throw damaged }
        return value
    }

    func sum(_ a: Int, _ b: Int) throws(BuildError) -> Int {
        let (sum, overflow) = a.addingReportingOverflow(b)
        guard !overflow else { throw damaged }
        return sum
    }

    func slice(_ offset: Int, _ size: Int) throws(BuildError) -> ArraySlice<UInt8> {
        guard offset >= 0, size >= 0, offset <= bytes.count, size <= bytes.count - offset else {
            throw damaged
        }
        return bytes[offset..<(offset + size)]
    }
}
