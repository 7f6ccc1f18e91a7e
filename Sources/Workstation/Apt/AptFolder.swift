import Commands
import Foundation

/// apt on a folder of its own: given sources, given package state, and nothing else of this machine's.
///
/// No root is needed and no state of the system's apt is touched, not even by its hooks
/// (`APT::Update::Post-Invoke`): its configuration is not read, only its `Acquire` settings for HTTP (proxies) are
/// carried over.
public struct AptFolder: Sendable {
    /// How long apt may take for a question or for the indexes of one architecture, in seconds.
    public static let questionTimeout: TimeInterval = 300

    /// A program that could not be run, or a file that could not be written, as a sentence.
    public struct Failure: Error, Sendable, Equatable {
        /// For the person.
        public var sentence: String

        /// A failure.
        public init(sentence: String) { self.sentence = sentence }
    }

    /// Absolute, without a slash at its end.
    public let path: String
    /// Debian's word: `armhf`.
    public let architecture: String
    /// Put before every command: a way into another network namespace, or nothing.
    public let prefix: [String]

    /// A folder that is made when it is prepared.
    public init(_ path: String, architecture: String, prefix: [String] = []) {
        self.path = path
        self.architecture = architecture
        self.prefix = prefix
    }

    /// apt's sources in the folder.
    public var parts: String { "\(path)/parts" }
    /// Where the state of packages lies unless a command says otherwise.
    public var status: String { "\(path)/state/status" }

    /// Writes sources and configuration. `name` ends in `.list` or `.sources`, as apt demands. The indexes stay.
    public func prepare(sources: String, name: String) throws(Failure) {
        do {
            for part in ["parts", "empty", "log", "state/lists/partial", "cache/archives/partial"] {
                try FileManager.default.createDirectory(
                    atPath: "\(path)/\(part)", withIntermediateDirectories: true)
            }
            for old in try FileManager.default.contentsOfDirectory(atPath: parts) where old != name {
                try FileManager.default.removeItem(atPath: "\(parts)/\(old)")
            }
        } catch { throw failure(error) }
        try write("", to: status)
        try write(sources, to: "\(parts)/\(name)")
        try write(try configuration(), to: "\(path)/apt.conf")
    }

    /// Runs one of apt's programs and returns how it ended.
    public func run(
        _ arguments: [String], in place: String? = nil, timeout: TimeInterval = questionTimeout
    ) throws(Failure) -> Command.Output {
        try finish(
            Command(
                prefix + arguments, environment: ["APT_CONFIG": "\(path)/apt.conf", "LC_ALL": "C"], in: place,
                timeout: timeout))
    }

    private func write(_ text: String, to file: String) throws(Failure) {
        do { try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .atomic) } catch {
            throw failure(error)
        }
    }

    private func failure(_ error: any Error) -> Failure {
        Failure(
            sentence:
                "\(path) cannot be written (\((error as NSError).localizedDescription)). Is there room on "
                + "its disk (df -h), and whose is it (ls -ld)?")
    }

    private func finish(_ command: Command) throws(Failure) -> Command.Output {
        do throws(Command.Failure) { return try command.runAny() } catch {
            throw Failure(sentence: error.sentence)
        }
    }

    private func configuration() throws(Failure) -> String {
        """
        Dir::Etc::main "\(path)/empty/none";
        Dir::Etc::parts "\(path)/empty";
        Dir::Etc::preferences "\(path)/empty/none";
        Dir::Etc::preferencesparts "\(path)/empty";
        Dir::Etc::sourcelist "\(path)/empty/none";
        Dir::Etc::sourceparts "\(parts)";
        Dir::State "\(path)/state";
        Dir::State::status "\(status)";
        Dir::Cache "\(path)/cache";
        Dir::Cache::pkgcache "";
        Dir::Cache::srcpkgcache "";
        Dir::Log "\(path)/log";
        APT::Architecture "\(architecture)";
        APT::Architectures { "\(architecture)"; };
        APT::Sandbox::User "";
        APT::Update::Error-Mode "any";
        Acquire::ForceHash "SHA256";
        Acquire::Languages "none";
        Acquire::GzipIndexes "true";
        Acquire::Retries "2";
        Acquire::http::Timeout "30";
        \(try machineTransport())

        """
    }

    /// The machine's settings for HTTP: proxies and the like. `Acquire` alone would bring further indexes.
    private func machineTransport() throws(Failure) -> String {
        let dump = try finish(
            Command(["apt-config", "dump", "--format", "%F \"%v\";%n"], timeout: Self.questionTimeout))
        return dump.standardOutput.split(separator: "\n")
            .filter { line in
                ["Acquire::http::", "Acquire::https::", "Acquire::ForceIPv"].contains { line.hasPrefix($0) }
                    && !line.hasSuffix(" \"\";")
            }
            .joined(separator: "\n")
    }
}
