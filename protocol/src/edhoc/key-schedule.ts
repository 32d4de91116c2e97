// SPDX-License-Identifier: EUPL-1.2
// Transcript hashes, keys and MACs of EDHOC method 3, suite 0, shared by both sides. Each function
// is one line of RFC 9528 figure 6 or 7; what it reads and writes lies where the layout says.

import {
  AAD_TH,
  AEAD,
  AEAD_NONCE,
  CONTEXT,
  ID_CRED_HEAD,
  KEYSTREAM,
  MAC,
  NOTHING,
  PLAINTEXT_2_HEAD,
  PRK_2E,
  PRK_3E2M,
  PRK_4E3M,
  PRK_EXPORTER,
  PRK_OUT,
  SALT,
  SHARED,
  TH_2,
  TH_2_INPUT,
  TH_3,
  TH_4,
  TO_KEY,
  TO_LOCK,
} from "./arena.ts";
import type { StepParts } from "./operations.ts";

// Octets wanted and label of each derivation, RFC 9528 §4.1.2 and §4.2; 32768 and 32769 are
// exporter labels of the private-use range (§10.1): AES key and IV, 16 + 13 octets, per direction.
const DERIVE_KEYSTREAM_2 = 0;
const DERIVE_SALT_3E2M = (32 << 16) | 1;
const DERIVE_MAC_2 = (8 << 16) | 2;
const DERIVE_K_3 = (16 << 16) | 3;
const DERIVE_IV_3 = (13 << 16) | 4;
const DERIVE_SALT_4E3M = (32 << 16) | 5;
const DERIVE_MAC_3 = (8 << 16) | 6;
const DERIVE_PRK_OUT = (32 << 16) | 7;
const DERIVE_K_4 = (16 << 16) | 8;
const DERIVE_IV_4 = (13 << 16) | 9;
const DERIVE_PRK_EXPORTER = (32 << 16) | 10;
const DERIVE_TO_LOCK = (29 << 16) | 32768;
const DERIVE_TO_KEY = (29 << 16) | 32769;

const BYTE_STRING = 2;
/** A transcript hash as a byte string. */
const TH_BYTES = 34;
const TH_2_INPUT_BYTES = 68;

/**
 * The key schedule over an arena.
 * @internal
 */
export interface KeySchedule {
  /** TH_2, and PRK_2e from G_XY in `SHARED`; RFC 9528 §4.1.1.1, §5.3.2. */
  enterMessage2(): void;
  /** XORs KEYSTREAM_2 over PLAINTEXT_2 or CIPHERTEXT_2; §4.1.2, §5.3.2. */
  coverMessage2(at: number, bytes: number): void;
  /** PRK_3e2m from G_RX in `SHARED`; §4.1.1.2. */
  bindResponder(): void;
  /** MAC_2 over ( C_R, ID_CRED_R, TH_2, CRED_R ); §5.3.2. */
  computeMac2(credentialAt: number, credentialBytes: number): void;
  /**
   * TH_3 = H( TH_2, PLAINTEXT_2, CRED_R ), K_3 and IV_3; §5.3.2, §5.4.2.
   *
   * Overwrites 34 octets in front of the plaintext and a credential's worth behind it.
   */
  closeMessage2(at: number, bytes: number, credentialAt: number, credentialBytes: number): void;
  /** PRK_4e3m from G_IY in `SHARED`; §4.1.1.3. */
  bindInitiator(): void;
  /** MAC_3 over ( ID_CRED_I, TH_3, CRED_I, EAD_3 ); §5.4.2. */
  computeMac3(credentialAt: number, credentialBytes: number, eadAt: number, eadBytes: number): void;
  /** TH_4 = H( TH_3, PLAINTEXT_3, CRED_I ), in place like TH_3; §5.4.2. */
  closeMessage3(at: number, bytes: number, credentialAt: number, credentialBytes: number): void;
  /** K_4 and IV_4; §5.5.2. */
  enterMessage4(): void;
  /** PRK_out, PRK_exporter and the keys of the records; §4.1.3, §4.2.1. */
  exportRecordKeys(): void;
}

/**
 * Makes the key schedule of one device.
 * @internal
 */
