import Diagnostics

/// One meaningful line of an inventory file.
struct Statement: Equatable {
    enum Kind: Equatable {
        case hosts
        case children
        case vars
    }

    struct Assignment: Equatable {
        var key: String
        var value: String
    }

    enum Content: Equatable {
        case section(group: String, Kind)
        case hosts(HostPattern, [Assignment])
        case child(String)
        case variable(Assignment)
    }

    var line: Int
    var content: Content
}

/// Reads the lines of Ansible's INI inventories (what Ansible 2.14's `ini` plugin reads).
///
/// Total: whatever the bytes, it returns what it could read and one diagnostic for each line that it could not.
struct INIParser {
    private(set) var statements: [Statement] = []
    private(set) var diagnostics: [Diagnostic] = []
    private let file: String
    private var line = 0
    /// What the lines of the current section are; nil behind a section header that could not be read.
    private var kind: Statement.Kind? = .hosts

    /// The largest file that is read, in bytes.
    static let maximumBytes = 4 << 20

    init(_ bytes: [UInt8], file: String) {
        self.file = file
        guard bytes.count <= Self.maximumBytes else {
            report("the file has more than \(Self.maximumBytes >> 20) MiB", "Is this an inventory?")
            return
        }
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let content = bytes.starts(with: byteOrderMark) ? bytes.dropFirst(3) : bytes[...]
        for raw in content.split(separator: ASCII.newline, omittingEmptySubsequences: false) {
            line += 1
            read(ASCII.trim(raw))
        }
    }

    private mutating func report(
        _ problem: String, _ advice: String = "", severity: Diagnostic.Severity = .error
    ) {
        diagnostics.append(Diagnostic(severity, file: file, line: line, problem: problem, advice: advice))
    }

