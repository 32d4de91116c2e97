// SPDX-License-Identifier: EUPL-1.2

import type { Calendar } from "../calendar.ts";
import { createClockLabels } from "./clock-labels.ts";
import type { Band, Day, DoorLane, HardwareIncident, Incident, VisitEnd } from "./day.ts";
import { groupBy } from "./group-by.ts";
import { escapeMarkup, textElement } from "./markup.ts";
import { englishOf, type TextName } from "./texts.ts";

/** Number of an event in the page: of a contact, or of an incident by its place in the list. */
export function eventIdOf(kind: "contact" | "incident" | "hardware", number: number): string {
  return `${kind.slice(0, 1)}${number}`;
}

/** Height of a lane, of the axis, and the gap before a group of lanes, in CSS pixels. */
const LANE_PX = 20;
const AXIS_PX = 24;
const GAP_PX = 8;
/** Where names begin in the column of labels, how wide a letter of one is, and the kind of a door. */
const NAME_X_PX = 60;
const CHARACTER_PX = 6.7;
const KIND_PX = 54;
const HOUR_US = 3_600_000_000;
const SECOND_US = 1_000_000;

type Lane = {
  readonly name: string;
  readonly yPx: number;
  /** First column: the group that begins here. */
  readonly group: string;
  readonly label: string;
};

type Layout = {
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly groupsPx: readonly { readonly fromPx: number; readonly toPx: number }[];
  readonly heightPx: number;
};

/** What a mark can look like. */
export type MarkShape = VisitEnd | "incident" | "tick" | "hardware" | "forced";

/** Shapes of the marks: no meaning hangs on colour alone. All are drawn around 0, 0. */
const SHAPES: { readonly [end in MarkShape]: string } = {
  opened: '<circle r="5" class="f"/>',
  stuck: '<circle r="5" class="o"/><path d="M-3.5 3.5L3.5-3.5" class="t"/>',
  left: '<circle r="4.2" class="o"/>',
  residual: '<circle r="3" class="f"/><circle r="6.5" class="o"/>',
  unauthorized: '<path d="M0-8L7 5H-7Z" class="f"/>',
  denied: '<path d="M-5-5L5 5M5-5L-5 5" class="s"/>',
  early: '<path d="M0-6V1M-3-1L0 3L3-1M-4 6H4" class="t"/>',
  synced: '<rect x="-4.5" y="-4.5" width="9" height="9" class="f"/>',
  unsynced: '<rect x="-4" y="-4" width="8" height="8" class="o"/>',
  incident: '<path d="M0-7L6 0L0 7L-6 0Z" class="f"/>',
  tick: '<path d="M0-5V5" class="t"/>',
  hardware: '<path d="M-1.5-7H3.5L0.5-1.5H4.5L-3 7L-0.5 1H-4.5Z" class="f"/>',
  forced: '<path d="M-6-6L-1-1M6-6L1-1M-6 6L-1 1M6 6L1 1" class="s"/>',
};

const END_TEXTS: { readonly [end in MarkShape]: TextName } = {
  opened: "endOpened",
  stuck: "endStuck",
  left: "endLeft",
  denied: "endDenied",
  early: "endEarly",
  residual: "endResidual",
  unauthorized: "endUnauthorized",
  synced: "endSynced",
  unsynced: "endUnsynced",
  incident: "endIncident",
  tick: "endTick",
  hardware: "endHardware",
  forced: "endForced",
};

const BAND_TEXTS: { readonly [kind in Band["kind"]]: TextName } = {
  battery: "bandBattery",
  keyPower: "bandKeyPower",
  dark: "bandDark",
  gsm: "bandGsm",
  offline: "bandOffline",
  jammed: "bandJammed",
  noBattery: "bandNoBattery",
  shorted: "bandShorted",
  dirty: "bandDirty",
  doorOpen: "bandDoorOpen",
};

/** The shape that stands for a piece of hardware's trouble. */
export function shapeOfHardware({ what }: HardwareIncident): "hardware" | "forced" {
  return what === "door-forced" ? "forced" : "hardware";
}

/** Which text says how a contact ended. */
export function endText(end: MarkShape): TextName {
  return END_TEXTS[end];
}

