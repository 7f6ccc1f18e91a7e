import CLinux

/// Tells systemd how this service is (sd_notify(3)); does nothing where nobody listens.
public enum Supervisor {
    /// The service is up: its sockets are open and its console answers.
    public static func ready() { notify("READY=1") }

    /// This process, which another one of the service has started, is the service from now on, and it is up.
    /// (`NotifyAccess=all` lets it say so.)
    public static func tookOver() { notify("MAINPID=\(getpid())\nREADY=1") }

    /// The service has begun to stop.
    public static func stopping() { notify("STOPPING=1") }

    /// One line for `systemctl status`.
    public static func status(_ text: String) { notify("STATUS=\(text)") }

    /// The service is alive (`WatchdogSec=`).
    public static func alive() { notify("WATCHDOG=1") }

    private static func notify(_ state: String) {
        guard let path = getenv("NOTIFY_SOCKET") else { return }
        let bytes = Array(state.utf8)
        _ = bytes.withUnsafeBytes { cl_send_unix_datagram(path, $0.baseAddress, $0.count) }
    }
}
