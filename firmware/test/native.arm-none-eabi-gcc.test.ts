// SPDX-License-Identifier: EUPL-1.2
import { hkdfSync } from "node:crypto";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import {
  bytesOfHex,
  concatBytes,
  createFrameReader,
  decodeCbor,
  encodeFrames,
  hexOf,
  inclusionPath,
  ringRoot,
  slotBytes,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { checkScript } from "../dialect/gate.ts";
import { buildBlob, readEntries } from "../native/build-native.ts";
import * as nativeCode from "../src/espruino/native-code.ts";
import { crcOfRecord } from "../src/shared/page-journal.ts";
import { armRunner, ESPRUINO_ARM, linesOf, lowerProgram, runScript } from "./arm-interpreter.ts";
import { playContact, recordContact, recordSync } from "./contact-sides.ts";
import { FROZEN, playSide } from "./door-sides.ts";

const ROOT = resolve(".");
const RUN_MS = 600_000;
const isMissing = ESPRUINO_ARM === undefined || armRunner() === undefined;
const folder = mkdtempSync(join(tmpdir(), "nyckelring-native-arm-"));

let blobFile = "";

beforeAll(() => {
  const blob = buildBlob(ROOT, join(folder, "blob"));
  blobFile = blob.file;
  copyFileSync(blob.file, join(folder, "native.bin"));
  const octets = readFileSync(blob.file);
  for (const [name, at] of [
    ["first-octet", 0],
    ["middle", 9000],
    ["last-octet", octets.length - 9],
  ] as const) {
    const spoiled = Buffer.from(octets);
    spoiled[at] = (spoiled[at] ?? 0) ^ 1;
    writeFileSync(join(folder, `spoiled-${name}.bin`), spoiled);
  }
  writeFileSync(join(folder, "spoiled-short.bin"), octets.subarray(0, octets.length - 4));
}, 120_000);

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("the wrapper's places in the entry table are those of the sources", () => {
  const entries = readEntries(ROOT);
  let compared = 0;
  for (const [name, place] of Object.entries(nativeCode)) {
    if (!name.startsWith("ENTRY_")) continue;
    compared += 1;
    expect(entries[Number(place)]?.name, name).toBe(name.slice("ENTRY_".length).toLowerCase());
  }
  expect(compared).toBeGreaterThan(25);
});

describe.skipIf(isMissing)("the blob under the interpreter (skipped without ESPRUINO_ARM)", () => {
  test(
    "gives what Node gives, and is refused where it could not run right",
    async () => {
      const code = await lowerProgram(`import "./test/programs/native-samples.ts";`);
      expect(checkScript(code).violations).toEqual([]);
      const said = linesOf(runScript(folder, code, "native-end"), "native");
      expect(Object.fromEntries(said)).toEqual(expectedSamples());
    },
    RUN_MS,
  );

  test(
    "overwritten in its first octets it is never called",
    async () => {
      const spoiled = mkdtempSync(join(tmpdir(), "nyckelring-native-spoiled-"));
      try {
        const octets = readFileSync(join(folder, "native.bin"));
        octets.fill(0, 0, 4);
        writeFileSync(join(spoiled, "native.bin"), octets);
        const code = await lowerProgram(`import "./test/programs/native-samples.ts";`);
        expect(() => runScript(spoiled, code, "native-end")).toThrow(/Uncaught/);
      } finally {
        rmSync(spoiled, { recursive: true, force: true });
      }
    },
    RUN_MS,
  );

  test(
    "I2: both roles answer a recorded contact octet for octet, each on its own interpreter",
    async () => {
      const contact = recordContact(100);
      for (const side of ["Lock", "Key"] as const) {
        const recorded = side === "Lock" ? contact.lock : contact.key;
        const text = await playContact(side, recorded, join(folder, `contact-${side}`), blobFile);
        const outcomes = outcomesOf(text);
        expect(outcomes.length).toBe(recorded.events.length);
        expect(outcomes.filter((outcome) => outcome !== "same")).toEqual([]);
        if (side === "Lock") expect(text).toContain("mark to the bolt");
      }
    },
    RUN_MS,
  );

  test(
    "K1: a key takes a ring whole, and a new head, into the Storage of its board",
    async () => {
      for (const hasRing of [false, true]) {
        const { key } = recordSync(100, hasRing);
        const text = await playContact("Key", key, join(folder, `sync-${hasRing}`), blobFile);
        const outcomes = outcomesOf(text);
        expect(outcomes.length).toBe(key.events.length);
        expect(outcomes.filter((outcome) => outcome !== "same")).toEqual([]);
      }
    },
    RUN_MS,
  );

  test(
    "I2: lock and key say the frozen session byte for byte, each on its own interpreter",
    async () => {
      const [lock, key] = await Promise.all(
        (["Lock", "Key"] as const).map(async (side) => {
          return linesOf(await playSide(side, join(folder, side), blobFile), "side");
        }),
      );
      expect(Object.fromEntries(lock ?? [])).toEqual({
        message2: FROZEN.message2,
        message4: FROZEN.message4,
        verdict: "0",
        "record-type": String(FROZEN.records[0]?.type),
        record: FROZEN.records[1]?.sent,
      });
      expect(Object.fromEntries(key ?? [])).toEqual({
        message1: FROZEN.message1,
        message2: "0",
        message3: FROZEN.message3,
        message4: "0",
        decision: "0",
        record: FROZEN.records[0]?.sent,
      });
    },
    RUN_MS,
  );
});

function outcomesOf(text: string): string[] {
  return [...linesOf(text, "side").values()];
}

function expectedSamples(): Record<string, string> {
  const crypto = createNodeCrypto();
  const key = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3c");
  const text = bytesOfHex("7768617420646f2079612077616e7420666f72206e6f7468696e673f");
  const long = Uint8Array.from({ length: 300 }, (_none, index) => index & 0xff);
  const secret = new Uint8Array(32).fill(0x42);
  const agreement = crypto.importAgreementKey(secret);
  const shared = agreement.agree(new Uint8Array(32).fill(0x20));
  const signing = crypto.importSigningKey(secret);
  const expected: Record<string, string> = {
    "compared-equal": "true",
    "compared-last-octet": "false",
    "compared-longer": "false",
    "compared-empty": "true",
    "hmac-long-key": hexOf(crypto.hmac(long, text)),
    "x25519-public": hexOf(agreement.publicKey),
    "x25519-shared": shared.ok ? hexOf(shared.value) : "",
    "x25519-zero": "refused",
    "x25519-short": "refused",
    "ed25519-public": hexOf(signing.publicKey),
    "ed25519-signature": hexOf(signing.sign(long)),
    "ed25519-signature-12": hexOf(signing.sign(long.slice(0, 12))),
    "ed25519-verified": "true",
    "ed25519-verified-12": "true",
    "ed25519-other-text": "false",
    "ed25519-short": "false",
    "ed25519-small": "refused",
    "address-of-32": "taken",
    "whole-blob": "taken",
    "arena-public": hexOf(crypto.importAgreementKey(new Uint8Array(32).fill(9)).publicKey),
    "arena-agreed": "0",
    "short-stack-dh": String(0x7f01),
    "short-stack-untouched": "00".repeat(32),
    "short-stack-verify": String(0x7f01),
    "short-stack-sign": "refused",
    "short-stack-agree": "refused",
    outside: String(0x7f01),
    "long-stack-dh": "0",
  };
  for (const name of [
    ...["seed-of-31", "secret-of-33", "nonce-of-12", "cipher-key-of-15", "address-of-12"],
    ...["address-of-16", "no-blob", "spoiled-short", "spoiled-first-octet", "spoiled-middle"],
    ...["spoiled-last-octet", "hkdf-of-65"],
  ]) {
    expected[name] = "refused";
  }
  for (const length of [0, 1, 12, 16, 64, 65, 300]) {
    const part = long.slice(0, length);
    expected[`frames-${length}`] = hexOf(encodeFrames(9, part));
    expected[`crc32-${length}`] = String(crc32(part));
    expected[`used-${length}`] = String(usedBytesOf(part, (length >> 1) & ~3));
    const half = new Uint8Array(length).fill(0xff);
    half.set(long.subarray(0, length >> 1));
    expected[`used-off-${length}`] = String(usedBytesOf(half, length & ~3));
    expected[`sha256-${length}`] = hexOf(crypto.hash(part));
    expected[`hmac-${length}`] = hexOf(crypto.hmac(text, part));
    expected[`ccm-${length}`] = hexOf(crypto.seal(key, new Uint8Array(13), part, part, 8));
    expected[`ccm-opened-${length}`] = hexOf(part);
    expected[`ccm-altered-${length}`] = "refused";
  }
  for (const length of [0, 1, 16, 32, 64]) {
    const [salt, info] = [long.slice(100, 100 + length), long.slice(200, 200 + length)];
    const derived = hkdfSync("sha256", long.slice(0, length), salt, info, Math.max(length, 1));
    expected[`hkdf-${length}`] = Buffer.from(derived.slice(0, length)).toString("hex");
  }
  for (const target of [0, 5, 31]) {
    const leaf = { kind: 1, ops: 3, target, untilS: 0 };
    expected[`salted-${target}`] = hexOf(slotBytes(crypto, secret, leaf));
  }
  // 200 slots keep seven nodes of 32, four above them, then two and the root; slot 70 lies in block 2.
  expected["kept-200"] = [3, 7, 12].map((octet) => hexOf(new Uint8Array(32).fill(octet))).join("");
  expected["kept-32"] = "";
  for (const bytes of [4, 100]) {
    const record = new Uint8Array(8 + bytes).fill(bytes);
    record.set([bytes, 0, 1, 1 ^ 0xa5], 0);
    expected[`record-crc-${bytes}`] = String(crcOfRecord(record, 77));
    expected[`record-${bytes}`] = String(bytes);
    expected[`record-salt-${bytes}`] = "-1";
    expected[`record-late-${bytes}`] = "-1";
  }
  for (const bytes of [0, 1, 12, 300]) {
    const part = hexOf(new Uint8Array(bytes).fill(bytes));
    expected[`joined-${bytes}`] = `${part}07${part}`;
    expected[`sliced-${bytes}`] = `07${part}`;
  }
  // Good; not the shortest form; a key without its value; no item; nothing.
  for (const hex of ["8201f6", "1800", "a20100", "ff", ""]) {
    const decoded = decodeCbor(bytesOfHex(hex));
    expected[`decoded-${hex}`] = decoded.ok
      ? "taken"
      : `${decoded.fault.code} ${decoded.fault.detail}`;
  }
  const written = concatBytes([encodeFrames(9, long), encodeFrames(9, text)]);
  const damaged = written.slice();
  damaged[250] = 8;
  const heard: string[] = [];
  const reader = createFrameReader(
    (kind, message) => heard.push(`${kind}:${hexOf(message)}`),
    (fault) => heard.push(String(fault.code)),
  );
  reader.push(concatBytes([written, Uint8Array.of(0xa5, 3), damaged]));
  expect(heard.length).toBeGreaterThan(3);
  for (const name of ["near", "message-far", "far"]) {
    expected[`reached-${name}`] = String(name === "near");
    expected[`frames-of-4097-${name}`] = "refused";
    expected[`written-${name}`] = hexOf(written);
    expected[`heard-${name}`] = heard.join(",");
  }
  expected["health-sound"] = "true";
  expected["health-stuck"] = "false";
  for (const count of [1, 2, 3, 31, 32]) {
    const leaves = Array.from({ length: count }, (_none, target) => {
      return { kind: 1, ops: 3, target, untilS: 0 };
    });
    expected[`path-${count}`] = hexOf(inclusionPath(crypto, secret, leaves, count - 1));
    expected[`root-${count}`] = hexOf(ringRoot(crypto, secret, leaves));
  }
  return expected;
}

// Octets before the erased words at the end, where everything from `from` on was erased.
function usedBytesOf(part: Uint8Array, from: number): number {
  let used = from;
  const isErased = (word: number) => part.subarray(word, word + 4).every((octet) => octet === 0xff);
  while (used > 0 && isErased(used - 4)) used -= 4;
  return used;
}
