/// The words of Keepalived's language by the block in which they stand (keepalived.conf(5), 2.2.7):
/// those that we speak, and those that we only know, to tell a word that is missing here from a mistake.
public enum KeepalivedWords {
    /// Blocks of the file.
    public static let top = list("global_defs vrrp_instance vrrp_track_process")
    /// Inside `global_defs`.
    public static let global = list(
        """
        router_id vrrp_version vrrp_higher_prio_send_advert vrrp_skip_check_adv_addr \
        enable_script_security script_user
        """)
    /// Inside `vrrp_instance`.
    public static let instance = list(
        """
        state interface virtual_router_id priority advert_int version virtual_ipaddress preempt nopreempt \
        preempt_delay track_process higher_prio_send_advert
        """)
    /// Inside `vrrp_track_process`.
    public static let trackProcess = list(
        "process param_match full_command weight quorum delay fork_delay terminate_delay")

    static let otherTop = list(
        """
        net_namespace net_namespace_ipvs namespace_with_ipsets instance use_pid_dir linkbeat_use_polling \
        child_wait_time linkbeat_interfaces garp_group static_track_group static_ipaddress static_routes \
        static_rules static_address interface_up_down_delays vrrp_script vrrp_track_file track_file bfd_instance \
        vrrp_sync_group virtual_server virtual_server_group SSL ssl include
        """)
    static let otherGlobal = list(
        """
        tmp_config_directory config_save_dir process_names process_name vrrp_process_name \
        checker_process_name bfd_process_name startup_script startup_script_timeout shutdown_script \
        shutdown_script_timeout notification_email notification_email_from smtp_server smtp_helo_name \
        smtp_connect_timeout smtp_alert smtp_alert_vrrp smtp_alert_checker checker_log_all_failures \
        no_email_faults vrrp_mcast_group4 vrrp_mcast_group6 default_interface lvs_sync_daemon lvs_timeouts \
        lvs_flush lvs_flush_on_stop vrrp_garp_master_delay vrrp_garp_master_repeat vrrp_garp_lower_prio_delay \
        vrrp_down_timer_adverts vrrp_garp_lower_prio_repeat vrrp_garp_master_refresh \
        vrrp_garp_master_refresh_repeat vrrp_garp_interval vrrp_gna_interval vrrp_min_garp vrrp_garp_extra_if \
        vrrp_lower_prio_no_advert nftables nftables_priority nftables_counters nftables_ifindex nftables_ipvs \
        vrrp_iptables vrrp_ipsets disable_local_igmp vrrp_check_unicast_src vrrp_strict \
        vrrp_notify_priority_changes max_auto_priority min_auto_priority_delay vrrp_priority vrrp_no_swap \
        vrrp_rt_priority vrrp_cpu_affinity vrrp_rlimit_rttime vrrp_startup_delay notify_fifo \
        notify_fifo_script vrrp_notify_fifo vrrp_notify_fifo_script notify_priority_changes dynamic_interfaces \
        enable_snmp_vrrp enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_traps enable_dbus \
        dbus_service_name snmp_socket rs_init_notifies no_checker_emails umask instance \
        vrrp_netlink_cmd_rcv_bufs vrrp_netlink_monitor_rcv_bufs vrrp_rx_bufs_policy vrrp_rx_bufs_multiplier \
        process_monitor_rcv_bufs fifo_write_vrrp_states_on_reload json_version reload_repeat reload_file
        """)
    static let otherInstance = list(
        """
        vrf use_vmac use_vmac_addr vmac_xmit_base use_ipvlan native_ipv6 dont_track_primary track_interface \
        track_script track_file track_bfd mcast_src_ip unicast_src_ip mcast_dst_ip track_src_ip \
        check_unicast_src unicast_peer unicast_fault_no_peer unicast_ttl old_unicast_checksum \
        garp_master_delay garp_master_repeat garp_lower_prio_delay garp_lower_prio_repeat garp_master_refresh \
        garp_master_refresh_repeat garp_extra_if down_timer_adverts lower_prio_no_advert authentication \
        virtual_ipaddress_excluded prompte_secondaries promote_secondaries virtual_routes virtual_rules accept \
        no_accept skip_check_adv_addr strict_mode debug notify_master notify_backup notify_fault notify_stop \
        notify_deleted notify notify_master_rx_lower_pri notify_priority_changes smtp_alert \
        lvs_sync_daemon_interface kernel_rx_buf_size linkbeat_use_polling v3_checksum_as_v2
        """)
    static let otherTrackProcess = list("quorum_max")
    static let otherAddress = list(
        "brd broadcast scope label peer track home preferred_lft use_vmac no_track")

    private static func list(_ words: String) -> [String] {
        words.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }
}
