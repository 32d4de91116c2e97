// SPDX-License-Identifier: EUPL-1.2
import type { BrokerFrame, ContactFrame, TraceSink, WorldEvent } from "@nyckelring/simulator";
import type { ConsoleLine } from "../board-driver/bench.ts";
import type { RoleName } from "../board-driver/roles.ts";

/** A device of a case, and what it is called there. */
export type DeviceName = {
  readonly name: string;
  readonly role: "key" | "lock" | "station";
  /** Undefined for a companion, which the rig has not. */
  readonly rigRole: RoleName | undefined;
};

/** What happened in one attempt at a case, as far as a report shows it. */
export type CaseRecord = {
  readonly devices: DeviceName[];
  readonly events: WorldEvent[];
  readonly frames: ContactFrame[];
  readonly brokerFrames: BrokerFrame[];
  readonly console: ConsoleLine[];
  /** Contacts that were left out because there were too many to show. */
  contactsLeftOut: number;
  lastUs: number;
};

/** A case with more insertions than this shows the first and the last of them. */
const CONTACTS_FIRST = 6;
const CONTACTS_LAST = 10;

/** Lines of consoles that are kept, the last ones. */
const CONSOLE_MAX = 400;

const DEVICE_KINDS = { key: "key", copy: "key", lock: "lock", station: "station" } as const;

/**
 * Takes down what happens in an attempt. The whole of it goes to `onLine` as it comes; what is kept
 * in memory is bounded, however many insertions a case makes.
 *
 * @param onLine - Told every line with the device it belongs to; for the raw logs.
 */
export function createCaseRecord(onLine: (device: string, line: string) => void): {
  readonly record: CaseRecord;
  readonly sink: TraceSink;
  readonly onText: (line: ConsoleLine) => void;
} {
  const record: CaseRecord = {
    devices: [],
    events: [],
    frames: [],
    brokerFrames: [],
    console: [],
    contactsLeftOut: 0,
    lastUs: 0,
  };
  const shown: number[] = [];

  function beginContact(contact: number): void {
    if (contact === 0 || shown.includes(contact)) return;
    shown.push(contact);
    if (shown.length <= CONTACTS_FIRST + CONTACTS_LAST) return;
    const [gone = 0] = shown.splice(CONTACTS_FIRST, 1);
    record.contactsLeftOut += 1;
    drop(record.frames, (frame) => frame.contact === gone);
    drop(record.events, (event) => "contact" in event && event.contact === gone);
  }

  function takeDevice(line: string): void {
    const { kind, name } = JSON.parse(line) as { readonly kind: string; readonly name: string };
    const role = DEVICE_KINDS[kind as keyof typeof DEVICE_KINDS];
    if (role === undefined || record.devices.some((device) => device.name === name)) return;
    const isFirst = kind !== "copy" && !record.devices.some((device) => device.role === role);
    record.devices.push({ name, role, rigRole: isFirst ? role : undefined });
  }

  const sink: TraceSink = (file, line) => {
    if (file === "devices") takeDevice(line);
    if (file === "frames") {
      const frame = JSON.parse(line) as ContactFrame | BrokerFrame;
      record.lastUs = Math.max(record.lastUs, frame.t);
      if ("contact" in frame) {
        beginContact(frame.contact);
        record.frames.push(frame);
        onLine(frame.from, line);
        onLine(frame.to, line);
      } else {
        record.brokerFrames.push(frame);
        onLine(frame.station, line);
      }
    }
    if (file === "world") {
      const event = JSON.parse(line) as WorldEvent;
      if (event.kind === "verified" || event.kind === "sent") return;
      record.lastUs = Math.max(record.lastUs, event.atUs);
      if ("contact" in event) beginContact(event.contact);
      record.events.push(event);
      for (const device of devicesOf(event)) onLine(device, line);
    }
  };

  function onText(line: ConsoleLine): void {
    record.lastUs = Math.max(record.lastUs, line.atUs);
    record.console.push(line);
    if (record.console.length > CONSOLE_MAX) record.console.shift();
    onLine(line.role, JSON.stringify({ t: line.atUs, console: line.text }));
  }

  return { record, sink, onText };
}

function devicesOf(event: WorldEvent): string[] {
  const names: string[] = [];
  if ("key" in event) names.push(event.key);
  if ("lock" in event) names.push(event.lock);
  if ("device" in event) names.push(event.device);
  return names;
}

function drop<T>(list: T[], isGone: (item: T) => boolean): void {
  let kept = 0;
  for (const item of list) {
    if (isGone(item)) continue;
    list[kept] = item;
    kept += 1;
  }
  list.length = kept;
}
