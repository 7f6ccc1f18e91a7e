import Manifest

/// What is asked of a node that something will be done to, beyond the facts of the plan: one script, one round trip.
struct PreflightRequest {
    /// Virtual addresses that the node may come to hold.
    var virtualAddresses: [NodeDemands.VirtualAddress]
    /// The addresses of the cluster's other nodes: whatever answers for a virtual address with their hardware address is
    /// no stranger.
    var peers: [String]

    /// How long an address is waited for to answer, in tenths of a second: one ARP probe is repeated every second.
    static let probeTenths = 12

    /// The script. Its answer's lines are a word and values, divided by tabs; `end` is the last.
    var script: String {
        var text = Self.machine
        guard !virtualAddresses.isEmpty else { return text + "echo end\n" }
        text += Self.probe
        for address in virtualAddresses {
            text += "probe \(quote(address.address)) \(quote(address.interface))\n"
        }
        for peer in peers { text += "knock \(quote(peer))\n" }
        text += "sleep 0.1\n"
        text += "ip -o neigh show | while read -r address _ interface what mac _; do\n"
        text +=
            "    [ \"$what\" = lladdr ] && printf 'neighbour\\t%s\\t%s\\t%s\\n' $address $interface $mac\n"
        text += "done\n"
        return text + "echo end\n"
    }

    private static let machine = #"""
        export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
        say() { printf '%s\t%s\n' "$1" "$2"; }
        echo preflight
        say clock "$(date +%s.%N)"
        [ -r /etc/os-release ] && (. /etc/os-release; printf 'release\t%s\t%s\n' "$ID" "$VERSION_ID")
        say kernel "$(uname -r)"
        [ -d /run/systemd/system ] && say feature systemd
        [ -e /proc/net/packet ] && say feature packet
        [ -e /proc/net/igmp ] && say feature multicast
        while read -r key value _; do [ "$key" = MemAvailable: ] && say memory "$value"; done </proc/meminfo
        df -Pk / /boot /etc /home /opt /srv /usr /var /var/lib /var/cache 2>/dev/null | while read -r _ size _ free _ mount; do
            case $size in *[0-9]) printf 'disk\t%s\t%s\n' "$mount" "$free" ;; esac
        done
        ip -o link show 2>/dev/null | sed -n 's/^[0-9]*: \([^:@]*\)[@:].*link\/[a-z]* \([0-9a-f:]*\).*/interface\t\1\t\2/p'
        ip -o addr show 2>/dev/null | while read -r _ interface family address _; do
            printf 'address\t%s\t%s\n' "$interface" "$address"
        done
        ss -Hlntup 2>/dev/null | while read -r kind _ _ _ local _ process; do
            pid=${process#*pid=}; pid=${pid%%,*}; name=${process#*\"}; name=${name%%\"*}
            unit=
            { while read -r line; do
                case $line in *.service*) unit=${line%.service*}.service; unit=${unit##*/}; break ;; esac
            done <"/proc/$pid/cgroup"; } 2>/dev/null
            printf 'socket\t%s\t%s\t%s\t%s\n' "$kind" "$local" "$name" "$unit"
        done

        """#

    /// A datagram to the discard port makes the kernel ask for the address by ARP (or by neighbour discovery).
    private static let probe = """
        knock() { bash -c "echo >/dev/udp/$1/9" 2>/dev/null; }
        probe() {
            [ -n "$(ip -o addr show to "$1" 2>/dev/null)" ] && return
            ip neigh del "$1" dev "$2" 2>/dev/null
            knock "$1"
            left=\(probeTenths)
            while [ $left -gt 0 ]; do
                case $(ip neigh show "$1" dev "$2" 2>/dev/null) in *lladdr*|*FAILED*) return ;; esac
                sleep 0.1
                left=$((left - 1))
            done
        }

        """
}
