// SPDX-License-Identifier: EUPL-1.2
import { createHash } from "node:crypto";

/** Names a firmware: SHA-256, in hexadecimal, over the SHA-256 of each of its files in their order. */
export function firmwareHash(files: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(createHash("sha256").update(file).digest());
  return hash.digest("hex");
}
