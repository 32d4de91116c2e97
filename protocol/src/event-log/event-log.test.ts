// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesOfHex, concatBytes, hexOf } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { devidOf } from "../cose/ids.ts";
import { LOG_CHAIN_BROKEN, SIGNATURE_INVALID } from "../errors/code.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { acceptedDamages, codeOf, testKeys, unwrap } from "../host/testing.ts";
import { signLogHead } from "../message/objects.ts";
import { ENTRY_PASSAGE, OP_ENTER, TIME_FLOOR_ONLY } from "../message/types.ts";
import { decodeLogBatch, encodeLogBatch, type LogBatch, verifyBatch } from "./batch.ts";
import {
  chainNext,
  chainStart,
  decodeEntry,
  ENTRY_BYTES_MAX,
  type Entry,
  encodeEntry,
} from "./entry.ts";

const crypto = createNodeCrypto();
const { signer, anchor } = testKeys(crypto, 5);
const devid = devidOf(crypto, anchor.key.publicKey);

function entryAt(n: number): Entry {
  return {
    n,
    tS: 1795500000 + n,
    tq: TIME_FLOOR_ONLY,
    kind: ENTRY_PASSAGE,
    op: OP_ENTER,
    reason: 0,
    peer: bytesOfHex("1112131415161718"),
    ring: 65537,
    target: 1001,
  };
}

function chainAfter(prev: Uint8Array, entries: readonly Uint8Array[]): Uint8Array {
  return entries.reduce((chain, entry) => chainNext(crypto, chain, entry), prev);
}

function batchOf(first: number, count: number, prev: Uint8Array): LogBatch {
  const entries = Array.from({ length: count }, (_, index) => encodeEntry(entryAt(first + index)));
  const head = signLogHead(
    {
      devid,
      logEpoch: 1,
      authority: 180,
      n: first + count - 1,
      chain: chainAfter(prev, entries),
      tS: 1795510000,
      tq: TIME_FLOOR_ONLY,
    },
    signer,
  );
  return { devid, logEpoch: 1, authority: 180, first, prev, entries, head };
}

describe("an entry", () => {
  test("reads back and takes at most 38 octets", () => {
    const longest: Entry = {
      n: 0xffffffff,
      tS: 0xffffffff,
      tq: 255,
      kind: 255,
      op: 2,
      reason: 65535,
      peer: new Uint8Array(8),
      ring: 0xffffffff,
      target: 0xffffffff,
    };
    expect(encodeEntry(longest).length).toBe(ENTRY_BYTES_MAX);
    expect(unwrap(decodeEntry(encodeEntry(longest)))).toEqual(longest);
    expect(unwrap(decodeEntry(encodeEntry(entryAt(1))))).toEqual(entryAt(1));
  });

  test("throws beyond its bounds and is refused beyond them", () => {
    const fields = (op: number, peer: Uint8Array) => [1, 2, 0, 1, op, 0, peer, 3, 4];
    expect(() => encodeEntry({ ...entryAt(1), op: 3 })).toThrow();
    expect(() => encodeEntry({ ...entryAt(1), reason: 65536 })).toThrow();
    expect(codeOf(decodeEntry(encodeCbor(fields(2, devid))))).toBeUndefined();
    expect(codeOf(decodeEntry(encodeCbor(fields(3, devid))))).toBe(LOG_CHAIN_BROKEN);
    expect(codeOf(decodeEntry(encodeCbor(fields(2, devid.slice(1)))))).toBe(LOG_CHAIN_BROKEN);
    expect(codeOf(decodeEntry(encodeCbor(fields(2, devid).slice(1))))).toBe(LOG_CHAIN_BROKEN);
  });
});

describe("the chain", () => {
  test("is SHA-256 over 0x02, the value before and the entry", () => {
    const entry = encodeEntry(entryAt(1));
    const expected = crypto.hash(concatBytes([new Uint8Array([2]), new Uint8Array(32), entry]));
    expect(hexOf(chainNext(crypto, chainStart(), entry))).toBe(hexOf(expected));
  });
});

