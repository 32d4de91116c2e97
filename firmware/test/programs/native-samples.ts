// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter's Arm build: the crypto port over the blob, and what its wrapper refuses.

import {
  bytesOfHex,
  concatBytes,
  createFrameReader,
  decodeCbor,
  equalBytes,
  hexOf,
  hkdf,
  sliceBytes,
} from "@nyckelring/protocol";

import { createNativeOperations } from "../../src/espruino/native-arena.ts";
import { ENTRY_STACK_POINTER, loadNativeCode } from "../../src/espruino/native-code.ts";
import {
  createNativeCrypto,
  createNativeHealthTest,
  createOctetChecks,
  createSlotOperations,
} from "../../src/espruino/native-crypto.ts";
import { loadBlob, readOctets } from "./native-file.ts";

function report(name: string, value: string): void {
  print(`native ${name} ${value}`);
}

function refusal(name: string, run: () => unknown): void {
  let outcome = "taken";
  try {
    run();
  } catch {
    outcome = "refused";
  }
  report(name, outcome);
}

const code = loadBlob(readOctets("./native.bin"));
const crypto = createNativeCrypto(code);
const checks = createOctetChecks(code);
const records = checks.records;

// The checks brought their means and their gate to the scripts above them.
for (const [name, a, b] of [
  ["equal", [1, 0, 255], [1, 0, 255]],
  ["last-octet", [1, 0, 255], [1, 0, 254]],
  ["longer", [1, 0], [1, 0, 255]],
  ["empty", [], []],
] as const) {
  report(`compared-${name}`, String(equalBytes(new Uint8Array(a), new Uint8Array(b))));
}
for (const bytes of [0, 1, 12, 300]) {
  const part = new Uint8Array(bytes).fill(bytes);
  const joined = concatBytes([part, new Uint8Array([7]), part]);
  report(`joined-${bytes}`, hexOf(joined));
  report(`sliced-${bytes}`, hexOf(sliceBytes(joined, bytes, 2 * bytes + 1)));
}
for (const hex of ["8201f6", "1800", "a20100", "ff", ""]) {
  const decoded = decodeCbor(bytesOfHex(hex));
  report(`decoded-${hex}`, decoded.ok ? "taken" : `${decoded.fault.code} ${decoded.fault.detail}`);
}

const key = bytesOfHex("2b7e151628aed2a6abf7158809cf4f3c");
const text = bytesOfHex("7768617420646f2079612077616e7420666f72206e6f7468696e673f");
const long = new Uint8Array(300);
for (let index = 0; index < long.length; index += 1) long[index] = index & 0xff;

for (const length of [0, 1, 12, 16, 64, 65, 300]) {
  const part = new Uint8Array(length);
  part.set(long.subarray(0, length));
  report(
    `frames-${length}`,
    checks.frames === undefined ? "" : hexOf(checks.frames.encode(9, part)),
  );
  report(`crc32-${length}`, String(checks.crc32(part)));
  part.fill(0xff, (length >> 1) & ~3);
  report(`used-${length}`, String(records === undefined ? -1 : records.usedBytes(part)));
  // Off a word, and what memory holds in pieces, is gone through in parts.
  const off = new Uint8Array(length + 1).fill(0xff);
  off.set(long.subarray(0, length >> 1), 1);
  const usedOff = records === undefined ? -1 : records.usedBytes(off.subarray(1));
  report(`used-off-${length}`, String(usedOff));
  part.set(long.subarray(0, length));
  report(`sha256-${length}`, hexOf(crypto.hash(part)));
  report(`hmac-${length}`, hexOf(crypto.hmac(text, part)));
  const sealed = crypto.seal(key, new Uint8Array(13), part, part, 8);
  report(`ccm-${length}`, hexOf(sealed));
  const opened = crypto.open(key, new Uint8Array(13), part, sealed, 8);
  report(`ccm-opened-${length}`, opened.ok ? hexOf(opened.value) : "refused");
  sealed[0] = (sealed[0] as number) ^ 1;
  const altered = crypto.open(key, new Uint8Array(13), part, sealed, 8);
  report(`ccm-altered-${length}`, altered.ok ? "opened" : "refused");
}
report("hmac-long-key", hexOf(crypto.hmac(long, text)));
for (const length of [0, 1, 16, 32, 64]) {
  const [salt, info] = [long.subarray(100, 100 + length), long.subarray(200, 200 + length)];
  report(`hkdf-${length}`, hexOf(hkdf(crypto, salt, long.subarray(0, length), info, length)));
}
refusal("hkdf-of-65", () => hkdf(crypto, key, long.subarray(0, 65), key, 32));

