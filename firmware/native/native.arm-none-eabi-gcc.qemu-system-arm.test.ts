// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  BLOB_BYTES_MAX,
  buildBlob,
  buildBoardRunner,
  buildCountPlugin,
  type NativeBlob,
} from "./build-native.ts";
import { createNativeScript, type NativeTarget } from "./native-machine.ts";
import { describeNative, ROOT } from "./native-suite.ts";
import { seededBytes } from "./seeded-bytes.ts";

const STACK_BYTES_MAX = 4096;
const SECRETS = 8;
const folder = mkdtempSync(join(tmpdir(), "nyckelring-native-board-"));
let made: { blob: NativeBlob; target: NativeTarget & { kind: "board" } } | undefined;

function built() {
  if (made === undefined) throw new Error("not built");
  return { entries: made.blob.entries, ...made };
}

beforeAll(() => {
  const blob = buildBlob(ROOT, join(folder, "blob"));
  const runner = buildBoardRunner(ROOT, folder);
  made = { blob, target: { kind: "board", runner, blob: blob.file } };
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the blob on a Cortex-M4", () => {
  describeNative(built);

  test("is small, the same at two addresses, and ships with the notice of its library", () => {
    const { blob } = built();
    expect(blob.bytes).toBeGreaterThan(10_000);
    expect(blob.bytes).toBeLessThanOrEqual(BLOB_BYTES_MAX);
    expect(blob.largestFrame).toBeLessThanOrEqual(STACK_BYTES_MAX);
    expect(readFileSync(join(folder, "blob", "LICENSE.libsodium"), "utf8")).toContain(
      "ISC License",
    );
  });

  test("takes at most 4 kB of stack, painted", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const secret = script.write(seededBytes("secret", 64));
    const out = script.room(64);
    const arena = script.write(seededBytes("arena", 4096), 16);
    script.call("bind", arena, 4096, 0);
    const peaks = {
      signing_key: script.measure("signing_key", secret, out),
      sign: script.measure("sign", secret, arena, 300, out),
      verify: script.measure("verify", secret, arena, 300, out),
      x25519_base: script.measure("x25519_base", secret, out),
      x25519: script.measure("x25519", secret, arena, out),
      subtree: script.measure("subtree", arena, 32, secret, out),
      kdf: script.measure("arena_kdf", 0, 64, 268 << 16, 1024),
      seal: script.measure("arena_seal", 0, 64, 1024, 653),
    };
    // A key and a signature that verify, for the whole way through.
    script.call("signing_key", secret, out);
    const signature = script.room(64);
    script.call("sign", out, arena, 300, signature);
    const good = script.measure("verify", { offset: out.offset + 32 }, arena, 300, signature);
    script.run(target);
    for (const [name, peak] of [...Object.entries(peaks), ["verify, good", good] as const]) {
      expect(peak().stack, name).toBeGreaterThan(100);
      expect(peak().stack, name).toBeLessThanOrEqual(STACK_BYTES_MAX);
    }
  });

  test("refuses curves on a stack that is too short, before it uses it", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const secret = script.write(seededBytes("secret", 64));
    const out = script.write(new Uint8Array(64).fill(0x5a));
    const calls = [
      () => script.call("x25519", secret, secret, out),
      () => script.call("x25519_base", secret, out),
      () => script.call("signing_key", secret, out),
      () => script.call("sign", secret, secret, 32, out),
      () => script.call("verify", secret, secret, 32, secret),
    ];
    // The runner's stack ends at 0x203ffff0; an end just below it leaves next to nothing.
    script.call("bind", out, 64, 0x203f_f000);
    const refused = calls.map((call) => call());
    const untouched = script.read(out, 64);
    script.call("bind", out, 64, 0x203f_0000);
    const taken = calls.slice(0, 3).map((call) => call());
    script.run(target);
    for (const answer of refused) expect(answer()).toBe(0x7f01);
    expect(untouched().every((octet) => octet === 0x5a)).toBe(true);
    for (const answer of taken) expect(answer()).toBe(0);
  });

  test("runs at every address that is a multiple of four", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const text = script.write(seededBytes("text", 64));
    const out = script.room(32);
    const hashes = [0, 4, 8, 12].map((off) => {
      script.load(off);
      script.call("sha256", text, 64, out);
      return script.read(out, 32);
    });
    script.run(target);
    for (const hash of hashes) expect(hash()).toEqual(hashes[0]?.());
  });

  // The key, the secret scalar and the nonce must not choose the way through the code. This sees
  // the addresses of all blocks run through; it does not see the time of one instruction.
  test.each([
    ["x25519", 1],
    ["x25519_base", 1],
    ["signing_key", 1],
    ["sign", 1],
    ["verify", 2],
  ] as const)("takes one way through %s whatever the secret is, as traced", (entry, least) => {
    const { entries, target } = built();
    const out = join(folder, `${entry}.counts`);
    const plugin = buildCountPlugin(ROOT, join(folder, "plugin"));
    const script = createNativeScript(entries);
    const marker = entries.findIndex(({ name }) => name === "stack_pointer");
    const peer = seededBytes("peer", 32);
    for (let index = 0; index < SECRETS; index += 1) {
      script.freePlaces();
      const seed = script.write(seededBytes(`secret ${index}`, 32));
      const other = script.write(peer);
      const pair = script.room(64);
      const result = script.room(64);
      script.call("signing_key", seed, pair);
      script.call("sign", pair, other, 32, result);
      script.call("stack_pointer");
      if (entry === "x25519") script.call(entry, seed, other, result);
      if (entry === "x25519_base") script.call(entry, seed, result);
      if (entry === "signing_key") script.call(entry, seed, pair);
      if (entry === "sign") script.call(entry, pair, other, 32, result);
      // Verification holds no secret: it shows that the trace can tell two ways apart.
      if (entry === "verify") script.call(entry, { offset: pair.offset + 32 }, other, 32, result);
      script.call("stack_pointer");
    }
    script.run({ ...target, counts: { plugin, entries: entries.length, marker, out } });
    const phases = readFileSync(out, "utf8").trim().split("\n");
    const traces = phases.filter((_line, index) => index % 2 === 1).map((line) => line.split(" "));
    expect(traces.length).toBe(SECRETS);
    for (const [instructions] of traces) expect(Number(instructions)).toBeGreaterThan(300_000);
    const ways = new Set(traces.map(([instructions, , , trace]) => `${instructions} ${trace}`))
      .size;
    if (least === 1) expect(ways).toBe(1);
    else expect(ways).toBeGreaterThanOrEqual(least);
  });
});
