// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import type { CborValue } from "../cbor/value.ts";
import type { CryptoPort } from "../crypto/crypto-port.ts";
import type { RingHead } from "../cwt/ring-head.ts";
import {
  DELTA_MALFORMED,
  LEAF_NOT_IN_RING,
  MESSAGE_MALFORMED,
  RING_BASE_MISMATCH,
  RING_FULL,
  RING_ROOT_MISMATCH,
} from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { acceptedDamages, codeOf, testSecret, unwrap } from "../host/testing.ts";
import { LEAF_DOOR, LEAF_GROUP, LEAF_KIND_MAX, OP_ENTER, OPS_ALL } from "../message/types.ts";
import {
  applyRingDelta,
  assignSlots,
  countLeaves,
  decodeRingBundle,
  decodeRingDelta,
  diffRings,
  encodeRingBundle,
  encodeRingDelta,
  RING_DELTA_BYTES_MAX,
  type RingSlots,
  rootHead,
} from "./delta.ts";
import {
  decodePresentation,
  decodeSaltedLeaf,
  encodeLeaf,
  encodePresentation,
  encodeSaltedLeaf,
  type Leaf,
  ringSecret,
  saltOf,
  slotBytes,
} from "./leaf.ts";
import {
  createRingTree,
  inclusionPath,
  leafHash,
  nodeHash,
  ringRoot,
  rootFromLeafHash,
  rootFromPath,
  treeOfSlots,
} from "./tree.ts";

const crypto = createNodeCrypto();
const secret = ringSecret(crypto, testSecret(4));

function leafAt(target: number): Leaf {
  return { kind: LEAF_DOOR, target, ops: OPS_ALL, untilS: 1800000000 };
}

function ringOf(size: number): (Leaf | null)[] {
  return Array.from({ length: size }, (_, slot) => leafAt(1000 + slot));
}

function headOf(slots: RingSlots): RingHead {
  return {
    expS: 2,
    nbfS: 1,
    iatS: 1,
    holder: { devid: new Uint8Array(8), publicKey: new Uint8Array(32) },
    ringseq: 1,
    size: slots.length,
    root: ringRoot(crypto, secret, slots),
    flags: 0,
    needlist: 0,
  };
}

/** RFC 9162 §2.1.1 word for word: split at the largest power of two below the size. */
function rootByDefinition(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return crypto.hash(new Uint8Array(0));
  const first = leaves[0];
  if (leaves.length === 1 && first !== undefined) return leafHash(crypto, first);
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(
    crypto,
    rootByDefinition(leaves.slice(0, split)),
    rootByDefinition(leaves.slice(split)),
  );
}

/** RFC 9162 §2.1.3.1 word for word. */
function pathByDefinition(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (leaves.length <= 1) return [];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const left = leaves.slice(0, split);
  const right = leaves.slice(split);
  return index < split
    ? [...pathByDefinition(left, index), rootByDefinition(right)]
    : [...pathByDefinition(right, index - split), rootByDefinition(left)];
}

function counting(port: CryptoPort): { port: CryptoPort; hashes: () => number } {
  let count = 0;
  const hash = (message: Uint8Array) => {
    count += 1;
    return port.hash(message);
  };
  return { port: { ...port, hash }, hashes: () => count };
}

