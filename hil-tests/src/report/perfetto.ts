// SPDX-License-Identifier: EUPL-1.2
import type { CaseResult } from "../run/run-suite.ts";
import { MESSAGE_WORDS, readContacts } from "./contacts.ts";

type TraceEvent = {
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

const PROCESSES = { suite: 1, key: 2, station: 3, lock: 4, other: 5 } as const;
const CASE_GAP_US = 1_000_000;

/**
 * Writes a run as Chrome trace events, which Perfetto opens: cases one after the other, and on the
 * track of each device its contacts and what it said in them.
 *
 * @see The trace event format of the Catapult project.
 */
export function writePerfetto(cases: readonly CaseResult[]): string {
  const events: TraceEvent[] = [];
  const threads = new Map<string, { readonly pid: number; readonly tid: number }>();
  for (const [name, pid] of Object.entries(PROCESSES)) {
    events.push({ name: "process_name", ph: "M", pid, tid: 0, args: { name } });
  }

  function threadOf(name: string): { readonly pid: number; readonly tid: number } {
    const known = threads.get(name);
    if (known !== undefined) return known;
    const role = /(key|copy|station|lock)/.exec(name)?.[1] ?? "other";
    const pid = PROCESSES[role === "copy" ? "key" : (role as keyof typeof PROCESSES)];
    const thread = { pid, tid: threads.size + 1 };
    threads.set(name, thread);
    events.push({ name: "thread_name", ph: "M", ...thread, args: { name } });
    return thread;
  }

  let baseUs = 0;
  for (const one of cases) {
    const args = { verdict: one.verdict, title: one.title, seed: one.seed };
    const { lastUs } = one.record;
    const suite = { pid: PROCESSES.suite, tid: 1 };
    events.push({ name: one.id, ph: "X", cat: "case", ...suite, ts: baseUs, dur: lastUs, args });
    for (const contact of readContacts(one.record)) {
      for (const name of [contact.key, contact.device]) {
        const thread = threadOf(name);
        const ts = baseUs + contact.startUs;
        const dur = Math.max(0, contact.endUs - contact.startUs);
        const peer = name === contact.key ? contact.device : contact.key;
        events.push({ name: `with ${peer}`, ph: "X", cat: "contact", ...thread, ts, dur });
        for (const message of contact.messages) {
          if (message.isFromKey !== (name === contact.key)) continue;
          const startUs = Math.max(message.startUs, contact.startUs);
          events.push({
            name: MESSAGE_WORDS[message.kind],
            ph: "X",
            cat: "message",
            ...thread,
            ts: baseUs + startUs,
            dur: Math.max(0, Math.min(message.endUs, contact.endUs) - startUs),
            args: { bytes: message.passedBytes },
          });
        }
      }
      const marks = [
        ...contact.signals.map(({ atUs, signal }) => [contact.key, atUs, signal] as const),
        ...contact.motor.map(({ atUs, command }) => [contact.device, atUs, command] as const),
      ];
      for (const [name, atUs, text] of marks) {
        events.push({
          name: text,
          ph: "i",
          s: "t",
          cat: "event",
          ...threadOf(name),
          ts: baseUs + atUs,
        });
      }
    }
    baseUs += lastUs + CASE_GAP_US;
  }
  const lines = events.map((event) => JSON.stringify(event));
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.join(",\n")}\n]}\n`;
}