const secret = new Uint8Array(32).fill(0x42);

// The last slot of a block: one that is alone there has no neighbour and an empty path.
const slotOperations = createSlotOperations(code);
const block = new Uint8Array(32 * 12);
for (let index = 0; index < 32; index += 1) {
  block[12 * index] = 1;
  block[12 * index + 1] = 3;
  block[12 * index + 4] = index;
}
for (const count of [1, 2, 3, 31, 32]) {
  report(`path-${count}`, hexOf(slotOperations.path(block, count, count - 1, secret)));
  report(`root-${count}`, hexOf(slotOperations.root(block, count, secret)));
}

for (const slot of [0, 5, 31]) {
  report(
    `salted-${slot}`,
    hexOf(slotOperations.saltedLeaf(block.subarray(12 * slot, 12 * slot + 12), secret)),
  );
}
const nodes = new Uint8Array(32 * 14);
for (let index = 0; index < nodes.length; index += 1) nodes[index] = index >> 5;
report("kept-200", hexOf(slotOperations.keptPath(nodes, 200, 70)));
report("kept-32", hexOf(slotOperations.keptPath(new Uint8Array(0), 32, 5)));

// A record of four octets lies where native code cannot reach it, the longer one where it can.
for (const bytes of [4, 100]) {
  const record = new Uint8Array(8 + bytes).fill(bytes);
  record.set([bytes, 0, 1, 1 ^ 0xa5], 0);
  if (records !== undefined) {
    const crc = records.crcOf(record, 77);
    report(`record-crc-${bytes}`, String(crc));
    record.set([crc & 0xff, (crc >>> 8) & 0xff, (crc >>> 16) & 0xff, crc >>> 24], 4);
    report(`record-${bytes}`, String(records.payloadOf(record, 0, 77)));
    report(`record-salt-${bytes}`, String(records.payloadOf(record, 0, 78)));
    report(`record-late-${bytes}`, String(records.payloadOf(record, 4, 77)));
  }
}

const isHealthy = createNativeHealthTest(code);
report("health-sound", String(isHealthy(long.subarray(0, 32))));
report("health-stuck", String(isHealthy(new Uint8Array(32))));

// Frames of what native code reaches, of a message that it does not, and with nothing long in its reach.
const reach = E.getAddressOf;
for (const [name, isFar] of [
  ["near", () => false],
  ["message-far", (length: number) => length === long.length],
  ["far", (length: number) => length > 64],
] as const) {
  E.getAddressOf = (bytes, isFlat) => (isFar(bytes.length) ? 0 : reach(bytes, isFlat));
  report(`reached-${name}`, String(E.getAddressOf(long, true) !== 0));
  const { frames } = createOctetChecks(code);
  if (frames === undefined) continue;
  const written = [long, text].map((message) => frames.encode(9, message));
  report(`written-${name}`, hexOf(concatBytes(written)));
  const heard: string[] = [];
  const reader = createFrameReader(
    (kind, message) => heard.push(`${kind}:${hexOf(message)}`),
    (fault) => heard.push(String(fault.code)),
    frames.createStep,
  );
  const damaged = sliceBytes(concatBytes(written), 0);
  damaged[250] = 8;
  refusal(`frames-of-4097-${name}`, () => frames.encode(9, new Uint8Array(4097)));
  const stream = concatBytes([concatBytes(written), new Uint8Array([0xa5, 3]), damaged]);
  for (let from = 0; from < stream.length; from += 40) {
    reader.push(stream.subarray(from, from + 40 < stream.length ? from + 40 : stream.length));
  }
  report(`heard-${name}`, heard.join(","));
}
E.getAddressOf = reach;

