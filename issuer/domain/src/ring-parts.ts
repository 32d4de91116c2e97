// SPDX-License-Identifier: EUPL-1.2
import { encodeLeaf, SYNC_PAYLOAD_BYTES_MAX } from "@nyckelring/protocol";
import type { SlotChange } from "./facts.ts";

// What a key lacks goes through a station in messages of at most 4 KiB. A leaf takes 4 to 18 octets, by
// whose door it is and how it is numbered, and a slot without a neighbour begins a run of its own.

/** Slots in one part at most: what a key takes up at a time. */
const PART_SLOTS_MAX = 150;
/** Array and number of a run, and the array of its slots. */
const RUN_BYTES_MAX = 5;
/** The bundle and its delta without head, floors and runs. */
const FRAME_BYTES_MAX = 60;

/**
 * Cuts the changes of a ring into parts that fit a bundle each, beside its head.
 *
 * @param changes - In ascending order of slots.
 * @param headBytes - Octets of the signed head, which every part carries.
 * @param floorsBytes - Octets of the floor list in the first part; 0 for none. Where it leaves no room
 *   for slots it has a part of its own.
 * @returns At least one part, in order.
 * @internal
 */
export function cutIntoParts(
  changes: readonly SlotChange[],
  headBytes: number,
  floorsBytes: number,
): readonly (readonly SlotChange[])[] {
  const room = SYNC_PAYLOAD_BYTES_MAX - headBytes - FRAME_BYTES_MAX;
  const parts: SlotChange[][] = [[]];
  let left = room - floorsBytes;
  let next = -1;
  for (const change of changes) {
    let part = parts.at(-1) ?? [];
    const bytes = slotBytesOf(change) + (change[0] === next ? 0 : RUN_BYTES_MAX);
    if (bytes > left || part.length === PART_SLOTS_MAX) {
      part = [];
      parts.push(part);
      left = room - RUN_BYTES_MAX;
    }
    part.push(change);
    left -= bytes;
    next = change[0] + 1;
  }
  return parts;
}

function slotBytesOf([, leaf]: SlotChange): number {
  if (leaf === null) return 1;
  const [kind, target, ops, untilS] = leaf;
  return encodeLeaf({ kind, target, ops, untilS }).length;
}
