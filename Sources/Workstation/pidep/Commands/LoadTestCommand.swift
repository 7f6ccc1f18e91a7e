import ArgumentParser

struct LoadTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "loadtest",
        abstract: "Loads the virtual IP on an open-loop schedule and reports latencies.")
}