/**
 * Draws the swim lanes: a column of labels that stays, and a plot that can be widened and scrolled.
 * Every place along the time axis is a share of the width, so a wider plot needs no new drawing.
 *
 * @public
 */
export function drawPicture(day: Day, calendar: Calendar): string {
  const layout = layOut(day);
  return [
    '<div class="chart">',
    drawLabels(day, layout),
    '<div class="scroll" id="scroll">',
    `<svg id="plot" class="plot" width="100%" height="${layout.heightPx}" tabindex="0" role="group" `,
    `aria-labelledby="plot-label">`,
    textElement("title", 'id="plot-label"', "pictureLabel"),
    drawDefinitions(),
    drawGrid(day, calendar, layout),
    drawBands(day, layout),
    '<g id="selection"></g>',
    drawMarks(day, layout),
    "</svg></div></div>",
  ].join("");
}

/** Draws the shapes with their meaning. */
export function drawLegend(day: Day): string {
  const present = new Set<MarkShape>(day.visits.map((visit) => visit.end));
  const ends = ["opened", "stuck", "left", "denied", "early", "residual", "unauthorized"] as const;
  const others = ["synced", "unsynced", "tick", "incident", "hardware", "forced"] as const;
  for (const incident of day.hardware.filter((one) => isInPicture(one.atUs, day))) {
    present.add(shapeOfHardware(incident));
  }
  if (day.incidents.some(isRoutine)) present.add("tick");
  if (day.incidents.some((incident) => !isRoutine(incident))) present.add("incident");
  const items = [...ends, ...others]
    .filter((end) => present.has(end))
    .map((end) => {
      const icon = `<svg class="icon" width="18" height="18" viewBox="-9 -9 18 18" aria-hidden="true"><g class="m ${end}">${SHAPES[end]}</g></svg>`;
      return `<li>${icon}${textElement("span", "", endText(end))}</li>`;
    });
  const states = new Set(day.bands.filter(isDoorState).map(({ kind }) => kind));
  for (const kind of states) {
    const swatch = `<svg class="icon" width="18" height="14" aria-hidden="true"><rect width="18" height="14" fill="url(#p-${kind})" class="band"/></svg>`;
    items.push(`<li>${swatch}${textElement("span", "", BAND_TEXTS[kind])}</li>`);
  }
  if (day.endUs > day.phaseEndUs) {
    items.push(
      `<li><span class="swatch" aria-hidden="true"></span>${textElement("span", "", "phaseTwo")}</li>`,
    );
  }
  return `<ul class="legend" aria-label="${escapeMarkup(englishOf("legend"))}" data-a="legend">${items.join("")}</ul>`;
}

function layOut(day: Day): Layout {
  const lanes = new Map<string, Lane>();
  const groupsPx: { fromPx: number; toPx: number }[] = [];
  let yPx = AXIS_PX;

  function addGroup(list: readonly { name: string; group: string; label: string }[]): void {
    const fromPx = yPx;
    list.forEach((lane, index) => {
      const group = index === 0 ? lane.group : "";
      lanes.set(lane.name, { ...lane, group, yPx: yPx + LANE_PX / 2 });
      yPx += LANE_PX;
    });
    groupsPx.push({ fromPx, toPx: yPx });
    yPx += GAP_PX;
  }

  addGroup([{ name: "issuer", group: wideLabel("issuer"), label: "" }]);
  for (const { name } of day.stations) {
    addGroup([
      { name, group: "", label: plainLabel(name) },
      { name: `${name} power`, group: "", label: mutedLabel("powerLane") },
      { name: `${name} links`, group: "", label: mutedLabel("linkLane") },
    ]);
  }
  addGroup(
    day.keys.map(({ name }) => ({ name, group: groupLabel("keysGroup"), label: plainLabel(name) })),
  );
  for (const doors of doorsByBuilding(day.doors)) {
    addGroup(
      doors.map(({ lock, isHome, building, isEntrance }) => ({
        name: lock,
        group: isHome ? groupLabel("building", building) : groupLabel("testDoors"),
        label: doorLabel(lock, isEntrance ? "entrance" : "apartment"),
      })),
    );
  }
  return { lanes, groupsPx, heightPx: yPx + AXIS_PX - GAP_PX };
}

