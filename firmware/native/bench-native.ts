// SPDX-License-Identifier: EUPL-1.2
import { join } from "node:path";
import { createNodeCrypto } from "@nyckelring/protocol/host";

import { BLOB_BYTES_MAX, buildBlob, buildBoardRunner, buildCountPlugin } from "./build-native.ts";
import { type Figure, informingFigure, limitedFigure, modelledMs } from "./figures.ts";
import { createNativeScript, type Place } from "./native-machine.ts";
import { readPhases } from "./phases.ts";

const STACK_BYTES_MAX = 4096;
const ARENA_BYTES = 8192;
const RING_SLOTS = 4096;
const BLOCK_SLOTS = 32;

/** A call to be counted, and what it may cost. */
interface Call {
  readonly name: string;
  readonly limit?: number;
  /** What own multiplication in assembly is hoped to reach; informs only. */
  readonly stretch?: number;
  readonly entry: string;
  readonly values: readonly (number | Place)[];
}

/**
 * Counts the instructions of the blob's entries on QEMU's mps2-an386.
 *
 * @param root - The repository.
 * @param folder - For what is built; it may be emptied.
 */
export function benchNative(root: string, folder: string): readonly Figure[] {
  const blob = buildBlob(root, join(folder, "blob"));
  const runner = buildBoardRunner(root, folder);
  const plugin = buildCountPlugin(root, join(folder, "plugin"));
  const out = join(folder, "counts");
  const script = createNativeScript(blob.entries);
  const marker = blob.entries.findIndex(({ name }) => name === "stack_pointer");
  const calls = callsOf(script);
  const stacks = calls.map(({ entry, values }) => {
    script.call("stack_pointer");
    const measured = script.measure(entry, ...values);
    script.call("stack_pointer");
    return measured;
  });
  const counts = { plugin, entries: blob.entries.length, marker, out };
  script.run({ kind: "board", runner, blob: blob.file, counts });

  const phases = readPhases(out);
  const figures: Figure[] = [limitedFigure("blob: size", blob.bytes, "B", BLOB_BYTES_MAX)];
  for (const [index, { name, entry, limit, stretch }] of calls.entries()) {
    const place = blob.entries.findIndex((one) => one.name === entry);
    const value = phases[2 * index + 1]?.entries.get(place)?.instructions ?? 0;
    if (value === 0) throw new Error(`${name} was not counted`);
    figures.push(
      limit === undefined
        ? informingFigure(`${name}`, value, "instructions")
        : limitedFigure(name, value, "instructions", limit),
    );
    if (stretch !== undefined) {
      figures.push(informingFigure(`${name}, share of ${stretch}`, value / stretch, "ratio"));
      figures.push(informingFigure(`${name}, at most, modelled`, modelledMs(value), "ms"));
    }
  }
  const peak = Math.max(...stacks.map((stack) => stack().stack));
  figures.push(limitedFigure("blob: deepest stack", peak, "B", STACK_BYTES_MAX));
  const [block, fold] = ["32 leaves of a ring and their root", "one level of 64 nodes"].map(
    (name) => figures.find((one) => one.name === name)?.value ?? 0,
  );
  // A whole ring: each block of slots, and the nodes above them, two for one at each level.
  const blocks = RING_SLOTS / BLOCK_SLOTS;
  const ring = blocks * (block ?? 0) + Math.round(((blocks - 1) * (fold ?? 0)) / 32);
  figures.push(informingFigure("root of a full ring, 4096 slots", ring, "instructions"));
  return figures;
}

function callsOf(script: ReturnType<typeof createNativeScript>): readonly Call[] {
  const octets = (bytes: number, octet: number) => new Uint8Array(bytes).fill(octet);
  const crypto = createNodeCrypto();
  const message = octets(64, 7);
  const signer = crypto.importSigningKey(octets(32, 1));
  const text = script.write(message);
  const seed = script.write(octets(32, 1));
  const publicKey = script.write(signer.publicKey);
  const signature = script.write(signer.sign(message));
  const pair = script.write(new Uint8Array([...octets(32, 1), ...signer.publicKey]));
  const out = script.room(64);
  const slots = script.write(octets(BLOCK_SLOTS * 12, 1));
  const nodes = script.write(octets(64 * 32, 5));
  // A byte string of 300 octets as context, and one octet of additional data in front of a text.
  const arena = octets(ARENA_BYTES, 3);
  arena.set([0x59, 0x01, 0x2c], 64);
  arena.set([0x2d], 512);
  const arenaAt = script.write(arena, 16);
  script.call("bind", arenaAt, ARENA_BYTES, 0);
  return [
    {
      name: "Ed25519 verify, 64 octets",
      limit: 1_400_000,
      stretch: 900_000,
      entry: "verify",
      values: [publicKey, text, 64, signature],
    },
    {
      name: "X25519",
      limit: 1_200_000,
      stretch: 700_000,
      entry: "x25519",
      values: [seed, publicKey, out],
    },
    { name: "X25519 public key", entry: "x25519_base", values: [seed, out] },
    { name: "Ed25519 sign, 64 octets", entry: "sign", values: [pair, text, 64, out] },
    { name: "Ed25519 public key", entry: "signing_key", values: [seed, out] },
    { name: "SHA-256, 64 octets", entry: "sha256", values: [text, 64, out] },
    { name: "SHA-512, 64 octets", entry: "sha512", values: [text, 64, out] },
    {
      name: "EDHOC_KDF, 34 octets of context",
      entry: "arena_kdf",
      values: [0, 64, 32 << 16, 1024],
    },
    { name: "AES-CCM seal, 653 octets", entry: "arena_seal", values: [0, 512, 1024, 653] },
    {
      name: "32 leaves of a ring and their root",
      entry: "subtree",
      values: [slots, 32, seed, out],
    },
    { name: "one level of 64 nodes", entry: "fold", values: [nodes, 64] },
  ];
}
