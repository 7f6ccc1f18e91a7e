/// The node's users, groups, modules and parameters, kept as files.
extension TestNode {
    /// Puts stand-ins for shadow's tools and modprobe beside the others, and a kernel that knows three parameters,
    /// one of them from a module.
    func addAccountTools() {
        write("0\n", "proc/sys/net/ipv4/ip_forward")
        write("4096\t87380\t6291456\n", "proc/sys/net/ipv4/tcp_rmem")
        write("6.1.0\n", "proc/sys/kernel/osrelease")
        write("kernel/net/ipv6/ipv6.ko\n", "lib/modules/6.1.0/modules.builtin")
        write("net/netfilter/nf_conntrack_max", "modules/nf_conntrack")
        tool(
            "groupadd",
            """
            \(Self.words)
            id=${gid:-$((900 + $(wc -l <"$root/etc/group")))}
            change group "{ print } END { print \\"$last:x:$id:\\" }"
            """)
        tool(
            "useradd",
            """
            \(Self.words)
            id=${uid:-$((900 + $(wc -l <"$root/etc/passwd")))}
            change passwd "{ print } END { print \\"$last:x:$id:$(number "$gid")::$home:$shell\\" }"
            """)
        tool(
            "usermod",
            """
            \(Self.words)
            if [ "$groups" ]; then
                change group "\\$1 == \\"$groups\\" { \\$4 = \\$4 (\\$4 ? \\",\\" : \\"\\") \\"$last\\" } { print }"
            else
                change passwd "\\$1 == \\"$last\\" { \\$4 = \\"$(number "$gid")\\"; if (\\"$home\\") \\$6 = \\"$home\\"
                    if (\\"$shell\\") \\$7 = \\"$shell\\" } { print }"
            fi
            """)
        tool(
            "gpasswd",
            """
            \(Self.words)
            change group "\\$1 == \\"$3\\" { n = split(\\$4, m, \\",\\"); \\$4 = \\"\\"
                for (i = 1; i <= n; i++) if (m[i] != \\"$2\\") \\$4 = \\$4 (\\$4 ? \\",\\" : \\"\\") m[i] } { print }"
            """)
        // As Debian's: its own group goes with a user (USERGROUPS_ENAB in login.defs).
        tool(
            "userdel",
            """
            \(Self.words)
            change passwd "\\$1 != \\"$last\\""; change group "\\$1 != \\"$last\\""
            for group in $(cut -d: -f1 "$root/etc/group"); do "$root/tools/gpasswd" --delete "$last" "$group"; done
            """)
        tool("groupdel", "\(Self.words)\nchange group \"\\$1 != \\\"$last\\\"\"")
        tool(
            "modprobe",
            """
            [ "$1" = --dry-run ] && dry=1 && shift
            [ -e "$root/modules/$1" ] || { echo "modprobe: FATAL: Module $1 not found"; exit 1; }
            [ "$dry" ] && exit 0
            echo "modprobe $1" >>"$root/log"
            mkdir -p "$root/sys/module/$1" "$root/proc/sys/net/netfilter"
            file="$root/proc/sys/$(cat "$root/modules/$1")"
            [ -e "$file" ] || echo 1024 >"$file"
            """)
    }

    /// The options' values, the last word, and a change of a file that is whole or not there at all.
    private static let words = """
        for last; do
            case $option in
            --gid) gid=$last ;; --uid) uid=$last ;; --home-dir | --home) home=$last ;; --shell) shell=$last ;;
            --groups) groups=$last ;;
            esac
            option=$last
        done
        echo "${0##*/} $last" >>"$root/log"
        number() { awk -F: -v "name=$1" '$1 == name { print $3 }' "$root/etc/group"; }
        change() {
            awk -F: -v OFS=: "$2" "$root/etc/$1" >"$root/etc/$1+" && mv "$root/etc/$1+" "$root/etc/$1"
        }
        """
}