export function createKeySchedule(
  parts: Pick<StepParts, "copy" | "extract" | "hash" | "kdf" | "putHead" | "xor">,
): KeySchedule {
  const { copy, extract, hash, kdf, putHead, xor } = parts;

  function hashAround(
    thAt: number,
    at: number,
    bytes: number,
    credentialAt: number,
    credentialBytes: number,
    outAt: number,
  ): void {
    copy(at - TH_BYTES, thAt, TH_BYTES);
    copy(at + bytes, credentialAt, credentialBytes);
    hash(at - TH_BYTES, TH_BYTES + bytes + credentialBytes, outAt + 2);
  }

  return {
    enterMessage2() {
      hash(TH_2_INPUT, TH_2_INPUT_BYTES, TH_2 + 2);
      extract(TH_2 + 2, SHARED, PRK_2E);
    },
    coverMessage2(at, bytes) {
      kdf(PRK_2E, TH_2, (bytes << 16) | DERIVE_KEYSTREAM_2, KEYSTREAM);
      xor(at, KEYSTREAM, bytes);
    },
    bindResponder() {
      kdf(PRK_2E, TH_2, DERIVE_SALT_3E2M, SALT);
      extract(SALT, SHARED, PRK_3E2M);
    },
    computeMac2(credentialAt, credentialBytes) {
      const at = putHead(CONTEXT, BYTE_STRING, 3 + TH_BYTES + 2 * credentialBytes);
      copy(at, PLAINTEXT_2_HEAD, 3);
      copy(at + 3, credentialAt, credentialBytes);
      copy(at + 3 + credentialBytes, TH_2, TH_BYTES);
      copy(at + 3 + credentialBytes + TH_BYTES, credentialAt, credentialBytes);
      kdf(PRK_3E2M, CONTEXT, DERIVE_MAC_2, MAC);
    },
    closeMessage2(at, bytes, credentialAt, credentialBytes) {
      hashAround(TH_2, at, bytes, credentialAt, credentialBytes, TH_3);
      kdf(PRK_3E2M, TH_3, DERIVE_K_3, AEAD);
      kdf(PRK_3E2M, TH_3, DERIVE_IV_3, AEAD_NONCE);
      copy(AAD_TH, TH_3, TH_BYTES);
    },
    bindInitiator() {
      kdf(PRK_3E2M, TH_3, DERIVE_SALT_4E3M, SALT);
      extract(SALT, SHARED, PRK_4E3M);
    },
    computeMac3(credentialAt, credentialBytes, eadAt, eadBytes) {
      const at = putHead(CONTEXT, BYTE_STRING, 2 + TH_BYTES + 2 * credentialBytes + eadBytes);
      copy(at, ID_CRED_HEAD, 2);
      copy(at + 2, credentialAt, credentialBytes);
      copy(at + 2 + credentialBytes, TH_3, TH_BYTES);
      copy(at + 2 + credentialBytes + TH_BYTES, credentialAt, credentialBytes);
      copy(at + 2 + 2 * credentialBytes + TH_BYTES, eadAt, eadBytes);
      kdf(PRK_4E3M, CONTEXT, DERIVE_MAC_3, MAC);
    },
    closeMessage3(at, bytes, credentialAt, credentialBytes) {
      hashAround(TH_3, at, bytes, credentialAt, credentialBytes, TH_4);
    },
    enterMessage4() {
      kdf(PRK_4E3M, TH_4, DERIVE_K_4, AEAD);
      kdf(PRK_4E3M, TH_4, DERIVE_IV_4, AEAD_NONCE);
      copy(AAD_TH, TH_4, TH_BYTES);
    },
    exportRecordKeys() {
      kdf(PRK_4E3M, TH_4, DERIVE_PRK_OUT, PRK_OUT);
      kdf(PRK_OUT, NOTHING, DERIVE_PRK_EXPORTER, PRK_EXPORTER);
      kdf(PRK_EXPORTER, NOTHING, DERIVE_TO_LOCK, TO_LOCK);
      kdf(PRK_EXPORTER, NOTHING, DERIVE_TO_KEY, TO_KEY);
    },
  };
}
