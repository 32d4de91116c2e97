// SPDX-License-Identifier: EUPL-1.2
// Public vectors for the entries of the blob, on the processor and on the host alike.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";

import type { NativeEntry } from "./build-native.ts";
import { type Answer, createNativeScript, type NativeTarget } from "./native-machine.ts";

const VECTORS = process.env["NYCKEL_VECTORS"] ?? resolve("../shared/vectors");

/** Whether the public vectors are on this machine. */
export const hasVectors: boolean = existsSync(VECTORS);

/** One claim of a suite: what the code says, and what the vector says. */
interface Claim {
  readonly what: string;
  readonly expected: string;
  readonly said: Answer<string>;
}

/** What a suite found. */
export interface VectorReport {
  readonly claims: number;
  /** Claims that the code does not hold: which, expected, said. */
  readonly wrong: readonly string[];
}

interface Vector {
  readonly tcId: number;
  readonly result: string;
  readonly [field: string]: unknown;
}

interface Group {
  readonly publicKey?: { readonly pk: string };
  readonly keySize?: number;
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly tests: readonly Vector[];
}

/** Names of the suites with how many vectors each has. */
export const SUITES = {
  "RFC 8032": 4,
  "RFC 7748": 4,
  "Wycheproof Ed25519": 151,
  "Wycheproof X25519": 518,
  "Wycheproof AES-CCM": 6,
  "Wycheproof HKDF-SHA-256": 86,
  "Wycheproof HMAC-SHA-256": 174,
  "RFC 9162 inclusion": 49,
} as const;

/** A suite by name. */
export type SuiteName = keyof typeof SUITES;

/** Runs one suite of public vectors on one target. */
export function runVectors(
  name: SuiteName,
  entries: readonly NativeEntry[],
  target: NativeTarget,
): VectorReport & { readonly vectors: number } {
  const script = createNativeScript(entries);
  const claims: Claim[] = [];
  const claim = (what: string, expected: string, said: Answer<string>): void => {
    claims.push({ what, expected, said });
  };
  const machine = { script, claim };
  const vectors = RUNNERS[name](machine);
  script.run(target);
  const wrong = claims
    .filter((one) => one.said() !== one.expected)
    .map((one) => `${one.what}: expected ${one.expected}, said ${one.said()}`);
  return { vectors, claims: claims.length, wrong };
}

interface Machine {
  readonly script: ReturnType<typeof createNativeScript>;
  claim(what: string, expected: string, said: Answer<string>): void;
}

const RUNNERS: Readonly<Record<SuiteName, (machine: Machine) => number>> = {
  "RFC 8032": rfc8032,
  "RFC 7748": rfc7748,
  "Wycheproof Ed25519": wycheproofEd25519,
  "Wycheproof X25519": wycheproofX25519,
  "Wycheproof AES-CCM": wycheproofCcm,
  "Wycheproof HKDF-SHA-256": wycheproofHkdf,
  "Wycheproof HMAC-SHA-256": wycheproofHmac,
  "RFC 9162 inclusion": inclusion,
};

function hexAnswer(answer: Answer<Uint8Array>): Answer<string> {
  return () => hexOf(answer());
}

function verdict(answer: Answer<number>): Answer<string> {
  return () => (answer() === 0 ? "valid" : "invalid");
}

// RFC 8032 §7.1: secret key, public key, message, signature; the fourth is "TEST SHA(abc)".
const RFC_8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
  [
    "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589" +
      "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  ],
] as const;

function rfc8032({ script, claim }: Machine): number {
  for (const [seed, publicKey, message, signature] of RFC_8032) {
    script.freePlaces();
    const key = script.room(64);
    const text = script.write(bytesOfHex(message));
    const signed = script.room(64);
    script.call("signing_key", script.write(bytesOfHex(seed)), key);
    claim(
      `public key of ${seed}`,
      publicKey,
      hexAnswer(script.read({ offset: key.offset + 32 }, 32)),
    );
    script.call("sign", key, text, message.length / 2, signed);
    claim(`signature of ${seed}`, signature, hexAnswer(script.read(signed, 64)));
    const own = { offset: key.offset + 32 };
    const good = script.call("verify", own, text, message.length / 2, signed);
    claim(`verdict on ${seed}`, "valid", verdict(good));
    const spoiled = bytesOfHex(signature);
    spoiled[40] = (spoiled[40] ?? 0) ^ 1;
    const bad = script.call("verify", own, text, message.length / 2, script.write(spoiled));
    claim(`verdict on ${seed}, spoiled`, "invalid", verdict(bad));
  }
  return RFC_8032.length;
}

