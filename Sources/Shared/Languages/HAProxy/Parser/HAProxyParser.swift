import Diagnostics

extension HAProxyConfiguration {
    /// Reads a file in HAProxy's language (2.6's configuration manual), as far as docs/proxy-language.md says.
    ///
    /// Every word means what HAProxy's manual says; a word outside the subset is an error, never ignored. All
    /// errors come at once, sorted by line. The configuration is to be used only if no diagnostic is an error.
    /// - Parameters:
    ///   - text: the file's bytes.
    ///   - file: its name, for diagnostics.
    ///   - environment: the variables that `${NAME}` may name.
    public static func parse(
        _ text: [UInt8], file: String, environment: [String: String]
    ) -> (configuration: HAProxyConfiguration, diagnostics: [Diagnostic]) {
        var parser = HAProxyParser(file: file, environment: environment)
        parser.run(text)
        let configuration = parser.resolve()
        return (configuration, parser.sortedDiagnostics)
    }

    /// The same for text that is at hand as a string.
    public static func parse(
        _ text: String, file: String, environment: [String: String]
    ) -> (configuration: HAProxyConfiguration, diagnostics: [Diagnostic]) {
        parse(Array(text.utf8), file: file, environment: environment)
    }
}

/// Reads lines into drafts of sections; `resolve` makes the configuration of them.
struct HAProxyParser {
    let file: String
    let environment: [String: String]
    var diagnostics: [Diagnostic] = []

    var global = HAProxyConfiguration.Global()
    /// The sections that carry traffic, in the order of the file.
    var drafts: [HAProxyDraft] = []
    /// What new sections begin with: the last `defaults` section.
    var defaults = HAProxySettings()
    /// Named `defaults` sections, for `from`.
    var namedDefaults: [(name: String, line: Int, settings: HAProxySettings)] = []

    /// The section that the current line belongs to.
    var current: HAProxyDraft?
    var isGlobal = false
    /// After a section that we cannot read, its lines are not worth a sentence each.
    var isSkipping = false

    init(file: String, environment: [String: String]) {
        self.file = file
        self.environment = environment
    }

    mutating func run(_ text: [UInt8]) {
        var lexer = HAProxyLexer(environment: environment)
        lexer.read(text)
        for problem in lexer.problems { report(problem.line, problem.problem, problem.advice) }
        for line in lexer.lines { read(line) }
        endSection()
    }

    /// By line; those of one line in the order in which they were found.
    var sortedDiagnostics: [Diagnostic] {
        var order = Array(diagnostics.indices)
        order.sort { (diagnostics[$0].line, $0) < (diagnostics[$1].line, $1) }
        return order.map { diagnostics[$0] }
    }

    mutating func report(_ line: Int, _ problem: String, _ advice: String = "") {
        add(.error, line, problem, advice)
    }

    mutating func warn(_ line: Int, _ problem: String, _ advice: String = "") {
        add(.warning, line, problem, advice)
    }

    /// Whether the last sentence was about this line: then what is left of it is not worth another.
    func hasJustReported(_ line: Int) -> Bool { diagnostics.last?.line == line }

    private mutating func add(
        _ severity: Diagnostic.Severity, _ line: Int, _ problem: String, _ advice: String
    ) {
        diagnostics.append(
            Diagnostic(
                severity, file: file, line: line, problem: printable(problem), advice: printable(advice)))
    }

    private mutating func read(_ line: HAProxyLine) {
        var words = HAProxyArguments(line)
        let first = words.next()
        if let section = HAProxySectionWord(rawValue: first) {
            endSection()
            open(section, &words)
            return
        }
        if HAProxyPeerWords.has(first, in: HAProxyPeerWords.sections) {
            endSection()
            isSkipping = true
            report(
                line.number, "a \(first) section is HAProxy's, pinode proxy does not support it yet",
                "Remove the section, or deploy with engine = debian")
            return
        }
        if isSkipping { return }
        if hasPrefix(first, ".") {
            report(
                line.number, "\"\(first)\" is HAProxy's, pinode proxy has no conditional blocks",
                "Remove the line")
        } else if isGlobal {
            readGlobal(first, &words)
        } else if current != nil {
            readProxyWord(first, &words)
        } else {
            report(
                line.number, "\"\(first)\" stands before the first section",
                "Begin with global, defaults, frontend, backend or listen")
        }
    }

