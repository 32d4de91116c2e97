// SPDX-License-Identifier: EUPL-1.2

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createRingTree,
  encodeCredential,
  FILE_UNREADABLE,
  hexOf,
  leafHash,
  slotBytes,
  USAGE,
} from "@nyckelring/protocol";
import { createNodeCrypto, describe } from "@nyckelring/protocol/host";
import {
  type IssuedRing,
  isRingSource,
  issueRing,
  RING_SOURCES,
  type RingSource,
} from "@nyckelring/simulator";
import { makeDirectory } from "./make-directory.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";
import { isoOf } from "./utc-time.ts";

const KEY_MAX = 9999;
const LIMIT_MAX = 4000;
const SEED_DIGITS_MAX = 20;

/** Options of `credential export`, as commander hands them over. */
export type CredentialExportOptions = {
  readonly scenario: string;
  readonly seed: string;
  readonly key: string;
  readonly limit?: string;
  readonly out: string;
  readonly json?: boolean;
};

/**
 * Lets the authorization system issue a ring, and writes its rights as free-standing files beside
 * the anchor file that verifies them.
 *
 * @returns The exit code.
 * @throws ToolError `USAGE` for options that cannot be, `FILE_UNREADABLE` for a directory that
 *   cannot be written.
 */
export function exportCredentials(options: CredentialExportOptions, output: Output): number {
  const source = readSource(options.scenario);
  const seed = readSeed(options.seed);
  const key = readNumber("--key", options.key, 1, KEY_MAX);
  const limit = readNumber("--limit", options.limit ?? String(LIMIT_MAX), 1, LIMIT_MAX);
  const ring = issueRing(source, seed, key);
  if (ring === undefined) {
    throw new ToolError({
      code: USAGE,
      message: `scenario ${source} has no key ${key}`,
      state: "nothing was written",
      hint: `${source} has ${RING_SOURCES[source]}`,
      details: { scenario: source, key },
    });
  }
  const files = credentialFiles(ring, limit);
  writeAll(options.out, [["anchor.cbor", ring.anchorFile], ...files]);
  const figures = {
    scenario: source,
    seed: Number.isSafeInteger(Number(seed)) ? Number(seed) : seed,
    key,
    devid: hexOf(ring.devid),
    ringseq: ring.head.ringseq,
    rights: ring.slots.filter((leaf) => leaf !== null).length,
    written: files.length,
    bytes: files.reduce((sum, [, bytes]) => sum + bytes.length, 0),
    nbf: isoOf(ring.head.nbfS),
    exp: isoOf(ring.head.expS),
    oneMore: answerToOneMore(ring),
    out: options.out,
  };
  if (options.json === true) {
    output.out(`${JSON.stringify({ type: "result", ...figures })}\n`);
    return 0;
  }
  const first = join(options.out, files[0]?.[0] ?? "");
  const anchor = join(options.out, "anchor.cbor");
  output.out(
    [
      `ring ${figures.ringseq} of key ${figures.devid}: ${figures.rights} rights, valid from ` +
        `${figures.nbf} until ${figures.exp}`,
      `wrote anchor.cbor and ${figures.written} credentials (${figures.bytes} octets) to ${options.out}`,
      ...(figures.oneMore === null ? [] : [`one right more: ${figures.oneMore}`]),
      `verify: npx nyckel credential verify ${first} --anchor ${anchor} --at ${figures.nbf}`,
      "",
    ].join("\n"),
  );
  return 0;
}

function answerToOneMore(ring: IssuedRing): string | null {
  const { oneMore } = ring;
  if (oneMore === undefined) return null;
  if (oneMore.ok) return "granted";
  return `refused with ${describe(oneMore.fault.code)?.label ?? oneMore.fault.code}`;
}

function credentialFiles(ring: IssuedRing, limit: number): [name: string, bytes: Uint8Array][] {
  const crypto = createNodeCrypto();
  const { slots, secret, headBytes } = ring;
  const leaves = slots.map((leaf) => slotBytes(crypto, secret, leaf));
  const hashes = leaves.map((leaf) => leafHash(crypto, leaf));
  const nothing = new Uint8Array(0);
  const tree = createRingTree(crypto, slots.length, (index) => hashes[index] ?? nothing);
  const files: [string, Uint8Array][] = [];
  for (const [index, leaf] of leaves.entries()) {
    if (files.length === limit) break;
    // A tombstone is no right.
    if (leaf.length === 0) continue;
    const credential = { head: headBytes, index, leaf, path: tree.path(index) };
    const name = `credential-${String(index).padStart(4, "0")}.cbor`;
    files.push([name, encodeCredential(credential)]);
  }
  return files;
}

function writeAll(out: string, files: readonly (readonly [string, Uint8Array])[]): void {
  try {
    makeDirectory(out);
    for (const [name, bytes] of files) writeFileSync(join(out, name), bytes);
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `the credentials cannot be written to "${out}": ${error instanceof Error ? error.message : error}`,
      state: "the directory may hold a part of them",
      hint: "give a directory that you may write to, for example: --out out/ring",
      details: { out },
    });
  }
}

function readSource(text: string): RingSource {
  if (isRingSource(text)) return text;
  throw new ToolError({
    code: USAGE,
    message: `there are no rings of "${text}"`,
    state: "nothing was written",
    hint: `rings come from: ${Object.keys(RING_SOURCES).join(", ")}`,
    details: { scenario: text },
  });
}

function readSeed(text: string): string {
  if (/^\d+$/.test(text) && text.length <= SEED_DIGITS_MAX) return BigInt(text).toString();
  throw new ToolError({
    code: USAGE,
    message: `the seed "${text}" is not a whole number of at most ${SEED_DIGITS_MAX} digits`,
    state: "nothing was written",
    hint: "nyckel credential export --scenario pilot --seed 7 --key 1 --out out/ring",
    details: { seed: text },
  });
}
