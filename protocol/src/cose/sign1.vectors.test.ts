// SPDX-License-Identifier: EUPL-1.2
import { decode } from "cbor-x";
import { describe, expect, test } from "vitest";
import { bytesOfHex, hexOf } from "../bytes.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { SIGNATURE_INVALID } from "../errors/code.ts";
import { createNobleCrypto } from "../host/noble-crypto.ts";
import { createNodeCrypto } from "../host/node-crypto.ts";
import { codeOf, hasVectors, readVectors, unwrap, vectorsNote } from "../host/testing.ts";
import { verifySign1 } from "./sign1.ts";

interface CoseVector {
  readonly input: {
    readonly sign0: { readonly key: { readonly x_hex: string }; readonly external?: string };
  };
  readonly intermediates: { readonly ToBeSign_hex: string };
  readonly output: { readonly cbor: string };
}

// Tag 18, as the vectors carry it and our profile does not.
interface Tagged {
  readonly value: readonly [Uint8Array, unknown, Uint8Array, Uint8Array];
}

function structureOf(vector: CoseVector): Tagged["value"] {
  return (decode(bytesOfHex(vector.output.cbor)) as Tagged).value;
}

describe.each([
  ["node", createNodeCrypto()],
  ["noble", createNobleCrypto()],
] as const)("COSE_Sign1 with the %s port", (_name, crypto) => {
  // The vector's alg is -8, EdDSA; ours is -19, Ed25519 (RFC 9864). Only the number differs, so the
  // structure to be signed and the signature are checked with the vector's own header.
  test.skipIf(!hasVectors)(`agrees with the public Ed25519 vectors${vectorsNote}`, () => {
    const vector = readVectors("cose/eddsa-examples/eddsa-sig-01.json") as CoseVector;
    const [header, , payload, signature] = structureOf(vector);
    const external = bytesOfHex(vector.input.sign0.external ?? "");
    const message = encodeCbor([
      "Signature1",
      new Uint8Array(header),
      external,
      new Uint8Array(payload),
    ]);
    expect(hexOf(message)).toBe(vector.intermediates.ToBeSign_hex.toLowerCase());
    const key = crypto.importVerificationKey(bytesOfHex(vector.input.sign0.key.x_hex));
    expect(unwrap(key).verify(message, new Uint8Array(signature))).toBe(true);
  });

  test.skipIf(!hasVectors)(`builds the same structure as sign-pass-02, -03${vectorsNote}`, () => {
    for (const name of ["sign-pass-02", "sign-pass-03"]) {
      const vector = readVectors(`cose/sign1-tests/${name}.json`) as CoseVector;
      const decoded = decode(bytesOfHex(vector.output.cbor)) as Tagged | Tagged["value"];
      const parts = "value" in decoded ? decoded.value : decoded;
      const external = bytesOfHex((vector.input.sign0.external ?? "").toLowerCase());
      const message = encodeCbor([
        "Signature1",
        new Uint8Array(parts[0]),
        external,
        new Uint8Array(parts[2]),
      ]);
      expect(hexOf(message), name).toBe(vector.intermediates.ToBeSign_hex.toLowerCase());
    }
  });

  test.skipIf(!hasVectors)(`refuses every foreign profile of the vectors${vectorsNote}`, () => {
    const files = [
      "eddsa-examples/eddsa-sig-01",
      "eddsa-examples/eddsa-sig-02",
      "sign1-tests/sign-pass-01",
      "sign1-tests/sign-pass-02",
      "sign1-tests/sign-pass-03",
      "sign1-tests/sign-fail-01",
      "sign1-tests/sign-fail-02",
      "sign1-tests/sign-fail-03",
      "sign1-tests/sign-fail-04",
      "sign1-tests/sign-fail-06",
      "sign1-tests/sign-fail-07",
    ];
    for (const file of files) {
      const vector = readVectors(`cose/${file}.json`) as CoseVector;
      const bytes = bytesOfHex(vector.output.cbor);
      expect(codeOf(verifySign1(bytes, 65001, [])), file).toBe(SIGNATURE_INVALID);
      expect(codeOf(verifySign1(bytes.slice(1), 65001, [])), file).toBe(SIGNATURE_INVALID);
    }
  });
});
