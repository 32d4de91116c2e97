// SPDX-License-Identifier: EUPL-1.2
import {
  DELTA_MALFORMED,
  encodeRingDelta,
  equalBytes,
  inclusionPath,
  type Leaf,
  leafHash,
  RING_BASE_MISMATCH,
  RING_FULL,
  RING_ROOT_MISMATCH,
  RING_SIZE_MAX,
  type RingSlots,
  ringRoot,
  rootFromPath,
  rootHead,
  type SlotChange,
  slotBytes,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCutFlash, runUntilCut, TEAR_MODES } from "../../test/cut-flash.ts";
import { manyRights } from "../../test/key-bench.ts";
import { openDeviceRecords } from "../shared/device-records.ts";
import { createRingStore, type PromisedRing, type RingStore, ringPages } from "./ring-store.ts";
import { DELTA_UNREACHABLE, type SlotOperations } from "./slot-operations.ts";

const crypto = createNodeCrypto();
const secret = crypto.hash(new Uint8Array([1]));
const emptyBase = rootHead(crypto.hash(new Uint8Array(0)));

function createShelf(slotsMax: number, pageBytes = 4096) {
  const flash = createCutFlash(8 + ringPages(slotsMax, pageBytes), pageBytes);
  const open = (): RingStore =>
    createRingStore(
      { flash, crypto, records: openDeviceRecords(flash) },
      { firstPage: 8, slotsMax, recordId: 20 },
      secret,
    );
  return { flash, open };
}

function promise(slots: RingSlots, name = 1): PromisedRing {
  const head = new Uint8Array(206).fill(name);
  return { head, root: ringRoot(crypto, secret, slots), size: slots.length };
}

function changesOf(from: RingSlots, to: RingSlots): SlotChange[] {
  const changes: SlotChange[] = [];
  to.forEach((leaf, slot) => {
    const before = slot < from.length ? from[slot] : null;
    if (JSON.stringify(before) !== JSON.stringify(leaf)) changes.push({ slot, leaf });
  });
  return changes;
}

function apply(store: RingStore, changes: readonly SlotChange[]) {
  const encoded = encodeRingDelta({ base16: emptyBase, new16: emptyBase, changes });
  const delta = store.readDelta(encoded);
  return delta.ok ? store.apply(delta.value) : delta;
}

function write(store: RingStore, from: RingSlots, to: RingSlots, name = 1, part = 150) {
  const base = from.length === 0 ? emptyBase : rootHead(ringRoot(crypto, secret, from));
  const begun = store.begin(promise(to, name), base);
  if (!begun.ok) return begun;
  const changes = changesOf(from, to);
  for (let at = 0; at < changes.length; at += part) {
    const applied = apply(store, changes.slice(at, at + part));
    if (!applied.ok) return applied;
  }
  return store.commit();
}

function slotsOf(store: RingStore): (Leaf | null)[] {
  const slots: (Leaf | null)[] = [];
  for (let slot = 0; slot < (store.active()?.size ?? 0); slot += 1) slots.push(store.leafAt(slot));
  return slots;
}

const leafArbitrary: fc.Arbitrary<Leaf | null> = fc.option(
  fc.record({
    kind: fc.constantFrom(0, 1, 2, 2 + 253, 2 + 0xffff),
    target: fc.nat(500),
    ops: fc.constantFrom(1, 2, 3),
    untilS: fc.nat(0xffffffff),
  }),
  { freq: 4 },
);

