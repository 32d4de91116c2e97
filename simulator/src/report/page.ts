// SPDX-License-Identifier: EUPL-1.2

import { BOARD_OF_ROLE, type ComputeModel, ROLE_COSTS, type RoleName } from "../compute-model.ts";
import { type OPENING_PARTS, splitOpenings } from "../opening-parts.ts";
import type { RunOutcome, RunResult } from "../run.ts";
import type { HardwareFact } from "../world-events.ts";
import { createClockLabels } from "./clock-labels.ts";
import { type Day, hasFailed, labelOfCode } from "./day.ts";
import { embedJson, escapeMarkup, textElement } from "./markup.ts";

import { createPageData, textOfCode } from "./page-data.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";
import { drawLegend, drawPicture, eventIdOf } from "./picture.ts";
import { TEXTS, type TextName, textNameOf } from "./texts.ts";

/** What the page is made of. */
export type PageParts = {
  readonly outcome: RunOutcome;
  readonly day: Day;
  /** The command that repeats the run. */
  readonly replay: string;
};

/** Costs in the order of the table, with their texts. */
const COST_TEXTS: readonly (readonly [keyof ComputeModel, TextName])[] = [
  ["bootUs", "modelBoot"],
  ["roleUs", "modelRole"],
  ["sessionUs", "modelSession"],
  ["stepUs", "modelStep"],
  ["agreementUs", "modelAgreement"],
  ["publicKeyUs", "modelPublicKey"],
  ["verificationUs", "modelVerification"],
  ["signatureUs", "modelSignature"],
  ["hashBlockUs", "modelHash"],
  ["macUs", "modelMac"],
  ["cipherBlockUs", "modelCipher"],
  ["programWordUs", "modelProgram"],
  ["eraseUs", "modelErase"],
];
const MODELLED_ROLES: readonly RoleName[] = ["key", "lock", "station"];

/** One figure with its goal, or with a note. */
type Figure = {
  readonly name: TextName;
  readonly value: number;
  /** What the value must be; undefined for a figure without a goal. */
  readonly goal?: number;
  readonly note?: readonly [TextName, ...(string | number)[]];
};

/**
 * Writes the report of a run as one page that needs nothing else: no network, no font, no image.
 * The same run gives the same octets.
 *
 * @public
 */
