// SPDX-License-Identifier: EUPL-1.2
import {
  encodeRingBundle,
  encodeRingDelta,
  LEAF_FOREIGN,
  SYNC_PARTS_MAX,
  SYNC_PAYLOAD_BYTES_MAX,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import type { LeafFact, SlotChange } from "./facts.ts";
import { cutIntoParts } from "./ring-parts.ts";

const HEAD_BYTES = 230;
const FLOORS_BYTES = [0, 799, 3600];
const WIDEST: LeafFact = [LEAF_FOREIGN + 0xffff, 0xffffffff, 255, 0xffffffff];
const OWN: LeafFact = [0, 70_000, 3, 0xffffffff];

/** Octets of the bundle that carries a part. */
function bundleBytes(part: readonly SlotChange[], floorsBytes: number): number {
  const root16 = new Uint8Array(16);
  const changes = part.map(([slot, leaf]) => {
    if (leaf === null) return { slot, leaf };
    const [kind, target, ops, untilS] = leaf;
    return { slot, leaf: { kind, target, ops, untilS } };
  });
  const delta = encodeRingDelta({ base16: root16, new16: root16, changes });
  const floors = floorsBytes === 0 ? null : new Uint8Array(floorsBytes);
  return encodeRingBundle({ head: new Uint8Array(HEAD_BYTES), delta, floors }).length;
}

function ring(slots: number, step: number, leaf: LeafFact | null): SlotChange[] {
  return Array.from({ length: Math.ceil(slots / step) }, (_, index) => [index * step, leaf]);
}

describe("the parts of a ring", () => {
  test("S6, L6: fit a station's message, whatever the doors, the gaps and the floors beside them", () => {
    const rings = [WIDEST, OWN, null].flatMap((leaf) =>
      [1, 2, 5].map((step) => [step, leaf] as const),
    );
    for (const [step, leaf] of rings) {
      for (const floorsBytes of FLOORS_BYTES) {
        const changes = ring(4096, step, leaf);
        const parts = cutIntoParts(changes, HEAD_BYTES, floorsBytes);
        expect(parts.flat()).toEqual(changes);
        expect(parts.length).toBeLessThanOrEqual(SYNC_PARTS_MAX);
        for (const [index, part] of parts.entries()) {
          const bytes = bundleBytes(part, index === 0 ? floorsBytes : 0);
          expect(bytes, `${step} ${leaf}`).toBeLessThanOrEqual(SYNC_PAYLOAD_BYTES_MAX);
          if (index > 0) expect(part.length).toBeGreaterThan(0);
        }
      }
    }
  });

  test("are few: a full ring of one's own doors takes 27, nothing and a few slots take one", () => {
    expect(cutIntoParts(ring(4000, 1, OWN), HEAD_BYTES, 0)).toHaveLength(27);
    expect(cutIntoParts([], HEAD_BYTES, 800)).toEqual([[]]);
    expect(cutIntoParts(ring(40, 3, WIDEST), HEAD_BYTES, 800)).toHaveLength(1);
    expect(cutIntoParts(ring(40, 1, OWN), HEAD_BYTES, 3600)).toHaveLength(2);
  });
});
