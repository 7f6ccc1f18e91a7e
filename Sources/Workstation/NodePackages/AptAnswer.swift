import Apt
import Foundation

/// What `apt-get install --print-uris` printed.
struct AptAnswer {
    var packages: [DebianPackage]
    /// Bytes on the node's disk.
    var installedSize: Int64

    init(_ output: String) {
        let lines = output.split(separator: "\n").map(String.init)
        packages = lines.compactMap { DebianPackage(printedByApt: $0) }
        installedSize = lines.lazy.compactMap(Self.installedSize).first ?? 0
    }

    /// `After this operation, 20.8 MB of additional disk space will be used.`
    private static func installedSize(_ line: String) -> Int64? {
        let words = line.split(separator: " ")
        guard line.hasPrefix("After this operation, "), line.hasSuffix(" will be used."), words.count > 4,
            let number = Double(words[3].filter { $0 != "," })
        else { return nil }
        // apt's SizeToStr: powers of 1000.
        let factor: Double? =
            switch words[4] {
            case "B": 1
            case "kB": 1e3
            case "MB": 1e6
            case "GB": 1e9
            default: nil
            }
        return factor.map { Int64(number * $0) }
    }

    /// The versions of what is there in a dpkg status file, whole or not, and of a native architecture.
    static func versions(_ status: String) -> [String: String] {
        var result: [String: String] = [:]
        var name = ""
        var isThere = false
        for line in status.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if line.isEmpty {
                (name, isThere) = ("", false)
            } else if let value = value(line, "Package: ") {
                name = value
            } else if let value = value(line, "Status: ") {
                isThere = !value.hasSuffix(" not-installed") && !value.hasSuffix(" config-files")
            } else if isThere, let value = value(line, "Version: ") {
                result[name] = value
            }
        }
        return result
    }

    private static func value(_ line: String.UTF8View.SubSequence, _ field: String) -> String? {
        guard line.starts(with: field.utf8) else { return nil }
        return String(Substring(line.dropFirst(field.utf8.count)))
    }
}