function doorsByBuilding(doors: readonly DoorLane[]): DoorLane[][] {
  return [...groupBy(doors, ({ isHome, building }) => `${isHome} ${building}`).values()];
}

function wideLabel(name: TextName): string {
  return textElement("text", 'x="0" class="wide"', name);
}

function groupLabel(name: TextName, ...values: number[]): string {
  return textElement("text", 'x="0" class="group"', name, ...values);
}

function plainLabel(name: string): string {
  return `<text x="${NAME_X_PX}" class="name">${escapeMarkup(name)}</text>`;
}

function doorLabel(name: string, kind: TextName): string {
  const own = `<tspan class="name">${escapeMarkup(name)}</tspan>`;
  return `<text x="${NAME_X_PX}">${own}${textElement("tspan", 'dx="6" class="muted kind"', kind)}</text>`;
}

function mutedLabel(name: TextName): string {
  return textElement("text", `x="${NAME_X_PX}" class="muted"`, name);
}

/** The column of labels is as wide as its longest name, on a phone without the kinds of doors. */
function drawLabels(day: Day, layout: Layout): string {
  const named = [...day.stations, ...day.keys].map(({ name }) => name.length);
  const doors = day.doors.map(({ lock }) => lock.length);
  const widthOf = (characters: number) => Math.ceil(NAME_X_PX + characters * CHARACTER_PX + 6);
  const narrowPx = widthOf(Math.max(8, ...named, ...doors));
  const widePx = Math.max(narrowPx, widthOf(Math.max(8, ...doors)) + KIND_PX);
  const rows = [...layout.lanes.values()].map(
    ({ yPx, group, label }) => `<g transform="translate(0 ${yPx + 4})">${group}${label}</g>`,
  );
  const style = `--wide:${widePx}px;--narrow:${narrowPx}px`;
  return `<svg class="labels" style="${style}" height="${layout.heightPx}" aria-hidden="true">${rows.join("")}</svg>`;
}

function drawDefinitions(): string {
  const shapes = Object.entries(SHAPES).map(
    ([name, shape]) => `<g id="s-${name}" class="m ${name}">${shape}</g>`,
  );
  return `<defs>
<pattern id="p-battery" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="band-ground"/><rect width="2.5" height="6" class="band-ink"/></pattern>
<pattern id="p-keyPower" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="band-ground"/><circle cx="3" cy="3" r="1.5" class="band-ink"/></pattern>
<pattern id="p-gsm" width="5" height="6" patternUnits="userSpaceOnUse"><rect width="5" height="6" class="band-ground"/><rect width="1.5" height="6" class="band-ink"/></pattern>
<pattern id="p-dark" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="band-ink"/></pattern>
<pattern id="p-jammed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="6" height="6" class="band-ground"/><rect width="3" height="6" class="band-bad"/></pattern>
<pattern id="p-noBattery" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="band-ink"/></pattern>
<pattern id="p-shorted" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="band-ground"/><path d="M0 3H6M3 0V6" class="band-line"/></pattern>
<pattern id="p-dirty" width="4" height="4" patternUnits="userSpaceOnUse"><rect width="4" height="4" class="band-ground"/><circle cx="2" cy="2" r="1" class="band-ink"/></pattern>
<pattern id="p-doorOpen" width="8" height="6" patternUnits="userSpaceOnUse"><rect width="8" height="6" class="band-ground"/><rect width="2" height="6" class="band-calm"/></pattern>
<pattern id="p-offline" width="6" height="6" patternUnits="userSpaceOnUse"><rect width="6" height="6" class="band-ink"/></pattern>
${shapes.join("")}</defs>`;
}

