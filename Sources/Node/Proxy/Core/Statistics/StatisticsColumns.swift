/// The columns of HAProxy's CSV, in the order of its code (src/stats-proxy.c); the raw value is the place.
public enum StatisticsColumn: Int, CaseIterable, Sendable {
    case pxname, svname, qcur, qmax, scur, smax, slim, stot, bin, bout
    case dreq, dresp, ereq, econ, eresp, wretr, wredis, status, weight, act
    case bck, chkfail, chkdown, lastchg, downtime, qlimit, pid, iid, sid, throttle
    case lbtot, tracked, type, rate, rateLim, rateMax, checkStatus, checkCode, checkDuration, hrsp1xx
    case hrsp2xx, hrsp3xx, hrsp4xx, hrsp5xx, hrspOther, hanafail, reqRate, reqRateMax, reqTot, cliAbrt
    case srvAbrt, compIn, compOut, compByp, compRsp, lastsess, lastChk, lastAgt, qtime, ctime
    case rtime, ttime, agentStatus, agentCode, agentDuration, checkDesc, agentDesc, checkRise, checkFall,
        checkHealth
    case agentRise, agentFall, agentHealth, addr, cookie, mode, algo, connRate, connRateMax, connTot
    case intercepted, dcon, dses, wrew, connect, reuse, cacheLookups, cacheHits, srvIcur, srcIlim
    case qtimeMax, ctimeMax, rtimeMax, ttimeMax, eint, idleConnCur, safeConnCur, usedConnCur, needConnEst,
        uweight
    /// `-`: HAProxy's mark that its own columns end here.
    case mark
    /// Ours: why a server is not simply up, as a sentence.
    case why
    /// Ours: until the next health check, in milliseconds.
    case nextCheck

    /// All names with blanks between, `src_ilim` as HAProxy misspells it.
    private static let names = """
        pxname svname qcur qmax scur smax slim stot bin bout \
        dreq dresp ereq econ eresp wretr wredis status weight act \
        bck chkfail chkdown lastchg downtime qlimit pid iid sid throttle \
        lbtot tracked type rate rate_lim rate_max check_status check_code check_duration hrsp_1xx \
        hrsp_2xx hrsp_3xx hrsp_4xx hrsp_5xx hrsp_other hanafail req_rate req_rate_max req_tot cli_abrt \
        srv_abrt comp_in comp_out comp_byp comp_rsp lastsess last_chk last_agt qtime ctime \
        rtime ttime agent_status agent_code agent_duration check_desc agent_desc check_rise check_fall check_health \
        agent_rise agent_fall agent_health addr cookie mode algo conn_rate conn_rate_max conn_tot \
        intercepted dcon dses wrew connect reuse cache_lookups cache_hits srv_icur src_ilim \
        qtime_max ctime_max rtime_max ttime_max eint idle_conn_cur safe_conn_cur used_conn_cur need_conn_est uweight \
        - why next_check
        """

    /// The first line of the CSV, without its newline: a comma after every name, the last too.
    public static var headerLine: String {
        var line = "# "
        for name in names.utf8.split(separator: UInt8(ascii: " ")) {
            line += String(decoding: name, as: UTF8.self)
            line += ","
        }
        return line
    }
}
