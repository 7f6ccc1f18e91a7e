import Foundation
import Manifest

/// Undoes a change that may cut a node off (network, sshd, firewall), unless it is confirmed over a new connection.
///
/// Before such an apply the node saves what the plan will change and starts a timer of systemd, which survives a restart of
/// the node. When the timer ends unconfirmed, the node applies its release from before; one that had none gets the saved files
/// back, and the units that the deploy started are stopped.
struct DeadManSwitch {
    /// How long a node waits for the confirmation after the apply has ended, unless said otherwise.
    static let confirmTime: Duration = .seconds(60)
    /// How long the node may take to undo everything, after that time.
    static let revertTime: Duration = .seconds(120)
    static let folder = "/var/lib/pinode/revert"
    private static let unit = "/etc/systemd/system/pinode-revert"
    /// By a link in it the timer survives a restart of the node. `systemctl enable` would make the same link, and systemd read
    /// all its units anew, which takes a Pi a second; a unit's file that has come new is found without that.
    private static let wants = "/etc/systemd/system/timers.target.wants"

    /// Paths, or beginnings of paths, by which a node is reached.
    private static let paths = [
        "/etc/network/", "/etc/systemd/network/", "/etc/systemd/resolved", "/etc/NetworkManager/",
        "/etc/netplan/",
        "/etc/dhcpcd.conf", "/etc/dhcp/", "/etc/wpa_supplicant/", "/etc/ssh/", "/root/.ssh/", "/etc/nftables",
        "/etc/iptables/",
        "/etc/ufw/", "/etc/firewalld/", "/etc/hosts.allow", "/etc/hosts.deny", "/etc/pam.d/",
        "/etc/security/",
        "/etc/sudoers", "/etc/systemd/system/ssh",
    ]
    /// Units by which a node is reached.
    private static let units =
        ManagedUnit.waysIn
        + ["nftables.service", "ufw.service", "firewalld.service", "netfilter-persistent.service"]

    let plan: NodePlan
    /// The release to go back to; nil: none.
    let previous: String?
    /// The release that may cut the node off.
    let release: String
    let confirmTime: Duration

    /// For a plan that may cut its node off; nil for any other.
    init?(_ plan: NodePlan, previous: String?, release: String, confirmTime: Duration) {
        guard plan.steps.contains(where: Self.mayCutOff) else { return nil }
        self.plan = plan
        self.previous = previous == release ? nil : previous
        self.release = release
        self.confirmTime = confirmTime
    }

    /// Whether a step changes something by which a node is reached.
    static func mayCutOff(_ step: NodePlan.Step) -> Bool {
        switch step.kind {
        case .file:
            paths.contains { step.name.hasPrefix($0) }
                || (step.name.hasPrefix("/home/") && step.name.contains("/.ssh/"))
        case .unit: units.contains(step.name)
        case .sysctl: step.name.hasPrefix("net.")
        case .package, .group, .user, .module, .release: false
        }
    }

    private func names(_ kind: NodePlan.Step.Kind, _ actions: [String]) -> [String] {
        plan.steps.filter { $0.kind == kind && (actions.isEmpty || actions.contains($0.action)) }.map(\.name)
    }

