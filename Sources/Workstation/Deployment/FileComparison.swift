import Digest
import Manifest
import Recipes

/// One path: what it shall be, what it is, and what the release before had made of it.
struct FileComparison {
    let file: ManagedFile
    let found: Facts.Path?
    /// As the current release has it; nil where that did not decide about the path.
    let previous: ManagedFile?
    let facts: Facts

    /// What must be done; nil when nothing.
    func step(isRetired: Bool, compiled: CompiledNode) -> NodePlan.Step? {
        guard var step = isRetired ? retirement : change(compiled) else { return nil }
        step.edit = edit(compiled)
        return step
    }

    private func step(_ action: String, _ detail: String, _ diff: [String] = []) -> NodePlan.Step {
        NodePlan.Step(kind: .file, name: file.path, action: action, detail: detail, diff: diff)
    }

    private var retirement: NodePlan.Step? {
        found.map { _ in step("remove", "no recipe wants it any more") }
    }

    private var looks: String { "\(ManagedFile.octal(file.mode)) \(file.owner):\(file.group)" }

    private func change(_ compiled: CompiledNode) -> NodePlan.Step? {
        guard let found else { return creation(compiled) }
        let owners = "\(found.owner):\(found.group)"
        let sameOwner = found.owner == file.owner && found.group == file.group
        let attributes =
            found.mode == file.mode && sameOwner
            ? nil : step("attributes", "\(ManagedFile.octal(found.mode)) \(owners) → \(looks)")
        switch file.content {
        case .absent: return step("remove", "")
        case .directory: return found.kind == "d" ? attributes : step("create", "folder, but a file is there")
        case .link(let target):
            guard found.kind == "l", found.target == target else {
                return step("change", "link to \(target), was \(found.kind == "l" ? found.target : "a file")")
            }
            return sameOwner ? nil : step("attributes", "\(owners) → \(file.owner):\(file.group)")
        case .blob(let digest, let size):
            guard found.kind != "f" || found.digest != digest.hexadecimal else { return attributes }
            if found.kind == "l" { return step("change", "a file, was a link to \(found.target)") }
            guard let lines = diff(found.content ?? [], to: digest, compiled) else {
                let sizes =
                    "\(found.size) bytes \(short(found.digest)) → \(size) bytes \(short(digest.hexadecimal))"
                return step("change", [sizes, attributes?.detail].compactMap { $0 }.joined(separator: ", "))
            }
            return step("change", attributes?.detail ?? "", lines)
        }
    }

    private func creation(_ compiled: CompiledNode) -> NodePlan.Step? {
        switch file.content {
        case .absent: return nil
        case .directory: return step("create", "folder, \(looks)")
        case .link(let target): return step("create", "link to \(target)")
        case .blob(let digest, let size):
            guard let lines = diff([], to: digest, compiled) else {
                return step("create", "\(size) bytes \(short(digest.hexadecimal)), \(looks)")
            }
            return step("create", "\(size) bytes, \(looks)", lines)
        }
    }

    /// What somebody did to the path since the current release put it there.
    private func edit(_ compiled: CompiledNode) -> [String] {
        guard let previous, !isBegun else { return [] }
        guard let found else { return previous.content == .absent ? [] : ["it was removed"] }
        switch previous.content {
        case .absent: return ["it was put there"]
        case .directory:
            return found.kind == "d" ? attributeEdit(previous, found) : ["it was made another kind of file"]
        case .link(let target):
            if found.kind == "l", found.target == target { return [] }
            return [found.kind == "l" ? "it was led to \(found.target)" : "it was made another kind of file"]
        case .blob(let digest, _):
            guard found.kind == "f" else { return ["it was made another kind of file"] }
            guard found.digest != digest.hexadecimal, let now = found.digest else {
                return attributeEdit(previous, found)
            }
            // Content is brought only where it differs from what this deploy wants: else there is no step at all.
            guard let before = found.deployed, let after = found.content,
                let lines = diff(before, after, compiled)
            else { return ["its content was changed: \(short(digest.hexadecimal)) → \(short(now))"] }
            return lines + attributeEdit(previous, found)
        }
    }

    /// An apply that did not come to its end has put there what is there now: nobody edited it.
    private var isBegun: Bool {
        guard let begun = facts.begun?.files.first(where: { $0.path == file.path }) else { return false }
        switch begun.content {
        case .blob(let digest, _): return found?.digest == digest.hexadecimal
        case .link(let target): return found?.kind == "l" && found?.target == target
        case .directory: return found?.kind == "d"
        case .absent: return found == nil
        }
    }

    private func attributeEdit(_ previous: ManagedFile, _ found: Facts.Path) -> [String] {
        guard found.mode != previous.mode || found.owner != previous.owner || found.group != previous.group
        else { return [] }
        let before = "\(ManagedFile.octal(previous.mode)) \(previous.owner):\(previous.group)"
        return ["\(before) was made \(ManagedFile.octal(found.mode)) \(found.owner):\(found.group)"]
    }

    private func short(_ digest: String?) -> String { String((digest ?? "?").prefix(8)) }

    /// The diff to the text that the file shall have; nil where one of the two is none.
    private func diff(_ old: [UInt8], to digest: SHA256Digest, _ compiled: CompiledNode) -> [String]? {
        guard let before = Self.text(old), let after = Self.text(compiled.blobs[digest.hexadecimal] ?? [])
        else {
            return nil
        }
        guard let privacy = privacy(compiled) else {
            return UnifiedDiff.lines(from: before, to: after, name: file.path)
        }
        return UnifiedDiff.lines(from: privacy.mask(before), to: privacy.new(after: before), name: file.path)
    }

    /// The diff of two texts that were on the node; nil where one of the two is none.
    private func diff(_ old: [UInt8], _ new: [UInt8], _ compiled: CompiledNode) -> [String]? {
        guard let before = Self.text(old), let after = Self.text(new) else { return nil }
        guard let privacy = privacy(compiled) else {
            return UnifiedDiff.lines(from: before, to: after, name: file.path)
        }
        let lines = UnifiedDiff.lines(from: privacy.mask(before), to: privacy.mask(after), name: file.path)
        return lines.isEmpty ? ["its content was changed, in what is not shown"] : lines
    }

    /// A file that not everybody on the node may read, or that holds secrets, is shown as one that does.
    private func privacy(_ compiled: CompiledNode) -> PrivateText? {
        let modes = [file.content == .absent ? nil : file.mode, found?.mode, previous?.mode].compactMap { $0 }
        var key = ""
        if case .blob(let digest, _) = file.content { key = digest.hexadecimal }
        let redacted = compiled.redacted[key]
        guard redacted != nil || modes.contains(where: { $0 & 0o004 == 0 }) else { return nil }
        let real = String(decoding: compiled.blobs[key] ?? [], as: UTF8.self)
        return PrivateText(real: real, shown: redacted ?? real)
    }

    /// Bytes as text; nil where they are none, or too long to have been brought.
    private static func text(_ bytes: [UInt8]) -> String? {
        guard bytes.count <= FactsRequest.contentLimit, !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
