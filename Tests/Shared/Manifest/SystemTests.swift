import Manifest
import Testing

@Suite struct SystemTests {
    static let table = AccountTable(
        passwd: Array(
            "root:x:0:0:root:/root:/bin/bash\nweb:x:33:33::/var/www:/usr/sbin/nologin\nagent:x:990:990::/nonexistent:/bin/sh\n"
                .utf8),
        group: Array("root:x:0:\nweb:x:33:\nagent:x:990:\nvideo:x:44:pi,web\nspare:x:991:\n".utf8))

    func manifest(
        groups: [ManagedGroup] = [], users: [ManagedUser] = [], sysctls: [ManagedSysctl] = []
    ) -> Manifest {
        var manifest = ManifestTests.example
        manifest.groups = groups
        manifest.users = users
        manifest.sysctls = sysctls
        return manifest
    }

    @Test("users, groups, modules and sysctls are read back as they were written")
    func roundTrip() throws {
        var manifest = manifest(
            groups: [ManagedGroup(name: "a"), ManagedGroup(name: "b", id: 950)],
            users: [
                ManagedUser(name: "u", group: "a"),
                ManagedUser(name: "v", id: 951, group: "b", groups: ["a"], home: "/srv/v", shell: "/bin/sh"),
            ],
            sysctls: [ManagedSysctl(key: "net.ipv4.ip_forward", value: "1")])
        manifest.modules = ["nf_conntrack"]
        #expect(try Manifest.read(manifest.document) == manifest)
    }

    @Test("a manifest of format 1, as nodes keep them, is read")
    func formerFormat() throws {
        var text = ManifestTests.example.json.compact
        let ending = try #require(text.firstRange(of: ",\"groups\":"))
        text = String(text[..<ending.lowerBound]).replacing("\"format\":3", with: "\"format\":1") + "}"
        #expect(try Manifest.read(Array(text.utf8)) == ManifestTests.example)
    }

