// SPDX-License-Identifier: EUPL-1.2

import type { CryptoPort } from "@nyckelring/protocol";
import { AGREEMENTS_A_SESSION, type ComputeModel } from "./compute-model.ts";
import type { Processor } from "./processor.ts";

/**
 * Wraps the cryptography of the host so that a board pays for each operation.
 *
 * @param inner - The real operations; results are theirs, byte for byte.
 * @param onVerified - Told each message whose signature this board found good: for COSE_Sign1 the
 *   Sig_structure of RFC 9052 §4.4. It lets the oracle know what has reached a device without
 *   asking the code that it judges.
 * @public
 */
export function createMeteredCrypto(
  inner: CryptoPort,
  processor: Processor,
  model: ComputeModel,
  onVerified: (signed: Uint8Array) => void,
): CryptoPort {
  function spendBlocks(firstUs: number, bytes: number, blockBytes: number, blockUs: number): void {
    processor.spend(firstUs + Math.ceil(bytes / blockBytes) * blockUs);
  }

  return {
    hash: (message) => {
      spendBlocks(0, message.length + 9, 64, model.hashBlockUs);
      return inner.hash(message);
    },
    hmac: (key, message) => {
      spendBlocks(model.macUs, message.length, 64, model.hashBlockUs);
      return inner.hmac(key, message);
    },
    seal: (key, nonce, additional, plaintext, tagBytes) => {
      spendBlocks(0, additional.length + plaintext.length + 48, 16, model.cipherBlockUs);
      return inner.seal(key, nonce, additional, plaintext, tagBytes);
    },
    open: (key, nonce, additional, ciphertext, tagBytes) => {
      spendBlocks(0, additional.length + ciphertext.length + 48, 16, model.cipherBlockUs);
      return inner.open(key, nonce, additional, ciphertext, tagBytes);
    },
    importVerificationKey: (publicKey) => {
      processor.spend(0);
      const imported = inner.importVerificationKey(publicKey);
      if (!imported.ok) return imported;
      const key = imported.value;
      return {
        ok: true,
        value: {
          publicKey: key.publicKey,
          verify: (message, signature) => {
            processor.spend(model.verificationUs);
            const isGood = key.verify(message, signature);
            if (isGood) onVerified(message);
            return isGood;
          },
        },
      };
    },
    importSigningKey: (seed) => {
      processor.spend(0);
      const key = inner.importSigningKey(seed);
      return {
        publicKey: key.publicKey,
        sign: (message) => {
          processor.spend(model.signatureUs);
          return key.sign(message);
        },
      };
    },
    importAgreementKey: (secret) => {
      processor.spend(0);
      const key = inner.importAgreementKey(secret);
      let isPublicKeyPaid = false;
      return {
        // A board makes a public key only for its ephemeral keys; that of a static key is stored.
        // So the cost falls on the first reader, not on the import.
        get publicKey(): Uint8Array {
          if (!isPublicKeyPaid) processor.spend(model.publicKeyUs);
          isPublicKeyPaid = true;
          return key.publicKey;
        },
        agree: (peerPublicKey) => {
          // A key makes its ephemeral key between two doors, so the session itself is paid here.
          processor.spend(model.agreementUs + Math.ceil(model.sessionUs / AGREEMENTS_A_SESSION));
          return key.agree(peerPublicKey);
        },
      };
    },
  };
}
