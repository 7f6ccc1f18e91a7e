import CLinux
import Languages
import Reactor
import Service

/// Watches processes of another program: found by name in /proc, held by pidfd, so that their end is known at once.
final class NameWatch: ProcessWatch, EventSource {
    /// Between two looks for new processes.
    static let scanInterval: Duration = .seconds(1)
    /// The kernel keeps so many bytes of a process's name.
    private static let maximumName = 15
    private static let maximumCommandLine = 4096

    private let track: KeepalivedConfiguration.TrackProcess
    private let reactor: Reactor
    private var held: [Int32: Int32] = [:]

    init(_ track: KeepalivedConfiguration.TrackProcess, on reactor: Reactor) {
        self.track = track
        self.reactor = reactor
    }

    override func start() {
        scan()
        reactor.schedule(after: Self.scanInterval) { [unowned(unsafe) self] in start() }
    }

    /// One of them ended.
    func ready(_ readiness: Readiness) {
        for (pid, descriptor) in held where cl_wait_readable(descriptor, 0) != 0 {
            reactor.remove(descriptor)
            close(descriptor)
            held[pid] = nil
        }
        judge()
    }

    private func judge() {
        set(held.count >= track.quorum, "\(held.count) of \(track.quorum) run")
    }

    private func scan() {
        guard let folder = opendir("/proc") else { return }
        defer { closedir(folder) }
        while let entry = readdir(folder) {
            guard let pid = Self.number(entry), held[pid] == nil, matches(pid) else { continue }
            let descriptor = cl_pidfd_open(pid)
            guard descriptor >= 0 else { continue }
            // A zombie has a name, but it does not run.
            guard cl_wait_readable(descriptor, 0) == 0 else {
                close(descriptor)
                continue
            }
            do throws(SystemError) {
                try reactor.add(descriptor, for: .read, self)
                held[pid] = descriptor
            } catch { close(descriptor) }
        }
        judge()
    }

    private func matches(_ pid: Int32) -> Bool {
        let words = track.fullCommand || hasParameters ? commandLine(pid) : []
        if track.fullCommand {
            guard words.first == track.command else { return false }
        } else {
            guard let name = SmallFile.read("/proc/\(pid)/comm", limit: 64) else { return false }
            let wanted = Array(track.command.utf8.prefix(Self.maximumName))
            guard name.dropLast().elementsEqual(wanted) else { return false }
        }
        return !hasParameters || Self.match(Array(words.dropFirst()), track.parameters, track.parameterMatch)
    }

    private var hasParameters: Bool { !track.parameters.isEmpty || track.parameterMatch != nil }

    /// keepalived.conf(5): exactly, the first ones, or the last one as a beginning.
    static func match(
        _ words: [String], _ wanted: [String], _ how: KeepalivedConfiguration.TrackProcess.ParameterMatch?
    ) -> Bool {
        switch how {
        case nil, .exact: return words == wanted
        // Without parameters it means that there must be none.
        case .partial, .initial: if wanted.isEmpty { return words.isEmpty }
        }
        guard words.count >= wanted.count else { return false }
        if how == .partial { return Array(words.prefix(wanted.count)) == wanted }
        guard words.count == wanted.count, let last = words.last, let beginning = wanted.last else {
            return false
        }
        return words.dropLast().elementsEqual(wanted.dropLast())
            && Array(last.utf8).starts(with: Array(beginning.utf8))
    }

    private func commandLine(_ pid: Int32) -> [String] {
        guard let bytes = SmallFile.read("/proc/\(pid)/cmdline", limit: Self.maximumCommandLine) else {
            return []
        }
        return bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private static func number(_ entry: UnsafeMutablePointer<dirent>) -> Int32? {
        var value: Int32 = 0
        var count = 0
        return withUnsafeBytes(of: &entry.pointee.d_name) { bytes -> Int32? in
            for byte in bytes {
                if byte == 0 { break }
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), count < 9 else { return nil }
                value = value * 10 + Int32(byte - UInt8(ascii: "0"))
                count += 1
            }
            return count > 0 ? value : nil
        }
    }
}
