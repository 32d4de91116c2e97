// SPDX-License-Identifier: EUPL-1.2
// The suite that host and processor run alike: public vectors, edge cases, and every operation of
// the door path beside its reference in TypeScript.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  type CryptoPort,
  checkCbor,
  createArenaOperations,
  decodeRingDelta,
  encodeRingDelta,
  hexOf,
  inclusionPath,
  isUsablePublicKey,
  LEAF_FOREIGN,
  type Leaf,
  leafHash,
  ringRoot,
  rootFromPath,
  slotBytes,
  treeOfSlots,
} from "@nyckelring/protocol";
import { createNobleCrypto, createNodeCrypto } from "@nyckelring/protocol/host";
import { expect, test } from "vitest";

import { createHealthTest } from "../src/espruino/entropy.ts";
import { crcOfRecord } from "../src/shared/page-journal.ts";
import { type ArenaStep, arenaSteps } from "./arena-steps.ts";
import type { NativeEntry } from "./build-native.ts";
import { agreementCases, type SignatureCase, signatureCases } from "./edge-cases.ts";
import { describeFrames } from "./frame-suite.ts";
import { type Answer, createNativeScript, type NativeTarget } from "./native-machine.ts";
import { SEED, seededBytes } from "./seeded-bytes.ts";
import { hasVectors, runVectors, SUITES, type SuiteName } from "./vectors.ts";

/** The repository, seen from where vitest runs. */
export const ROOT: string = resolve(".");

const ARENA_BYTES = 8192;
const node = createNodeCrypto();
const PORTS: readonly (readonly [string, CryptoPort])[] = [
  ["node", node],
  ["noble", createNobleCrypto()],
];

/** What the suite runs on; known once the build is done. */
export interface Built {
  readonly entries: readonly NativeEntry[];
  readonly target: NativeTarget;
}

/** Registers the tests of one target. */
export function describeNative(built: () => Built): void {
  describeVectors(built);
  describeHashesAndSigning(built);
  describeDoorPath(built);
  describeStores(built);
  describeDeltas(built);
  describeGenerator(built);
  describeFrames(built);
  describeArena(built);
}

function describeVectors(built: () => Built): void {
  for (const [name, count] of Object.entries(SUITES) as [SuiteName, number][]) {
    test.skipIf(!hasVectors)(`holds every vector of ${name}`, () => {
      const { entries, target } = built();
      const report = runVectors(name, entries, target);
      expect(report.wrong).toEqual([]);
      expect(report.vectors).toBe(count);
      expect(report.claims).toBeGreaterThanOrEqual(0.7 * count);
    });
  }

  test("gives the verdict of node, noble and the table on every edge case", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const [signer, nonce] = ["signer", "nonce"].map((name) => {
      const seed = seededBytes(name, 32);
      return { seed, publicKey: node.importSigningKey(seed).publicKey };
    });
    if (signer === undefined || nonce === undefined) throw new Error("no signer");
    const cases = signatureCases(signer, nonce);
    const verdicts = cases.map((one) => {
      script.freePlaces();
      const [key, message, signature] = [one.publicKey, one.message, one.signature].map((bytes) =>
        script.write(bytes),
      );
      if (key === undefined || message === undefined || signature === undefined) throw new Error();
      return script.call("verify", key, message, one.message.length, signature);
    });
    const usable = cases.map((one) => script.call("usable_key", script.write(one.publicKey)));
    const secret = seededBytes("agreement", 32);
    const peers = agreementCases();
    const agreed = peers.map((one) => {
      script.freePlaces();
      const out = script.room(32);
      const said = script.call("x25519", script.write(secret), script.write(one.peer), out);
      return { said, shared: script.read(out, 32) };
    });
    script.run(target);

    const table = readFileSync(join(ROOT, "docs/native.md"), "utf8");
    for (const [index, one] of cases.entries()) {
      expect(verdicts[index]?.() === 0, one.name).toBe(one.isValid);
      expect(usable[index]?.() === 1, one.name).toBe(isUsablePublicKey(one.publicKey));
      for (const [port, crypto] of PORTS) {
        expect(verdictOf(crypto, one), `${one.name}, ${port}`).toBe(one.isValid);
      }
      expect(table).toContain(`| ${one.name} | ${one.isValid ? "taken" : "refused"} |`);
    }
    for (const [index, one] of peers.entries()) {
      expect(agreed[index]?.said() !== 0, one.name).toBe(one.isRefused);
      for (const [port, crypto] of PORTS) {
        const result = crypto.importAgreementKey(secret).agree(one.peer);
        expect(result.ok, `${one.name}, ${port}`).toBe(!one.isRefused);
        if (result.ok) expect(hexOf(agreed[index]?.shared() ?? secret)).toBe(hexOf(result.value));
      }
      expect(table).toContain(`| ${one.name} | ${one.isRefused ? "refused" : "taken"} |`);
    }
    expect(cases.filter((one) => one.isValid).length).toBeGreaterThanOrEqual(3);
    expect(peers.filter((one) => !one.isRefused).length).toBe(6);
  });
}