describe("a batch", () => {
  test("is proved by the device's head, with every entry and its chain value (T3)", () => {
    const batch = batchOf(33, 32, chainStart());
    const read = unwrap(decodeLogBatch(encodeLogBatch(batch)));
    expect(read).toEqual(batch);
    const verified = unwrap(verifyBatch(crypto, read, anchor));
    expect(verified.entries.map((item) => item.entry)).toEqual(
      Array.from({ length: 32 }, (_, index) => entryAt(33 + index)),
    );
    expect(hexOf(verified.entries[31]?.chain ?? devid)).toBe(hexOf(verified.head.chain));
    expect(hexOf(verified.entries[0]?.bytes ?? devid)).toBe(hexOf(encodeEntry(entryAt(33))));
  });

  test("is a fault for every truncation and every flipped bit, but for its own octets", () => {
    const batch = batchOf(1, 2, chainStart());
    const accepted = acceptedDamages(encodeLogBatch(batch), (damaged) => {
      const read = decodeLogBatch(damaged);
      return read.ok ? verifyBatch(crypto, read.value, anchor) : read;
    });
    expect(accepted).toEqual([]);
  });

  test("is refused when an entry is dropped, swapped, repeated, altered or renumbered", () => {
    const batch = batchOf(5, 4, chainStart());
    const [a, b, c, d] = batch.entries as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
    const altered = encodeEntry({ ...entryAt(6), reason: 7 });
    for (const entries of [
      [a, b, c],
      [b, c, d],
      [a, c, b, d],
      [a, a, b, c],
      [a, altered, c, d],
      [a, b, c, d, d],
      [bytesOfHex("ff"), b, c, d],
    ]) {
      const code = codeOf(verifyBatch(crypto, { ...batch, entries }, anchor));
      expect(code).toBe(LOG_CHAIN_BROKEN);
    }
    const shifted = { ...batch, first: 6 };
    expect(codeOf(verifyBatch(crypto, shifted, anchor))).toBe(LOG_CHAIN_BROKEN);
    const rewritten = { ...batch, prev: devid };
    expect(
      codeOf(verifyBatch(crypto, { ...rewritten, prev: new Uint8Array(32).fill(1) }, anchor)),
    ).toBe(LOG_CHAIN_BROKEN);
  });

  test("is refused before its number 1, where no chain begins (T3)", () => {
    const batch = batchOf(0, 2, chainStart());
    expect(codeOf(verifyBatch(crypto, batch, anchor))).toBe(LOG_CHAIN_BROKEN);
    expect(verifyBatch(crypto, batchOf(1, 2, chainStart()), anchor).ok).toBe(true);
  });

  test("is refused under another device's key, epoch, authority or name", () => {
    const batch = batchOf(1, 3, chainStart());
    const stranger = testKeys(crypto, 6).anchor;
    expect(codeOf(verifyBatch(crypto, batch, stranger))).toBe(SIGNATURE_INVALID);
    for (const wrong of [
      { ...batch, logEpoch: 2 },
      { ...batch, authority: 181 },
      { ...batch, devid: new Uint8Array(8) },
    ]) {
      expect(codeOf(verifyBatch(crypto, wrong, anchor))).toBe(LOG_CHAIN_BROKEN);
    }
  });

  test("holds 1 to 64 entries", () => {
    expect(encodeLogBatch(batchOf(1, 64, chainStart())).length).toBeLessThanOrEqual(4096);
    expect(() => encodeLogBatch(batchOf(1, 65, chainStart()))).toThrow();
    const none = { ...batchOf(1, 1, chainStart()), entries: [] };
    expect(() => encodeLogBatch(none)).toThrow();
    const value = [devid, 1, 180, 1, chainStart(), [], none.head];
    expect(codeOf(decodeLogBatch(encodeCbor(value)))).toBe(LOG_CHAIN_BROKEN);
    expect(codeOf(decodeLogBatch(new Uint8Array(4097)))).toBe(LOG_CHAIN_BROKEN);
  });

  test("continues another one exactly when its prev is that one's chain", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 }), (m, n) => {
        const first = unwrap(verifyBatch(crypto, batchOf(1, m, chainStart()), anchor));
        const next = unwrap(verifyBatch(crypto, batchOf(m + 1, n, first.head.chain), anchor));
        const whole = unwrap(verifyBatch(crypto, batchOf(1, m + n, chainStart()), anchor));
        expect(hexOf(next.head.chain)).toBe(hexOf(whole.head.chain));
      }),
      { numRuns: 20 },
    );
  });
});
