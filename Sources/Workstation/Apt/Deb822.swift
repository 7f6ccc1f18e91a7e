import Foundation

/// Fields of a stanza: a continued line begins with a blank.
enum Deb822 {
    static func fields(_ stanza: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        var last = ""
        for line in stanza.split(separator: "\n") where !line.hasPrefix("#") {
            if line.first?.isWhitespace == true {
                fields[last, default: ""] += " " + line.trimmingCharacters(in: .whitespaces)
            } else if let colon = line.firstIndex(of: ":") {
                last = line[..<colon].lowercased()
                fields[last] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            }
        }
        return fields
    }
}