function describeHashesAndSigning(built: () => Built): void {
  test("hashes texts of every length around its blocks as Node does", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const text = seededBytes("text", 600);
    const place = script.write(text);
    const out = script.room(64);
    const said = Array.from({ length: 300 }, (_none, length) => {
      script.call("sha512", place, length, out);
      const long = script.read(out, 64);
      script.call("sha256", place, length, out);
      const short = script.read(out, 32);
      return { long, short, crc: script.call("crc32", place, length) };
    });
    script.run(target);
    for (const [length, one] of said.entries()) {
      const part = text.slice(0, length);
      expect(hexOf(one.long())).toBe(createHash("sha512").update(part).digest("hex"));
      expect(hexOf(one.short())).toBe(createHash("sha256").update(part).digest("hex"));
    }
    // The check value of CRC-32/ISO-HDLC.
    const check = createNativeScript(entries);
    const digits = check.write(new TextEncoder().encode("123456789"));
    const crc = check.call("crc32", digits, 9);
    const link = check.call("crc16", digits, 9);
    check.run(target);
    expect(crc() >>> 0).toBe(0xcbf43926);
    expect(link()).toBe(0x29b1);
  });

  test("seals what Node seals, with and without additional data, with both tags", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const said = [0, 1, 15, 16, 17, 31, 32, 33, 300].flatMap((bytes) =>
      [0, 1, 13, 14, 15, 45, 300].flatMap((additionalBytes) =>
        ([8, 16] as const).map((tagBytes) => {
          script.freePlaces();
          const key = seededBytes(`key ${bytes}`, 30);
          key[29] = tagBytes;
          const additional = seededBytes("additional", additionalBytes);
          const text = seededBytes("text", bytes);
          const place = script.write(new Uint8Array([...text, ...new Uint8Array(tagBytes)]));
          const lengths = additionalBytes << 16;
          const keyAt = script.write(key);
          const aadAt = script.write(additional);
          script.call("ccm_seal", keyAt, aadAt, place, lengths | bytes);
          const sealed = script.read(place, bytes + tagBytes);
          const opened = script.call("ccm_open", keyAt, aadAt, place, lengths | (bytes + tagBytes));
          const again = script.read(place, bytes);
          const parts = [key.slice(0, 16), key.slice(16, 29), additional, text] as const;
          return { expected: node.seal(...parts, tagBytes), sealed, opened, again, text };
        }),
      ),
    );
    script.run(target);
    expect(said.length).toBe(126);
    for (const { expected, sealed, opened, again, text } of said) {
      expect(hexOf(sealed())).toBe(hexOf(expected));
      expect(opened()).toBe(0);
      expect(hexOf(again())).toBe(hexOf(text));
    }
  });

  test("signs what Node signs", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const said = Array.from({ length: 24 }, (_none, index) => {
      script.freePlaces();
      const seed = seededBytes(`signing ${index}`, 32);
      const message = seededBytes(`message ${index}`, 7 * index);
      const secret = script.room(64);
      const signature = script.room(64);
      script.call("signing_key", script.write(seed), secret);
      script.call("sign", secret, script.write(message), message.length, signature);
      return { seed, message, signature: script.read(signature, 64) };
    });
    script.run(target);
    for (const { seed, message, signature } of said) {
      expect(hexOf(signature())).toBe(hexOf(node.importSigningKey(seed).sign(message)));
    }
  });
}

