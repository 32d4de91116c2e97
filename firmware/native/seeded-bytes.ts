// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";

/** The seed of this run. */
export const SEED: string = process.env["SEED"] ?? "1";

/** A row of octets that depends on the seed, its name and nothing else. */
export function seededBytes(name: string, bytes: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(bytes / 64) }, (_none, index) =>
    createHash("sha512").update(`${SEED} ${name} ${index}`).digest(),
  );
  return new Uint8Array(Buffer.concat(blocks).subarray(0, bytes));
}