export function writePage(parts: PageParts): string {
  const { outcome, day } = parts;
  const { calendar } = outcome;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${escapeMarkup(TEXTS.title.en)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
${writeHeader(outcome)}
<main>
${writeTotals(outcome, day)}
${writeBroken(outcome)}
<section aria-labelledby="h-picture">
${textElement("h2", 'id="h-picture"', "picture")}
${textElement("p", 'class="soft"', "pictureHelp")}
${drawLegend(day)}
<div class="tools">${textElement("span", 'class="soft"', "zoom")}
<button type="button" data-zoom="100" aria-pressed="true">${textElement("span", "", "zoomDay")}</button>
<button type="button" data-zoom="200" aria-pressed="false">2×</button>
<button type="button" data-zoom="400" aria-pressed="false">4×</button></div>
${drawPicture(day, calendar)}
</section>
${writeParts(day)}
${writeDenials(parts)}
${writeList()}
<noscript>${textElement("p", "", "noScript")}</noscript>
</main>
${writeFooter(parts)}
${writeStoryFrame()}
<script type="application/json" id="texts">${embedJson(TEXTS)}</script>
<script type="application/json" id="data">${embedJson(createPageData(day, calendar))}</script>
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function writeHeader(outcome: RunOutcome): string {
  const { result, violations, view } = outcome;
  const count = violations.length;
  const verdict =
    count === 0
      ? `<p class="verdict good"><span aria-hidden="true">✓</span>${textElement("span", "", "kept")}</p>`
      : `<p class="verdict bad"><span aria-hidden="true">✗</span>${textElement("span", "", "broken", count)}</p>`;
  const { scenario, seed, virtualDays } = result;
  const name =
    view !== undefined ? "subtitleFile" : virtualDays === 1 ? "subtitle" : "subtitleDays";
  const subtitle = textElement("p", 'class="soft"', name, scenario, seed, virtualDays);
  const heading =
    view === undefined ? textElement("h1", "", "title") : `<h1>${escapeMarkup(view.title)}</h1>`;
  return `<a class="skip" href="#h-events">${textElement("span", "", "skip")}</a>
<header><div>
${heading}
${subtitle}
${verdict}
${view === undefined ? "" : writeTold(outcome)}
</div>
<div class="row controls" role="group" aria-label="Language" data-a="language">
<button type="button" data-lang="sv" lang="sv" aria-pressed="false">Svenska</button>
<button type="button" data-lang="en" lang="en" aria-pressed="true">English</button>
</div></header>`;
}

/** What the file itself says of its run, in its own words. */
function writeTold({ story }: RunOutcome): string {
  if (story.length === 0) return "";
  const lines = story.map(
    ({ clock, text }) =>
      `<li><span class="when">${clock}</span> <span>${escapeMarkup(text)}</span></li>`,
  );
  return `<ol class="told">${lines.join("\n")}</ol>`;
}

function writeTotals({ result, view }: RunOutcome, day: Day): string {
  const isFile = view !== undefined;
  const figures: readonly Figure[] = [
    { name: "unauthorizedOpenings", value: result.unauthorizedOpenings, goal: 0 },
    wrongDenialFigure(result),
    { name: "eventsLost", value: result.eventsLost, goal: 0 },
    { name: "eventsDuplicated", value: result.eventsDuplicated, goal: 0 },
    {
      name: "eventsHome",
      value: result.eventsAtIssuer,
      note: ["ofEvents", result.eventsAtDevices, result.eventsGapped],
    },
    { name: "openings", value: result.openings, note: ["ofInsertions", result.insertions] },
    { name: "denials", value: result.denials, note: ["listedBelow"] },
    { name: "syncs", value: result.syncs, note: ["syncsNote", result.earlyPulls] },
    ...(result.forbiddenAttempts === 0 ? [] : [forbiddenFigure(result)]),
    ...hardwareFigures(day),
    ...(isFile && result.residualOpenings === 0 ? [] : [residualFigure(result)]),
  ];
  return `<section aria-labelledby="h-totals">
${textElement("h2", 'id="h-totals"', "totals")}
<ul class="totals">${figures.map(writeFigure).join("\n")}</ul>
</section>`;
}

function wrongDenialFigure({ wrongDenials, hindrances }: RunResult): Figure {
  const excused = Object.values(hindrances).reduce((sum, count) => sum + count, 0);
  const figure = { name: "wrongDenials", value: wrongDenials, goal: 0 } as const;
  return excused === 0 ? figure : { ...figure, note: ["hinderedNote", excused] };
}

function forbiddenFigure({ forbiddenStopped, forbiddenAttempts }: RunResult): Figure {
  const note = forbiddenStopped === forbiddenAttempts ? "forbiddenAll" : "forbiddenNote";
  return { name: "forbidden", value: forbiddenStopped, note: [note, forbiddenAttempts] };
}

function residualFigure({ residualOpenings }: RunResult): Figure {
  return { name: "residualOpenings", value: residualOpenings, note: ["residualNote"] };
}

/** Troubles of hardware, where there were any. */
function hardwareFigures({ hardware, visits }: Day): Figure[] {
  const times = (...facts: readonly HardwareFact[]) =>
    hardware.filter(({ what }) => facts.includes(what)).length;
  const stuckTurns = visits.reduce((sum, { turns }) => sum + turns.filter(hasFailed).length, 0);
  const figures: readonly Figure[] = [
    {
      name: "jams",
      value: times("jammed"),
      ...(stuckTurns === 0 ? {} : { note: ["jamsNote", stuckTurns] as const }),
    },
    { name: "brownOuts", value: times("brown-out", "overload"), note: ["brownOutsNote"] },
    { name: "clockTroubles", value: times("clock-lost", "clock-wrong", "battery-out") },
    { name: "forcedDoors", value: times("door-forced") },
  ];
  return figures.filter(({ value }) => value > 0);
}

function writeFigure({ name, value, goal, note }: Figure): string {
  const isMissed = goal !== undefined && value !== goal;
  const mark = isMissed ? "✗" : "✓";
  const beside =
    goal === undefined
      ? ""
      : `<span class="goal ${isMissed ? "bad" : "good"}"><span aria-hidden="true">${mark}</span> ${textElement("span", "", "mustBe", goal)}: ${textElement("span", "", isMissed ? "missed" : "met")}</span>`;
  const [noteName, ...values] = note ?? [];
  const below =
    noteName === undefined ? "" : textElement("div", 'class="note"', noteName, ...values);
  return `<li${isMissed ? ' class="missed"' : ""}><span class="figure" data-figure="${name}">${value}</span>${beside}${textElement("div", 'class="what"', name)}${below}</li>`;
}

/** What the judge found broken, in the words of the judge. */
function writeBroken({ violations, calendar }: RunOutcome): string {
  if (violations.length === 0) return "";
  const clock = createClockLabels(calendar);
  const items = violations.map(
    ({ invariant, atUs, text }) =>
      `<li><span class="mono">${clock.secondsOf(atUs)} ${escapeMarkup(invariant)}</span> <span lang="en">${escapeMarkup(text)}</span></li>`,
  );
  return `<section>${textElement("h2", "", "brokenList")}<ul class="broken">${items.join("\n")}</ul></section>`;
}

function writeParts(day: Day): string {
  const { openings, figures } = splitOpenings(day.visits);
  const isTotal = (part: (typeof OPENING_PARTS)[number]) => part === "toMotor";
  const rows = figures.map(
    ({ part, p50Ms, p99Ms }) =>
      `<tr${isTotal(part) ? ' class="sum"' : ""}>${textElement("td", "", textNameOf("part", part))}<td class="num">${p50Ms} ms</td><td class="num">${p99Ms} ms</td></tr>`,
  );
  const table = `<table class="parts"><thead><tr>${textElement("th", 'scope="col"', "part")}${textElement("th", 'scope="col" class="num"', "half")}${textElement("th", 'scope="col" class="num"', "nearlyAll")}</tr></thead>
<tbody>${rows.join("\n")}</tbody></table>`;
  const costRows = COST_TEXTS.map(([cost, name]) => {
    const cells = MODELLED_ROLES.map((role) => {
      const { us, kind, from } = ROLE_COSTS[role][cost];
      const source = textElement("span", "", kind);
      return `<td class="num" title="${escapeMarkup(from)}">${us / 1000} ms<br><span class="soft">${source}</span></td>`;
    });
    return `<tr>${textElement("td", "", name)}${cells.join("")}</tr>`;
  });
  const boardHeads = MODELLED_ROLES.map(
    (role) =>
      `<th scope="col" class="num">${textElement("span", "", textNameOf("role", role))}<br><span class="mono">${BOARD_OF_ROLE[role]}</span></th>`,
  );
  return `<section aria-labelledby="h-parts">
${textElement("h2", 'id="h-parts"', "parts")}
${textElement("p", 'class="soft"', "partsNote", openings)}
${openings === 0 ? "" : table}
<details><summary>${textElement("span", "", "model")}</summary>
${textElement("p", 'class="soft"', "modelNote")}
<table class="parts"><thead><tr>${textElement("th", 'scope="col"', "modelWork")}${boardHeads.join("")}</tr></thead><tbody>${costRows.join("\n")}</tbody></table></details>
</section>`;
}

function writeDenials({ outcome, day }: PageParts): string {
  const clock = createClockLabels(outcome.calendar);
  const denied = day.visits.filter((visit) => visit.end === "denied");
  const head = (["time", "key", "door", "situation", "why", "story"] as const).map((name) =>
    textElement("th", 'scope="col"', name),
  );
  const rows = denied.map((visit) => {
    const id = eventIdOf("contact", visit.id);
    const { reason, signal, purpose } = visit;
    const why =
      reason === 0
        ? textElement("span", "", textNameOf("signal", signal))
        : `<span class="mono">${escapeMarkup(labelOfCode(reason))}</span> <span data-code="${reason}">${escapeMarkup(textOfCode(reason).en)}</span>`;
    const day = clock.dayOf(visit.startUs);
    const dayOf = day === 1 ? "" : `${textElement("span", "", "dayTick", day)} `;
    const situation =
      purpose === undefined ? "" : textElement("span", "", textNameOf("purpose", purpose));
    return `<tr data-denial="${id}"><td>${dayOf}${clock.secondsOf(visit.startUs)}</td><td class="mono">${escapeMarkup(visit.key)}</td><td class="mono">${escapeMarkup(visit.device)}</td><td>${situation}</td><td>${why}</td><td><button type="button" data-open="${id}">${textElement("span", "", "readStory")}</button></td></tr>`;
  });
  const table =
    rows.length === 0
      ? textElement("p", "", "noDenials")
      : `<table class="wide"><thead><tr>${head.join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
  return `<section aria-labelledby="h-denials">
${textElement("h2", 'id="h-denials"', "denialList")}
${table}
</section>`;
}

function writeList(): string {
  const options = (
    [
      ["all", "allKinds"],
      ["door", "doorsOnly"],
      ["refused", "refusedOnly"],
      ["sync", "syncsOnly"],
      ["issuer", "issuerOnly"],
      ["hardware", "hardwareOnly"],
    ] as const
  ).map(([value, name]) => textElement("option", `value="${value}"`, name));
  return `<section aria-labelledby="h-events" class="events">
${textElement("h2", 'id="h-events" tabindex="-1"', "events")}
<div class="tools">
<input id="filter" type="search" autocomplete="off" size="30" aria-label="Search" data-a="filter">
<select id="group" aria-label="Show" data-a="showKind">${options.join("")}</select>
<span id="shown" class="soft" role="status"></span>
</div>
<ul id="list" class="list"></ul>
</section>`;
}

function writeStoryFrame(): string {
  return `<section id="story" aria-labelledby="story-title" hidden><div class="inner">
<div class="head"><h2 id="story-title" aria-live="polite"></h2>
<div class="row"><button type="button" id="previous" aria-label="Previous" data-a="previous">←</button>
<button type="button" id="next" aria-label="Next" data-a="next">→</button>
<button type="button" id="close" aria-label="Close" data-a="close">✕</button></div></div>
<div id="story-body"></div>
</div></section>`;
}

function writeFooter({ outcome, replay }: PageParts): string {
  return `<footer>
${textElement("p", "", "footer")}
<p>${textElement("span", "", "again")} <code>${escapeMarkup(replay)}</code></p>
<p>${textElement("span", "", "traceHash")} <code>${escapeMarkup(outcome.result.traceHash)}</code></p>
</footer>`;
}