    /// What the node runs when nobody has confirmed. An apply that is still at work is waited for, and then given its time,
    /// too.
    var revert: String {
        let restore = """
            systemctl stop \(list(names(.unit, ["start"])))
            systemctl disable \(list(names(.unit, ["enable"])))
            while read -r path; do
                saved="\(Self.folder)/before/$path"
                if [ -L "$saved" ] || [ -f "$saved" ]; then cp -a --remove-destination "$saved" "/$path"
                elif [ ! -e "$saved" ]; then rm -f "/$path"; fi
            done <\(Self.folder)/changed
            rm -f /opt/pinode/current /var/lib/pinode/pending
            systemctl daemon-reload
            systemctl restart \(list(names(.unit, ["restart", "reload"])))
            """
        let back = previous.map {
            "/opt/pinode/releases/\($0)/pinode apply --manifest /opt/pinode/releases/\($0)/manifest.json "
                + "&& rm -rf /opt/pinode/releases/\(release)"
        }
        return """
            #!/bin/sh
            # pidep: undoes a deploy that nobody has confirmed over a new connection.
            exec 9>/var/lib/pinode/apply.lock
            flock -n 9 || { flock 9; sleep \(confirmTime.components.seconds); }
            [ -e \(Self.folder)/armed ] || exit 0
            flock -u 9
            logger -t pidep 'nobody confirmed the deploy of \(release): undoing it'
            restore() {
            \(restore)
            }
            \(back.map { "\($0) || restore" } ?? "restore")
            echo reverted >/var/lib/pinode/reverted
            \(Self.disarming)
            """
    }

    /// `true` for nothing: systemctl without units would complain.
    private func list(_ units: [String]) -> String {
        units.isEmpty ? "--help >/dev/null" : units.map(quote).joined(separator: " ")
    }

    /// Shell that saves what will be changed, and starts the timer; before the apply.
    var arming: String {
        let paths = names(.file, []).map { String($0.dropFirst()) }
        let service = """
            [Unit]
            Description=Undo a deploy that nobody confirmed (pidep)
            [Service]
            Type=oneshot
            ExecStart=/bin/sh \(Self.folder)/run
            """
        let timer = """
            [Unit]
            Description=Wait for the confirmation of a deploy (pidep)
            [Timer]
            OnActiveSec=\(confirmTime.components.seconds)
            AccuracySec=1
            """
        return """
            rm -rf \(Self.folder) /var/lib/pinode/reverted; mkdir -p \(Self.folder)/before; \
            : >\(Self.folder)/changed; for path in \(paths.map(quote).joined(separator: " ")); do \
            printf '%s\\n' "$path" >>\(Self.folder)/changed; saved="\(Self.folder)/before/$path"; \
            if [ -d "/$path" ] && [ ! -L "/$path" ]; then mkdir -p "$saved"; \
            elif [ -e "/$path" ] || [ -L "/$path" ]; then mkdir -p "${saved%/*}"; cp -a "/$path" "$saved"; fi; done; \
            printf '%s\\n' \(quote(revert)) >\(Self.folder)/run; \
            printf '%s\\n' \(quote(service)) >\(Self.unit).service; printf '%s\\n' \(quote(timer)) >\(Self.unit).timer; \
            chmod 644 \(Self.unit).service \(Self.unit).timer; mkdir -p \(Self.wants); \
            ln -sf \(Self.unit).timer \(Self.wants)/; : >\(Self.folder)/armed; \
            find \(Self.folder) \(Self.unit).service \(Self.unit).timer \(Self.wants) ! -type l -exec sync {} +; \
            [ "$(systemctl show --property=NeedDaemonReload --value pinode-revert.timer)" = no ] || \
            systemctl daemon-reload; systemctl start pinode-revert.timer
            """
    }

    private static let disarming = """
        rm -rf \(folder) \(unit).service \(unit).timer \(wants)/pinode-revert.timer
        systemctl stop pinode-revert.timer
        """

    /// Confirms; prints what became of it: `confirmed`, or `reverted` when it was too late. The lock keeps a revert from
    /// beginning meanwhile.
    static let confirming = """
        sh -c \(quote("""
            exec 9>/var/lib/pinode/apply.lock; flock 9; if [ -e \(folder)/armed ]; then rm \(folder)/armed; flock -u 9
            \(disarming)
            echo confirmed; else flock -u 9; cat /var/lib/pinode/reverted 2>/dev/null || echo unknown; fi
            """))
        """

    /// What became of it, without confirming: `armed`, `reverted` or `unknown`.
    static let question = """
        sh -c \(quote("if [ -e \(folder) ]; then echo armed; else cat /var/lib/pinode/reverted 2>/dev/null || echo unknown; fi"))
        """
}
