import JSON

extension Manifest {
    /// Takes groups, users, modules and sysctls from a manifest's document.
    mutating func readSystem(_ object: MemberReader) throws(ManifestError) {
        for element in try object.array("groups") { groups.append(try ManagedGroup.read(element)) }
        for element in try object.array("users") { users.append(try ManagedUser.read(element)) }
        for name in try object.texts("modules") {
            guard Manifest.isModuleName(name), Manifest.moduleName(name) == name else {
                throw ManifestError("\"\(name)\" is not a kernel module's name")
            }
            modules.append(name)
        }
        for element in try object.array("sysctls") { sysctls.append(try ManagedSysctl.read(element)) }
    }

    func refuseRepetitionsInSystem() throws(ManifestError) {
        for (index, group) in groups.enumerated()
        where groups[..<index].contains(where: { $0.name == group.name }) {
            throw ManifestError("the manifest decides twice about the group \(group.name)")
        }
        for (index, user) in users.enumerated()
        where users[..<index].contains(where: { $0.name == user.name }) {
            throw ManifestError("the manifest decides twice about the user \(user.name)")
        }
        for (index, sysctl) in sysctls.enumerated()
        where sysctls[..<index].contains(where: { $0.path == sysctl.path }) {
            throw ManifestError("the manifest decides twice about the sysctl \(sysctl.key)")
        }
    }
}

extension ManagedGroup {
    static func read(_ element: JSONValue) throws(ManifestError) -> ManagedGroup {
        let object = MemberReader(element, place: "a group of the manifest")
        try object.allow(["name", "gid"])
        return ManagedGroup(name: try object.accountName("name"), id: try object.accountNumber("gid"))
    }
}

extension ManagedUser {
    static func read(_ element: JSONValue) throws(ManifestError) -> ManagedUser {
        let object = MemberReader(element, place: "a user of the manifest")
        try object.allow(["name", "uid", "group", "groups", "home", "shell"])
        return ManagedUser(
            name: try object.accountName("name"), id: try object.accountNumber("uid"),
            group: try object.accountName("group"), groups: try object.accountNames("groups"),
            home: try object.optionalPath("home"), shell: try object.optionalPath("shell"))
    }
}

extension ManagedSysctl {
    static func read(_ element: JSONValue) throws(ManifestError) -> ManagedSysctl {
        let object = MemberReader(element, place: "a sysctl of the manifest")
        try object.allow(["key", "value"])
        let sysctl = ManagedSysctl(key: try object.text("key"), value: try object.text("value"))
        guard ManagedSysctl.isUsable(key: sysctl.key) else {
            throw ManifestError("\"\(sysctl.key)\" is not a sysctl's key")
        }
        for byte in sysctl.value.utf8 where byte < 32 || byte == 127 {
            throw ManifestError("the value of the sysctl \(sysctl.key) has a control character")
        }
        guard ManagedSysctl.normalised(sysctl.value) == sysctl.value else {
            throw ManifestError("the value of the sysctl \(sysctl.key) has blanks too many")
        }
        return sysctl
    }
}
