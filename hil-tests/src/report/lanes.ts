// SPDX-License-Identifier: EUPL-1.2
import { escapeMarkup, type Message } from "@nyckelring/simulator";
import type { CaseRecord } from "../run/case-record.ts";
import { MESSAGE_WORDS, readContacts, type ShownContact } from "./contacts.ts";

const NAME_WIDTH = 112;
const LANE_HEIGHT = 46;
const TOP = 26;
const MESSAGE_WIDTH = 21;
const CONTACT_PAD = 26;
const CONTACT_GAP = 14;

/** The shortest that says what a message is; the whole word is its tooltip. */
const SHORT: { readonly [kind in Message["kind"]]: string } = {
  hello: "h",
  helloAnswer: "ha",
  edhoc1: "m1",
  edhoc2: "m2",
  edhoc3: "m3",
  edhoc4: "m4",
  record: "r",
  ringState: "rs",
  next: "nx",
  answer: "an",
  ownBatch: "log",
  carriedBatch: "lk",
  done: "dn",
  bundle: "bu",
  object: "ob",
  stored: "st",
  wait: "wt",
  none: "no",
  refusal: "rf",
  cut: "?",
};

/**
 * Draws a case as swim lanes: a lane for each device, a block for each insertion in their order, an
 * arrow for each message. Time is not to scale; the table below it has the times.
 */
export function drawLanes(record: CaseRecord): string {
  const contacts = readContacts(record);
  if (contacts.length === 0) return "";
  const names = laneNames(record, contacts);
  const laneOf = new Map(names.map((name, index) => [name, TOP + index * LANE_HEIGHT + 18]));
  let x = NAME_WIDTH;
  const blocks = contacts.map((contact, index) => {
    const drawn = drawContact(contact, x, laneOf);
    x += widthOf(contact) + CONTACT_GAP;
    const isGap = record.contactsLeftOut > 0 && index === 5;
    if (!isGap) return drawn;
    const note = `<text x="${x}" y="14" class="g">${record.contactsLeftOut} insertions left out</text>`;
    x += 120;
    return drawn + note;
  });
  const height = TOP + names.length * LANE_HEIGHT;
  const lanes = names.map((name) => {
    const y = laneOf.get(name) ?? 0;
    const role = record.devices.find((device) => device.name === name);
    const mark = role?.rigRole === undefined ? "" : " (rig)";
    return `<line x1="${NAME_WIDTH - 6}" y1="${y}" x2="${x}" y2="${y}" class="l"/><text x="4" y="${y + 4}" class="n">${escapeMarkup(name + mark)}</text>`;
  });
  return `<svg viewBox="0 0 ${x} ${height}" width="${x}" height="${height}" role="img" aria-label="messages between the devices">${lanes.join("")}${blocks.join("")}</svg>`;
}

function laneNames(record: CaseRecord, contacts: readonly ShownContact[]): string[] {
  const used = new Set(contacts.flatMap(({ key, device }) => [key, device]));
  const order = { station: 0, key: 1, lock: 2 };
  const known = record.devices
    .filter(({ name }) => used.has(name))
    .sort((left, right) => order[left.role] - order[right.role])
    .map(({ name }) => name);
  return [...known, ...[...used].filter((name) => !known.includes(name))];
}

function widthOf({ messages }: ShownContact): number {
  return 2 * CONTACT_PAD + messages.length * MESSAGE_WIDTH;
}

function drawContact(
  contact: ShownContact,
  x: number,
  laneOf: ReadonlyMap<string, number>,
): string {
  const keyY = laneOf.get(contact.key) ?? 0;
  const deviceY = laneOf.get(contact.device) ?? 0;
  const [top, bottom] = [Math.min(keyY, deviceY), Math.max(keyY, deviceY)];
  const width = widthOf(contact);
  const outside = (y: number): number => (y === top ? top - 12 : bottom + 20);
  const from = seconds(contact.startUs);
  const parts = [
    `<g><title>contact ${contact.id}: ${escapeMarkup(contact.key)} in ${escapeMarkup(contact.device)}, ${from} s to ${seconds(contact.endUs)} s</title>`,
    `<rect x="${x}" y="${top - 9}" width="${width}" height="${bottom - top + 18}" rx="5" class="c"/></g>`,
    `<text x="${x + 3}" y="14" class="g">${contact.id} at ${from} s</text>`,
  ];
  contact.messages.forEach((message, index) => {
    const at = x + CONTACT_PAD + index * MESSAGE_WIDTH + MESSAGE_WIDTH / 2;
    const [y1, y2] = message.isFromKey ? [keyY, deviceY] : [deviceY, keyY];
    const tip = y2 > y1 ? -5 : 5;
    const whole = message.passedBytes === message.sentBytes ? "" : " cut";
    const bytes = `${message.passedBytes} of ${message.sentBytes} bytes`;
    parts.push(
      `<g class="m${whole}"><title>${MESSAGE_WORDS[message.kind]}, ${bytes}, ${seconds(message.endUs)} s</title>`,
      `<line x1="${at}" y1="${y1}" x2="${at}" y2="${y2}"/><path d="M${at} ${y2}l-3 ${tip}h6z"/>`,
      `<text x="${at + 2}" y="${(y1 + y2) / 2 + 3}">${SHORT[message.kind]}</text></g>`,
    );
  });
  const light = contact.signals.findLast(({ signal }) => signal !== "working" && signal !== "none");
  if (light !== undefined) {
    parts.push(
      textAt(x + width - 2, outside(keyY), `${lightMark(light.signal)} ${light.signal}`, "e s"),
    );
  }
  const motor = contact.motor
    .filter(({ command }) => command !== "stop")
    .map(({ command }) => command);
  if (motor.length > 0) {
    parts.push(textAt(x + width - 2, outside(deviceY), `motor ${motor.join(", ")}`, "e b"));
  }
  return parts.join("");
}

function lightMark(signal: string): string {
  if (signal === "granted" || signal === "ready") return "●";
  return signal === "denied" || signal === "expired" ? "■" : "▲";
}

function textAt(x: number, y: number, text: string, css: string): string {
  return `<text x="${x}" y="${y}" class="${css}">${escapeMarkup(text)}</text>`;
}

function seconds(us: number): string {
  return (us / 1_000_000).toFixed(1);
}