describe("the tree of a ring", () => {
  test("has the root and paths of RFC 9162 for every size up to 40, with tombstones", () => {
    for (let size = 0; size <= 40; size += 1) {
      const slots = ringOf(size).map((leaf, slot) => (slot % 5 === 3 ? null : leaf));
      const leaves = slots.map((leaf) => slotBytes(crypto, secret, leaf));
      const root = ringRoot(crypto, secret, slots);
      expect(hexOf(root)).toBe(hexOf(rootByDefinition(leaves)));
      for (let index = 0; index < size; index += 1) {
        const path = inclusionPath(crypto, secret, slots, index);
        expect(hexOf(path)).toBe(pathByDefinition(leaves, index).map(hexOf).join(""));
        const leaf = leaves[index] ?? new Uint8Array(1);
        expect(hexOf(unwrap(rootFromPath(crypto, leaf, index, size, path)))).toBe(hexOf(root));
      }
    }
  });

  test("is proved by a path of 12 hashes at 4000 leaves, at every slot", () => {
    const slots = ringOf(4000);
    const tree = treeOfSlots(crypto, secret, slots);
    const root = hexOf(tree.root());
    for (let index = 0; index < slots.length; index += 97) {
      const path = tree.path(index);
      expect(path.length).toBeLessThanOrEqual(384);
      const leaf = slotBytes(crypto, secret, slots[index] ?? null);
      expect(hexOf(unwrap(rootFromPath(crypto, leaf, index, 4000, path)))).toBe(root);
    }
  });

  test("is not proved by another leaf, index, size, or a path cut, longer or flipped", () => {
    const slots = ringOf(11);
    const root = hexOf(ringRoot(crypto, secret, slots));
    const leaf = slotBytes(crypto, secret, leafAt(1006));
    const path = inclusionPath(crypto, secret, slots, 6);
    const proves = (bytes: Uint8Array, index: number, size: number, hashes: Uint8Array) => {
      const result = rootFromPath(crypto, bytes, index, size, hashes);
      return result.ok && hexOf(result.value) === root;
    };
    expect(proves(leaf, 6, 11, path)).toBe(true);
    expect(proves(slotBytes(crypto, secret, leafAt(1007)), 6, 11, path)).toBe(false);
    for (let index = 0; index < 11; index += 1) {
      expect(proves(leaf, index, 11, path)).toBe(index === 6);
    }
    // A path proves a place, and sizes whose tree looks the same around that place share it.
    for (const size of [0, 1, 6, 7, 8, 17, 4096, 4097]) {
      expect(proves(leaf, 6, size, path), `size ${size}`).toBe(false);
    }
    const accepted = acceptedDamages(path, (damaged) =>
      proves(leaf, 6, 11, damaged)
        ? { ok: true, value: 0 }
        : { ok: false, fault: { code: LEAF_NOT_IN_RING } },
    );
    expect(accepted).toEqual([]);
    expect(codeOf(rootFromPath(crypto, leaf, 11, 11, path))).toBe(LEAF_NOT_IN_RING);
    expect(codeOf(rootFromPath(crypto, leaf, 0, 4097, path))).toBe(LEAF_NOT_IN_RING);
  });

  test("takes a single leaf with an empty path: an emergency ring is no special case (L5)", () => {
    const slots = ringOf(1);
    const leaf = slotBytes(crypto, secret, leafAt(1000));
    const root = unwrap(rootFromPath(crypto, leaf, 0, 1, new Uint8Array(0)));
    expect(hexOf(root)).toBe(hexOf(ringRoot(crypto, secret, slots)));
  });

  test("hashes 32 leaves at most for an opening once its upper nodes are known", () => {
    const slots = ringOf(4000);
    const warm = treeOfSlots(crypto, secret, slots);
    warm.root();
    const counter = counting(crypto);
    const leaves = slots.map((leaf) => leafHash(crypto, slotBytes(crypto, secret, leaf)));
    let read = 0;
    const tree = createRingTree(
      counter.port,
      4000,
      (index) => {
        read += 1;
        return leaves[index] ?? new Uint8Array(0);
      },
      warm.nodes,
    );
    expect(hexOf(tree.path(2345))).toBe(hexOf(warm.path(2345)));
    expect(read).toBeLessThanOrEqual(32);
    expect(counter.hashes()).toBeLessThanOrEqual(26);
    expect(warm.nodes.length).toBeLessThanOrEqual(255 * 32);
  });

  test("throws beyond 4096 slots, a mistake of our own", () => {
    expect(() => createRingTree(crypto, 4097, () => new Uint8Array(32))).toThrow();
    expect(() => treeOfSlots(crypto, secret, ringOf(3)).path(3)).toThrow();
  });
});

