/// Makes small ELF files whose every fact a test can turn.
struct ELFBuilder {
    var wide = false
    var type: UInt16 = 2
    var machine: UInt16 = 40
    var flags: UInt32 = 0x0500_0400
    var entry: UInt64 = 0x1_0000
    var interpreter: String?
    var needed = 0
    var stackFlags: UInt32? = 6
    var buildID: [UInt8]? = [0xde, 0xad, 0xbe, 0xef]
    var sections: [(name: String, flags: UInt64, content: [UInt8])] = [(".text", 6, [1, 2, 3, 4])]

    static var arm64: ELFBuilder { ELFBuilder(wide: true, machine: 183, flags: 0) }
    static var amd64: ELFBuilder { ELFBuilder(wide: true, machine: 62, flags: 0) }

    private struct Part {
        var type: UInt32
        var flags: UInt32
        var content: [UInt8]
    }

    private func word(_ value: UInt64) -> [UInt8] { Self.number(value, wide ? 8 : 4) }

    private static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    var bytes: [UInt8] {
        var parts: [Part] = []
        if let interpreter { parts.append(Part(type: 3, flags: 4, content: Array(interpreter.utf8) + [0])) }
        if needed > 0 {
            let entries = (0..<needed).flatMap { word(1) + word(UInt64($0)) }
            parts.append(Part(type: 2, flags: 6, content: entries + word(0) + word(0)))
        }
        if let buildID {
            let head = Self.number(4, 4) + Self.number(UInt64(buildID.count), 4) + Self.number(3, 4)
            parts.append(Part(type: 4, flags: 4, content: head + Array("GNU\0".utf8) + buildID))
        }
        if let stackFlags { parts.append(Part(type: 0x6474_e551, flags: stackFlags, content: [])) }

        let headerSize = wide ? 64 : 52
        let (segmentSize, sectionSize) = wide ? (56, 64) : (32, 40)
        var body: [UInt8] = []
        var programHeaders: [UInt8] = []
        let start = headerSize + parts.count * segmentSize
        for part in parts {
            let offset = word(UInt64(start + body.count))
            let size = word(UInt64(part.content.count))
            programHeaders += Self.number(UInt64(part.type), 4)
            if wide { programHeaders += Self.number(UInt64(part.flags), 4) }
            programHeaders += offset + word(0) + word(0) + size + size
            if !wide { programHeaders += Self.number(UInt64(part.flags), 4) }
            programHeaders += word(4)
            body += part.content
        }
        var names: [UInt8] = [0]
        var sectionHeaders = [UInt8](repeating: 0, count: sectionSize)
        let named = sections.map { ($0.name, UInt32(1), $0.flags, $0.content) } + [(".shstrtab", 3, 0, [])]
        for (name, type, flags, content) in named {
            let nameOffset = names.count
            names += Array(name.utf8) + [0]
            let content = name == ".shstrtab" ? names : content
            sectionHeaders += Self.number(UInt64(nameOffset), 4) + Self.number(UInt64(type), 4)
            sectionHeaders += word(flags) + word(0) + word(UInt64(start + body.count))
            sectionHeaders += word(UInt64(content.count)) + Self.number(0, 8) + word(1) + word(0)
            body += content
        }
        var header: [UInt8] =
            [0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1, 0] + [UInt8](repeating: 0, count: 8)
        header += Self.number(UInt64(type), 2) + Self.number(UInt64(machine), 2) + Self.number(1, 4)
        header += word(entry) + word(UInt64(headerSize)) + word(UInt64(start + body.count))
        header += Self.number(UInt64(flags), 4) + Self.number(UInt64(headerSize), 2)
        header += Self.number(UInt64(segmentSize), 2) + Self.number(UInt64(parts.count), 2)
        header += Self.number(UInt64(sectionSize), 2) + Self.number(UInt64(named.count + 1), 2)
        header += Self.number(UInt64(named.count), 2)
        return header + programHeaders + body + sectionHeaders
    }
}
