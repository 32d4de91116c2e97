// SPDX-License-Identifier: EUPL-1.2

/** Style of the report; colours are chosen for contrast on both grounds, shapes carry the meaning. */
export const PAGE_STYLE = `
:root{--ground:#faf9f6;--paper:#fff;--ink:#1d2730;--soft:#56636e;--line:#e3e0d8;--lane:#f1efe9;
--good:#0c6b58;--bad:#b3261e;--warn:#8a5300;--sync:#2457a6;--rare:#6b3fa0;--after:#0000000a;
--focus:#1b5fd0;color-scheme:light}
@media (prefers-color-scheme:dark){:root{--ground:#14191d;--paper:#1b2227;--ink:#e6eaed;--soft:#a3afb8;
--line:#2e383f;--lane:#1f272d;--good:#5fc7a8;--bad:#ff8a80;--warn:#f0b35a;--sync:#8ab4f8;
--rare:#c9a6f5;--after:#ffffff0c;--focus:#8ab4f8;color-scheme:dark}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
main,header,footer{max-width:1480px;margin:0 auto;padding:0 28px}
header{padding-top:26px;display:flex;gap:16px;justify-content:space-between;align-items:flex-start;flex-wrap:wrap}
h1{font-size:26px;line-height:1.2;margin:0 0 4px;font-weight:650;letter-spacing:-.01em}
h2{font-size:18px;margin:38px 0 6px;font-weight:650}
p{margin:0 0 8px;max-width:76ch}
.soft{color:var(--soft)}
.skip{position:absolute;left:-999px}
.skip:focus{left:28px;top:6px;background:var(--paper);padding:6px 10px;z-index:9}
button,input,select{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:7px;padding:5px 11px;min-height:34px}
button{cursor:pointer}
button[aria-pressed=true]{background:var(--ink);color:var(--ground);border-color:var(--ink)}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
.row{display:flex;gap:6px;align-items:center;flex-wrap:wrap}
.verdict{display:inline-flex;gap:8px;align-items:center;font-weight:600;margin:10px 0 0}
.verdict.good{color:var(--good)}.verdict.bad{color:var(--bad)}
.told{list-style:none;margin:10px 0 0;padding:0}.told .when{color:var(--soft);font-variant-numeric:tabular-nums;margin-right:6px}
.totals{list-style:none;margin:10px 0 0;padding:0;display:grid;gap:10px;grid-template-columns:repeat(auto-fill,minmax(215px,1fr))}
.totals li{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.totals .figure{font-size:26px;font-weight:650;line-height:1.1;font-variant-numeric:tabular-nums}
.totals .what{font-weight:550;line-height:1.3}
.totals .note{font-size:13px;color:var(--soft);line-height:1.35;margin-top:4px}
.goal{display:inline-block;font-size:13px;font-weight:600;margin-left:8px;vertical-align:3px}
.goal.good{color:var(--good)}.goal.bad{color:var(--bad)}
.totals li.missed{border:2px solid var(--bad)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;padding:0;margin:8px 0 10px;font-size:13.5px}
.legend li{display:flex;gap:6px;align-items:center}
.swatch{width:18px;height:14px;background:var(--lane);background-image:linear-gradient(var(--after),var(--after));border:1px solid var(--line)}
.tools{display:flex;gap:6px;align-items:center;flex-wrap:wrap;margin:6px 0}
.chart{display:flex;background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:6px 10px 2px;overflow:hidden}
.labels{flex:none;width:var(--wide);font-size:11.5px}
.labels text{fill:var(--ink)}
.labels .group,.labels .muted{fill:var(--soft)}
.labels .name{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:11px}
.scroll{flex:1;min-width:0;overflow-x:auto}
.plot{display:block;min-width:880px;cursor:crosshair;touch-action:pan-x pan-y}
.plot .lane{fill:var(--lane)}.plot .after{fill:var(--after)}
.grid{stroke:var(--line);stroke-width:1}.grid.odd{stroke-dasharray:1 3}.grid.midnight{stroke:var(--soft)}
.hour{font-size:11.5px;fill:var(--soft);text-anchor:middle;font-variant-numeric:tabular-nums}
.hour.first{text-anchor:start}.hour.strong{fill:var(--ink);font-weight:600}
.band-ground{fill:var(--paper)}.band-ink{fill:var(--warn)}
.band-bad{fill:var(--bad)}.band-calm{fill:var(--soft)}.band-line{stroke:var(--bad);stroke-width:1.2;fill:none}
.band{stroke:var(--warn);stroke-width:1}
.band-text{font-size:11.5px;fill:var(--ink)}
.m .f{fill:currentColor;stroke:var(--paper);stroke-width:.8}
.m .o{fill:var(--paper);stroke:currentColor;stroke-width:1.7}
.m .s{fill:none;stroke:currentColor;stroke-width:2.8;stroke-linecap:round}
.m .t{fill:none;stroke:currentColor;stroke-width:1.6}
.opened,.left{color:var(--good)}.denied,.unauthorized{color:var(--bad)}.early,.unsynced{color:var(--warn)}
.synced{color:var(--sync)}.residual,.incident{color:var(--rare)}.tick{color:var(--soft)}.hardware,.stuck{color:var(--warn)}.forced{color:var(--bad)}
.residual .o{fill:none}
#selection line{stroke:var(--ink);stroke-width:1.4}
#selection circle{fill:none;stroke:var(--ink);stroke-width:2}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);vertical-align:top}
th{font-size:13px;color:var(--soft);font-weight:600}
td.num,th.num{text-align:right}
.parts{max-width:640px}
.parts tr.sum td{font-weight:650}
td button{min-height:0;padding:1px 10px}
code,.mono{font-family:ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;font-size:.92em}
code{overflow-wrap:anywhere}
details{margin:10px 0}summary{cursor:pointer}
.list{list-style:none;margin:8px 0 0;padding:0;max-height:420px;overflow-y:auto;border:1px solid var(--line);border-radius:10px;background:var(--paper)}
.list button{display:grid;grid-template-columns:76px 20px minmax(0,1fr);gap:8px;align-items:center;width:100%;text-align:left;border:0;border-bottom:1px solid var(--line);border-radius:0;background:none;padding:6px 12px}
.list button[aria-current=true]{background:var(--lane);font-weight:600}
.list .when{font-variant-numeric:tabular-nums;color:var(--soft)}
.list button:focus-visible{outline-offset:-3px}
#story{position:fixed;left:0;right:0;bottom:0;max-height:52vh;overflow-y:auto;background:var(--paper);border-top:2px solid var(--ink);box-shadow:0 -8px 30px #0000002e;z-index:5}
#story .inner{max-width:1480px;margin:0 auto;padding:12px 28px 22px}
#story h2{margin:0;font-size:17px}
#story h3{font-size:13px;margin:0 0 3px;color:var(--soft);font-weight:600}
#story .head{display:flex;gap:10px;justify-content:space-between;align-items:flex-start;position:sticky;top:0;background:var(--paper);padding:12px 0 8px;margin-top:-12px}
#story .head .row{flex-wrap:nowrap}
#story .columns{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,1fr);gap:8px 40px}
#story ol{margin:0;padding:0;list-style:none}
#story .steps>li{border-left:3px solid var(--line);padding:0 0 10px 14px}
#story .messages li{display:grid;grid-template-columns:62px 22px minmax(0,1fr) auto;gap:6px;border-bottom:1px solid var(--line);padding:2px 0;font-size:13.5px;font-variant-numeric:tabular-nums}
#story .messages .ms{text-align:right;color:var(--soft)}
body.open{padding-bottom:52vh}
footer{padding:34px 28px 50px;color:var(--soft);font-size:13.5px}
@media (max-width:640px){
main,header,footer,#story .inner{padding-left:16px;padding-right:16px}
h1{font-size:22px}
.totals{grid-template-columns:1fr 1fr}.totals li{padding:10px}.totals .figure{font-size:22px}.goal{margin-left:0;display:block}
.chart{padding:4px 0 2px 8px}.labels{width:var(--narrow)}
#story .columns{grid-template-columns:minmax(0,1fr)}
table.wide thead{display:none}table.wide tr{display:block;border-bottom:1px solid var(--line);padding:8px 0}table.wide td{display:block;border:0;padding:1px 0}table.wide td:nth-child(-n+3){display:inline;padding-right:12px}.labels .kind{display:none}
}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{#story,.tools,.controls{display:none}}
`;
