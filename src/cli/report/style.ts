/** The report's looks. Colours differ in lightness too, for who cannot tell red from green. */
import { Markup } from '../../base/markup.ts'

export const STYLE = new Markup(`
:root{--ground:#fff;--ink:#1b1f24;--faint:#5b6570;--line:#d5dae0;--card:#f6f8fa;--sent:#2563a8;--delivered:#2e8b57;--bounced:#b3261e;--complained:#8a3ffc;--waiting:#d9a400;--stopped:#98a1ab}
@media (prefers-color-scheme:dark){:root{--ground:#14171b;--ink:#e6e9ed;--faint:#9aa4af;--line:#333a42;--card:#1c2127;--sent:#6ba7e8;--delivered:#5cc08b;--bounced:#f28b82;--complained:#c39bff;--waiting:#f2c94c;--stopped:#6b7580}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--ground);max-width:72rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .25rem}h3{font-size:1rem;margin:1.5rem 0 .5rem}
p,small,figcaption small{color:var(--faint)}p{margin:.25rem 0 1rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1rem 0}
.tiles div{background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
dt{color:var(--faint);font-size:.85rem}dd{margin:0}dd strong{font-size:1.3rem;overflow-wrap:anywhere}dd small{display:block}
.reason{border-left:4px solid var(--bounced);padding-left:.8rem;color:var(--ink)}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:.5rem;padding:.6rem .8rem}
figcaption{font-weight:600}svg{display:block;width:100%;height:auto}
.grid{stroke:var(--line)}.tick{font-size:12px;fill:var(--faint)}
rect.sent{fill:var(--sent)}rect.delivered{fill:var(--delivered)}rect.bounced{fill:var(--bounced)}rect.complained{fill:var(--complained)}rect.waiting{fill:var(--waiting)}rect.stopped{fill:var(--stopped)}
.limit{stroke-width:1.5;stroke-dasharray:6 4}.limit.review{stroke:var(--waiting)}.limit.pause{stroke:var(--bounced)}
.rate{fill:none;stroke:var(--sent);stroke-width:2}.dot{fill:var(--sent);stroke:var(--sent);stroke-width:1.5}.dot.few{fill:var(--card)}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.92rem}
th,td{padding:.3rem .45rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
tbody th,thead th:first-child,.text{text-align:left;font-weight:400}tbody th{max-width:18rem;overflow:hidden;text-overflow:ellipsis}thead th{color:var(--faint)}
td.bar{min-width:6rem;width:30%}svg.stack{height:.7rem;border-radius:2px}
.key{white-space:nowrap}.key i{display:inline-block;width:.7rem;height:.7rem;margin-left:.6rem;border-radius:2px}
i.delivered{background:var(--delivered)}i.bounced{background:var(--bounced)}i.waiting{background:var(--waiting)}i.stopped{background:var(--stopped)}
summary{cursor:pointer;margin:.75rem 0;color:var(--faint)}
@media print{:root{--ground:#fff;--ink:#000;--faint:#444;--line:#bbb;--card:#fff;--sent:#2563a8;--delivered:#2e8b57;--bounced:#b3261e;--complained:#8a3ffc;--waiting:#d9a400;--stopped:#98a1ab}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}body{padding:0;font-size:11pt;max-width:none}figure,tr{break-inside:avoid}h2,h3{break-after:avoid}details:not([open]){display:none}}
`)
