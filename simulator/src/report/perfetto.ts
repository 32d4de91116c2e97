// SPDX-License-Identifier: EUPL-1.2

import type { Day, Visit } from "./day.ts";
import { labelOfCode } from "./day.ts";

/** One event of the trace event format; times are microseconds. */
export type PerfettoEvent = {
  readonly name: string;
  readonly ph: "M" | "X" | "i";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly s?: "t";
  readonly cat?: string;
  readonly args?: { readonly [name: string]: string | number };
};

/** A process for each kind of device. */
const PROCESSES = { "authorization system": 1, station: 2, key: 3, lock: 4 } as const;

/**
 * Writes a day as Chrome trace events, which Perfetto and other viewers open. A contact is a slice
 * on both of its devices, with its handshakes or its sync and in them the messages; decisions,
 * motors and what the authorization system signs are instants.
 *
 * @see The trace event format of the Catapult project.
 * @public
 */
export function writePerfetto(day: Day): string {
  const events: PerfettoEvent[] = [];
  const threads = new Map<string, { readonly pid: number; readonly tid: number }>();

  function addThread(name: string, pid: number): void {
    const tid = threads.size + 1;
    threads.set(name, { pid, tid });
    events.push({ name: "thread_name", ph: "M", pid, tid, args: { name } });
  }

  for (const [name, pid] of Object.entries(PROCESSES)) {
    events.push({ name: "process_name", ph: "M", pid, tid: 0, args: { name } });
  }
  addThread("issuer", PROCESSES["authorization system"]);
  for (const { name } of day.stations) addThread(name, PROCESSES.station);
  for (const { name } of day.keys) addThread(name, PROCESSES.key);
  for (const { lock } of day.doors) addThread(lock, PROCESSES.lock);

  for (const visit of day.visits) {
    for (const name of [visit.key, visit.device]) {
      const thread = threads.get(name);
      if (thread !== undefined) events.push(...eventsOfVisit(visit, name, thread));
    }
  }
  const issuer = threads.get("issuer") ?? { pid: 1, tid: 1 };
  for (const { atUs, kind, subject, seq } of day.incidents) {
    const args = { subject, seq };
    events.push({ name: kind, ph: "i", s: "t", cat: "issuer", ...issuer, ts: atUs, args });
  }
  for (const { atUs, device, what, detail } of day.hardware) {
    const thread = threads.get(device) ?? issuer;
    const args = { detail };
    events.push({ name: what, ph: "i", s: "t", cat: "hardware", ...thread, ts: atUs, args });
  }
  for (const { device, kind, startUs, endUs } of day.bands) {
    const thread = threads.get(device);
    if (thread === undefined) continue;
    // An outage may begin inside a sync; slices of one thread must nest, so it is two instants.
    for (const [word, ts] of [
      ["begins", startUs],
      ["ends", endUs],
    ] as const) {
      events.push({ name: `${kind} ${word}`, ph: "i", s: "t", cat: "outage", ...thread, ts });
    }
  }
  const lines = events.map((event) => JSON.stringify(event));
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(",\n")}\n]}\n`;
}

function eventsOfVisit(
  visit: Visit,
  name: string,
  thread: { readonly pid: number; readonly tid: number },
): PerfettoEvent[] {
  const events: PerfettoEvent[] = [];
  const slice = (title: string, cat: string, fromUs: number, toUs: number, bytes?: number) => {
    const ts = Math.max(fromUs, visit.startUs);
    const dur = Math.max(0, Math.min(toUs, visit.endUs) - ts);
    const args = bytes === undefined ? {} : { args: { bytes } };
    events.push({ name: title, ph: "X", cat, ...thread, ts, dur, ...args });
  };
  const instant = (title: string, ts: number) =>
    events.push({ name: title, ph: "i", s: "t", cat: "decision", ...thread, ts });

  const peer = name === visit.key ? visit.device : visit.key;
  slice(`contact ${visit.id} with ${peer}`, "contact", visit.startUs, visit.endUs);
  const talk = visit.messages.filter(
    ({ kind }) => kind !== "hello" && kind !== "helloAnswer" && kind !== "cut",
  );
  const first = talk[0];
  if (first !== undefined) {
    const endUs = talk.reduce((lastUs, message) => Math.max(lastUs, message.endUs), first.endUs);
    slice(visit.isAtStation ? "sync" : "session", "session", first.startUs, endUs);
  }
  // A device's own messages follow one another; those of both sides may overlap on the wire.
  for (const message of visit.messages) {
    if (message.isFromKey !== (name === visit.key)) continue;
    slice(message.kind, "message", message.startUs, message.endUs, message.passedBytes);
  }
  for (const atUs of visit.unlocksUs) instant("motor unlock", atUs);
  const reason = visit.reason === 0 ? "" : ` ${labelOfCode(visit.reason)}`;
  instant(`${visit.end}${reason}`, visit.unlocksUs[0] ?? visit.grantsUs[0] ?? visit.endUs);
  return events;
}