    private mutating func open(_ section: HAProxySectionWord, _ words: inout HAProxyArguments) {
        let line = words.line
        switch section {
        case .global:
            isGlobal = true
            if words.isAtEnd { return }
            report(line, "global takes no name", "Write global alone")
        case .defaults:
            var draft = HAProxyDraft(kind: nil, name: words.isAtEnd ? "" : words.next(), line: line)
            // A new defaults section begins from nothing, unless it says from which other.
            if let base = readFrom(&words) { draft.settings = base }
            current = draft
            if !draft.name.isEmpty { checkName(draft.name, "defaults", line) }
        case .frontend, .backend, .listen:
            guard !words.isAtEnd else {
                report(line, "\(section.rawValue) has no name", "Write \(section.rawValue) NAME")
                isSkipping = true
                return
            }
            let kind: HAProxyConfiguration.Section.Kind =
                section == .frontend ? .frontend : section == .backend ? .backend : .listen
            var draft = HAProxyDraft(kind: kind, name: words.next(), line: line)
            checkName(draft.name, section.rawValue, line)
            draft.settings = readFrom(&words) ?? defaults
            current = draft
        }
        expectEnd(&words, section.rawValue)
    }

    /// `from NAME` after a section's name.
    private mutating func readFrom(_ words: inout HAProxyArguments) -> HAProxySettings? {
        guard words.peek == "from" else { return nil }
        _ = words.next()
        guard !words.isAtEnd else {
            report(words.line, "from names no defaults section", "Write from NAME")
            return nil
        }
        let name = words.next()
        if let found = namedDefaults.first(where: { $0.name == name }) { return found.settings }
        let near = nearestWord(to: name, among: namedDefaults.map { $0.name })
        report(
            words.line, "there is no defaults section called \"\(name)\" above",
            near.map { "Did you mean \"\($0)\"?" } ?? "Name one as: defaults \(name)")
        return nil
    }

    private mutating func endSection() {
        isGlobal = false
        isSkipping = false
        guard let draft = current else { return }
        current = nil
        if draft.kind != nil {
            drafts.append(draft)
            return
        }
        var settings = draft.settings
        settings.markAsInherited()
        defaults = settings
        guard !draft.name.isEmpty else { return }
        if let earlier = namedDefaults.first(where: { $0.name == draft.name }) {
            report(
                draft.line, "defaults \(draft.name) is also at line \(earlier.line)",
                "Give one of them another name")
        }
        namedDefaults.append((draft.name, draft.line, settings))
    }

    private mutating func checkName(_ name: String, _ section: String, _ line: Int) {
        if HAProxyValues.isName(name) { return }
        report(
            line, "\"\(name)\" cannot be the name of a \(section) section",
            "Use letters, digits, \".\", \":\", \"_\" and \"-\"")
    }
}

/// The words of a line, taken one after the other.
struct HAProxyArguments {
    let line: Int
    let words: [String]
    private(set) var index = 0

    init(_ line: HAProxyLine) {
        self.line = line.number
        words = line.words
    }

    var isAtEnd: Bool { index >= words.count }
    var peek: String? { isAtEnd ? nil : words[index] }

    /// The next word; only after `isAtEnd` was seen to be false.
    mutating func next() -> String {
        let word = words[index]
        index += 1
        return word
    }

    /// All that is left, with single blanks.
    mutating func rest() -> String {
        var text = ""
        while !isAtEnd {
            if !text.isEmpty { text += " " }
            text += next()
        }
        return text
    }
}

/// Line feeds and their like, which a word can have by an escape, would tear a sentence apart.
private func printable(_ text: String) -> String {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) { return text }
    var bytes: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case newline: bytes += "\\n".utf8
        case 13: bytes += "\\r".utf8
        case 9: bytes += "\\t".utf8
        case 0...0x1f, 0x7f: bytes += "\\x\(String(byte, radix: 16))".utf8
        default: bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}
