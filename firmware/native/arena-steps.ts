// SPDX-License-Identifier: EUPL-1.2
// Calls of every operation of the door path, from ordinary to hostile, for the comparison of the
// blob with its reference.

import { readFileSync } from "node:fs";
import {
  type ArenaOperations,
  bytesOfHex,
  createArenaOperations,
  KEY_ARENA_BYTES,
  LAYOUT_CHECK,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";

import { FROZEN } from "../test/door-sides.ts";
import { seededBytes } from "./seeded-bytes.ts";

const node = createNodeCrypto();

type Operations = ReturnType<typeof createArenaOperations>;

/** One operation on the arena, with what is put there before. */
export interface ArenaStep {
  readonly lay: readonly (readonly [at: number, bytes: Uint8Array])[];
  readonly entry: string;
  readonly operation: keyof Operations;
  readonly values: readonly number[];
}

type AddStep = (
  entry: string,
  operation: keyof Operations,
  values: readonly number[],
  lay?: readonly (readonly [number, Uint8Array])[],
) => void;

const some = (name: string, bytes: number): Uint8Array => seededBytes(`arena ${name}`, bytes);

/**
 * All steps, in an order that matters: each works on what the ones before left.
 *
 * Places: keys and inputs from 0, texts from 1024, answers from 4096, tokens from 6144.
 */
export function arenaSteps(): readonly ArenaStep[] {
  const steps: ArenaStep[] = [];
  const step: AddStep = (entry, operation, values, lay = []) => {
    steps.push({ entry: `arena_${entry}`, operation, values, lay });
  };
  addCryptoSteps(step);
  addItemSteps(step);
  addTreeAndOctetSteps(step);
  addSessionSteps(step);
  return steps;
}

function addCryptoSteps(step: AddStep): void {
  step("hash", "hash", [0, 64, 4096], [[0, some("start", 256)]]);
  step("dh_base", "dhBase", [0, 4128]);
  step("dh", "dh", [32, 4128, 4160]);
  step("dh", "dh", [32, 512, 4160], [[512, new Uint8Array(32)]]);
  step("extract", "extract", [0, 32, 4192]);
  const signer = node.importSigningKey(some("signer", 32));
  const text = some("signed", 200);
  step(
    "verify",
    "verify",
    [512, 1024, 200, 576],
    [
      [512, signer.publicKey],
      [576, signer.sign(text)],
      [1024, text],
    ],
  );
  step("verify", "verify", [512, 1024, 199, 576]);
  for (const contextBytes of [0, 1, 23, 24, 255, 256, 1300]) {
    const head =
      contextBytes < 24
        ? [0x40 + contextBytes]
        : contextBytes < 256
          ? [0x58, contextBytes]
          : [0x59, contextBytes >> 8, contextBytes & 255];
    const context = new Uint8Array([...head, ...some(`context ${contextBytes}`, contextBytes)]);
    for (const [bytes, label] of [
      [8, 2],
      [13, 4],
      [29, 32768],
      [32, 0],
      [268, 0],
    ] as const) {
      step("kdf", "kdf", [0, 1024, (bytes << 16) | label, 4096], [[1024, context]]);
    }
  }
  const additional = bytesOfHex(`2d${"ab".repeat(45)}`);
  for (const bytes of [0, 1, 15, 16, 17, 26, 653]) {
    step(
      "seal",
      "seal",
      [0, 512, 1024, bytes],
      [
        [512, additional],
        [1024, some(`text ${bytes}`, bytes)],
      ],
    );
    step("open", "open", [0, 512, 1024, bytes + 8]);
    step("open", "open", [0, 512, 1024, bytes + 8]);
  }
  step("open", "open", [0, 512, 1024, 7]);
}

function addItemSteps(step: AddStep): void {
  for (const counter of [0, 1, 0x01020304]) step("counter_key", "counterKey", [0, counter, 4096]);
  for (const [index, hex] of GATED.entries()) {
    const bytes = bytesOfHex(hex);
    step("gate", "gate", [1024, bytes.length, 6144, 40], [[1024, bytes]]);
    step("gate", "gate", [1024, bytes.length, 6144, 2]);
    step("unwrap", "unwrap", [1024, bytes.length]);
    const octets = some(`spoiled ${index}`, 60);
    for (let turn = 0; turn < 30; turn += 1) {
      const spoiled = bytes.slice();
      if (spoiled.length === 0) break;
      spoiled[(octets[2 * turn] ?? 0) % spoiled.length] = octets[2 * turn + 1] ?? 0;
      step("gate", "gate", [1024, spoiled.length, 6144, 40], [[1024, spoiled]]);
    }
  }
  // array(2), uint up to 255, bstr of 4 exactly: rules of layout.ts.
  const shape = bytesOfHex("0300 0400000002 08000000ff 0200000004".replaceAll(" ", ""));
  for (const hex of [
    "82184144aabbccdd",
    "82190100" + "44aabbccdd",
    "820143aabbcc",
    "8201",
    "83184144aabbccdd00",
  ]) {
    const bytes = bytesOfHex(hex);
    step(
      "gate",
      "gate",
      [1024, bytes.length, 6144, 40],
      [
        [1024, bytes],
        [2048, shape],
      ],
    );
    for (const tokens of [0, 2, 3, 4]) step("shape", "shape", [6144, tokens, 2048]);
  }
  const open = shape.slice();
  open[1] = 1;
  step("shape", "shape", [6144, 4, 2048], [[2048, open]]);
  step("shape", "shape", [6144, 2, 2048]);
  for (const value of [0, 23, 24, 255, 256, 65535, 65536, 0xffffffff]) {
    step("put_head", "putHead", [4096, 2, value]);
  }
}

function addTreeAndOctetSteps(step: AddStep): void {
  for (const bytes of [0, 21, 40]) step("hash_leaf", "hashLeaf", [1024, bytes, 4096]);
  for (const [index, size, hashes] of [
    [0, 1, 0],
    [3, 5, 3],
    [4, 5, 1],
    [4, 5, 2],
    [5, 5, 1],
    [3999, 4000, 12],
    [77, 4000, 12],
    [77, 4000, 11],
    [0, 0, 0],
  ] as const) {
    step(
      "tree_root",
      "treeRoot",
      [4096, 1024, 32 * hashes, (index << 16) | size],
      [[1024, some("path", 384)]],
    );
  }
  step("tree_root", "treeRoot", [4096, 1024, 33, (3 << 16) | 5]);
  const table = some("table", 120);
  for (const row of [0, 4, 9]) {
    const wanted = table.slice(12 * row, 12 * row + 8);
    step(
      "find",
      "find",
      [1024, 10, 512, (12 << 16) | 8],
      [
        [1024, table],
        [512, wanted],
      ],
    );
  }
  step("find", "find", [1024, 10, 512, (12 << 16) | 8], [[512, some("absent", 8)]]);
  for (const [to, from, bytes] of [
    [4096, 1024, 100],
    [1030, 1024, 100],
    [1024, 1031, 99],
    [1025, 1024, 1],
    [0, 1, 0],
  ] as const) {
    step("copy", "copy", [to, from, bytes]);
  }
  step("xor", "xor", [1024, 0, 93]);
  step("compare", "compare", [1024, 1024, 90]);
  step("compare", "compare", [1024, 1025, 90]);
  step("compare", "compare", [1024, 4096, 0]);
  step("wipe", "wipe", [1000, 333]);
}

/** Places of the arena by name, read where devices read them. */
const PLACES: ReadonlyMap<string, number> = new Map(
  [
    ...readFileSync("protocol/src/edhoc/arena.ts", "utf8").matchAll(
      /^export const (\w+) = (\d+);/gm,
    ),
  ].map(([, name, place]) => [String(name), Number(place)] as const),
);

function placeOf(name: string): number {
  const place = PLACES.get(name);
  if (place === undefined) throw new Error(`the arena has no ${name}`);
  return place;
}

const spoil = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};
const TAG_BYTES = 8;
const PEER_ZERO = new Uint8Array(32);