describe("leaves", () => {
  const leaf = leafAt(70001);

  test("have a salt from the ring's secret and their own content", () => {
    const salt = saltOf(crypto, secret, leaf);
    expect(hexOf(salt)).toBe(hexOf(crypto.hmac(secret, encodeLeaf(leaf))).slice(0, 16));
    expect(hexOf(saltOf(crypto, secret, leafAt(70002)))).not.toBe(hexOf(salt));
    expect(hexOf(ringSecret(crypto, testSecret(5)))).not.toBe(hexOf(secret));
  });

  test("read back as they were shown, and a tombstone cannot be shown", () => {
    const bytes = encodeSaltedLeaf(leaf, saltOf(crypto, secret, leaf));
    expect(unwrap(decodeSaltedLeaf(bytes))).toEqual(leaf);
    expect(codeOf(decodeSaltedLeaf(slotBytes(crypto, secret, null)))).toBe(MESSAGE_MALFORMED);
    expect(codeOf(decodeSaltedLeaf(encodeLeaf(leaf)))).toBe(MESSAGE_MALFORMED);
    const kind = encodeCbor([65_538, 1, 1, 1, new Uint8Array(8)]);
    expect(codeOf(decodeSaltedLeaf(kind))).toBe(MESSAGE_MALFORMED);
  });

  test("are presented in the octets that the specification counts", () => {
    const presentation = {
      op: OP_ENTER,
      index: 3999,
      leaf: encodeSaltedLeaf(leaf, saltOf(crypto, secret, leaf)),
      path: new Uint8Array(384),
    };
    const bytes = encodePresentation(presentation);
    expect(bytes.length).toBeLessThanOrEqual(420);
    expect(unwrap(decodePresentation(bytes))).toEqual(presentation);
    for (const wrong of [
      { ...presentation, op: 0 },
      { ...presentation, op: 3 },
      { ...presentation, path: new Uint8Array(31) },
      { ...presentation, path: new Uint8Array(416) },
      { ...presentation, index: 65536 },
    ]) {
      expect(codeOf(decodePresentation(encodePresentation(wrong)))).toBe(MESSAGE_MALFORMED);
    }
  });
});

describe("slots", () => {
  test("stay where they are while rights come and go (T1)", () => {
    const first = unwrap(assignSlots([], [leafAt(1), leafAt(2), leafAt(3)]));
    const second = unwrap(assignSlots(first, [leafAt(3), leafAt(1)]));
    expect(second).toEqual([leafAt(1), null, leafAt(3)]);
    const third = unwrap(assignSlots(second, [leafAt(4), leafAt(5), leafAt(3), leafAt(1)]));
    expect(third).toEqual([leafAt(1), leafAt(4), leafAt(3), leafAt(5)]);
  });

  test("take 4000 rights and refuse right 4001 with RING_FULL", () => {
    const wanted = Array.from({ length: 4001 }, (_, index) => leafAt(index));
    expect(unwrap(assignSlots([], wanted.slice(1))).length).toBe(4000);
    const full = assignSlots([], wanted);
    expect(codeOf(full)).toBe(RING_FULL);
    expect(!full.ok && full.fault.detail).toBe(4001);
  });

  test("keep an unchanged ring's root whatever the order of the rights", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500), { maxLength: 60 }), fc.nat(), (doors, turn) => {
        const first = unwrap(assignSlots([], doors.map(leafAt)));
        const by = doors.length === 0 ? 0 : turn % doors.length;
        const turned = [...doors.slice(by), ...doors.slice(0, by)].map(leafAt);
        expect(unwrap(assignSlots(first, turned))).toEqual(first);
      }),
    );
  });
});