function describeDoorPath(built: () => Built): void {
  test("hashes packed slots to the root that the protocol's tree has", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const secret = seededBytes("ring secret", 32);
    const said = [1, 2, 3, 5, 8, 13, 31, 32].map((count) => {
      script.freePlaces();
      const slots = Array.from({ length: count }, (_none, index) => slotOf(count, index));
      const packed = new Uint8Array(Buffer.concat(slots.map(packSlot)));
      const place = script.write(packed);
      const secretAt = script.write(secret);
      const hashes = script.room(32 * count);
      const root = script.room(32);
      script.call("leaf_hashes", place, count, secretAt, hashes);
      const leaves = script.read(hashes, 32 * count);
      script.call("subtree", place, count, secretAt, root);
      const whole = script.room(32 * count);
      const ways = [0, count >> 1, count - 1].map((index) => {
        const out = script.room(160);
        script.call("leaf_hashes", place, count, secretAt, whole);
        const bytes = script.call("block_path", whole, count, index, out);
        return { index, bytes, path: script.read(out, 160) };
      });
      return {
        ways,
        slots,
        leaves,
        root: script.read(root, 32),
        above: script.call("fold", hashes, count),
      };
    });
    script.run(target);
    for (const { slots, leaves, root, above, ways } of said) {
      for (const { index, bytes, path } of ways) {
        const expected = inclusionPath(node, secret, slots, index);
        expect(hexOf(path().slice(0, bytes()))).toBe(hexOf(expected));
      }
      const expected = slots.map((slot) => hexOf(leafHash(node, slotBytes(node, secret, slot))));
      expect(hexOf(leaves())).toBe(expected.join(""));
      expect(hexOf(root())).toBe(hexOf(ringRoot(node, secret, slots)));
      expect(above()).toBe(Math.ceil(slots.length / 2));
    }
  });
}

function describeStores(built: () => Built): void {
  test("leads a slot over its block and the kept nodes to the root", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const secret = seededBytes("ring secret", 32);
    const said = [1, 32, 33, 64, 65, 100, 1000, 4096].map((size) => {
      script.freePlaces();
      const slots = Array.from({ length: size }, (_none, index) => slotOf(size, index % 100));
      const tree = treeOfSlots(node, secret, slots);
      const root = tree.root();
      const kept = script.write(tree.nodes);
      const secretAt = script.write(secret);
      const ways = [0, size >> 1, size - 1].map((index) => {
        const out = script.room(224);
        const leafOut = script.room(32);
        const slot = slots[index] ?? null;
        const leafBytes = script.call(
          "salted_leaf",
          script.write(packSlot(slot)),
          secretAt,
          leafOut,
        );
        const bytes = script.call("kept_path", kept, size, index, out);
        return {
          index,
          slot,
          bytes,
          leafBytes,
          path: script.read(out, 224),
          leaf: script.read(leafOut, 32),
        };
      });
      return { slots, root, ways, outside: script.call("kept_path", kept, size, size, kept) };
    });
    script.run(target);
    for (const { slots, root, ways, outside } of said) {
      expect(outside()).toBe(0);
      for (const { index, slot, bytes, leafBytes, path, leaf } of ways) {
        const whole = inclusionPath(node, secret, slots, index);
        const upper = path().slice(0, bytes());
        expect(hexOf(upper)).toBe(hexOf(whole).slice(2 * (whole.length - upper.length)));
        expect(hexOf(leaf().slice(0, leafBytes()))).toBe(hexOf(slotBytes(node, secret, slot)));
        expect(
          rootFromPath(node, leaf().slice(0, leafBytes()), index, slots.length, whole),
        ).toEqual({
          ok: true,
          value: root,
        });
      }
    }
  });

  test("finds a record of the flash stores where it is right in every bit, and nowhere else", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const salt = 0xfedc_ba98;
    const cases: { said: Answer<number>; crc: Answer<number>; expected: number; stored: number }[] =
      [];
    for (const bytes of [0, 1, 4, 13, 300]) {
      script.freePlaces();
      const record = new Uint8Array(8 + ((bytes + 3) & ~3));
      record.set([bytes & 0xff, bytes >> 8, 4, 4 ^ 0xa5]);
      record.set(seededBytes(`record ${bytes}`, bytes), 8);
      const stored = crcOfRecord(record, salt);
      new DataView(record.buffer).setUint32(4, stored, true);
      const ask = (content: Uint8Array, length: number, of: number, expected: number) => {
        const at = script.write(content);
        const said = script.call("record_payload", at, length, of);
        cases.push({
          said,
          crc: script.call("record_crc", script.write(record), salt),
          expected,
          stored,
        });
      };
      ask(record, record.length, salt, bytes);
      ask(record, record.length, salt - 1, -1);
      ask(record, record.length - 1, salt, -1);
      ask(record, -4, salt, -1);
      for (const bit of [0, 15, 17, 31, 32, 63, 8 * (8 + bytes) - 1]) {
        const damaged = Uint8Array.from(record);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        ask(damaged, record.length, salt, -1);
      }
    }
    script.run(target);
    for (const { said, crc, expected, stored } of cases) {
      expect(said() | 0).toBe(expected);
      expect(crc() >>> 0).toBe(stored);
    }
    expect(cases.length).toBe(55);
  });
}

