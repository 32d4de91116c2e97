// SPDX-License-Identifier: EUPL-1.2
import { decodeEntry, ENTRY_PASSAGE, OP_ENTER, OP_LEAVE } from "@nyckelring/protocol";
import type { LogStore } from "../shared/log-store.ts";

/** Entries that are looked through after a boot: more than a shift has. */
const ENTRIES_MAX = 512;
/** Doors of one shift that are remembered; a door beyond them begins with `enter` again. */
const DOORS_MAX = 128;

/** Which way the carer went through each door last, within one shift. */
export interface PassageMemory {
  /**
   * The operation that the next insertion means: the first one in a shift is `OP_ENTER`, the next
   * `OP_LEAVE`, and so on in turn.
   *
   * @param sinceS - Start of the shift, UTC seconds; passages before it do not count.
   */
  nextOp(door: number, sinceS: number): number;
  /** Reads back what `nextOp` would read at its first call, so that no carer waits for it at a door. */
  recall(sinceS: number): void;
  /** Notes a passage that a lock granted. */
  note(door: number, op: number): void;
}

/**
 * Creates the memory. It is read back from the key's own log, so that a battery change in the
 * middle of a visit does not turn the way out into another way in.
 */
export function createPassageMemory(log: LogStore): PassageMemory {
  let shiftS = -1;
  let doors: number[] = [];
  let ops: number[] = [];

  function load(sinceS: number): void {
    shiftS = sinceS;
    doors = [];
    ops = [];
    const last = log.lastN();
    let least = last > ENTRIES_MAX ? last - ENTRIES_MAX : 1;
    if (least < log.firstN()) least = log.firstN();
    // Backwards, so that a long log costs no more than what the shift has written.
    for (let n = last; n >= least; n -= 1) {
      const bytes = log.read(n);
      const entry = bytes === undefined ? undefined : decodeEntry(bytes);
      if (entry?.ok) {
        const fields = entry.value;
        if (fields.kind === ENTRY_PASSAGE && fields.reason === 0) {
          if (fields.tS < sinceS) return;
          if (doors.indexOf(fields.target) < 0) note(fields.target, fields.op);
        }
      }
    }
  }

  function note(door: number, op: number): void {
    const index = doors.indexOf(door);
    if (index >= 0) {
      ops[index] = op;
    } else if (doors.length < DOORS_MAX) {
      doors.push(door);
      ops.push(op);
    }
  }

  function recall(sinceS: number): void {
    if (sinceS !== shiftS) load(sinceS);
  }

  return {
    recall,
    nextOp(door, sinceS) {
      recall(sinceS);
      const index = doors.indexOf(door);
      return index >= 0 && ops[index] === OP_ENTER ? OP_LEAVE : OP_ENTER;
    },
    note,
  };
}