describe("a delta", () => {
  const rings = fc
    .array(fc.uniqueArray(fc.nat(40), { maxLength: 30 }), { minLength: 2, maxLength: 5 })
    .map((steps) => steps.map((doors) => doors.map(leafAt)));

  test("leads from any ring to the next, small and proved by the head", () => {
    fc.assert(
      fc.property(rings, (steps) => {
        let issued: RingSlots = [];
        let held: RingSlots = [];
        for (const wanted of steps) {
          const next = unwrap(assignSlots(issued, wanted));
          const delta = encodeRingDelta(diffRings(crypto, secret, issued, next));
          const read = unwrap(decodeRingDelta(delta));
          held = unwrap(applyRingDelta(crypto, secret, held, read, headOf(next)));
          expect(held).toEqual(next);
          expect(countLeaves(held)).toBe(wanted.length);
          issued = next;
        }
      }),
    );
  });

  test("replaces the whole ring when it starts from the empty one", () => {
    const next = ringOf(9);
    const delta = diffRings(crypto, secret, [], next);
    expect(hexOf(delta.base16)).toBe("e3b0c44298fc1c149afbf4c8996fb924");
    const held = ringOf(20).map((leaf, slot) => (slot > 4 ? null : leaf));
    expect(unwrap(applyRingDelta(crypto, secret, held, delta, headOf(next)))).toEqual(next);
  });

  test("is refused on another base, by another head and beyond the head's size", () => {
    const before = ringOf(4);
    const after = unwrap(assignSlots(before, [leafAt(1000), leafAt(77)]));
    const delta = diffRings(crypto, secret, before, after);
    const apply = (held: RingSlots, change: typeof delta, head: RingHead) =>
      codeOf(applyRingDelta(crypto, secret, held, change, head));
    expect(apply(before, delta, headOf(after))).toBeUndefined();
    expect(apply(ringOf(5), delta, headOf(after))).toBe(RING_BASE_MISMATCH);
    expect(apply(before, delta, headOf(before))).toBe(RING_ROOT_MISMATCH);
    expect(apply(before, delta, { ...headOf(after), size: 3 })).toBe(DELTA_MALFORMED);
    const beyond = { ...delta, changes: [{ slot: 4, leaf: leafAt(5) }] };
    expect(apply(before, beyond, headOf(after))).toBe(DELTA_MALFORMED);
    const backwards = { ...delta, changes: [...delta.changes].reverse() };
    expect(apply(before, backwards, headOf(after))).toBe(DELTA_MALFORMED);
    const twice = {
      ...delta,
      changes: [delta.changes[0], delta.changes[0]].flatMap((c) => c ?? []),
    };
    expect(apply(before, twice, headOf(after))).toBe(DELTA_MALFORMED);
  });

  test("with 4001 live leaves is refused even under a genuine head", () => {
    const slots = ringOf(4001);
    const delta = diffRings(crypto, secret, [], slots);
    const applied = applyRingDelta(crypto, secret, [], delta, headOf(slots));
    expect(codeOf(applied)).toBe(RING_FULL);
  });

  test("of a full ring takes at most 60 kB for any doors of one's own, of an unchanged one 37 octets", () => {
    const sizeOf = (count: number, target: number, ops: number, kind = 0) => {
      const leaf = (slot: number) => ({ ...leafAt(target - slot), ops, kind });
      const slots = Array.from({ length: count }, (_, slot) => leaf(slot));
      return encodeRingDelta(diffRings(crypto, secret, [], slots)).length;
    };
    // A city of 24 000 doors numbered from 1, then doors beyond 16 and up to 32 bits.
    expect(sizeOf(4000, 24_000, 3)).toBe(44_041);
    expect(sizeOf(4000, 4_294_967_295, 3)).toBe(52_041);
    // The largest that there is: every slot of the tree, of the authority with the last number, and
    // octets that nobody uses in ops.
    expect(sizeOf(4096, 4_294_967_295, 255, LEAF_KIND_MAX)).toBe(RING_DELTA_BYTES_MAX);
    const slots = ringOf(4000);
    const none = encodeRingDelta(diffRings(crypto, secret, slots, slots));
    expect(none.length).toBeLessThanOrEqual(37);
  });

  test("with a hole after every slot is longer by runs and still below the bound", () => {
    const slots = Array.from({ length: 4095 }, (_, slot) => (slot % 2 === 0 ? leafAt(slot) : null));
    const delta = diffRings(crypto, secret, [], slots);
    const bytes = encodeRingDelta(delta);
    expect(unwrap(decodeRingDelta(bytes))).toEqual(delta);
    expect(bytes.length).toBeLessThanOrEqual(RING_DELTA_BYTES_MAX);
  });

  test("has one encoding: runs that touch, overlap, turn back or leave the ring are refused", () => {
    const { base16, new16 } = diffRings(crypto, secret, [], ringOf(1));
    const codeOfRuns = (...runs: readonly CborValue[]) =>
      codeOf(decodeRingDelta(encodeCbor([base16, new16, runs])));
    expect(codeOfRuns([0, [null]], [2, [null, null]])).toBeUndefined();
    expect(codeOfRuns([0, [null]], [1, [null]])).toBe(MESSAGE_MALFORMED);
    expect(codeOfRuns([0, [null, null, null]], [2, [null]])).toBe(MESSAGE_MALFORMED);
    expect(codeOfRuns([2, [null]], [0, [null]])).toBe(MESSAGE_MALFORMED);
    expect(codeOfRuns([2, [null]], [2, [null]])).toBe(MESSAGE_MALFORMED);
    expect(codeOfRuns([4095, [null]])).toBeUndefined();
    expect(codeOfRuns([4095, [null, null]])).toBe(MESSAGE_MALFORMED);
    expect(codeOfRuns([0, []])).toBe(MESSAGE_MALFORMED);
    const change = { slot: 3, leaf: null };
    for (const changes of [
      [change, change],
      [change, { ...change, slot: 2 }],
      [{ ...change, slot: 4096 }],
    ]) {
      expect(() => encodeRingDelta({ base16, new16, changes })).toThrow();
    }
  });

  test("is a fault or another delta after damage, never a throw", () => {
    const before = ringOf(3);
    const after = unwrap(assignSlots(before, [leafAt(1000), leafAt(77)]));
    const bytes = encodeRingDelta(diffRings(crypto, secret, before, after));
    const accepted = acceptedDamages(bytes, (damaged) => {
      const delta = decodeRingDelta(damaged);
      if (!delta.ok) return delta;
      return applyRingDelta(crypto, secret, before, delta.value, headOf(after));
    });
    expect(accepted).toEqual([]);
    const long = new Uint8Array(80000);
    expect(codeOf(decodeRingDelta(long))).toBe(MESSAGE_MALFORMED);
  });
});