function describeDeltas(built: () => Built): void {
  test("reads a ring's delta as the script does, whole, cut or altered in any bit", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const slots = Array.from({ length: 70 }, (_none, index) => slotOf(70, index));
    const changes = slots
      .map((leaf, slot) => ({ slot: slot < 40 ? slot : slot + 25, leaf }))
      .filter(({ slot }) => slot % 11 !== 3);
    const root16 = seededBytes("root", 16);
    const whole = encodeRingDelta({ base16: root16, new16: root16, changes });
    const inputs = [whole, encodeRingDelta({ base16: root16, new16: root16, changes: [] })];
    for (let bytes = 0; bytes < whole.length; bytes += 7) inputs.push(whole.slice(0, bytes));
    for (let bit = 0; bit < 8 * whole.length; bit += 1) {
      const altered = Uint8Array.from(whole);
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      inputs.push(altered);
    }
    let good = 0;
    // So many fit the runner's memory.
    for (let from = 0; from < inputs.length; from += 300) {
      const part = createNativeScript(entries);
      const said = inputs.slice(from, from + 300).map((input) => {
        part.freePlaces();
        const at = part.write(input);
        const count = part.call("begin_delta", at, input.length, part.room(20));
        return { input, count, isGood: part.call("gate", at, input.length) };
      });
      part.run(target);
      for (const { input, count, isGood } of said) {
        const read = decodeRingDelta(input);
        expect(count() | 0).toBe(read.ok ? read.value.changes.length : -1);
        expect(isGood() === 1).toBe(checkCbor(input) === undefined);
        if (read.ok) good += 1;
      }
    }
    expect(good).toBeGreaterThan(300);
    const at = script.write(whole);
    const state = script.room(20);
    const blocks = [0, 1, 2].map((block) => ({
      block,
      place: script.write(new Uint8Array(32 * 12).fill(0xff)),
      search: script.room(32),
    }));
    script.call("begin_delta", at, whole.length, state);
    const applied = blocks.map(({ block, place, search }) => {
      script.call("put_delta", at, state, 32 * block, place);
      const leaves = script.call("search_octets", place, 32, search);
      return { block, leaves, slots: script.read(place, 32 * 12), search: script.read(search, 32) };
    });
    script.run(target);
    for (const { block, leaves, slots: put, search } of applied) {
      const expected = Array.from({ length: 32 }, (_none, index) => {
        const change = changes.find(({ slot }) => slot === 32 * block + index);
        return change === undefined ? null : change.leaf;
      });
      expect(hexOf(put())).toBe(hexOf(new Uint8Array(Buffer.concat(expected.map(packSlot)))));
      expect(leaves()).toBe(expected.filter((leaf) => leaf !== null).length);
      expect([...search()]).toEqual(
        expected.map((leaf) => (leaf === null ? 0xff : (leaf.target % 127) * 2 + (leaf.kind & 1))),
      );
    }
  });
}

function describeGenerator(built: () => Built): void {
  test("judges a generator as the test in script does", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const streams = [
      seededBytes("sound", 4096),
      new Uint8Array(64).fill(7),
      Uint8Array.from({ length: 128 }, (_none, index) => index & 3),
      Uint8Array.from({ length: 256 }, (_none, index) => (index < 200 ? (index * 7) & 0xff : 9)),
    ];
    const said = streams.map((stream) => {
      script.freePlaces();
      const state = script.write(
        new Uint8Array(new Uint32Array([0xffffffff, 0, 0xffffffff, 0, 0]).buffer),
      );
      const isHealthy = createHealthTest();
      const parts: { native: Answer<number>; expected: boolean }[] = [];
      for (let at = 0; at < stream.length; at += 32) {
        const part = stream.slice(at, at + 32);
        const native = script.call("watch_octets", state, script.write(part), part.length);
        parts.push({ native, expected: isHealthy(part) });
        if (parts.at(-1)?.expected === false) break;
      }
      return parts;
    });
    script.run(target);
    expect(said.map((parts) => parts.at(-1)?.expected)).toEqual([true, false, false, false]);
    for (const { native, expected } of said.flat()) expect(native() === 0).toBe(expected);
  });
}

