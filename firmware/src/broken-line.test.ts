// SPDX-License-Identifier: EUPL-1.2
// A contact that ends at any octet, and one that alters any octet of a session.
import {
  createFrameReader,
  ENTRY_PASSAGE,
  encodeFrames,
  GRANTED,
  LINK_EDHOC,
  OP_ENTER,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";

import { createBench, type FarLock, RIGHTS } from "../test/key-bench.ts";
import { createRig, ownerEntries, type Rig } from "../test/lock-rig.ts";
import { BOLT_LOCKED } from "./ports.ts";

/** After every so many cuts the next contact is played as well. */
const FOLLOWED_EVERY = 7;

function syncedBench() {
  const bench = createBench();
  bench.answerWithRing(bench.issuer.rights(RIGHTS).bundles);
  bench.sync();
  return bench;
}

/** Somebody closes the door from inside, and what the motor did is forgotten. */
function closeByHand(rig: Rig): void {
  rig.turnByHand(BOLT_LOCKED);
  rig.events.length = 0;
}

const openings = (rig: Rig) => rig.events.filter((event) => event === "unlock").length;

const grants = (rig: Rig) =>
  ownerEntries(rig).filter(
    (entry) => entry.kind === ENTRY_PASSAGE && entry.op === OP_ENTER && entry.reason === GRANTED,
  ).length;

describe("a contact that is broken", () => {
  test("at any octet moves no bolt without an entry, and the next contacts open", () => {
    const bench = syncedBench();
    const key = bench.key.flash.image();
    const rig = createRig();
    const lock = rig.flash.image();
    const before = bench.octets();
    bench.visit(rig);
    const octets = bench.octets() - before;
    expect(openings(rig)).toBe(1);
    expect(octets).toBeGreaterThan(500);
    let opened = 0;
    for (let limit = 0; limit < octets; limit += 1) {
      bench.key.flash.restore(key);
      bench.key.boot();
      rig.flash.restore(lock);
      closeByHand(rig);
      bench.limitOctets(limit);
      bench.visit(rig, 500);
      const broken = openings(rig);
      expect(broken, `cut after octet ${limit}`).toBeLessThanOrEqual(grants(rig));
      opened += broken;
      if (limit % FOLLOWED_EVERY !== 0) continue;
      bench.limitOctets(Number.POSITIVE_INFINITY);
      closeByHand(rig);
      bench.visit(rig);
      // What was granted before may be followed by the way out; then the one after it goes in.
      if (openings(rig) === 0) bench.visit(rig);
      expect(openings(rig), `after a cut at octet ${limit}`).toBe(1);
    }
    // Cuts before the last octet of message_3 open nothing, those behind it do.
    expect(opened).toBeGreaterThan(0);
    expect(opened).toBeLessThan(octets / 2);
  }, 240_000);

  /** The same lock behind a line that flips one bit of one EDHOC message and makes its frames anew. */
  function altering(rig: Rig, message: number, octet: number): FarLock {
    let seen = 0;
    const alter = (emit: (bytes: Uint8Array) => void) =>
      createFrameReader(
        (kind, bytes) => {
          const copy = Uint8Array.from(bytes);
          if (kind === LINK_EDHOC) {
            seen += 1;
            if (seen === message) copy[octet] = (copy[octet] ?? 0) ^ 1;
          }
          emit(encodeFrames(kind, copy));
        },
        () => undefined,
      );
    const toLock = alter((bytes) => rig.role().onBytes(bytes));
    let toKey: Uint8Array[] = [];
    const fromLock = alter((bytes) => toKey.push(bytes));
    return {
      role: () => ({
        onContact: (isTouching) => rig.role().onContact(isTouching),
        onBytes: (bytes) => toLock.push(bytes),
      }),
      boot: () => rig.boot(),
      pass: (spanMs) => rig.pass(spanMs),
      cutPower: () => rig.cutPower(),
      take() {
        for (const bytes of rig.take()) fromLock.push(bytes);
        const taken = toKey;
        toKey = [];
        return taken;
      },
    };
  }

  test("by one altered octet of message_1, message_2 or message_3 moves no bolt", () => {
    const bench = syncedBench();
    const key = bench.key.flash.image();
    const rig = createRig();
    const lock = rig.flash.image();
    const lengths: number[] = [];
    const measured = createFrameReader(
      (kind, bytes) => {
        if (kind === LINK_EDHOC) lengths.push(bytes.length);
      },
      () => undefined,
    );
    const far: FarLock = {
      ...altering(rig, 0, 0),
      role: () => ({
        onContact: (isTouching) => rig.role().onContact(isTouching),
        onBytes(bytes) {
          measured.push(bytes);
          rig.role().onBytes(bytes);
        },
      }),
      take() {
        const taken = rig.take();
        for (const bytes of taken) measured.push(bytes);
        return taken;
      },
    };
    bench.visit(far);
    expect(openings(rig)).toBe(1);
    expect(lengths.length).toBeGreaterThanOrEqual(4);
    let altered = 0;
    for (const [index, bytes] of lengths.slice(0, 3).entries()) {
      for (let octet = 0; octet < bytes; octet += 1) {
        bench.key.flash.restore(key);
        bench.key.boot();
        rig.flash.restore(lock);
        closeByHand(rig);
        bench.visit(altering(rig, index + 1, octet), 500);
        expect(rig.events, `octet ${octet} of message_${index + 1}`).toEqual([]);
        altered += 1;
      }
    }
    expect(altered).toBeGreaterThan(300);
  }, 240_000);
});