describe("a bundle", () => {
  test("reads back, with and without delta and floors", () => {
    const octets = bytesOfHex("0102");
    for (const bundle of [
      { head: octets, delta: octets, floors: octets },
      { head: octets, delta: null, floors: null },
    ]) {
      expect(unwrap(decodeRingBundle(encodeRingBundle(bundle)))).toEqual(bundle);
    }
  });

  test("is refused when a part is missing, too long or of another kind", () => {
    const octets = bytesOfHex("0102");
    const wrong = [
      encodeCbor([octets, octets]),
      encodeCbor([octets, octets, octets, octets]),
      encodeCbor([null, octets, octets]),
      encodeCbor([new Uint8Array(4097), null, null]),
      encodeCbor([octets, 1, null]),
      new Uint8Array(90000),
    ];
    for (const bytes of wrong) expect(codeOf(decodeRingBundle(bytes))).toBe(MESSAGE_MALFORMED);
  });

  test("names a ring by the first 16 octets of its root, and groups are leaves too", () => {
    const slots = [{ kind: LEAF_GROUP, target: 7, ops: OPS_ALL, untilS: 1 }];
    const root = ringRoot(crypto, secret, slots);
    expect(hexOf(rootHead(root))).toBe(hexOf(root).slice(0, 32));
    expect(hexOf(root)).not.toBe(hexOf(ringRoot(crypto, secret, [{ ...leafAt(7), untilS: 1 }])));
  });
});

describe("the octets of a leaf", () => {
  test("are those of the general encoder at every width of a number", () => {
    const salt = new Uint8Array(8).fill(7);
    for (const target of [0, 23, 24, 255, 256, 65535, 65536, 4294967295]) {
      for (const kind of [0, 1, 2, 23, 24, 256, 65_535, 65_537]) {
        const leaf = { kind, target, ops: 3, untilS: 4294967295 - target };
        const fields = [leaf.kind, leaf.target, leaf.ops, leaf.untilS];
        expect(encodeLeaf(leaf)).toEqual(encodeCbor(fields));
        expect(encodeSaltedLeaf(leaf, salt)).toEqual(encodeCbor([...fields, salt]));
      }
    }
    expect(() => encodeLeaf({ kind: 0, target: 2 ** 32, ops: 3, untilS: 1 })).toThrow();
  });
});