const agreement = crypto.importAgreementKey(secret);
report("x25519-public", hexOf(agreement.publicKey));
const shared = agreement.agree(new Uint8Array(32).fill(0x20));
report("x25519-shared", shared.ok ? hexOf(shared.value) : "refused");
report("x25519-zero", agreement.agree(new Uint8Array(32)).ok ? "agreed" : "refused");
report("x25519-short", agreement.agree(new Uint8Array(31)).ok ? "agreed" : "refused");

const signing = crypto.importSigningKey(secret);
report("ed25519-public", hexOf(signing.publicKey));
const signature = signing.sign(long);
report("ed25519-signature", hexOf(signature));
report("ed25519-signature-12", hexOf(signing.sign(long.subarray(0, 12))));
const verification = crypto.importVerificationKey(signing.publicKey);
if (verification.ok) {
  const verify = verification.value.verify;
  report("ed25519-verified", String(verify(long, signature)));
  report(
    "ed25519-verified-12",
    String(verify(long.subarray(0, 12), signing.sign(long.subarray(0, 12)))),
  );
  report("ed25519-other-text", String(verify(text, signature)));
  report("ed25519-short", String(verify(long, signature.subarray(0, 63))));
}
report("ed25519-small", crypto.importVerificationKey(new Uint8Array(32)).ok ? "taken" : "refused");

// What the wrapper refuses before a call.
refusal("seed-of-31", () => crypto.importSigningKey(new Uint8Array(31)));
refusal("secret-of-33", () => crypto.importAgreementKey(new Uint8Array(33)));
refusal("nonce-of-12", () => crypto.seal(key, new Uint8Array(12), text, text, 8));
refusal("cipher-key-of-15", () => crypto.open(key.subarray(1), new Uint8Array(13), text, text, 8));
refusal("address-of-12", () => code.addressOf(new Uint8Array(12)));
refusal("address-of-16", () => code.addressOf(new Uint8Array(16)));
refusal("address-of-32", () => code.addressOf(new Uint8Array(32)));
refusal("no-blob", () => loadNativeCode(undefined));
for (const name of ["short", "first-octet", "middle", "last-octet"]) {
  refusal(`spoiled-${name}`, () => loadNativeCode(readOctets(`./spoiled-${name}.bin`)));
}
refusal("whole-blob", () => loadNativeCode(readOctets("./native.bin")));

// A stack that ends right below where it stands: curves are refused, the rest goes on.
const arena = new Uint8Array(8192);
const operations = createNativeOperations(code, { fill: () => undefined }, arena);
// Parts of the session's steps, at their places in firmware/native/entries.h.
const dh = code.entry(19);
const verify = code.entry(20);
arena.fill(9, 0, 32);
operations.dhBase(0, 64);
report("arena-public", hexOf(arena.subarray(64, 96)));
arena.fill(0x20, 32, 64);
report("arena-agreed", String(dh(0, 32, 128, 0)));
const stands = code.entry(ENTRY_STACK_POINTER)(0, 0, 0, 0);
code.bind(arena, stands - 3000);
report("short-stack-dh", String(dh(0, 32, 160, 0)));
report("short-stack-untouched", hexOf(arena.subarray(160, 192)));
report("short-stack-verify", String(verify(0, 64, 32, 96)));
refusal("short-stack-sign", () => signing.sign(text));
report(
  "short-stack-agree",
  agreement.agree(new Uint8Array(32).fill(0x20)).ok ? "agreed" : "refused",
);
report("outside", String(dh(0, 8192 - 31, 128, 0)));
code.bind(arena, stands - 100000);
report("long-stack-dh", String(dh(0, 32, 160, 0)));
print("native-end");
