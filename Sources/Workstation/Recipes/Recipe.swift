import Diagnostics
import Inventory
import Manifest

/// A folder under `recipes/`: packages, files, services and checks for one piece of software, as its `recipe.yaml`
/// says it. `docs/recipes.md` explains every word.
struct Recipe: Sendable {
    /// The folder's name.
    var name: String
    /// The path of its `recipe.yaml`, as diagnostics call it.
    var file: String
    var summary = ""
    /// Recipes that come first on a node that has them, too.
    var after: [Placed<String>] = []
    /// Recipes that a node with this one must have.
    var needs: [RecipeNeed] = []
    /// Groups of the inventory that its templates list.
    var groups: [Placed<String>] = []
    var variables: [RecipeVariable] = []
    var packages: [RecipePackage] = []
    var groupAccounts: [RecipeGroup] = []
    var users: [RecipeUser] = []
    var modules: [RecipeModule] = []
    var sysctls: [RecipeSysctl] = []
    var files: [RecipeFile] = []
    var services: [RecipeService] = []
    var checks: [RecipeCheck] = []
}

/// Something and the line where it was written.
struct Placed<Value: Sendable>: Sendable {
    var value: Value
    var line: Int
}

/// A variable that an inventory may set.
struct RecipeVariable: Sendable {
    var name: String
    var kind: ValueKind
    /// nil: the inventory must set it, unless it is optional.
    var preset: String?
    /// Where the preset stands; nil where there is none.
    var presetLine: Int?
    var isOptional: Bool
    var about: String
    var line: Int
    /// Of a family: the list variable whose words are its keys.
    var keysOf: Placed<String>?
    /// Of a family: values of keys that the inventory does not set.
    var presets: [String: Placed<String>] = [:]
    /// Of a family: the keys that it may have; nil where there are none to choose from.
    var keys: FamilyKeys?

    /// Set where the name stands for many variables: `postgresql_parameter_*`.
    var family: VariableFamily? { VariableFamily(name) }

    /// The name under which templates know it.
    var templateName: String { family?.stem ?? name }

    /// Two recipes may share a variable when they mean the same.
    func means(_ other: RecipeVariable) -> Bool {
        kind == other.kind && preset == other.preset && isOptional == other.isOptional
    }
}

/// A variable or fact and the value that it must have: all conditions of an entry must hold.
struct Condition: Sendable {
    var name: String
    var value: String
    var line: Int
}

/// A recipe that another one cannot do without.
struct RecipeNeed: Sendable {
    var recipe: String
    var when: [Condition]
    var line: Int
}

/// A Debian package.
struct RecipePackage: Sendable {
    var name: String
    var when: [Condition]
    var line: Int
}

/// A group of the node.
struct RecipeGroup: Sendable {
    var group: ManagedGroup
    var when: [Condition]
    var line: Int
}

/// A user of the node.
struct RecipeUser: Sendable {
    var user: ManagedUser
    /// Whether the recipe names its primary group; else it is one of its own name, made with it.
    var namesGroup: Bool
    var when: [Condition]
    var line: Int
}

/// A kernel module.
struct RecipeModule: Sendable {
    var name: String
    var when: [Condition]
    var line: Int
}

/// A kernel parameter.
struct RecipeSysctl: Sendable {
    var key: String
    var value: Template
    var when: [Condition]
    var line: Int
}

/// A path that the recipe decides about.
struct RecipeFile: Sendable {
    enum Source: Sendable {
        case template(Template)
        case bytes([UInt8])
        case directory
        case link(to: Template)
        case absent
    }

    var to: Template
    var source: Source
    /// The template or static file within the recipe's folder; nil for the others.
    var sourceFile: String?
    var mode: UInt32
    var owner: String
    var group: String
    var restart: [String]
    var reload: [String]
    var language: String?
    /// Whether it is there before packages are installed.
    var isEarly: Bool
    /// The list that has an element for each such file.
    var each: Placed<String>?
    var when: [Condition]
    var line: Int
}

/// A systemd unit.
struct RecipeService: Sendable {
    var unit: String
    var enabled: Bool
    var running: Bool
    var onNewRuntime: ManagedUnit.OnNewRuntime
    var when: [Condition]
    var line: Int
}

/// A request that must be answered.
struct RecipeCheck: Sendable {
    enum Request: Sendable {
        case http(url: Template)
        case console(role: String, command: String)
    }

    var request: Request
    var status: Int
    var contains: Template?
    /// Whether it asks about all nodes with the recipe together.
    var concernsCluster: Bool
    var within: Duration
    var when: [Condition]
    var line: Int
}

/// Recipes that cannot be used, or not with this cluster: all that is wrong, sorted by file and line.
public struct RecipeFailure: Error, Sendable, Equatable {
    /// At least one error.
    public var diagnostics: [Diagnostic]

    /// A failure for these reasons, each once.
    public init(diagnostics: [Diagnostic]) {
        var unique: [Diagnostic] = []
        for diagnostic in diagnostics where !unique.contains(diagnostic) { unique.append(diagnostic) }
        self.diagnostics = unique.enumerated()
            .sorted {
                ($0.element.file, $0.element.line, $0.offset) < ($1.element.file, $1.element.line, $1.offset)
            }
            .map(\.element)
    }

    /// One sentence a line.
    public var sentence: String { diagnostics.map(\.sentence).joined(separator: "\n") }
}