// RFC 7748 §5.2 (scalar, u, output) and §6.1 (secret, base, public key).
const RFC_7748 = [
  [
    "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
    "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
    "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
  ],
  [
    "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
    "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
    "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
  ],
  [
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "",
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
  ],
  [
    "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
  ],
] as const;

function rfc7748({ script, claim }: Machine): number {
  for (const [secret, peer, output] of RFC_7748) {
    script.freePlaces();
    const own = script.write(bytesOfHex(secret));
    const out = script.room(32);
    if (peer === "") script.call("x25519_base", own, out);
    else script.call("x25519", own, script.write(bytesOfHex(peer)), out);
    claim(`${secret} with ${peer || "the base"}`, output, hexAnswer(script.read(out, 32)));
  }
  return RFC_7748.length;
}

function groupsOf(file: string): readonly Group[] {
  const text = readFileSync(join(VECTORS, "wycheproof", file), "utf8");
  const parsed: { readonly testGroups: readonly Group[] } = JSON.parse(text);
  return parsed.testGroups;
}

function fieldOf(vector: Vector, name: string): Uint8Array {
  return bytesOfHex(String(vector[name]));
}

function wycheproofEd25519({ script, claim }: Machine): number {
  let count = 0;
  for (const group of groupsOf("ed25519_test.json")) {
    for (const vector of group.tests) {
      script.freePlaces();
      count += 1;
      const signature = fieldOf(vector, "sig");
      // Lengths are the wrapper's to check: the entry reads 64 octets.
      if (signature.length !== 64) continue;
      const message = fieldOf(vector, "msg");
      const said = script.call(
        "verify",
        script.write(bytesOfHex(group.publicKey?.pk ?? "")),
        script.write(message),
        message.length,
        script.write(signature),
      );
      claim(`tcId ${vector.tcId}`, vector.result, verdict(said));
    }
  }
  return count;
}

function wycheproofX25519({ script, claim }: Machine): number {
  let count = 0;
  for (const group of groupsOf("x25519_test.json")) {
    for (const vector of group.tests) {
      script.freePlaces();
      count += 1;
      const shared = String(vector["shared"]);
      const isZero = /^0*$/.test(shared);
      const out = script.room(32);
      const said = script.call(
        "x25519",
        script.write(fieldOf(vector, "private")),
        script.write(fieldOf(vector, "public")),
        out,
      );
      claim(`tcId ${vector.tcId}`, isZero ? "invalid" : "valid", verdict(said));
      if (!isZero) claim(`tcId ${vector.tcId}`, shared, hexAnswer(script.read(out, 32)));
    }
  }
  return count;
}

function wycheproofCcm({ script, claim }: Machine): number {
  let count = 0;
  for (const group of groupsOf("aes_ccm_test.json")) {
    const tagBytes = (group.tagSize ?? 0) / 8;
    if (group.keySize !== 128 || group.ivSize !== 104 || (tagBytes !== 8 && tagBytes !== 16)) {
      continue;
    }
    for (const vector of group.tests) {
      script.freePlaces();
      count += 1;
      const what = `tcId ${vector.tcId}`;
      const additional = fieldOf(vector, "aad");
      const text = fieldOf(vector, "msg");
      const sealed = bytesOfHex(`${vector["ct"]}${vector["tag"]}`);
      const key = script.write(
        bytesOfHex(`${vector["key"]}${vector["iv"]}${tagBytes.toString(16).padStart(2, "0")}`),
      );
      const aad = script.write(additional);
      const place = script.write(sealed);
      const lengths = (additional.length << 16) | sealed.length;
      claim(what, vector.result, verdict(script.call("ccm_open", key, aad, place, lengths)));
      const opened = script.read(place, sealed.length);
      const body = vector.result === "valid" ? sealed.length - tagBytes : sealed.length;
      const left = hexOf(vector.result === "valid" ? text : sealed);
      claim(`${what}, text`, left, () => hexOf(opened().slice(0, body)));
      if (vector.result !== "valid") continue;
      const room = script.write(bytesOfHex(`${vector["msg"]}${"00".repeat(tagBytes)}`));
      script.call("ccm_seal", key, aad, room, (additional.length << 16) | text.length);
      claim(`${what}, sealed`, hexOf(sealed), hexAnswer(script.read(room, sealed.length)));
    }
  }
  return count;
}

