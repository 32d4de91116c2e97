// SPDX-License-Identifier: EUPL-1.2
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../bytes.ts";
import { createNobleCrypto } from "../host/noble-crypto.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { hasVectors, readVectors, vectorsFolder, vectorsNote } from "../host/testing.ts";
import { rootFromLeafHash } from "./tree.ts";

interface InclusionVector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly root: string;
  readonly leafHash: string;
  readonly proof: readonly string[] | null;
  readonly desc: string;
  readonly wantErr: boolean;
}

function bytesOfBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}

describe.each([
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
] as const)("inclusion paths with the %s port", (_name, crypto) => {
  test.skipIf(!hasVectors)(`judge every public RFC 9162 vector as it says${vectorsNote}`, () => {
    let count = 0;
    for (const folder of ["0", "1", "2", "3", "4", "5", "6"]) {
      const path = `merkle/inclusion/${folder}`;
      let files: readonly string[] = [];
      try {
        files = readdirSync(`${vectorsFolder()}/${path}`);
      } catch {
        continue;
      }
      for (const file of files) {
        const vector = readVectors(`${path}/${file}`) as InclusionVector;
        const proof = (vector.proof ?? []).map(bytesOfBase64);
        const root = rootFromLeafHash(
          crypto,
          bytesOfBase64(vector.leafHash),
          vector.leafIdx,
          vector.treeSize,
          new Uint8Array(Buffer.concat(proof)),
        );
        // Our path is one octet string of whole hashes, so a part of another length cannot be said.
        const isSayable = proof.every((hash) => hash.length === 32);
        const isProved = isSayable && root.ok && equalBytes(root.value, bytesOfBase64(vector.root));
        expect(isProved, `${folder}/${file}`).toBe(!vector.wantErr);
        count += 1;
      }
    }
    expect(count).toBeGreaterThan(40);
  });
});
