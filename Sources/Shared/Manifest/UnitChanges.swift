/// How systemd says that a unit is (`systemctl show`).
public struct UnitState: Equatable, Sendable {
    /// With its suffix.
    public var name: String
    /// `loaded`, `not-found`, `masked`, …
    public var load: String
    /// `active`, `inactive`, `failed`, `activating`, …
    public var active: String
    /// `enabled`, `disabled`, `static`, …; empty for a unit without a file.
    public var file: String

    /// A state by systemd's words.
    public init(name: String, load: String, active: String, file: String) {
        self.name = name
        self.load = load
        self.active = active
        self.file = file
    }

    /// Up, coming up, or reading its configuration again.
    public var isRunning: Bool { active == "active" || active == "activating" || active == "reloading" }

    /// Comes up with the machine, or needs nothing to do so.
    public var isEnabled: Bool {
        file == "enabled" || file == "static" || file == "alias" || file == "generated" || file == "indirect"
    }
}

/// One thing to do to a unit, and why.
public struct UnitChange: Equatable, Sendable {
    /// systemctl's verbs.
    public enum Action: Equatable, Sendable {
        case stop, disable, enable, start, restart, reload

        /// The verb as systemctl(1) takes it.
        public var verb: String {
            switch self {
            case .stop: "stop"
            case .disable: "disable"
            case .enable: "enable"
            case .start: "start"
            case .restart: "restart"
            case .reload: "reload"
            }
        }
    }

    /// With its suffix.
    public var unit: String
    /// What to do to it.
    public var action: Action
    /// A few words: `/etc/apache2/ports.conf changed`.
    public var reason: String

    /// An action for a reason.
    public init(_ action: Action, unit: String, reason: String) {
        self.unit = unit
        self.action = action
        self.reason = reason
    }
}

extension Manifest {
    /// This manifest, and the end of what only the one before it wanted: its other files go, its other units
    /// are stopped and disabled. Directories are another matter: `unwantedDirectories`.
    public func retiring(_ previous: Manifest?) -> Manifest {
        guard let previous else { return self }
        var whole = self
        for file in previous.files where !files.contains(where: { $0.path == file.path }) {
            switch file.content {
            case .blob, .link:
                // What stays must notice: Apache a site that is gone, a unit its drop-in.
                func stays(_ name: String) -> Bool { units.contains { $0.name == name && $0.running } }
                whole.files.append(
                    ManagedFile(
                        path: file.path, content: .absent, restart: file.restart.filter(stays),
                        reload: file.reload.filter(stays)))
            case .directory, .absent: continue
            }
        }
        for unit in previous.units where !units.contains(where: { $0.name == unit.name }) && !unit.isWayIn {
            if unit.running || unit.enabled {
                whole.units.append(ManagedUnit(name: unit.name, enabled: false, running: false))
            }
        }
        return whole
    }

    /// This manifest and all that another one put on the node besides: what an apply that begins writes down.
    public func owning(_ other: Manifest?) -> Manifest {
        guard let other else { return self }
        var all = self
        for file in other.files where !files.contains(where: { $0.path == file.path }) {
            all.files.append(file)
        }
        for unit in other.units where !units.contains(where: { $0.name == unit.name }) {
            all.units.append(unit)
        }
        return all
    }

    /// Units that the manifest decides about or that its files name, each once.
    public var unitNames: [String] {
        var names = units.map { $0.name }
        for file in files {
            for unit in file.restart + file.reload where !names.contains(unit) { names.append(unit) }
        }
        return names
    }

    /// What to do to the units, each verb once, in the order in which to do it: what must not run stops first,
    /// then the others in the manifest's order, last units that only files name.
    ///
    /// Workstation and node both ask this function: so the plan and what is done agree.
    public func unitChanges(
        owing pending: PendingActions, states: [UnitState], reason: (String) -> String
    ) -> [UnitChange] {
        var changes: [UnitChange] = []
        for unit in units.reversed() where !unit.running || !unit.enabled {
            guard let state = states.first(where: { $0.name == unit.name }) else { continue }
            if !unit.running, state.isRunning {
                changes.append(UnitChange(.stop, unit: unit.name, reason: "it must not run"))
            }
            if !unit.enabled, state.file == "enabled" || state.file == "enabled-runtime" {
                changes.append(UnitChange(.disable, unit: unit.name, reason: "it must not start by itself"))
            }
        }
        for unit in units {
            let state = states.first { $0.name == unit.name }
            if unit.enabled, state?.isEnabled != true {
                changes.append(UnitChange(.enable, unit: unit.name, reason: "it is not enabled"))
            }
            guard unit.running else { continue }
            if state?.isRunning != true {
                changes.append(
                    UnitChange(.start, unit: unit.name, reason: "it is \(state?.active ?? "not there yet")"))
            } else if pending.restart.contains(unit.name) {
                changes.append(UnitChange(.restart, unit: unit.name, reason: reason(unit.name)))
            } else if pending.reload.contains(unit.name) {
                // One that dies again and again (activating) has nobody to reload.
                let action: UnitChange.Action = state?.active == "activating" ? .restart : .reload
                changes.append(UnitChange(action, unit: unit.name, reason: reason(unit.name)))
            }
        }
        for name in pending.restart where !units.contains(where: { $0.name == name }) {
            changes.append(UnitChange(.restart, unit: name, reason: reason(name)))
        }
        for name in pending.reload where !units.contains(where: { $0.name == name }) {
            guard !pending.restart.contains(name) else { continue }
            changes.append(UnitChange(.reload, unit: name, reason: reason(name)))
        }
        return changes
    }
}

extension ManagedUnit {
    /// A node is reached by it: it was there before any recipe, and stays when none wants it any more.
    public var isWayIn: Bool { ManagedUnit.waysIn.contains { $0 == name } }

    /// Debian's and Raspberry Pi OS's units of sshd and of the network.
    public static let waysIn = [
        "ssh.service", "ssh.socket", "sshd.service", "networking.service", "NetworkManager.service",
        "systemd-networkd.service", "dhcpcd.service", "wpa_supplicant.service",
    ]
}
