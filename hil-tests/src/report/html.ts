// SPDX-License-Identifier: EUPL-1.2
import { escapeMarkup } from "@nyckelring/simulator";
import { ROLES } from "../board-driver/roles.ts";
import { type CaseResult, countVerdicts, VERDICTS, type Verdict } from "../run/run-suite.ts";
import { MESSAGE_WORDS, readContacts } from "./contacts.ts";
import { drawLanes } from "./lanes.ts";
import { type RunSummary, reproOf } from "./run-summary.ts";

/** A sign beside each verdict, so that none is told by its colour alone. */
export const VERDICT_SIGNS: { readonly [verdict in Verdict]: string } = {
  passed: "✓",
  failed: "✗",
  flaky: "~",
  skipped: "↓",
  infra: "!",
};

const FRAMES_SHOWN = 200;

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2329;--soft:#5b6770;--line:#c9d1d6;--paper:#fff;--band:#eef3f6;--blue:#1f5f8b;--bad:#a3271c;--good:#1d6b3a;--warn:#8a5a00}
@media(prefers-color-scheme:dark){:root{--ink:#e5eaee;--soft:#9aa7b0;--line:#3c474f;--paper:#14191d;--band:#1f272d;--blue:#7fbde6;--bad:#f08a80;--good:#79cf98;--warn:#e0b15c}}
*{box-sizing:border-box}body{margin:0;padding:24px;font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:22px 0 8px}p{margin:4px 0}.soft{color:var(--soft)}code,pre{font:12.5px/1.4 ui-monospace,monospace}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:13px}td,th{padding:3px 10px 3px 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
.counts{display:flex;gap:8px;flex-wrap:wrap;margin:14px 0}.counts label{border:1px solid var(--line);border-radius:6px;padding:4px 10px;cursor:pointer}
details{border-top:1px solid var(--line)}details:last-of-type{border-bottom:1px solid var(--line)}summary{padding:6px 2px;cursor:pointer;display:flex;gap:10px;align-items:baseline}
summary .v{width:78px;flex:none;font-weight:600}summary .t{flex:1}summary .r{color:var(--soft);font-size:12.5px;white-space:nowrap}
.passed .v{color:var(--good)}.failed .v{color:var(--bad)}.flaky .v,.infra .v{color:var(--warn)}.skipped .v{color:var(--soft)}
.body{padding:2px 0 14px 88px}.why{white-space:pre-wrap;overflow-wrap:anywhere;background:var(--band);border-left:4px solid var(--bad);padding:8px 12px;margin:6px 0}.flaky .why,.infra .why{border-color:var(--warn)}.skipped .why{border-color:var(--soft)}
.pic{overflow-x:auto;margin:8px 0}.pic svg{display:block;max-width:none}svg text{font:11px system-ui,sans-serif;fill:var(--ink)}svg .l{stroke:var(--line);stroke-width:1.5}svg .n{font-weight:600;font-size:12px}svg .g{fill:var(--soft);font-size:10.5px}
svg .c{fill:var(--band);stroke:var(--line)}svg .m line{stroke:var(--blue);stroke-width:1.3}svg .m path{fill:var(--blue)}svg .m text{font-size:9px;fill:var(--soft)}svg .cut line{stroke:var(--bad);stroke-dasharray:3 2}svg .cut path{fill:var(--bad)}svg .e{text-anchor:end;font-weight:600;font-size:11px}svg .b{fill:var(--blue)}
pre.console{background:var(--band);padding:8px;overflow:auto;max-height:240px}code{overflow-wrap:anywhere}
@media(max-width:700px){body{padding:12px}summary{flex-wrap:wrap}summary .t{flex:1 1 180px}summary .r{flex-basis:100%;padding-left:88px;white-space:normal}.body{padding-left:0}}
`;

const SCRIPT = `
const boxes=[...document.querySelectorAll(".counts input")];
const show=()=>{const on=new Set(boxes.filter(b=>b.checked).map(b=>b.value));document.querySelectorAll("details[data-v]").forEach(d=>{d.hidden=!on.has(d.dataset.v)})};
boxes.forEach(b=>b.addEventListener("change",show));
if(location.hash){const d=document.getElementById(location.hash.slice(1));if(d)d.open=true}
`;

/** Writes a run as one page that needs nothing else. */
export function writeHtml(summary: RunSummary): string {
  const { rig, cases, seed, commit, startedAt, wallS } = summary;
  const counts = countVerdicts(cases);
  const boxes = VERDICTS.map(
    (verdict) =>
      `<label><input type="checkbox" value="${verdict}" checked> ${VERDICT_SIGNS[verdict]} ${counts[verdict]} ${verdict}</label>`,
  );
  const roles = ROLES.map((name) => {
    const { kind, board, firmware } = summary.roles[name];
    return `<tr><td>${name}</td><td><b>${kind}</b></td><td>${escapeMarkup(board)}</td><td><code>${escapeMarkup(firmware)}</code></td></tr>`;
  });
  const worst = [...cases].sort((left, right) => rank(left) - rank(right));
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeMarkup(rig)}: ${counts.failed} failed of ${cases.length}</title><style>${STYLE}</style></head><body>
<h1>Acceptance suite on rig ${escapeMarkup(rig)}</h1>
<p class="soft">${startedAt}, ${wallS} s, seed <code>${seed}</code>, commit <code>${escapeMarkup(commit)}</code></p>
<p>Again: <code>${escapeMarkup(summary.repro)}</code></p>
<div class="counts">${boxes.join("")}</div>
<h2>Boards</h2><div class="wide"><table><tr><th>role</th><th>kind</th><th>board</th><th>firmware</th></tr>${roles.join("")}</table></div>
<h2>${cases.length} cases</h2>
${worst.map((one) => caseElement(summary, one)).join("\n")}
<p class="soft">In a picture: h hello, m1 to m4 the door session, r a sealed record, rs ring state, bu ring bundle, ob signed object, log and lk log batches of key and lock. A dashed red arrow was cut by a withdrawal. Point at anything for the whole of it.</p>
<script>${SCRIPT}</script></body></html>
`;
}

function rank({ verdict }: CaseResult): number {
  return ["failed", "infra", "flaky", "skipped", "passed"].indexOf(verdict);
}

function caseElement(summary: RunSummary, one: CaseResult): string {
  const marks = [...one.rows, ...one.threats.map((threat) => `threat ${threat}`)].join(", ");
  const kinds = ROLES.map((name) => summary.roles[name].kind).join("/");
  const open = one.verdict === "failed" ? " open" : "";
  const why = one.reason === "" ? "" : `<div class="why">${escapeMarkup(one.reason)}</div>`;
  return `<details id="${one.id}" class="${one.verdict}" data-v="${one.verdict}"${open}><summary><span class="v">${VERDICT_SIGNS[one.verdict]} ${one.verdict}</span><span class="t">${escapeMarkup(one.title)}</span><span class="r">${marks} | ${kinds} | ${Math.round(one.wallMs)} ms</span></summary><div class="body">${why}
<p class="soft"><code>${one.id}</code>, key/station/lock ${kinds}, tries ${one.attempts}. Again: <code>${escapeMarkup(reproOf(summary, one))}</code></p>
<div class="pic">${drawLanes(one.record)}</div>${framesTable(one)}${consoleLines(one)}</div></details>`;
}

function framesTable(one: CaseResult): string {
  const rows = readContacts(one.record).flatMap((contact) =>
    contact.messages.map((message) => {
      const [from, to] = message.isFromKey
        ? [contact.key, contact.device]
        : [contact.device, contact.key];
      const cut = message.passedBytes === message.sentBytes ? "" : ` of ${message.sentBytes}, cut`;
      return `<tr><td>${(message.startUs / 1e6).toFixed(3)}</td><td>${contact.id}</td><td>${escapeMarkup(from)}</td><td>${escapeMarkup(to)}</td><td>${MESSAGE_WORDS[message.kind]}</td><td>${message.passedBytes}${cut}</td></tr>`;
    }),
  );
  if (rows.length === 0) return "";
  const shown = rows.slice(0, FRAMES_SHOWN).join("");
  const rest = rows.length - FRAMES_SHOWN;
  const more = rest > 0 ? `<p class="soft">and ${rest} more, in logs and frames.pcapng</p>` : "";
  return `<details><summary>${rows.length} messages</summary><div class="wide"><table><tr><th>s</th><th>contact</th><th>from</th><th>to</th><th>message</th><th>bytes</th></tr>${shown}</table></div>${more}</details>`;
}

function consoleLines(one: CaseResult): string {
  const lines = one.record.console.map(
    ({ atUs, role, text }) => `${(atUs / 1e6).toFixed(3)} ${role} ${text}`,
  );
  if (lines.length === 0) return "";
  return `<details open><summary>${lines.length} lines on the consoles</summary><pre class="console">${escapeMarkup(lines.join("\n"))}</pre></details>`;
}