function describeArena(built: () => Built): void {
  test("does to an arena what the reference does, operation for operation", () => {
    const { entries, target } = built();
    const steps = arenaSteps();
    const script = createNativeScript(entries);
    const arena = new Uint8Array(ARENA_BYTES);
    const operations = createArenaOperations(node, { fill: () => undefined }, arena);
    const place = script.write(arena, 16);
    const digest = script.room(32);
    script.call("bind", place, ARENA_BYTES, 0);
    const compared: { step: ArenaStep; native: Answer<number>; after: Answer<Uint8Array> }[] = [];
    for (const step of steps) {
      script.freePlaces();
      script.room(place.offset + ARENA_BYTES + 64);
      for (const [at, bytes] of step.lay) script.put({ offset: place.offset + at }, bytes);
      const native = script.call(step.entry, ...step.values);
      script.call("sha256", place, ARENA_BYTES, digest);
      compared.push({ step, native, after: script.read(digest, 32) });
    }
    script.run(target);
    for (const { step, native, after } of compared) {
      for (const [at, bytes] of step.lay) arena.set(bytes, at);
      const call = operations[step.operation] as (
        ...values: readonly number[]
      ) => number | undefined;
      const expected = call(...step.values) ?? 0;
      const what = `${step.entry} ${step.values.join(" ")} (SEED=${SEED})`;
      expect(native(), what).toBe(expected);
      expect(hexOf(after()), what).toBe(createHash("sha256").update(arena).digest("hex"));
    }
    expect(compared.length).toBe(steps.length);
    for (const { name } of entries.filter((one) => one.name.startsWith("arena_"))) {
      expect(
        steps.some((step) => step.entry === name),
        name,
      ).toBe(true);
    }
  });

  test("refuses every range outside the arena and touches nothing", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const memory = seededBytes("around the arena", 3 * 512);
    const place = script.write(memory, 16);
    script.call("bind", { offset: place.offset + 512 }, 512, 0);
    const attempts: Answer<number>[] = [];
    const far = [511, 512, 513, 0x7fffffff, 0xffffffff, 0xfffffe00];
    for (const entry of entries.filter(({ name }) => name.startsWith("arena_"))) {
      for (let index = 0; index < entry.count; index += 1) {
        for (const at of far) {
          const values = Array.from({ length: entry.count }, (_none, i) => (i === index ? at : 64));
          attempts.push(script.call(entry.name, ...values));
        }
      }
    }
    const before = script.read(place, 512);
    const behind = script.read({ offset: place.offset + 1024 }, 512);
    script.run(target);
    expect(attempts.length).toBeGreaterThan(300);
    expect(hexOf(before())).toBe(hexOf(memory.slice(0, 512)));
    expect(hexOf(behind())).toBe(hexOf(memory.slice(1024)));
  });
}

function verdictOf(crypto: CryptoPort, one: SignatureCase): boolean {
  const key = crypto.importVerificationKey(one.publicKey);
  return key.ok && key.value.verify(one.message, one.signature);
}

function slotOf(count: number, index: number): Leaf | null {
  if ((count + index) % 5 === 4) return null;
  const octets = seededBytes(`slot ${count} ${index}`, 12);
  const view = new DataView(octets.buffer);
  const small = [5, 200, 40_000, view.getUint32(0)];
  return {
    // Every third is a door of another authority.
    kind: index % 3 === 2 ? LEAF_FOREIGN + 300 * index : index & 1,
    target: small[index % 4] ?? 0,
    ops: 1 + (view.getUint8(8) % 200),
    untilS: view.getUint32(4),
  };
}

// The form in which a key keeps slots in flash.
function packSlot(leaf: Leaf | null): Uint8Array {
  const packed = new Uint8Array(12).fill(0xff);
  if (leaf === null) return packed;
  const view = new DataView(packed.buffer);
  const authority = leaf.kind < LEAF_FOREIGN ? 0 : leaf.kind - LEAF_FOREIGN;
  view.setUint8(0, leaf.kind - authority);
  view.setUint8(1, leaf.ops);
  view.setUint16(2, authority, true);
  view.setUint32(4, leaf.target, true);
  view.setUint32(8, leaf.untilS, true);
  return packed;
}