describe("ring store", () => {
  test("S6: a ring of 4000 rights is held, found and proved; right 4001 is refused", () => {
    const { open } = createShelf(RING_SIZE_MAX);
    const store = open();
    const rights = manyRights(4000);
    expect(write(store, [], rights)).toMatchObject({ ok: true });
    for (const index of [0, 31, 32, 1999, 3999]) {
      const slot = store.find(0, 2000 + index, 0);
      expect(slot).toBe(index);
      const proof = store.proofOf(slot);
      const root = rootFromPath(crypto, proof.saltedLeaf, slot, 4000, proof.path);
      expect(root.ok && equalBytes(root.value, ringRoot(crypto, secret, rights))).toBe(true);
    }
    expect(store.find(0, 1999, 0)).toBe(-1);
    expect(write(store, [], manyRights(4001), 2)).toMatchObject({ fault: { code: RING_FULL } });
    const tooLong = { head: new Uint8Array(206), root: new Uint8Array(32), size: 4097 };
    expect(store.begin(tooLong, emptyBase)).toMatchObject({ fault: { code: RING_FULL } });
    expect(slotsOf(store)).toEqual(rights);
  });

  test("S6: 4096 slots with 4000 rights and 96 tombstones fit", () => {
    const { open } = createShelf(RING_SIZE_MAX);
    const slots: (Leaf | null)[] = manyRights(4000);
    for (let index = 0; index < 96; index += 1) slots.splice(index * 40, 0, null);
    const store = open();
    expect(write(store, [], slots)).toMatchObject({ ok: true });
    expect(slotsOf(open())).toEqual(slots);
  });

  test("T1: any ring and any change of it end in the slots, proofs and root of the protocol", () => {
    fc.assert(
      fc.property(
        fc.array(leafArbitrary, { minLength: 1, maxLength: 64 }),
        fc.array(leafArbitrary, { minLength: 1, maxLength: 64 }),
        fc.integer({ min: 1, max: 9 }),
        (first, second, part) => {
          const { open, flash } = createShelf(64);
          const store = open();
          const next = second.concat(first.slice(second.length));
          expect(write(store, [], first, 1, part)).toMatchObject({ ok: true });
          expect(write(store, first, next, 2, part)).toMatchObject({ ok: true });
          const booted = open();
          expect(slotsOf(booted)).toEqual(next);
          next.forEach((leaf, slot) => {
            const proof = booted.proofOf(slot);
            expect(proof.saltedLeaf).toEqual(slotBytes(crypto, secret, leaf));
            expect(proof.path).toEqual(inclusionPath(crypto, secret, next, slot));
            if (leaf !== null) {
              expect(booted.find(leaf.kind, leaf.target, slot)).toBe(slot);
            }
          });
          expect(flash.doublePrograms()).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  });

  test("a ring over native hashes has the proofs of one without, up to a block cut short", () => {
    // What the blob does with packed slots, over the protocol's own functions; its suite compares them.
    const leafOf = (slots: Uint8Array, index: number): Leaf | null => {
      const at = 12 * index;
      const view = new DataView(slots.buffer, slots.byteOffset + at, 12);
      if (view.getUint8(0) === 0xff) return null;
      const kind = view.getUint8(0) + view.getUint16(2, true);
      const untilS = view.getUint32(8, true);
      return { kind, ops: view.getUint8(1), target: view.getUint32(4, true), untilS };
    };
    const blockOf = (slots: Uint8Array, count: number) =>
      Array.from({ length: count }, (_none, index) => leafOf(slots, index));
    let calls = 0;
    const slotOperations: SlotOperations = {
      leaves(slots, of) {
        calls += 1;
        const hashes = blockOf(slots, slots.length / 12).map((leaf) =>
          leafHash(crypto, slotBytes(crypto, of, leaf)),
        );
        return new Uint8Array(Buffer.concat(hashes));
      },
      path(slots, count, index, of) {
        calls += 1;
        return inclusionPath(crypto, of, blockOf(slots, count), index);
      },
      root(slots, count, of) {
        calls += 1;
        return ringRoot(crypto, of, blockOf(slots, count));
      },
      saltedLeaf(slot, of) {
        calls += 1;
        return slotBytes(crypto, of, leafOf(slot, 0));
      },
      beginDelta: () => DELTA_UNREACHABLE,
      nextSlot: () => -1,
      putDelta: (firstSlot) => firstSlot,
      indexBlock(slots, count, search) {
        calls += 1;
        let leaves = 0;
        for (let index = 0; index < 32; index += 1) {
          if (index >= count) slots.fill(0xff, 12 * index, 12 * index + 12);
          const leaf = leafOf(slots, index);
          search[index] = leaf === null ? 0xff : (leaf.target % 127) * 2 + (leaf.kind & 1);
          if (leaf !== null) leaves += 1;
        }
        return leaves;
      },
      keptPath(nodes, size, slot) {
        calls += 1;
        const hashes: Uint8Array[] = [];
        let index = slot >> 5;
        let from = 0;
        for (let level = (size + 31) >> 5; level > 1; level = (level + 1) >> 1, index >>= 1) {
          const at = 32 * (from + (index ^ 1));
          if ((index ^ 1) < level) hashes.push(nodes.slice(at, at + 32));
          from += level;
        }
        return new Uint8Array(Buffer.concat(hashes));
      },
    };
    for (const count of [1, 31, 32, 33, 70, 128]) {
      const rights: (Leaf | null)[] = manyRights(count);
      if (count > 40) rights[35] = null;
      const foreign = rights[0];
      if (foreign !== undefined && foreign !== null) rights[0] = { ...foreign, kind: 2 + 300 };
      const flash = createCutFlash(8 + ringPages(128, 4096), 4096);
      const store = createRingStore(
        { flash, crypto, records: openDeviceRecords(flash), slotOperations },
        { firstPage: 8, slotsMax: 128, recordId: 20 },
        secret,
      );
      expect(write(store, [], rights).ok).toBe(true);
      for (const slot of [0, count >> 1, count - 1]) {
        const proof = store.proofOf(slot);
        expect(proof.path).toEqual(inclusionPath(crypto, secret, rights, slot));
        expect(proof.saltedLeaf).toEqual(slotBytes(crypto, secret, rights[slot] ?? null));
      }
    }
    expect(calls).toBeGreaterThan(20);
  });

  test("T1: a delta is taken on its own base only, in order, and proved by the head's root", () => {
    const { open } = createShelf(64);
    const store = open();
    const first = manyRights(10);
    expect(write(store, [], first)).toMatchObject({ ok: true });
    const next = manyRights(12);
    const other = rootHead(crypto.hash(new Uint8Array([9])));
    expect(store.begin(promise(next, 2), other)).toMatchObject({
      fault: { code: RING_BASE_MISMATCH },
    });
    const base = rootHead(ringRoot(crypto, secret, first));
    store.begin(promise(next, 2), base);
    const [ten, eleven] = changesOf(first, next);
    if (ten === undefined || eleven === undefined) throw new Error("changes");
    expect(apply(store, [eleven])).toMatchObject({ ok: true });
    expect(apply(store, [ten])).toMatchObject({ fault: { code: DELTA_MALFORMED } });
    store.begin(promise(next, 2), base);
    expect(apply(store, [{ slot: 12, leaf: ten.leaf }])).toMatchObject({
      fault: { code: DELTA_MALFORMED },
    });
    store.begin(promise(next, 2), base);
    expect(apply(store, [ten])).toMatchObject({ ok: true });
    expect(store.commit()).toMatchObject({ fault: { code: RING_ROOT_MISMATCH } });
    expect(store.commit()).toMatchObject({ fault: { code: RING_BASE_MISMATCH } });
    expect(slotsOf(open())).toEqual(first);
    expect(open().active()?.head).toEqual(promise(first).head);
  });

  test("T1: an unchanged ring takes a new head and nothing else", () => {
    const { open, flash } = createShelf(64);
    const store = open();
    const rights = manyRights(10);
    write(store, [], rights);
    const erases = flash.erases.slice(8);
    expect(store.renew(promise(rights, 2))).toMatchObject({ ok: true });
    expect(store.renew(promise(manyRights(11), 3))).toMatchObject({
      fault: { code: RING_BASE_MISMATCH },
    });
    expect(flash.erases.slice(8)).toEqual(erases);
    expect(open().active()?.head).toEqual(promise(rights, 2).head);
    expect(slotsOf(open())).toEqual(rights);
  });

  /**
   * Goal: a key holds the old ring or the new one, whatever the moment of a power cut.
   * Method: count the flash operations of one ring swap, then run the swap with a cut in each of
   * them, in every way in which a cut can tear an operation, and boot again.
   */
  test.each(TEAR_MODES)("F1, F17: a power cut (%s) at any operation leaves old or new", (mode) => {
    const first = manyRights(40);
    const next: (Leaf | null)[] = manyRights(60);
    next[3] = null;
    const { open, flash } = createShelf(64);
    write(open(), [], first, 1);
    const image = flash.image();
    flash.cutAt(undefined);
    expect(write(open(), first, next, 2)).toMatchObject({ ok: true });
    const operations = flash.operations();
    expect(operations).toBeGreaterThan(5);
    let olds = 0;
    let news = 0;
    for (let cut = 0; cut < operations; cut += 1) {
      flash.restore(image);
      flash.cutAt(cut, mode);
      expect(runUntilCut(() => void write(open(), first, next, 2))).toBe(true);
      flash.cutAt(undefined);
      const booted = open();
      const isNew = booted.active()?.size === next.length;
      const slots = isNew ? next : first;
      if (isNew) news += 1;
      else olds += 1;
      expect(booted.active()).toEqual(promise(slots, isNew ? 2 : 1));
      expect(slotsOf(booted)).toEqual(slots);
      const proof = booted.proofOf(7);
      const root = rootFromPath(crypto, proof.saltedLeaf, 7, slots.length, proof.path);
      expect(root.ok && equalBytes(root.value, ringRoot(crypto, secret, slots))).toBe(true);
      // And the same swap works at the next sync.
      if (!isNew) expect(write(booted, first, next, 2)).toMatchObject({ ok: true });
    }
    expect(olds).toBeGreaterThan(3);
    // The commit record and its twin.
    if (mode === "complete") expect(news).toBe(2);
  });

  test("F6: slots that were altered in the staged area are refused by the root", () => {
    const { open, flash } = createShelf(64);
    const store = open();
    const rights = manyRights(40);
    store.begin(promise(rights), emptyBase);
    apply(store, changesOf([], rights));
    // The first block of 32 slots is in flash by now: one of its bits falls.
    flash.program(8 * 4096, new Uint8Array([0xff, 0xfe, 0xff, 0xff]));
    expect(store.commit()).toMatchObject({ fault: { code: RING_ROOT_MISMATCH } });
    expect(open().active()).toBeUndefined();
  });
});