    private mutating func append(_ content: Statement.Content) {
        statements.append(Statement(line: line, content: content))
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>) {
        guard let first = bytes.first, first != ASCII.hash, first != ASCII.semicolon else { return }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            return report("the line is not UTF-8 text", "Save the file as UTF-8")
        }
        guard bytes.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == ASCII.tab }) else {
            return report("the line contains a control character", "Delete it")
        }
        if first == ASCII.open, readSection(bytes) { return }
        switch kind {
        case .hosts: readHosts(bytes)
        case .children: readChild(bytes)
        case .vars: readVariable(bytes)
        case nil: break
        }
    }

    /// `[group]`, `[group:children]`, `[group:vars]`, perhaps with a comment; false when the line is something else,
    /// as a host pattern may begin with a bracket, too.
    private mutating func readSection(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let close = bytes.firstIndex(of: ASCII.close) else {
            guard kind != .vars else { return false }
            kind = nil
            report("the section header \"\(ASCII.clip(ASCII.text(bytes)))\" is not closed", "Add \"]\"")
            return true
        }
        let rest = ASCII.trim(bytes[(close + 1)...])
        guard rest.isEmpty || rest.first == ASCII.hash else {
            guard bytes.last == ASCII.close else { return false }
            kind = nil
            report(
                "\"\(ASCII.clip(ASCII.text(bytes)))\" is neither a section header nor a host",
                "A section header is [group], [group:children] or [group:vars]")
            return true
        }
        let title = bytes[bytes.index(after: bytes.startIndex)..<close]
        let parts = title.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard parts.count <= 2, let name = parts.first, !name.isEmpty, !title.contains(where: ASCII.isBlank)
        else {
            kind = nil
            report(
                "\"[\(ASCII.clip(ASCII.text(title)))]\" is not a section header",
                "Write [group], [group:children] or [group:vars], without blanks")
            return true
        }
        let word = parts.count == 2 ? ASCII.text(parts[1]) : "hosts"
        switch word {
        case "hosts": kind = .hosts
        case "children": kind = .children
        case "vars": kind = .vars
        default:
            kind = nil
            let near = nearestWord(to: word, among: ["children", "vars", "hosts"])
            report(
                "a section cannot be of the kind \"\(ASCII.clip(word))\"",
                near.map { "Did you mean \"\($0)\"?" } ?? "Write [group], [group:children] or [group:vars]")
            return true
        }
        if let kind { append(.section(group: ASCII.text(name), kind)) }
        return true
    }

    private mutating func readHosts(_ bytes: ArraySlice<UInt8>) {
        let words: [[UInt8]]
        do throws(ShellWords.Failure) {
            words = try ShellWords.split(Array(bytes))
        } catch {
            return report(error.problem, "Quote a value as in key=\"two words\"")
        }
        guard let first = words.first else { return }
        let pattern = ASCII.text(first)
        guard pattern != "---" else {
            return report("this looks like YAML", "Inventories are written in Ansible's INI format")
        }
        guard !first.contains(ASCII.equals) else {
            return report(
                "\"\(ASCII.clip(pattern))\" stands where a host's name is expected",
                "Variables stand behind a host's name, or in a section [group:vars]")
        }
        let hosts: HostPattern
        do throws(HostPattern.Failure) {
            hosts = try HostPattern(pattern)
        } catch {
            return report(error.problem, error.advice)
        }
        if let complaint = hosts.complaint { report(complaint.problem, complaint.advice) }
        var assignments: [Statement.Assignment] = []
        for word in words.dropFirst() {
            guard let equals = word.firstIndex(of: ASCII.equals), equals > 0 else {
                report(
                    "\"\(ASCII.clip(ASCII.text(word)))\" behind a host's name is not key=value",
                    "Write key=value without blanks around \"=\", and quote a value with blanks")
                continue
            }
            assignments.append(
                Statement.Assignment(
                    key: ASCII.text(word[..<equals]),
                    value: ASCII.text(PythonLiteral.text(of: Array(word[(equals + 1)...])))))
        }
        append(.hosts(hosts, assignments))
    }

    private mutating func readChild(_ bytes: ArraySlice<UInt8>) {
        let words = bytes.split(maxSplits: 1, omittingEmptySubsequences: true, whereSeparator: ASCII.isBlank)
        guard let name = words.first else { return }
        let rest = words.count == 2 ? ASCII.trim(words[1]) : []
        guard !name.contains(ASCII.colon), !name.contains(ASCII.close),
            rest.isEmpty || rest.first == ASCII.hash
        else {
            return report(
                "\"\(ASCII.clip(ASCII.text(bytes)))\" is not the name of a group",
                "In a section [group:children] stands one group's name a line")
        }
        append(.child(ASCII.text(name)))
    }

    private mutating func readVariable(_ bytes: ArraySlice<UInt8>) {
        guard let equals = bytes.firstIndex(of: ASCII.equals) else {
            return report(
                "\"\(ASCII.clip(ASCII.text(bytes)))\" is not key = value",
                "In a section [group:vars] stands one key = value a line")
        }
        let key = ASCII.text(ASCII.trim(bytes[..<equals]))
        guard !key.isEmpty, !key.contains(where: { $0 == " " || $0 == "\t" }) else {
            return report(
                key.isEmpty ? "a variable has no name" : "\"\(ASCII.clip(key))\" is not a variable's name",
                "Write key = value")
        }
        let raw = Array(ASCII.trim(bytes[(equals + 1)...]))
        let value = PythonLiteral.text(of: raw)
        if value == raw,
            let hash = raw.indices.dropFirst().first(where: {
                raw[$0] == ASCII.hash && ASCII.isBlank(raw[$0 - 1])
            })
        {
            report(
                "\"\(ASCII.clip(ASCII.text(raw[hash...])))\" belongs to the value of \(key): in a section"
                    + " [group:vars] the value is the rest of the line",
                "Put the comment on a line of its own", severity: .warning)
        }
        append(.variable(Statement.Assignment(key: key, value: ASCII.text(value))))
    }
}
