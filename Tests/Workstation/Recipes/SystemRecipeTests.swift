import Manifest
import Testing

@testable import Recipes

/// Users, groups, kernel modules and parameters in recipes.
@Suite struct SystemRecipeTests {
    private let inventory = "n1 ansible_host=192.0.2.1 recipes=a,b"

    @Test("they go into the manifest, and files make them so at the next boot")
    func compiled() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": """
            summary: x
            variables: {most: {kind: integer, default: 65536, about: x}}
            system_groups: [media, {name: backup, gid: 950}]
            users:
              - {name: agent, uid: 951, groups: [media], home: /srv/agent, shell: /bin/sh}
              - {name: www-data, group: www-data, groups: media}
            modules: [nf-conntrack, {name: dummy, when: {lab: true}}]
            sysctls:
              - {key: net.netfilter.nf_conntrack_max, value: "{{most}}"}
              - {key: net.ipv4.tcp_rmem, value: "4096  131072 6291456"}
            """,
            "b/recipe.yaml": "summary: y\\nmodules: [nf_conntrack]\\nusers: [{name: agent2, group: media}]\\n"
                .replacing("\\n", with: "\n"),
        ])
        let (nodes, problems) = try recipes.compile(inventory)
        #expect(problems == [])
        let node = try #require(nodes.first)
        #expect(
            node.manifest.groups == [
                ManagedGroup(name: "media"), ManagedGroup(name: "backup", id: 950),
                ManagedGroup(name: "agent"),
            ])
        #expect(
            node.manifest.users == [
                ManagedUser(
                    name: "agent", id: 951, group: "agent", groups: ["media"], home: "/srv/agent",
                    shell: "/bin/sh"),
                ManagedUser(name: "www-data", group: "www-data", groups: ["media"]),
                ManagedUser(name: "agent2", group: "media"),
            ])
        #expect(node.manifest.modules == ["nf_conntrack"])
        let lines = node.text("/etc/sysctl.d/zz-pidep.conf")?.split(separator: "\n").dropFirst()
        #expect(
            lines.map(Array.init) == [
                "net.netfilter.nf_conntrack_max = 65536", "net.ipv4.tcp_rmem = 4096 131072 6291456",
            ])
        #expect(node.text("/etc/modules-load.d/pidep.conf")?.hasSuffix("\nnf_conntrack\n") == true)
        #expect(node.origins["/etc/sysctl.d/zz-pidep.conf"]?.recipe == "a")
        #expect(try Manifest.read(node.manifest.document) == node.manifest)
    }

    @Test("a node without them gets none of these files")
    func none() throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\n", "b/recipe.yaml": "summary: x\n"])
        #expect(try recipes.compile(inventory).0.first?.manifest.files == [])
    }

    @Test(
        "what cannot be is an error with its line",
        arguments: [
            ("users: [{name: Agent}]", "a user cannot be called \"Agent\"."),
            ("users: [{name: root}]", "a user cannot be called \"root\". root is what it is."),
            ("users: [{nam: x}]", "\"nam\" is not a word of a user. Did you mean \"name\"?"),
            ("users: [{name: x, home: srv}]", "home is \"srv\". Write an absolute path without \":\"."),
            ("users: [{name: x, uid: 0}]", "uid is \"0\"."),
            ("system_groups: [{gid: 7}]", "a group has no name. Add name:."),
            ("modules: [a/b]", "\"a/b\" is not a kernel module's name. As in nf_conntrack."),
            ("sysctls: [{key: net.ipv4.*, value: 1}]", "\"net.ipv4.*\" is not a sysctl's key."),
            ("sysctls: [{key: net.a}]", "the sysctl net.a has no value. Add value:."),
            ("sysctls: [{key: net.a, value: \"{{nam}}\"}]", "\"nam\" is neither a variable"),
        ])
    func errors(yaml: String, sentence: String) throws {
        let recipes = try TemporaryRecipes(["a/recipe.yaml": "summary: x\n\(yaml)\n"])
        let problems = recipes.problems()
        let isTold = problems.contains {
            $0.hasPrefix(
                "a/recipe.yaml:2: \(sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence)")
        }
        #expect(isTold, "\(problems)")
    }

    @Test(
        "two recipes of a node that want one otherwise are an error, that want the same are none",
        arguments: [
            ("sysctls: [{key: net.a, value: 1}]", "sysctls: [{key: net/a, value: 2}]", "the sysctl net.a"),
            ("users: [{name: u, shell: /bin/sh}]", "users: [{name: u}]", "the user u"),
            ("system_groups: [{name: g, gid: 7}]", "system_groups: [g]", "the group g"),
        ])
    func claims(first: String, second: String, what: String) throws {
        let same = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\n\(first)\n", "b/recipe.yaml": "summary: x\n\(first)\n",
        ])
        #expect(try same.compile(inventory).1 == [])
        let other = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\n\(first)\n", "b/recipe.yaml": "summary: x\n\(second)\n",
        ])
        #expect(
            try other.compile(inventory).1 == [
                "b/recipe.yaml:2: another recipe of n1 wants \(what) otherwise. "
                    + "Only one recipe of a node may decide about it."
            ])
    }

    @Test("a recipe may not write the file that pidep writes itself")
    func ownFile() throws {
        let recipes = try TemporaryRecipes([
            "a/recipe.yaml": "summary: x\nsysctls: [{key: net.a, value: 1}]\n",
            "b/recipe.yaml": "summary: x\nfiles: [{to: /etc/sysctl.d/zz-pidep.conf, absent: true}]\n",
        ])
        #expect(
            try recipes.compile(inventory).1 == [
                "a/recipe.yaml:2: /etc/sysctl.d/zz-pidep.conf is also claimed by b/recipe.yaml:2. "
                    + "pidep writes that file itself: take another name."
            ])
    }
}
