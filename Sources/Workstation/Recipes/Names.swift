/// What may be called how.
enum Names {
    private static func isSmallLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

    static func isVariable(_ name: String) -> Bool {
        guard let first = name.utf8.first, isSmallLetter(first) else { return false }
        return name.utf8.allSatisfy { isSmallLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// Debian Policy 5.6.7: at least two of small letters, digits, `+`, `-` and `.`, the first a letter or digit.
    static func isPackage(_ name: String) -> Bool {
        guard name.utf8.count >= 2, let first = name.utf8.first, isSmallLetter(first) || isDigit(first) else {
            return false
        }
        return name.utf8.allSatisfy { isSmallLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }
    }

    static func isUser(_ name: String) -> Bool {
        guard (1...32).contains(name.utf8.count), let first = name.utf8.first,
            isSmallLetter(first) || first == UInt8(ascii: "_")
        else { return false }
        return name.utf8.allSatisfy { isSmallLetter($0) || isDigit($0) || "_-".utf8.contains($0) }
    }

    /// A unit's name with its suffix, `.service` where none stands (systemd.unit(5)); nil when it is none.
    static func unit(_ name: String) -> String? {
        let suffixes = ["service", "socket", "target", "timer", "path", "mount"]
        guard (1...200).contains(name.utf8.count), name.utf8.first != UInt8(ascii: "-"),
            name.utf8.allSatisfy({
                isSmallLetter($0) || isDigit($0) || (65...90).contains($0) || ":-_.\\@".utf8.contains($0)
            })
        else { return nil }
        let hasSuffix = suffixes.contains { name.hasSuffix(".\($0)") && name.utf8.count > $0.utf8.count + 1 }
        return hasSuffix ? name : "\(name).service"
    }

    /// Why a text cannot be a managed file's path; nil when it can.
    static func problem(ofPath path: String) -> String? {
        guard path.utf8.first == UInt8(ascii: "/") else { return "it is not absolute" }
        guard path.utf8.count < 4096 else { return "it has more than 4095 bytes" }
        guard path.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
            return "it contains a control character"
        }
        for component in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if component.isEmpty { return "it contains \"//\" or ends with \"/\"" }
            if component == "." || component == ".." { return "it contains \"\(component)\"" }
            if component.utf8.count > 255 { return "a part of it has more than 255 bytes" }
        }
        return nil
    }
}