function drawGrid(day: Day, calendar: Calendar, layout: Layout): string {
  const parts = layout.groupsPx.map(
    ({ fromPx, toPx }) =>
      `<rect x="0" y="${fromPx}" width="100%" height="${toPx - fromPx}" class="lane"/>`,
  );
  if (day.endUs > day.phaseEndUs) {
    const fromX = shareOf(day.phaseEndUs, day);
    const size = `width="${(100 - fromX).toFixed(3)}%" height="${layout.heightPx - 2 * AXIS_PX}"`;
    parts.push(
      `<rect x="${fromX}%" y="${AXIS_PX}" ${size} class="after">${textElement("title", "", "phaseTwo")}</rect>`,
    );
  }
  const bottomPx = layout.heightPx - AXIS_PX;
  const stepUs = stepOf(day);
  if (stepUs < HOUR_US) {
    parts.push(...drawSteps(day, calendar, layout, stepUs));
    return parts.join("");
  }
  for (let hour = 5; ; hour += 1) {
    const atUs = calendar.atUs(Math.floor(hour / 24), hour % 24, 0);
    if (atUs > day.endUs) break;
    if (atUs < day.fromUs) continue;
    const x = shareOf(atUs, day);
    const isMidnight = hour % 24 === 0;
    const kind = isMidnight ? "midnight" : hour % 2 === 0 ? "even" : "odd";
    parts.push(
      `<line x1="${x}%" x2="${x}%" y1="${AXIS_PX}" y2="${bottomPx}" class="grid ${kind}"/>`,
    );
    const isCrowded = calendar.days > 1 && hour % 6 !== 0;
    if (hour % 2 !== 0 || isCrowded || x > 99) continue;
    const label = isMidnight
      ? (yPx: number) => dayLabel(x, yPx, hour / 24 + 1)
      : (yPx: number) => `<text x="${x}%" y="${yPx}" class="hour">${twoDigits(hour % 24)}</text>`;
    parts.push(label(AXIS_PX - 8), label(layout.heightPx - 7));
  }
  return parts.join("");
}

/** Steps between lines of the grid, in seconds. */
const STEPS_S = [1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];

/** Time from one line of the grid to the next, in microseconds: some six to sixteen lines in all. */
function stepOf(day: Day): number {
  const seconds = (day.endUs - day.fromUs) / SECOND_US;
  // A label with seconds is wider than one without.
  const stepS = STEPS_S.find((step) => seconds / step <= (step < 60 ? 10 : 16));
  return stepS === undefined ? HOUR_US : stepS * SECOND_US;
}

/** The grid of a story that is shorter than a day. */
function drawSteps(day: Day, calendar: Calendar, layout: Layout, stepUs: number): string[] {
  const parts: string[] = [];
  const clock = createClockLabels(calendar);
  const labelOf = stepUs < 60 * SECOND_US ? clock.secondsOf : calendar.labelOf;
  const bottomPx = layout.heightPx - AXIS_PX;
  for (let atUs = Math.ceil(day.fromUs / stepUs) * stepUs; atUs <= day.endUs; atUs += stepUs) {
    const x = shareOf(atUs, day);
    parts.push(`<line x1="${x}%" x2="${x}%" y1="${AXIS_PX}" y2="${bottomPx}" class="grid even"/>`);
    if (x > 97) continue;
    for (const yPx of [AXIS_PX - 8, layout.heightPx - 7]) {
      const edge = x < 3 ? " first" : "";
      parts.push(`<text x="${x}%" y="${yPx}" class="hour${edge}">${labelOf(atUs)}</text>`);
    }
  }
  return parts;
}

