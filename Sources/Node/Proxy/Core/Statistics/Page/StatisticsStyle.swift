/// How the page looks. The colours mean what they mean on HAProxy's page.
enum StatisticsStyle {
    /// The class of a line.
    static func name(of colour: ServerState.Colour) -> StaticString {
        switch colour {
        case .up: "up"
        case .goingDown: "going-down"
        case .goingUp: "going-up"
        case .down: "down"
        case .notChecked: "not-checked"
        case .maintenance: "maintenance"
        case .draining: "draining"
        }
    }

    /// What the legend says.
    static func meaning(of colour: ServerState.Colour) -> StaticString {
        switch colour {
        case .up: "UP"
        case .goingDown: "UP, going down"
        case .goingUp: "DOWN, going up"
        case .down: "DOWN"
        case .notChecked: "not checked"
        case .maintenance: "maintenance (MAINT)"
        case .draining: "no new sessions (DRAIN)"
        }
    }

    static let sheet: StaticString = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#16181a;--soft:#5c6368;--rule:#a9b0b4;--link:#0b5cad;\
        --head:#bfe6e8;--name:#a3123f;--plain:#eceee4;--up:#c4f5c4;--going-down:#ffffa3;--going-up:#ffd23a;\
        --down:#ff9a94;--not-checked:#e2e4e6;--maintenance:#d9a15c;--draining:#7cc2fb}\
        @media(prefers-color-scheme:dark){:root{--paper:#15181a;--ink:#e6e8e6;--soft:#9aa3a8;--rule:#454c51;\
        --link:#6fb3f2;--head:#1d4a50;--name:#e0567f;--plain:#272b2e;--up:#1d4a22;--going-down:#55540f;\
        --going-up:#7a5c00;--down:#7d1d1d;--not-checked:#33383b;--maintenance:#70471a;--draining:#0d4c80}}\
        *{box-sizing:border-box}\
        body{margin:0;padding:8px 12px;background:var(--paper);color:var(--ink);\
        font:12px/1.35 "Helvetica Neue",Arial,"Liberation Sans",sans-serif}\
        h1,h2,p,ul,dl{margin:0;padding:0}ul{list-style:none}a{color:var(--link)}\
        header{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 14px;border-bottom:2px solid var(--name);\
        padding-bottom:4px}\
        h1{font-size:19px;color:var(--name)}h1 small{font-size:12px;font-weight:normal;color:var(--soft)}\
        header p{font-size:13px}\
        .top{display:flex;flex-wrap:wrap;gap:6px 36px;padding:6px 0}.top h2{font-size:12px;color:var(--soft)}\
        dl{display:grid;grid-template-columns:auto auto;gap:0 10px;justify-content:start}dt{color:var(--soft)}\
        dd{margin:0;font-variant-numeric:tabular-nums}\
        .legend span{display:inline-block;width:26px;height:11px;margin-right:6px;border:1px solid var(--rule);\
        vertical-align:-1px}\
        nav form{margin-top:2px}nav input{font:inherit;padding:0 3px;border:1px solid var(--rule);\
        background:var(--paper);color:inherit}\
        .summary{padding:3px 8px;border-left:5px solid}.good{border-color:#3d9a3d;background:var(--up)}\
        .bad{border-color:#d03a32;background:var(--down)}.note{border-color:#c9a400;background:var(--going-down)}.summary a{color:inherit;font-weight:bold}\
        .proxy{margin-top:10px}.proxy h2{font-size:13px}.proxy h2 a{color:var(--name);text-decoration:none}\
        .proxy h2 small{font-weight:normal;color:var(--soft)}\
        .scroll{overflow-x:auto}\
        table{border-collapse:collapse;width:100%;font-size:11px;font-variant-numeric:tabular-nums}\
        th,td{border:1px solid var(--rule);padding:1px 3px;text-align:right;white-space:nowrap}\
        thead th{background:var(--head);text-align:center;font-weight:600;font-size:10px}\
        tbody th{text-align:left;font-weight:600;position:sticky;left:0;background:inherit}\
        td:nth-child(n+23){text-align:center}td[title]{text-decoration:underline dotted var(--soft);cursor:help}\
        i{font-style:normal;margin-right:.18em}\
        .frontend,.backend{background:var(--plain)}.up{background:var(--up)}.going-down{background:var(--going-down)}\
        .going-up{background:var(--going-up)}.down{background:var(--down)}.not-checked{background:var(--not-checked)}\
        .maintenance{background:var(--maintenance)}.draining{background:var(--draining)}\
        tr.why td{text-align:left;white-space:normal;border-top:0;padding:0 4px 2px 18px}\
        tr.why span{position:sticky;left:18px}\
        tr:target th{outline:2px solid var(--name);outline-offset:-2px}\
        footer{margin-top:8px;color:var(--soft)}\
        @media(max-width:700px){body{padding:6px}.top{gap:6px 20px}table,thead th{font-size:12px}\
        thead tr:first-child,th:nth-child(n+2):nth-child(-n+4),td:nth-child(n+2):nth-child(-n+4),\
        tr>:nth-child(6),tr>:nth-child(7),tr>:nth-child(9),tr>:nth-child(10),tr>:nth-child(n+12):nth-child(-n+22),\
        tr>:nth-child(n+25){display:none}\
        th[data-alone]{font-size:0}th[data-alone]::before{content:attr(data-alone);font-size:12px}\
        thead th:nth-child(11)::before{content:"Total"}th,td{padding:3px 5px}td:nth-child(n+23){text-align:left}}
        """
}
