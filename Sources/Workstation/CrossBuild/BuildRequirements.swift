import Commands
import Foundation
import Requirements

extension Requirement {
    /// What `pidep build` takes, and per architecture what it has made so far; without a package root only the former.
    public static func forBuild(root: PackageRoot?) -> [Requirement] {
        let made = root.map { root in
            Architecture.allCases.map { swiftSDK($0, root: root) }
                + Architecture.allCases.map { bundle($0, root: root) }
        }
        return [
            swiftToolchain, package(root), aptGet, debianSources(AptRoot.sourceFiles),
            .program(
                "git", package: "git", for: .build, isOptional: true),
        ] + (made ?? [])
    }

    /// Swift on PATH, of the series that the node's code is written for.
    public static let swiftToolchain = Requirement(
        "Swift \(Toolchain.series)", for: .build, remedy: Toolchain.remedy
    ) {
        do throws(Toolchain.Unusable) {
            let toolchain = try Toolchain.locate()
            return .present("\(toolchain.version), \(toolchain.folder)")
        } catch { return .missing(error.reason) }
    }

    /// apt, which downloads for other architectures and checks signatures.
    static let aptGet = Requirement(
        "apt-get", for: .build, remedy: "build on Debian or a derivative, where apt is always installed"
    ) {
        guard let path = Command.path(of: "apt-get"), Command.path(of: "apt-config") != nil else {
            return .missing("this machine has no apt-get, which fetches glibc and OpenSSL for the Pis")
        }
        return .present(path)
    }

    /// The machine's own Debian sources.
    static func debianSources(_ candidates: [String]) -> Requirement {
        Requirement(
            "Debian package sources", for: .build,
            remedy:
                "write the sources of Debian 12 (bookworm, component main) to \(candidates[0]), readable by all"
        ) {
            switch AptRoot.sources(among: candidates) {
            case .found(let path): .present(path)
            case .unreadable(let path): .missing("\(path) cannot be read by this user")
            case .none:
                .missing(
                    "this machine has no Debian package sources (\(candidates.joined(separator: " or ")))")
            }
        }
    }

    private static func package(_ root: PackageRoot?) -> Requirement {
        Requirement(
            "pidep's package", for: .build,
            remedy: "change to the folder that you cloned pidep into (cd pidep)"
        ) {
            root.map { .present($0.path) }
                ?? .missing("neither this folder nor one above it is pidep's package")
        }
    }

    private static func swiftSDK(_ architecture: Architecture, root: PackageRoot) -> Requirement {
        Requirement(
            "Swift SDK \(architecture.rawValue)", for: .build, isOptional: true,
            remedy: "pidep build --arch \(architecture.rawValue) makes it"
        ) {
            guard let toolchain = try? Toolchain.find() else {
                return .missing("no Swift toolchain to compare it with")
            }
            let sdk = SwiftSDK(architecture: architecture, root: root, toolchain: toolchain)
            guard sdk.identity != nil else { return .missing("not made yet") }
            guard let packages = sdk.resolvedPackages(), sdk.isCurrent(packages) else {
                return .missing("made with another toolchain or other packages")
            }
            return .present(sdk.folder)
        }
    }

    private static func bundle(_ architecture: Architecture, root: PackageRoot) -> Requirement {
        Requirement(
            "bundle \(architecture.rawValue)", for: .build, isOptional: true,
            remedy: "pidep build --arch \(architecture.rawValue)"
        ) {
            do throws(BuildError) {
                let bundle = try Bundle.load(architecture: architecture, from: root)
                return .present("\(bundle.version), \(grouped(bundle.size)) bytes")
            } catch {
                return FileManager.default.fileExists(atPath: root.bundles(architecture))
                    ? .missing("damaged") : .missing("not built yet")
            }
        }
    }
}