function dayLabel(x: number, yPx: number, day: number): string {
  return textElement("text", `x="${x}%" y="${yPx}" class="hour strong"`, "dayTick", day);
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

function drawBands(day: Day, layout: Layout): string {
  const parts: string[] = [];
  for (const [lane, bands] of groupBy(day.bands, laneOfBand)) {
    const yPx = layout.lanes.get(lane)?.yPx ?? 0;
    const seen = bands.filter(({ startUs }) => isInPicture(startUs, day));
    for (const group of groupsInTime(seen)) {
      for (const { kind, startUs, endUs } of group) {
        const x = shareOf(startUs, day);
        const width = Math.max(0.15, shareOf(Math.min(endUs, day.endUs), day) - x).toFixed(3);
        const place = `x="${x}%" y="${yPx - 7}" width="${width}%" height="14"`;
        parts.push(
          `<rect ${place} fill="url(#p-${kind})" class="band">${textElement("title", "", BAND_TEXTS[kind])}</rect>`,
        );
      }
      if (!group.some(isDoorState)) parts.push(bandLabel(group, day, yPx));
    }
  }
  return parts.join("");
}

/** One label for bands that touch; it stands behind them, or before them near the right edge. */
function bandLabel(group: readonly Band[], day: Day, yPx: number): string {
  const startX = shareOf(group[0]?.startUs ?? 0, day);
  const endX = shareOf(group.at(-1)?.endUs ?? 0, day);
  const isBefore = endX > 70 && startX > 30;
  const words = group.map(({ kind }) => textElement("tspan", "", BAND_TEXTS[kind])).join(" → ");
  const place = isBefore
    ? `x="${startX}%" dx="-6" text-anchor="end"`
    : `x="${endX}%" dx="6" text-anchor="start"`;
  return `<text ${place} y="${yPx + 4}" class="band-text">${words}</text>`;
}

function laneOfBand(band: Band): string {
  const { device, kind } = band;
  if (isDoorState(band)) return device;
  return `${device} ${kind === "gsm" || kind === "offline" ? "links" : "power"}`;
}

/** States of a key or a lock lie in its own lane, under its marks. */
function isDoorState({ kind }: Band): boolean {
  return ["jammed", "noBattery", "shorted", "dirty", "doorOpen"].includes(kind);
}

function isInPicture(atUs: number, day: Day): boolean {
  return atUs >= day.fromUs && atUs < day.endUs;
}

function groupsInTime(bands: readonly Band[]): Band[][] {
  const groups: Band[][] = [];
  for (const band of bands) {
    const last = groups.at(-1);
    if (last?.at(-1)?.endUs === band.startUs) last.push(band);
    else groups.push([band]);
  }
  return groups;
}

/** Later marks lie above earlier ones; refusals lie above everything. */
function drawMarks(day: Day, layout: Layout): string {
  const parts: string[] = [];
  const onTop: string[] = [];
  day.hardware.forEach((incident, index) => {
    const yPx = layout.lanes.get(incident.device === "" ? "issuer" : incident.device)?.yPx;
    if (yPx === undefined || !isInPicture(incident.atUs, day)) return;
    const id = eventIdOf("hardware", index);
    onTop.push(mark(shapeOfHardware(incident), id, incident.atUs, yPx, day, true));
  });
  day.incidents.forEach((incident, index) => {
    if (!isInPicture(incident.atUs, day)) return;
    const shape = isRoutine(incident) ? "tick" : "incident";
    const yPx = layout.lanes.get("issuer")?.yPx ?? 0;
    const id = eventIdOf("incident", index);
    (shape === "tick" ? parts : onTop).push(mark(shape, id, incident.atUs, yPx, day, true));
  });
  for (const visit of day.visits.filter(({ startUs }) => isInPicture(startUs, day))) {
    const id = eventIdOf("contact", visit.id);
    const list = ["denied", "stuck", "residual", "unauthorized"].includes(visit.end)
      ? onTop
      : parts;
    const deviceYPx = layout.lanes.get(visit.device)?.yPx;
    const keyYPx = layout.lanes.get(visit.key)?.yPx;
    if (keyYPx !== undefined) {
      list.push(mark(visit.end, id, visit.startUs, keyYPx, day, deviceYPx === undefined));
    }
    if (deviceYPx !== undefined) {
      list.push(mark(visit.end, id, visit.startUs, deviceYPx, day, true));
    }
  }
  return `<g id="marks">${[...parts, ...onTop].join("")}</g>`;
}

/** Heads that the authorization system signs all day; hundreds of them would hide the rest. */
function isRoutine({ kind }: Incident): boolean {
  return kind === "head" || kind === "headPreSigned";
}

/** The first mark of an event is the one that the keyboard stops at. */
function mark(
  shape: keyof typeof SHAPES,
  id: string,
  atUs: number,
  yPx: number,
  day: Day,
  isMain: boolean,
): string {
  const main = isMain ? ' data-main="1"' : "";
  return `<use href="#s-${shape}" x="${shareOf(atUs, day)}%" y="${yPx}" data-e="${id}"${main}/>`;
}

/** Where a moment lies along the axis, in percent of the width, with a little air at both ends. */
function shareOf(atUs: number, day: Day): number {
  const spanUs = day.endUs - day.fromUs;
  const airUs = Math.min(HOUR_US / 4, spanUs / 80);
  return Number(((100 * (atUs - day.fromUs + airUs)) / (spanUs + 2 * airUs)).toFixed(3));
}
