import JSON

/// What `pidep doctor` reports: each requirement and what was found.
public struct Examination: Sendable {
    /// One line of it.
    public struct Finding: Sendable {
        /// What was looked for.
        public var requirement: Requirement
        /// What was there.
        public var state: Requirement.State

        /// Whether it is there.
        public var isPresent: Bool {
            if case .present = state { return true }
            return false
        }
    }

    /// In the order of the requirements.
    public var findings: [Finding]

    /// Looks at this machine.
    public init(_ requirements: [Requirement]) {
        findings = requirements.map { Finding(requirement: $0, state: $0.check()) }
    }

    /// Whether all that a purpose cannot do without is there.
    public func allows(_ purpose: Requirement.Purpose) -> Bool {
        findings.allSatisfy { $0.isPresent || $0.requirement.isOptional || $0.requirement.purpose != purpose }
    }

    /// For machines: one document.
    public var json: JSONValue {
        .object([
            .init("ok", .boolean(allows(.build))),
            .init(
                "purposes",
                .object(
                    Requirement.Purpose.allCases.map { .init($0.rawValue, .boolean(allows($0))) })),
            .init("requirements", .array(findings.map(json))),
        ])
    }

    private func json(_ finding: Finding) -> JSONValue {
        let (isPresent, words) =
            switch finding.state {
            case .present(let words): (true, words)
            case .missing(let words): (false, words)
            }
        return .object([
            .init("name", .string(finding.requirement.name)),
            .init("for", .string(finding.requirement.purpose.rawValue)),
            .init("optional", .boolean(finding.requirement.isOptional)),
            .init("ok", .boolean(isPresent)),
            .init("state", .string(words)),
            .init("remedy", isPresent ? .null : .string(finding.requirement.remedy)),
        ])
    }

    /// For people: a paragraph a purpose, a line a requirement, the remedy below what is missing.
    public func text(colour: Bool) -> String {
        func paint(_ text: String, _ code: String) -> String {
            colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
        }
        let width = findings.map(\.requirement.name.count).max() ?? 0
        var lines: [String] = []
        for purpose in Requirement.Purpose.allCases {
            let some = findings.filter { $0.requirement.purpose == purpose }
            guard !some.isEmpty else { continue }
            lines.append("\(purpose.rawValue): \(allows(purpose) ? "ready" : "not ready")")
            for finding in some {
                let name = finding.requirement.name
                let padded = name + String(repeating: " ", count: width - name.count)
                switch finding.state {
                case .present(let words): lines.append("  \(paint("✓", "32")) \(padded)  \(words)")
                case .missing(let words):
                    let mark = finding.requirement.isOptional ? paint("–", "33") : paint("✗", "31")
                    lines.append("  \(mark) \(padded)  \(words)")
                    lines.append(
                        "    \(String(repeating: " ", count: width))  → \(finding.requirement.remedy)")
                }
            }
        }
        return lines.joined(separator: "\n")
    }
}