function wycheproofHkdf({ script, claim }: Machine): number {
  let count = 0;
  for (const group of groupsOf("hkdf_sha256_test.json")) {
    for (const vector of group.tests) {
      script.freePlaces();
      count += 1;
      const bytes = Number(vector["size"]);
      // RFC 5869 §2.3 bounds the length; the wrapper does too.
      if (vector.result !== "valid") continue;
      const [ikm, salt, info] = ["ikm", "salt", "info"].map((name) => fieldOf(vector, name));
      if (ikm === undefined || salt === undefined || info === undefined) continue;
      const prk = script.room(32);
      const out = script.room(bytes);
      const lengths = (salt.length << 16) | ikm.length;
      script.call("hmac", script.write(salt), script.write(ikm), lengths, prk);
      script.call("hkdf_expand", prk, script.write(info), (bytes << 16) | info.length, out);
      claim(`tcId ${vector.tcId}`, String(vector["okm"]), hexAnswer(script.read(out, bytes)));
    }
  }
  return count;
}

function wycheproofHmac({ script, claim }: Machine): number {
  let count = 0;
  for (const group of groupsOf("hmac_sha256_test.json")) {
    for (const vector of group.tests) {
      script.freePlaces();
      count += 1;
      const key = fieldOf(vector, "key");
      const message = fieldOf(vector, "msg");
      const out = script.room(32);
      const lengths = (key.length << 16) | message.length;
      script.call("hmac", script.write(key), script.write(message), lengths, out);
      const mac = script.read(out, (group.tagSize ?? 0) / 8);
      claim(`tcId ${vector.tcId}`, vector.result, () =>
        hexOf(mac()) === vector["tag"] ? "valid" : "invalid",
      );
    }
  }
  return count;
}

interface Inclusion {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly wantErr: boolean;
}

function inclusion({ script, claim }: Machine): number {
  let count = 0;
  const folder = join(VECTORS, "merkle", "inclusion");
  for (const group of readdirSync(folder)) {
    for (const file of readdirSync(join(folder, group))) {
      const vector: Inclusion = JSON.parse(readFileSync(join(folder, group, file), "utf8"));
      script.freePlaces();
      count += 1;
      const hash = Buffer.from(vector.leafHash, "base64");
      const parts = (vector.proof ?? []).map((part) => Buffer.from(part, "base64"));
      // Neither another length of a hash nor an index of more than 16 bits can be said here.
      const isSayable =
        hash.length === 32 &&
        parts.every((part) => part.length === 32) &&
        vector.leafIdx >= 0 &&
        vector.leafIdx < 0x10000 &&
        vector.treeSize < 0x10000;
      const arena = script.room(4096);
      script.call("bind", arena, 4096, 0);
      script.freePlaces();
      const at = script.write(new Uint8Array(hash));
      const path = Buffer.concat(parts);
      const pathAt = script.write(new Uint8Array(path));
      const said = script.call(
        "arena_tree_root",
        at.offset,
        pathAt.offset,
        path.length,
        (vector.leafIdx << 16) | (vector.treeSize & 0xffff),
      );
      const root = script.read(at, 32);
      claim(`${group}/${file}`, vector.wantErr ? "invalid" : "valid", () =>
        isSayable && said() === 0 && Buffer.from(root()).equals(Buffer.from(vector.root, "base64"))
          ? "valid"
          : "invalid",
      );
    }
  }
  return count;
}
