import Foundation
import JSON

/// Shows events: on a terminal as one line a subject that is redrawn, otherwise as plain lines, with `--json`
/// as one JSON object a line on standard output. The one place where this is chosen.
public final class Renderer: EventSink, @unchecked Sendable {
    /// How events are shown.
    public enum Style: Sendable {
        case terminal(colour: Bool)
        case plain
        case json
    }

    private let style: Style
    private let lock = NSLock()
    private var lines: [Line] = []
    private var drawn = 0
    private let start = Date()

    private struct Line {
        var subject: String
        var mark: String
        var message: String
        var began: Date
        var ended: Date?
    }

    /// A renderer; `Style.automatic` chooses by the terminal and the environment.
    public init(_ style: Style) { self.style = style }

    /// Shows the event at once.
    public func report(_ event: Event) {
        let event = event.redacted
        lock.withLock {
            switch style {
            case .json: write(event.json.compact + "\n", to: 1)
            case .plain: plain(event)
            case .terminal(let colour): terminal(event, colour: colour)
            }
        }
    }

    private func plain(_ event: Event) {
        let subject = event.subject.map { "\($0): " } ?? ""
        switch event.kind {
        case .result: write(event.message + "\n", to: 1)
        case .failed: write("\(subject)\(event.message)\n", to: 2)
        case .warning: write("\(subject)warning: \(event.message)\n", to: 2)
        case .started, .finished: write("\(subject)\(event.message)\n", to: 2)
        case .printed, .complained: line(event)
        case .progress: break
        }
    }

    /// A node's line behind the node's name, and where it goes; written in one piece, so that lines never mix.
    static func line(_ event: Event) -> (text: String, descriptor: Int32) {
        let subject = event.subject.map { "\($0) | " } ?? ""
        return ("\(subject)\(event.message)\n", event.kind == .complained ? 2 : 1)
    }

    private func line(_ event: Event) {
        let line = Self.line(event)
        write(line.text, to: line.descriptor)
    }

    private func terminal(_ event: Event, colour: Bool) {
        if event.kind == .result || event.kind == .warning {
            erase()
            lines.removeAll { $0.ended != nil }
            let text =
                event.kind == .warning ? paint("warning: \(event.message)", "33", colour) : event.message
            write(text + "\n", to: event.kind == .result ? 1 : 2)
            draw(colour: colour)
            return
        }
        if event.kind == .printed || event.kind == .complained {
            erase()
            line(event)
            draw(colour: colour)
            return
        }
        let subject = event.subject ?? event.command
        let index =
            lines.firstIndex { $0.subject == subject && $0.ended == nil }
            ?? {
                lines.append(Line(subject: subject, mark: " ", message: "", began: Date()))
                return lines.count - 1
            }()
        lines[index].message = event.message
        switch event.kind {
        case .finished:
            lines[index].mark = paint("✓", "32", colour)
            lines[index].ended = Date()
        case .failed:
            lines[index].mark = paint("✗", "31", colour)
            lines[index].ended = Date()
        default: lines[index].mark = paint("…", "36", colour)
        }
        erase()
        flushEnded(colour: colour)
        draw(colour: colour)
    }

    /// Lines that have ended scroll away above those that still move.
    private func flushEnded(colour: Bool) {
        while let first = lines.first, first.ended != nil {
            write(text(of: first, width: Int.max) + "\n", to: 2)
            lines.removeFirst()
        }
    }

    private func draw(colour: Bool) {
        for line in lines { write(text(of: line, width: Terminal.width) + "\n", to: 2) }
        drawn = lines.count
    }

    private func erase() {
        if drawn > 0 { write("\u{1B}[\(drawn)A\u{1B}[J", to: 2) }
        drawn = 0
    }

    private func text(of line: Line, width: Int) -> String {
        let seconds = (line.ended ?? Date()).timeIntervalSince(line.began)
        let time = String(format: "%5.1f s", seconds)
        let name = line.subject.padding(toLength: max(12, line.subject.count), withPad: " ", startingAt: 0)
        let room = max(20, width == Int.max ? width : width - name.count - 14)
        var message = line.message
        if width != Int.max, message.count > room { message = String(message.prefix(room - 1)) + "…" }
        return "\(line.mark) \(name) \(time)  \(message)"
    }

    private func paint(_ text: String, _ code: String, _ colour: Bool) -> String {
        colour ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private func write(_ text: String, to descriptor: Int32) {
        FileHandle(fileDescriptor: descriptor, closeOnDealloc: false).write(Data(text.utf8))
    }
}

extension Renderer.Style {
    /// JSON when asked; else a terminal's way where standard error is one, without colour under `NO_COLOR`.
    public static func automatic(json: Bool) -> Renderer.Style {
        if json { return .json }
        guard Terminal.isTerminal else { return .plain }
        return .terminal(colour: ProcessInfo.processInfo.environment["NO_COLOR"] == nil)
    }
}

/// What the standard streams are connected to.
public enum Terminal {
    /// Standard error is a terminal that can move its cursor.
    public static var isTerminal: Bool {
        isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
    }

    /// Standard output is a terminal: colour may be used in what is printed there.
    public static var outputHasColour: Bool {
        isatty(1) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil
    }

    /// Columns; 100 where nobody says.
    public static var width: Int {
        var size = winsize()
        guard ioctl(2, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }
}
