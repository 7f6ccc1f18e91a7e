import Diagnostics

/// `vrrp_track_process`, and `track_process` in an instance.
extension KeepalivedParser {
    private static let maximumDelay: Duration = .seconds(3600)
    private static let weights = -254...254

    mutating func parseTrackProcess(_ block: KeepalivedStatement) {
        guard expectWords(block, 2, "vrrp_track_process NAME {") else { return }
        let name = block.words[1].text
        var track = KeepalivedConfiguration.TrackProcess(name: name, line: block.line, command: "")
        var seen: [String] = []
        for statement in body(of: block) {
            if seen.contains(statement.keyword) {
                report(statement.line, "\(statement.keyword) stands twice in \(name)", "Remove one")
                continue
            }
            seen.append(statement.keyword)
            switch statement.keyword {
            case "process": parseProcess(statement, &track)
            case "param_match": parseParameterMatch(statement, &track)
            case "full_command":
                flag(statement)
                track.fullCommand = true
            case "weight": track.weight = parseWeight(statement, at: 1) ?? track.weight
            case "quorum": track.quorum = number(statement, 1...65535, "quorum 1") ?? track.quorum
            case "delay":
                if let delay = time(statement, upTo: Self.maximumDelay, "delay 0.5") {
                    track.riseDelay = delay
                    track.fallDelay = delay
                }
            case "fork_delay":
                track.riseDelay =
                    time(statement, upTo: Self.maximumDelay, "fork_delay 0.5") ?? track.riseDelay
            case "terminate_delay":
                track.fallDelay =
                    time(statement, upTo: Self.maximumDelay, "terminate_delay 0.5") ?? track.fallDelay
            default:
                reportUnknown(
                    statement, known: KeepalivedWords.trackProcess,
                    others: KeepalivedWords.otherTrackProcess, in: "vrrp_track_process")
            }
        }
        if !seen.contains("process") {
            report(
                block.line, "vrrp_track_process \(name) lacks \"process\"", "Example: process pinode proxy")
        }
        checkRole(track)
        if let earlier = configuration.trackProcesses.first(where: { $0.name == name }) {
            return report(
                block.line, "vrrp_track_process \(name) stands on line \(earlier.line) already",
                "Give each a name of its own")
        }
        configuration.trackProcesses.append(track)
    }

    private mutating func parseProcess(
        _ statement: KeepalivedStatement, _ track: inout KeepalivedConfiguration.TrackProcess
    ) {
        refuseBlock(statement)
        guard statement.words.count >= 2, !statement.words[1].text.isEmpty else {
            return report(
                statement.line, "process lacks something", "Write it as: process COMMAND [PARAMETER ...]")
        }
        track.command = statement.words[1].text
        track.parameters = statement.words.dropFirst(2).map { $0.text }
    }

    private mutating func parseParameterMatch(
        _ statement: KeepalivedStatement, _ track: inout KeepalivedConfiguration.TrackProcess
    ) {
        guard let word = argument(statement, "param_match initial|partial") else { return }
        switch word.text {
        case "partial": track.parameterMatch = .partial
        case "initial": track.parameterMatch = .initial
        default: report(word.line, "param_match \(word.text) is neither initial nor partial")
        }
    }

    /// Our own roles are watched through their consoles: one process a role, named by its role.
    private mutating func checkRole(_ track: KeepalivedConfiguration.TrackProcess) {
        guard track.command == "pinode" else { return }
        if track.parameters.count != 1 {
            report(
                track.line, "\"process pinode\" in \(track.name) must name one role and nothing else",
                "Write it as: process pinode proxy")
        } else if track.quorum != 1 {
            report(track.line, "quorum in \(track.name) cannot be more than 1: a role is one process")
        }
        if track.fullCommand {
            report(
                track.line, "full_command in \(track.name) means nothing for a role of pinode", "Remove it")
        }
        for byte in (track.parameters.first ?? "").utf8
        where byte < UInt8(ascii: "a") || byte > UInt8(ascii: "z") {
            report(
                track.line, "\"\(track.parameters[0])\" in \(track.name) is not a role of pinode",
                "Write it as: process pinode proxy")
            break
        }
    }

    mutating func parseTracked(
        _ block: KeepalivedStatement, _ instance: inout KeepalivedConfiguration.Instance
    ) {
        expectWords(block, 1, "track_process {")
        for statement in body(of: block) {
            refuseBlock(statement)
            let name = statement.keyword
            var weight = Self.weightOfDefinition
            if statement.words.count > 1 {
                guard statement.words[1].text == "weight" else {
                    report(
                        statement.line, "\"\(statement.words[1].text)\" is not known after \(name)",
                        "Write it as: \(name) weight 0")
                    continue
                }
                weight = parseWeight(statement, at: 2) ?? 0
            }
            if instance.trackedProcesses.contains(where: { $0.name == name }) {
                report(statement.line, "\(name) stands twice in track_process", "Remove one")
            } else {
                instance.trackedProcesses.append(.init(name: name, weight: weight))
                trackedLines.append((instance.name, name, statement.line))
            }
        }
    }

    private mutating func parseWeight(_ statement: KeepalivedStatement, at index: Int) -> Int? {
        guard statement.words.count > index else {
            report(statement.line, "weight lacks something", "Write it as: weight 0")
            return nil
        }
        if statement.words.count > index + 1 {
            let word = statement.words[index + 1].text
            let isReverse = word == "reverse" || word == "noreverse"
            report(
                statement.line,
                isReverse
                    ? "\"\(word)\" is Keepalived's, not supported yet after weight"
                    : "\"\(word)\" is not known after weight")
            return nil
        }
        return number(statement.words[index], Self.weights, of: "weight")
    }

    /// Stands for "as the definition says" until the whole file is read.
    private static let weightOfDefinition = Int.min

    mutating func resolveTrackedProcesses() {
        for use in trackedLines where !configuration.trackProcesses.contains(where: { $0.name == use.track })
        {
            report(
                use.line, "there is no vrrp_track_process \(use.track) in this file",
                nearestWord(to: use.track, among: configuration.trackProcesses.map { $0.name })
                    .map { "Did you mean \"\($0)\"?" } ?? "Define it, outside vrrp_instance")
        }
        for i in configuration.instances.indices {
            for j in configuration.instances[i].trackedProcesses.indices
            where configuration.instances[i].trackedProcesses[j].weight == Self.weightOfDefinition {
                let name = configuration.instances[i].trackedProcesses[j].name
                let definition = configuration.trackProcesses.first { $0.name == name }
                configuration.instances[i].trackedProcesses[j].weight = definition?.weight ?? 0
            }
        }
    }
}
