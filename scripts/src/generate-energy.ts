// SPDX-License-Identifier: EUPL-1.2
// Writes docs/energy.md from the energy ledger of the station: each figure with its source, and what
// follows from them, computed by the functions that the firmware itself decides with.
// With --check it writes nothing and ends with 1 when the file is not what the ledger gives.

import { readFileSync, writeFileSync } from "node:fs";
import {
  type EnergyLedger,
  keyFedPeakMa,
  keyFedSyncMj,
  LEDGER,
  LINK_GSM,
  LINK_LAN,
  LINK_LEDGER,
  LINK_NONE,
  LINK_WIFI,
  type LinkEnergy,
  type LinkKind,
  leftMj,
  loadMw,
  reserveMj,
  syncMj,
} from "../../firmware/src/index.ts";

const DOCUMENT = new URL("../../docs/energy.md", import.meta.url);

/** Text, unit and source of each figure of the ledger; a figure without a row does not compile. */
const ROWS: { readonly [name in keyof EnergyLedger]: readonly [string, string, string] } = {
  batteryMj: ["own battery, full", "mJ", "cell of the size 18650, 2600 mAh at 3.6 V, aged to 80 %"],
  cutOffPercent: [
    "the battery switches itself off at",
    "%",
    "data sheets of protected cells: 3.0 V under load",
  ],
  chargeMw: ["power into the battery on mains", "mW", "a 5 W supply, half of it for the station"],
  idleMw: [
    "board awake, without a link",
    "mW",
    "ESP32-S3 data sheet: 40 mA at 3.3 V, converter 85 %",
  ],
  peakMw: [
    "highest power without a link",
    "mW",
    "the same: 100 mA at 240 MHz with flash, converter 85 %",
  ],
  bootMj: ["one start", "mJ", "2 s at the highest power"],
  syncMj: [
    "one sync, beyond the state it happens in",
    "mJ",
    "6 s of full work: 250 mW more than idle",
  ],
  keySyncS: [
    "a key is in for a sync on its own power",
    "s",
    "start 1 s, link 4 s, sync 6 s, a hand 4 s",
  ],
  keyBatteryMj: ["a key's battery, full", "mJ", "250 mAh at 3.7 V, as the key's own model has it"],
  keyStopPercent: ["a key feeds nobody below", "%", "decided: rule 12"],
  keyMillivolts: ["a key's battery when nearly empty", "mV", "data sheets of small lithium cells"],
  contactLimitMa: [
    "a key's output switches off at",
    "mA",
    "judged: twice what a lock's motor draws",
  ],
  reserveS: ["the modem leaves a wait of", "s", "decided: four hours"],
  reserveSyncs: ["and syncs", "", "decided: those of two shifts of twenty"],
};

const LINK_NAMES: ReadonlyMap<LinkKind, string> = new Map([
  [LINK_NONE, "none"],
  [LINK_LAN, "LAN"],
  [LINK_WIFI, "Wi-Fi"],
  [LINK_GSM, "GSM"],
]);

const LINK_SOURCES: ReadonlyMap<LinkKind, string> = new Map([
  [LINK_NONE, ""],
  [LINK_LAN, "W5500 data sheet: 132 mA at 3.3 V, converter 85 %"],
  [
    LINK_WIFI,
    "ESP32-S3 data sheet: 340 mA in a burst, 20 mA on average when joined; 3 s of traffic",
  ],
  [
    LINK_GSM,
    "BG95 data sheet: 2 A in a 2G burst at 3.8 V, some 130 mA on average online; 20 s to dial",
  ],
]);

const LINKS: readonly LinkKind[] = [LINK_NONE, LINK_LAN, LINK_WIFI, LINK_GSM];

function linkRow(link: LinkKind): string {
  const { idleMw, peakMw, syncMj: extraMj } = LINK_LEDGER[link] as LinkEnergy;
  return `| ${LINK_NAMES.get(link)} | ${idleMw} | ${peakMw} | ${extraMj} | ${idleMw * 60} | ${LINK_SOURCES.get(link)} |`;
}

function hours(mj: number, mw: number): string {
  return (mj / mw / 3600).toFixed(1);
}

/** Charge at which the modem is left, in percent. */
function modemStopPercent(): number {
  let percent = 100;
  while (leftMj(percent) > reserveMj()) percent -= 1;
  return percent;
}

function batteryRow(link: LinkKind): string {
  const aboveMj = link === LINK_GSM ? leftMj(100) - leftMj(modemStopPercent() + 1) : leftMj(100);
  const withKeysMj = aboveMj - 40 * syncMj(link);
  return `| ${LINK_NAMES.get(link)} | ${loadMw(link)} | ${hours(aboveMj, loadMw(link))} | ${hours(withKeysMj, loadMw(link))} |`;
}

function keyRow(link: LinkKind): string {
  const share = ((100 * keyFedSyncMj(link)) / LEDGER.keyBatteryMj).toFixed(2);
  const peak = keyFedPeakMa(link);
  const verdict = peak <= LEDGER.contactLimitMa ? "yes" : "no";
  return `| ${LINK_NAMES.get(link)} | ${keyFedSyncMj(link)} | ${share} | ${peak} | ${verdict} |`;
}

/** The document. */
function describeEnergy(): string {
  const figures = (Object.keys(ROWS) as (keyof EnergyLedger)[]).map((name) => {
    const [text, unit, source] = ROWS[name];
    return `| \`${name}\` | ${text} | ${LEDGER[name]} ${unit} | ${source} |`.replace(/ +\|/g, " |");
  });
  return `# The energy of a station

Made by \`npm run generate\` from [energy-ledger.ts](../firmware/src/station/energy-ledger.ts), which the firmware decides by and the
simulated battery runs on. **Every figure is an estimate**: nothing was measured on a board yet. Whoever measures changes the ledger.

## Figures

| name | what | value | from |
|---|---|---|---|
${figures.join("\n")}

| link | while in use, mW | peak, mW | one sync, mJ | one minute, mJ | from |
|---|---|---|---|---|---|
${LINKS.map(linkRow).join("\n")}

## On its own battery (T5)

How long a full battery carries the station, idle and with 40 keys synced in that time. At ${modemStopPercent()} % the modem
is left for good, because ${reserveMj()} mJ are kept for the rest; without it they carry the station for ${hours(leftMj(modemStopPercent() + 1), loadMw(LINK_NONE))} hours more.

| link in use | mW | hours, idle | hours, with 40 syncs |
|---|---|---|---|
${LINKS.map(batteryRow).join("\n")}

The simulator runs the same battery down: \`simulator/scenarios/outage.scenario.test.ts\`.

## On a key's battery (T6)

One sync from a key, from the station's start to the hand that pulls it out. A key feeds nobody at or below ${LEDGER.keyStopPercent} %, pays for one sync,
and its output switches off above ${LEDGER.contactLimitMa} mA: a link whose peak lies above that is not used.

| link in use | energy, mJ | share of a full key, % | peak, mA | used |
|---|---|---|---|---|
${LINKS.map(keyRow).join("\n")}
`;
}

const isCheck = process.argv.includes("--check");
const text = describeEnergy();
if (!isCheck) {
  writeFileSync(DOCUMENT, text);
} else if (readFileSync(DOCUMENT, "utf8") !== text) {
  process.stderr.write("docs/energy.md is old: run scripts/src/generate-energy.ts\n");
  process.exitCode = 1;
}
const verb = isCheck ? "compared" : "written";
process.stdout.write(`energy.md: ${Object.keys(ROWS).length} figures ${verb}\n`);
