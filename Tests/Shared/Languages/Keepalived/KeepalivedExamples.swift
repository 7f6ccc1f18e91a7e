/// Files that must be taken by our parser and by Debian's keepalived alike.
enum KeepalivedExamples {
    static let complete = """
        ! both kinds of comments
        global_defs {
            router_id nustler3   # a name
            vrrp_version 3
            vrrp_higher_prio_send_advert
            vrrp_skip_check_adv_addr on
            enable_script_security
            script_user root
        }
        vrrp_track_process proxy {
            process pinode proxy
            param_match partial
            weight 0
            terminate_delay 0.25
            fork_delay 1
        }
        vrrp_track_process apache {
            process apache2
            quorum 2
            weight -20
            delay 0.5
        }
        vrrp_instance web {
            state BACKUP
            interface eth0
            virtual_router_id 51
            priority 254
            advert_int 0.1
            preempt_delay 2.5
            virtual_ipaddress {
                192.0.2.29/24
                192.0.2.30 dev eth1
            }
            track_process {
                proxy
                apache weight 10
            }
        }
        """

    static let small = """
        global_defs {
            vrrp_version 3
        }
        vrrp_instance "web" {
            interface eth0
            virtual_router_id 51
            virtual_ipaddress {
                192.0.2.29/24
            }
        }
        """

    static let braces = """
        vrrp_instance web
        {
            version 3
            interface eth0
            virtual_router_id 255
            advert_int 40.95
            nopreempt
            state BACKUP
            higher_prio_send_advert yes
            virtual_ipaddress { 192.0.2.29/24 dev eth0
                192.0.2.30 }
        }
        vrrp_instance other { interface eth0
            version 3
            virtual_router_id 1
            preempt
            advert_int .01
            state MASTER
            priority 1
            virtual_ipaddress { 192.0.2.31/32 }
        }
        """

    static let all = [complete, small, braces]
}