describe("what a careless change of the ring's code would miss", () => {
  const slots = ringOf(3);
  const [first, second, third] = slots;
  const base = leafAt(1001);

  test("a right that differs in any one field is another right", () => {
    const others: readonly Leaf[] = [
      { ...base, kind: LEAF_GROUP },
      { ...base, target: 1 },
      { ...base, ops: 1 },
      { ...base, untilS: 1 },
    ];
    expect(second).toEqual(base);
    for (const other of [...others, null]) {
      const next = [first ?? null, other, third ?? null];
      const delta = diffRings(crypto, secret, slots, next);
      expect(delta.changes).toEqual([{ slot: 1, leaf: other }]);
      expect(unwrap(applyRingDelta(crypto, secret, slots, delta, headOf(next)))).toEqual(next);
      expect(diffRings(crypto, secret, next, slots).changes).toEqual([{ slot: 1, leaf: base }]);
    }
    const gone = [first ?? null, null, third ?? null];
    expect(diffRings(crypto, secret, gone, gone).changes).toEqual([]);
    // Fields count, not where they lie: an issuer derives its leaves anew each time.
    const anew = slots.map((leaf) => (leaf === null ? null : { ...leaf }));
    expect(diffRings(crypto, secret, slots, anew).changes).toEqual([]);
  });

  test("a hash of another length, or kept nodes of another ring, are a mistake of ours", () => {
    const [hash, short] = [new Uint8Array(32), new Uint8Array(31)];
    expect(() => nodeHash(crypto, hash, short)).toThrow();
    expect(() => nodeHash(crypto, short, hash)).toThrow();
    const tree = treeOfSlots(crypto, secret, ringOf(200));
    const again = (nodes: Uint8Array) => createRingTree(crypto, 200, () => hash, nodes).root();
    expect(again(tree.nodes).length).toBe(32);
    expect(() => again(tree.nodes.slice(32))).toThrow();
  });

  test("a ring of exactly 4000 rights is applied, and one that shrank is refused", () => {
    const full = ringOf(4000);
    const delta = diffRings(crypto, secret, [], full);
    const applied = applyRingDelta(crypto, secret, [], delta, headOf(full));
    expect(countLeaves(unwrap(applied))).toBe(4000);
    const none = diffRings(crypto, secret, slots, slots);
    const small = { ...headOf(slots), size: 2 };
    expect(applyRingDelta(crypto, secret, slots, none, small)).toEqual({
      ok: false,
      fault: { code: DELTA_MALFORMED, detail: 2 },
    });
    expect(() => diffRings(crypto, secret, slots, ringOf(2))).toThrow();
  });

  test("a path for more than 4096 slots, or for a leaf hash of another length, proves nothing", () => {
    const path = new Uint8Array(32 * 13);
    const leaf = new Uint8Array(32);
    expect(codeOf(rootFromPath(crypto, leaf, 0, 4096, path.slice(32)))).toBeUndefined();
    expect(codeOf(rootFromPath(crypto, leaf, 0, 4097, path))).toBe(LEAF_NOT_IN_RING);
    expect(codeOf(rootFromLeafHash(crypto, leaf.slice(1), 0, 1, path.slice(0, 0)))).toBe(
      LEAF_NOT_IN_RING,
    );
    expect(codeOf(rootFromLeafHash(crypto, leaf, 0, 1, path.slice(0, 0)))).toBeUndefined();
  });

  test("mistakes of our own throw: a salt, a path or kept nodes of a wrong length", () => {
    expect(() => encodeSaltedLeaf(base, new Uint8Array(7))).toThrow();
    expect(() => encodeSaltedLeaf({ ...base, target: -1 }, new Uint8Array(8))).toThrow();
    expect(treeOfSlots(crypto, secret, ringOf(4096)).root().length).toBe(32);
  });

  test("a delta and a bundle of the longest that is allowed are read, one octet more is not", () => {
    const head = new Uint8Array(4096);
    const longest = new Uint8Array(RING_DELTA_BYTES_MAX);
    const bundle = { head, delta: longest, floors: head };
    expect(unwrap(decodeRingBundle(encodeRingBundle(bundle)))).toEqual(bundle);
    const longer = { head, delta: new Uint8Array(RING_DELTA_BYTES_MAX + 1), floors: head };
    expect(codeOf(decodeRingBundle(encodeRingBundle(longer)))).toBe(MESSAGE_MALFORMED);
  });
});
