/// The keys that pidep itself reads. `docs/inventory.md` explains each; recipes add their own variables.
enum KnownKeys {
    /// pidep's own, with what their values must be and whether they concern the whole cluster and so belong in
    /// `[all:vars]`.
    static let own: [(key: String, kind: ValueKind, wholeCluster: Bool)] = [
        ("lab", .boolean, true),
        ("vip", .address, true),
        ("packages", .choice(["push", "node"]), true),
        ("lab_network", .network, true),
        ("lab_disk", .size, false),
        ("vip_interface", .text, false),
        ("arch", .choice(["armv7", "arm64", "amd64"]), false),
        ("recipes", .list, false),
    ]

    /// Ansible's connection variables that pidep honours.
    static let ansible: [(key: String, kind: ValueKind)] = [
        ("ansible_host", .text),
        ("ansible_port", .port),
        ("ansible_user", .text),
        ("ansible_ssh_private_key_file", .text),
        ("ansible_become", .boolean),
        ("ansible_password", .secret),
        ("ansible_become_password", .secret),
    ]

    static var all: [String] { own.map(\.key) + ansible.map(\.key) + ["ansible_group_priority"] }
}