    @Test(
        "a name, number, key or value that a node could take for something else is refused",
        arguments: [
            ("\"name\":\"u\"", "\"name\":\"-u\""), ("\"name\":\"u\"", "\"name\":\"u:x\""),
            ("\"home\":\"/srv\"", "\"home\":\"/s:v\""), ("\"home\":\"/srv\"", "\"home\":\"srv\""),
            ("\"uid\":7", "\"uid\":-1"), ("\"uid\":7", "\"uid\":4294967295"),
            ("\"modules\":[\"m\"]", "\"modules\":[\"--all\"]"),
            ("\"modules\":[\"m\"]", "\"modules\":[\"a/b\"]"),
            ("net.a.b", "net.a..b"), ("net.a.b", "net/../b"), ("net.a.b", "net.*.b"), ("net.a.b", "net"),
            ("\"value\":\"1\"", "\"value\":\"1\\n2\""), ("\"value\":\"1\"", "\"value\":\"\""),
        ])
    func refused(old: String, new: String) throws {
        var manifest = manifest(
            users: [ManagedUser(name: "u", id: 7, group: "g", home: "/srv")],
            sysctls: [ManagedSysctl(key: "net.a.b", value: "1")])
        manifest.modules = ["m"]
        let text = manifest.json.compact
        try #require(text.contains(old))
        #expect(throws: ManifestError.self) {
            try Manifest.read(Array(text.replacing(old, with: new).utf8))
        }
    }

    @Test(
        "a sysctl's path follows its first separator, as sysctl.d(5) has it",
        arguments: [
            ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
            ("net/ipv4/conf/eth0.7/rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter"),
            ("net.ipv4.conf.eth0/7.rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter"),
        ])
    func sysctlPath(key: String, path: String) {
        #expect(ManagedSysctl(key: key, value: "1").path == path)
        #expect(ManagedSysctl.isUsable(key: key))
    }

    @Test("a sysctl's value is compared without regard to tabs and spaces")
    func sysctlValue() {
        let manifest = manifest(sysctls: [
            ManagedSysctl(key: "net.a", value: "4096 8192"), ManagedSysctl(key: "net.b", value: "1"),
            ManagedSysctl(key: "net.c", value: "1"),
        ])
        let running = ["net.a": "4096\t8192\n", "net.b": "0\n"]
        #expect(
            manifest.sysctlChanges { running[$0.key] } == [
                SysctlChange(sysctl: manifest.sysctls[1], current: "0"),
                SysctlChange(sysctl: manifest.sysctls[2], current: nil),
            ])
    }

    @Test("a module that is built in is known by its file, whichever dash its name has")
    func builtin() {
        #expect(Manifest.isModule("nf_conntrack", builtinAs: "kernel/net/netfilter/nf-conntrack.ko"))
        #expect(!Manifest.isModule("nf_conntrack", builtinAs: "kernel/net/netfilter/nf_conntrack_ftp.ko"))
        #expect(!Manifest.isModule("nf", builtinAs: ""))
    }

    @Test("missing groups and users are made, groups first, and existing ones changed only where they differ")
    func accounts() {
        let web = ManagedUser(name: "web", group: "web", groups: ["video", "new"])
        let agent = ManagedUser(name: "agent", group: "new", home: "/srv", shell: "/bin/sh")
        let fresh = ManagedUser(name: "fresh", group: "new")
        let group = ManagedGroup(name: "new")
        let changes = manifest(groups: [group], users: [web, agent, fresh])
            .accountChanges(Self.table, Belongings())
        #expect(
            changes == [
                .makeGroup(group), .addMember(.init(user: "web", group: "new")),
                .changeUser(agent, from: Self.table.users[2]), .makeUser(fresh),
            ])
    }

    @Test(
        "of users, groups and memberships only those go that an apply has made and that nobody wants any more"
    )
    func accountRemovals() {
        let belongings = Belongings(
            text: "group spare\ngroup agent\nuser agent\nuser gone\nmember web video\nmember pi video\n")
        #expect(
            manifest(users: [ManagedUser(name: "pi", group: "pi", groups: ["video"])])
                .accountChanges(Self.table, belongings).filter(\.isRemoval) == [
                    .removeMember(.init(user: "web", group: "video")), .removeUser("agent"),
                    .removeGroup("spare"), .removeGroup("agent"),
                ])
        #expect(manifest().accountChanges(Self.table, Belongings()) == [])
    }

    @Test("a group that is somebody's own stays, whoever made it")
    func usedGroup() {
        #expect(manifest().accountChanges(Self.table, Belongings(text: "group web\n")) == [])
    }

    @Test(
        "an account that cannot be had is told before anything is touched",
        arguments: [
            (ManagedUser(name: "web", id: 34, group: "web"), "has 33"),
            (ManagedUser(name: "new", id: 33, group: "web"), "is that of web"),
            (ManagedUser(name: "new", group: "nowhere"), "which this node does not know"),
        ])
    func problems(user: ManagedUser, words: String) {
        let problems = manifest(users: [user]).accountProblems(Self.table, toleratingUnknownGroups: false)
        #expect(problems.count == 1)
        #expect(problems.first?.contains(words) == true, "\(problems)")
    }

    @Test(
        "folders that an apply made and nobody needs go, the inner first; those that something lies in stay")
    func directories() {
        var manifest = manifest()
        manifest.files = [
            ManagedFile(path: "/srv/kept/in/file", content: .link(to: "x")),
            ManagedFile(path: "/srv/gone/old", content: .absent),
            ManagedFile(path: "/srv/wanted", content: .directory),
        ]
        let belongings = Belongings(
            text: ["/srv/kept", "/srv/kept/in", "/srv/gone", "/srv/gone/in", "/srv/wanted", "/srv/kept/i"]
                .map { "directory \($0)\n" }.joined())
        #expect(manifest.unwantedDirectories(belongings) == ["/srv/kept/i", "/srv/gone/in", "/srv/gone"])
    }

    @Test("belongings are read back as they were written; what is no line of theirs counts as nothing")
    func belongings() {
        let text = "directory /srv/a b\ngroup g\nuser u\nmember u g\n"
        #expect(Belongings(text: text).text == text)
        #expect(Belongings(text: "directory ../x\nuser -x\nmember u\nnonsense\n\nuser\n").isEmpty)
    }

    @Test("a unit that stays notices that a file of the release before goes; one that goes does not")
    func retiredFiles() {
        var before = ManifestTests.example
        before.files = [
            ManagedFile(
                path: "/etc/x", content: .link(to: "y"), restart: ["a.service", "b.service"],
                reload: ["a.service"])
        ]
        var after = before
        after.files = []
        after.units = [ManagedUnit(name: "a.service", enabled: true, running: true)]
        let gone = after.retiring(before).files
        #expect(
            gone == [
                ManagedFile(path: "/etc/x", content: .absent, restart: ["a.service"], reload: ["a.service"])
            ])
    }
}
