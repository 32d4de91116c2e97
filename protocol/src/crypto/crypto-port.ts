// SPDX-License-Identifier: EUPL-1.2
import type { Result } from "../errors/result.ts";

/**
 * An Ed25519 public key, ready for use: importing raw octets costs more than one verification.
 * @public
 */
export interface VerificationKey {
  readonly publicKey: Uint8Array;
  /**
   * Tells whether `signature` (64 octets) is this key's over `message`; never throws.
   * @see RFC 8032 §5.1.7, with canonical encodings only and without the cofactor
   */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
}

/**
 * An Ed25519 signing key.
 * @public
 */
export interface SigningKey {
  readonly publicKey: Uint8Array;
  /**
   * @returns 64 octets
   * @see RFC 8032 §5.1.6
   */
  sign(message: Uint8Array): Uint8Array;
}

/**
 * An X25519 secret key.
 * @public
 */
export interface AgreementKey {
  readonly publicKey: Uint8Array;
  /**
   * @returns 32 octets, or `SHARED_SECRET_ZERO` for a peer key of small order or wrong length
   * @see RFC 7748 §6.1 for the check of the all-zero value
   */
  agree(peerPublicKey: Uint8Array): Result<Uint8Array>;
}

/**
 * The primitives that the protocol is built on. A host has two implementations (Node, noble), a
 * board a third; one suite of public vectors runs over them.
 * @public
 */
export interface CryptoPort {
  /** SHA-256, 32 octets. */
  hash(message: Uint8Array): Uint8Array;
  /** HMAC-SHA-256, 32 octets; RFC 2104. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array;
  /**
   * Both steps of HKDF-SHA-256 in one, where a device can; otherwise they are made of `hmac`.
   *
   * Requires: at most 64 octets of salt, input and `info` each, and of output.
   * @see RFC 5869 §2
   */
  readonly hkdf?: (
    salt: Uint8Array,
    ikm: Uint8Array,
    info: Uint8Array,
    bytes: number,
  ) => Uint8Array;
  /**
   * AES-128-CCM with a 13-octet nonce: AES-CCM-16-64-128 for 8 octets of tag, AES-CCM-16-128-128
   * for 16 (RFC 9053 §4.2). The tag follows the ciphertext.
   */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    plaintext: Uint8Array,
    tagBytes: 8 | 16,
  ): Uint8Array;
  /**
   * @returns the plaintext, or `SEAL_INVALID` for anything altered
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    additional: Uint8Array,
    ciphertext: Uint8Array,
    tagBytes: 8 | 16,
  ): Result<Uint8Array>;
  /**
   * @returns the key, or `PUBLIC_KEY_INVALID` for one of small order, not canonical or not 32 octets
   */
  importVerificationKey(publicKey: Uint8Array): Result<VerificationKey>;
  /** Requires: 32 octets of secret seed. */
  importSigningKey(seed: Uint8Array): SigningKey;
  /** Requires: 32 octets of secret; they are clamped as RFC 7748 §5 says. */
  importAgreementKey(secret: Uint8Array): AgreementKey;
}

/**
 * Where secret octets come from: a board's generator, a seeded stream in simulation.
 * @public
 */
export interface EntropyPort {
  /** Fills `bytes` octets of `target` from `offset`. */
  fill(target: Uint8Array, offset: number, bytes: number): void;
}
