import ArgumentParser
import CrossBuild
import Events
import Lab
import Requirements

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Lists all that pidep needs on this machine and what is there.",
        discussion: """
            Changes nothing and needs no network. Exits with 0 when all that `pidep build` needs is there, else with 1.

              pidep doctor            what is there, and the command that mends what is not
              pidep doctor --json     the same as one document
            """)

    @Flag(help: "Prints one JSON document.")
    var json = false

    func run() throws {
        let requirements =
            Requirement.forBuild(root: try? .find()) + Lab.requirements + Requirement.forDeploy
            + Requirement.forDevelopment
        let examination = Examination(requirements)
        print(json ? examination.json.pretty : examination.text(colour: Terminal.outputHasColour))
        guard examination.allows(.build) else { throw ExitCode.failure }
    }
}