/** A session of the frozen vectors from either side, and each of its steps with what must fail. */
function addSessionSteps(add: AddStep): void {
  // The same steps at once on an arena of our own, for what the next step needs of the one before.
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const words = new Uint32Array(arena.buffer);
  const operations = createArenaOperations(node, { fill: () => undefined }, arena);
  const step = (
    entry: string,
    operation: keyof ArenaOperations,
    values: readonly number[],
    lay: Parameters<AddStep>[3] = [],
  ): number => {
    add(entry, operation, operation === "lay" ? [LAYOUT_CHECK] : values, lay);
    for (const [at, bytes] of lay) arena.set(bytes, at);
    const call = operations[operation] as (...given: readonly number[]) => number | undefined;
    return call(...values) ?? 0;
  };
  const [message1, message2, message3, message4] = [
    FROZEN.message1,
    FROZEN.message2,
    FROZEN.message3,
    FROZEN.message4,
  ].map((hex) => bytesOfHex(hex)) as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const inputs = FROZEN.inputs;
  const [head, certificate] = [bytesOfHex(inputs.ringHead), bytesOfHex(inputs.lockCertificate)];
  const MESSAGE = placeOf("MESSAGE");
  const anchorOf = (publicKey: Uint8Array) =>
    new Uint8Array([...node.hash(publicKey).slice(0, 4), ...publicKey]);
  const publicOf = (secret: string) => node.importAgreementKey(bytesOfHex(secret)).publicKey;

  function device(secret: string, ephemeral: string, own: Uint8Array, signer: string): void {
    step("lay", "lay", []);
    // The first anchor has the right key id and a key that is none of the signer's.
    const anchor = anchorOf(bytesOfHex(signer));
    step(
      "dh_base",
      "dhBase",
      [placeOf("EPHEMERAL"), placeOf(own === head ? "G_X" : "G_Y")],
      [
        [placeOf("OWN_SECRET"), bytesOfHex(secret)],
        [placeOf("EPHEMERAL"), bytesOfHex(ephemeral)],
        [placeOf("OWN_CREDENTIAL"), own],
        [placeOf("ANCHORS"), spoil(anchor, 20)],
        [placeOf("ANCHORS") + 36, anchor],
      ],
    );
  }

  function credential(at: number, bytes: number, typ: string, shape: string): void {
    const typAt = placeOf(typ);
    for (const anchors of [0, 1, 2]) {
      step("verify_credential", "verifyCredential", [at, bytes, typAt, anchors]);
    }
    step("verify_credential", "verifyCredential", [at, bytes, placeOf("SIGNATURE1"), 2]);
    const payloadAt = at + 18;
    step("read", "read", [payloadAt, bytes - 18 - 66, placeOf(shape)]);
    step("read", "read", [payloadAt, bytes - 18 - 67, placeOf(shape)]);
    step("read", "read", [payloadAt, bytes - 18 - 66, placeOf("PRESENTATION_SHAPE")]);
  }

  // The lock's side.
  device(inputs.responderSecret, inputs.y, certificate, inputs.ringKey);
  for (const wrong of [spoil(message1, 0), spoil(message1, 36), message1.slice().fill(0, 4, 36)]) {
    step("answer", "answer", [wrong.length, certificate.length], [[MESSAGE, wrong]]);
  }
  step("answer", "answer", [37, certificate.length], [[MESSAGE, bytesOfHex(FROZEN.message1)]]);
  for (const wrong of [spoil(message3, 2), spoil(message3, 40), message3.slice(0, 300)]) {
    step("open_sealed", "openSealed", [wrong.length], [[MESSAGE, wrong]]);
  }
  step("open_sealed", "openSealed", [1025]);
  const at = step("open_sealed", "openSealed", [message3.length], [[MESSAGE, message3]]);
  const textBytes = MESSAGE + message3.length - TAG_BYTES - at;
  step("read", "read", [at, textBytes, placeOf("PLAINTEXT_3_SHAPE")]);
  const headAt = at + 2;
  const eadBytes = textBytes - 2 - head.length - 1 - TAG_BYTES;
  credential(headAt, head.length, "PROTECTED_RING_HEAD", "RING_HEAD_SHAPE");
  step("read", "read", [headAt + 18, head.length - 84, placeOf("RING_HEAD_SHAPE")]);
  const rootAt = words[placeOf("RING_HEAD_ROOT_AT")] ?? 0;
  const size = words[placeOf("RING_HEAD_SIZE")] ?? 0;
  for (const peer of [PEER_ZERO, some("peer", 32), publicOf(inputs.initiatorSecret)]) {
    const lay = [[placeOf("PEER_PUBLIC"), peer]] as const;
    step("prove_initiator", "proveInitiator", [headAt, head.length, eadBytes], lay);
  }
  const presentationAt = at + textBytes - (eadBytes - 6);
  step("read", "read", [presentationAt, eadBytes - 6, placeOf("PRESENTATION_SHAPE")]);
  for (const [root, leaves] of [
    [rootAt + 1, size],
    [rootAt, size],
    [rootAt, 3],
  ] as const) {
    step("prove_leaf", "proveLeaf", [root, leaves]);
  }
  step("close", "close", [headAt, head.length, eadBytes]);
  for (const bytes of [0, 15, 16, 60]) {
    step("seal_answer", "sealAnswer", [bytes], [[MESSAGE, some("answer", 80)]]);
  }

  // The key's side.
  device(inputs.initiatorSecret, inputs.x, head, inputs.deviceKey);
  step("hail", "hail", []);
  const zero = message2.slice().fill(0, 2, 34);
  for (const wrong of [spoil(message2, 0), message2.slice(0, 34), zero]) {
    step("open_answer", "openAnswer", [wrong.length], [[MESSAGE, wrong]]);
  }
  step("open_answer", "openAnswer", [1025]);
  step("hail", "hail", []);
  const text2 = step("open_answer", "openAnswer", [message2.length], [[MESSAGE, message2]]);
  const bytes2 = MESSAGE + message2.length - text2;
  step("read", "read", [text2, bytes2, placeOf("PLAINTEXT_2_SHAPE")]);
  credential(text2 + 3, certificate.length, "PROTECTED_LOCK_CERTIFICATE", "LOCK_CERTIFICATE_SHAPE");
  for (const peer of [PEER_ZERO, some("peer", 32), publicOf(inputs.responderSecret)]) {
    const lay = [[placeOf("PEER_PUBLIC"), peer]] as const;
    step("prove_responder", "proveResponder", [text2 + 3, certificate.length], lay);
  }
  // EAD_3 of any octets, short and long, lies where a heading of two or three octets leaves room.
  for (const bytes of [4, 30, 434]) {
    const eadAt = MESSAGE + (head.length + 19 + bytes < 256 ? 2 : 3) + head.length + 11;
    step("show", "show", [head.length, bytes], [[eadAt, some("ead", bytes)]]);
  }
  step("open_sealed", "openSealed", [message4.length], [[MESSAGE, message4]]);
}

const GATED = [
  "",
  "00",
  "17",
  "1818",
  "1817",
  "190100",
  "1900ff",
  "1a00010000",
  "1a0000ffff",
  "1bffffffffffffffff",
  "20",
  "3903e7",
  "40",
  "4401020304",
  "44010203",
  "5818" + "aa".repeat(24),
  "5817" + "aa".repeat(23),
  "590100" + "ab".repeat(256),
  "60",
  "6161",
  "61ff",
  "80",
  "820102",
  "8201",
  "9f01ff",
  "a0",
  "a10102",
  "a201020304",
  "a203040102",
  "a201020103",
  "a24100014101",
  "a161610162616202",
  "c000",
  "f4",
  "f5",
  "f6",
  "f7",
  "f90000",
  "fb0000000000000000",
  "ff",
  "8181818181818181" + "00",
  "818181818181818181" + "00",
  "0102",
  "01a10d8443a10132a044010203045840" + "cc".repeat(64) + "48" + "0102030405060708",
  "a5041a6553f100051a65538000061a65538000",
  "83f4f5f6",
  "a1f401",
  "a120a120a12000",
];
