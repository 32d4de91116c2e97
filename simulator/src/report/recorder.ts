// SPDX-License-Identifier: EUPL-1.2

import type { TraceFile, TraceSink } from "../trace.ts";
import type { WorldEvent } from "../world-events.ts";

/** A message at a contact; times are microseconds of the run. */
export type ContactFrame = {
  readonly t: number;
  readonly contact: number;
  readonly from: string;
  readonly to: string;
  readonly sent: number;
  readonly hex: string;
};

/** A message between a station and the authorization system. */
export type BrokerFrame = {
  readonly t: number;
  readonly station: string;
  readonly direction: "up" | "down";
  readonly link: string;
  readonly hex: string;
};

/** A record of the journal; the fields of a kind are read by name. */
export type JournalLine = {
  readonly authority: number;
  readonly seq: number;
  readonly atS: number;
  readonly kind: string;
  readonly [field: string]: unknown;
};

/** A device, as it was made. */
export type DeviceLine = {
  readonly role: "lock" | "key" | "copy" | "station";
  readonly name: string;
  /** Number of the authority that it is enrolled under. */
  readonly authority: number;
  /** Empty for a station. */
  readonly devid: string;
  /** Door of a lock, number of a station, 0 for the rest. */
  readonly number: number;
  /** The original of a copy; empty for the rest. */
  readonly of: string;
  /** When it was made. */
  readonly atUs: number;
};

/** The lines of a trace, sorted into lists. */
export type Recording = {
  readonly world: WorldEvent[];
  readonly contactFrames: ContactFrame[];
  readonly brokerFrames: BrokerFrame[];
  readonly journal: JournalLine[];
  readonly devices: DeviceLine[];
  /** Log entries that lie in the flash of a device at the end, as hexadecimal text. */
  readonly logs: Map<string, readonly (readonly [number, string])[]>;
};

type RawDevice = {
  readonly kind: string;
  readonly name: string;
  readonly authority?: number;
  readonly devid?: string;
  readonly door?: number;
  readonly station?: number;
  readonly of?: string;
  readonly entries?: readonly (readonly [number, string])[];
};

/**
 * Listens to a trace and keeps what a report needs of it.
 *
 * A report is made of the lines of docs/trace-format.md and of nothing else, so whoever has a trace
 * can check each mark of the picture.
 *
 * @public
 */
export function createRecorder(): { readonly sink: TraceSink; readonly recording: Recording } {
  const recording: Recording = {
    world: [],
    contactFrames: [],
    brokerFrames: [],
    journal: [],
    devices: [],
    logs: new Map(),
  };
  let nowUs = 0;

  function takeFrame(line: string): void {
    const frame = JSON.parse(line) as ContactFrame | BrokerFrame;
    nowUs = Math.max(nowUs, frame.t);
    if ("contact" in frame) recording.contactFrames.push(frame);
    else recording.brokerFrames.push(frame);
  }

  function takeDevice(line: string): void {
    const raw = JSON.parse(line) as RawDevice;
    const { kind, name, authority = 0, devid = "", door, station, of = "" } = raw;
    if (kind === "log") recording.logs.set(name, raw.entries ?? []);
    if (kind !== "lock" && kind !== "key" && kind !== "copy" && kind !== "station") return;
    const number = door ?? station ?? 0;
    recording.devices.push({ role: kind, name, authority, devid, number, of, atUs: nowUs });
  }

  const takers: { readonly [file in TraceFile]: (line: string) => void } = {
    frames: takeFrame,
    devices: takeDevice,
    world: (line) => {
      const event = JSON.parse(line) as WorldEvent;
      nowUs = Math.max(nowUs, event.atUs);
      recording.world.push(event);
    },
    issuer: (line) => {
      recording.journal.push(JSON.parse(line) as JournalLine);
    },
  };
  return { recording, sink: (file, line) => takers[file](line) };
}
