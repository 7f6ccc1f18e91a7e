import Diagnostics
import Digest
import Foundation
import Inventory
import Manifest

@testable import Recipes

/// Files of this repository, whatever folder the tests run in.
enum Repository {
    static func path(_ relative: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../../\(relative)").standardizedFileURL.path
    }

    static let runtime = ["armv7", "amd64"].reduce(into: [String: Manifest.Runtime]()) {
        $0[$1] = Manifest.Runtime(version: "test", digest: SHA256Digest(of: Array($1.utf8)), size: 1)
    }

    /// The project's own recipes for one of its own inventories.
    static func compile(_ inventory: String, on architecture: String = "amd64") throws -> [CompiledNode] {
        let catalog = try RecipeCatalog.load(path("recipes"))
        let cluster = try Cluster.load(path("inventory/\(inventory)"), knownVariables: catalog.variables)
        return try catalog.compile(cluster, runtime: runtime.filter { $0.key == architecture })
    }
}

extension CompiledNode {
    /// The text of a file that the node gets; nil when it gets none there.
    func text(_ path: String) -> String? {
        guard case .blob(let digest, _)? = manifest.files.first(where: { $0.path == path })?.content,
            let bytes = blobs[digest.hexadecimal]
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Recipes made of text, in a temporary folder that goes with it.
final class TemporaryRecipes {
    let folder: String

    /// `files` are paths below the folder of recipes.
    init(_ files: [String: String]) throws {
        folder = NSTemporaryDirectory() + "pidep-recipes-\(UUID().uuidString)"
        for (path, text) in files {
            let url = URL(fileURLWithPath: "\(folder)/\(path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: url, atomically: false, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// What is wrong with the recipes, with the folder's own path left out; none when they can be loaded.
    func problems() -> [String] {
        do throws(RecipeFailure) {
            _ = try RecipeCatalog.load(folder)
            return []
        } catch {
            return sentences(error)
        }
    }

    /// The nodes of an inventory, or what is wrong.
    func compile(
        _ inventory: String, checkers: [String: LanguageChecker] = [:],
        runtime: [String: Manifest.Runtime] = Repository.runtime.filter { $0.key == "amd64" }
    ) throws -> ([CompiledNode], [String]) {
        let catalog = try RecipeCatalog.load(folder)
        let (parsed, syntax) = Inventory.parse(Array(inventory.utf8), file: "shelf.ini")
        let (cluster, more) = Cluster.resolve(parsed, knownVariables: catalog.variables)
        guard let cluster, !(syntax + more).containErrors else {
            return ([], (syntax + more).map(\.sentence))
        }
        do throws(RecipeFailure) {
            return (try catalog.compile(cluster, runtime: runtime, checkers: checkers), [])
        } catch {
            return ([], sentences(error))
        }
    }

    private func sentences(_ failure: RecipeFailure) -> [String] {
        failure.diagnostics.map { $0.sentence.replacingOccurrences(of: folder + "/", with: "") }
    }
}
