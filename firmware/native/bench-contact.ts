// SPDX-License-Identifier: EUPL-1.2
// What a contact costs with the roles as they are built: frames, log entry, commits in flash, the choice
// and the proof of the right, and a lock that boots at the insertion.

import { join } from "node:path";

import { board as xiao } from "../src/boards/xiao-nrf52840.ts";
import { bootBundle, playContact, recordContact } from "../test/contact-sides.ts";
import type { Side } from "../test/door-sides.ts";
import { type Figure, fastestMs, informingFigure, limitedFigure, modelledMs } from "./figures.ts";

const LEAVES = 4000;
const WIRE_BITS_PER_SECOND = 115_200;
const BITS_PER_BYTE = 10;
const MILLION = 1_000_000;
const INSERTION_MS_MAX = 800;

/** Interpreter and blob together, in instructions, by the name of a stretch. */
type Costs = ReadonlyMap<string, number>;

/** Runs a side with the counting plugin; see `bench-session.ts`. */
export type CountedRun = (play: (plugin: readonly string[]) => Promise<string>) => Promise<Costs>;

const LOCK_BOOT = ["load native code", "start the generator", "make the role"] as const;

/**
 * Counts a recorded contact, a key with a full ring at a lock that has never seen it, up to the bolt.
 *
 * @param counted - Counts what a run costs.
 * @param blobFile - The blob.
 */
export async function benchContact(
  folder: string,
  blobFile: string,
  counted: CountedRun,
): Promise<readonly Figure[]> {
  const contact = recordContact(LEAVES);
  let evaluatedBytes = 0;
  const booted = await counted(async (plugin) => {
    const { text, bytes } = await bootBundle(xiao, join(folder, "boot"), plugin);
    evaluatedBytes = bytes;
    return text;
  });
  const sideOf = (side: Side) =>
    counted((plugin) =>
      playContact(
        side,
        side === "Lock" ? contact.lock : contact.key,
        join(folder, side),
        blobFile,
        plugin,
      ),
    );
  const lock = await sideOf("Lock");
  const key = await sideOf("Key");
  const of = (costs: Costs, name: string): number => {
    const value = costs.get(name);
    if (value === undefined) throw new Error(`${name} was not counted`);
    return value;
  };

  const figures: Figure[] = [
    informingFigure("contact: lock, octets evaluated at boot", evaluatedBytes, "B"),
  ];
  const inform = (name: string, value: number) =>
    figures.push(informingFigure(`contact: ${name}`, value, "instructions"));
  const evaluate = of(booted, "evaluate");
  inform("lock, boot, evaluate", evaluate);
  for (const name of LOCK_BOOT) inform(`lock, boot, ${name}`, of(lock, name));
  const boot = LOCK_BOOT.reduce((sum, name) => sum + of(lock, name), evaluate);
  figures.push(limitedFigure("contact: lock, boot", boot, "instructions", 7 * MILLION));
  // The lock takes the plug, the greeting, message_1 and message_3; the key the plug, the answer and
  // message_2. What the key does before the lock has power is not waited for.
  const lockParts = ["event 0", "event 1", "event 2", "to the bolt"].map((name) => of(lock, name));
  const keyParts = ["event 0", "event 1", "event 2"].map((name) => of(key, name));
  for (const [index, what] of [
    "plug",
    "greeting",
    "message_1",
    "message_3 to the bolt",
  ].entries()) {
    inform(`lock, ${what}`, lockParts[index] ?? 0);
  }
  for (const [index, what] of ["plug", "answer to message_1", "message_2 to message_3"].entries()) {
    inform(`key, ${what}`, keyParts[index] ?? 0);
  }
  const sum = [...lockParts, ...keyParts].reduce((total, part) => total + part, boot);
  const wireMs = Math.round((contact.wireBytes * BITS_PER_BYTE * 1000) / WIRE_BITS_PER_SECOND);
  figures.push(
    informingFigure("contact: wire, octets with frames, to the bolt", contact.wireBytes, "B"),
    limitedFigure(
      "contact: insertion to bolt, modelled, slow",
      modelledMs(sum) + wireMs,
      "ms",
      INSERTION_MS_MAX,
    ),
    informingFigure("contact: insertion to bolt, modelled, fast", fastestMs(sum) + wireMs, "ms"),
  );
  return figures;
}
