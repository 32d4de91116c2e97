// SPDX-License-Identifier: EUPL-1.2
// Measures our strict decoder against cbor-x on every kind of object. cbor-x alone accepts what ours
// refuses and executes tags, so it shows how fast decoding can be, not what may replace ours.

import { Decoder } from "cbor-x";
import { credentialSamples } from "../src/host/credential-samples.ts";
import { signedSamples } from "../src/host/samples.ts";
import { unsignedSamples } from "../src/host/unsigned-samples.ts";
import { createNodeCrypto } from "../src/host.ts";
import { decodeCbor } from "../src/index.ts";
import { type Figure, measureInTurn, timeFigure } from "./figure.ts";

/** The gate reads every octet before the decoder does: twice the work, and a margin. */
const DECODE_GOAL = 3;
const TURNS = { warmUp: 5000, turns: 20 };

/** One figure for each kind: its first sample, decoded by both. */
export function benchDecoding(rounds: number): readonly Figure[] {
  const crypto = createNodeCrypto();
  const decoder = new Decoder({ useRecords: false, mapsAsObjects: false, copyBuffers: true });
  const samples = new Map<string, Uint8Array>();
  for (const { name, bytes } of signedSamples(crypto)) samples.set(name, bytes);
  for (const { rule, bytes } of [...unsignedSamples(crypto), ...credentialSamples(crypto)]) {
    if (!samples.has(rule)) samples.set(rule, bytes);
  }
  return [...samples].map(([name, bytes]) => {
    const runs = [() => decodeCbor(bytes), () => decoder.decode(bytes)];
    const [valueUs = 0, limitUs = 0] = measureInTurn(runs, { rounds, ...TURNS });
    return timeFigure(`decode ${name}, against cbor-x`, { valueUs, limitUs }, DECODE_GOAL);
  });
}
