// SPDX-License-Identifier: EUPL-1.2
import type { ErrorCode } from "../errors/result.ts";

/**
 * The coarse operations of the door path, over one arena.
 *
 * A session is written in terms of these alone: it moves no octet, decodes no CBOR and computes no
 * hash itself. On a host and in tests `createArenaOperations` carries them out over a crypto port;
 * a board hands them to native code, which is why each takes at most four integers, why all places
 * are offsets into the arena, and why a result lies where the next step reads it.
 *
 * Names that end in `At` are offsets in octets. A status is 0 or the code of what is wrong; no
 * operation throws for what lies in the arena, and one that fails leaves its output as it was.
 *
 * Requires: every range lies inside the arena; callers check the lengths of what a peer sent first.
 * @public
 */
export interface ArenaOperations {
  /** Lays the hexadecimal text of the generated layout at `at`; at boot only. */
  lay(at: number, hex: string): void;

  /** Fills a range with secret random octets. */
  random(at: number, bytes: number): void;
  /** Puts the X25519 public key of a secret at `outAt`. */
  dhBase(secretAt: number, outAt: number): void;
  /**
   * Puts the X25519 shared secret at `outAt`.
   * @returns 0, or `SHARED_SECRET_ZERO` for a peer key of small order (RFC 7748 §6.1)
   */
  dh(secretAt: number, peerAt: number, outAt: number): ErrorCode;
  /**
   * Verifies an Ed25519 signature of 64 octets.
   * @returns 0, or `SIGNATURE_INVALID`
   */
  verify(publicKeyAt: number, messageAt: number, bytes: number, signatureAt: number): ErrorCode;
  /** Puts the SHA-256 of a range at `outAt`. */
  hash(at: number, bytes: number, outAt: number): void;
  /** HKDF-Extract with salt and input of 32 octets each (RFC 5869 §2.2). */
  extract(saltAt: number, inputAt: number, outAt: number): void;
  /**
   * EDHOC_KDF (RFC 9528 §4.1.2): HKDF-Expand with info = (label, context, length).
   *
   * @param contextAt - an encoded CBOR byte string, heading included
   * @param lengthAndLabel - octets wanted in the upper 16 bits, label in the lower 16
   */
  kdf(prkAt: number, contextAt: number, lengthAndLabel: number, outAt: number): void;
  /**
   * Encrypts in place with AES-CCM-16-64-128 and writes the tag of 8 octets behind.
   *
   * @param keyAt - 16 octets of key and behind them 13 of nonce
   * @param additionalAt - one octet that says how long the additional data behind it is
   */
  seal(keyAt: number, additionalAt: number, at: number, bytes: number): void;
  /**
   * Decrypts in place what `seal` made; `bytes` counts the tag.
   * @returns 0, or `SEAL_INVALID` with nothing written
   */
  open(keyAt: number, additionalAt: number, at: number, bytes: number): ErrorCode;
  /** Copies key and IV (29 octets) to `outAt` with `counter` XORed into the last four of the IV. */
  counterKey(keyAt: number, counter: number, outAt: number): void;

  /**
   * The strict gate: deterministic CBOR of RFC 8949 §4.2.1, integers below 2^32, ASCII text, no
   * tags, floats or indefinite lengths, at most eight levels deep. It takes one item or a sequence
   * and writes three words for each token: major type, offset of the item's content, argument.
   *
   * @returns the number of tokens; 0 for anything else, also for more than `tokensMax`
   */
  gate(at: number, bytes: number, tokensAt: number, tokensMax: number): number;
  /**
   * Compares tokens with a shape of the layout.
   * @returns 0, or `CBOR_MALFORMED`
   */
  shape(tokensAt: number, tokens: number, shapeAt: number): ErrorCode;
  /** Writes the shortest heading of a CBOR item; returns the offset behind it. */
  putHead(at: number, major: number, argument: number): number;
  /** Offset of the content of a byte string that fills the range exactly; 0 if there is none. */
  unwrap(at: number, bytes: number): number;

  /** Hash of a leaf: SHA-256(0x00 || leaf), RFC 9162 §2.1.1. */
  hashLeaf(at: number, bytes: number, outAt: number): void;
  /**
   * Replaces the hash of a leaf by the root that its path leads to (RFC 9162 §2.1.3.2).
   *
   * @param indexAndSize - index of the leaf in the upper 16 bits, size of the tree in the lower 16
   * @returns 0, or `LEAF_NOT_IN_RING` if the path is not exactly as long as the place demands
   */
  treeRoot(hashAt: number, pathAt: number, pathBytes: number, indexAndSize: number): ErrorCode;
  /**
   * Finds the record that begins with given octets.
   *
   * @param sizes - octets of a record in the upper 16 bits, octets that must agree in the lower 16
   * @returns its index, or -1
   */
  find(tableAt: number, records: number, wantedAt: number, sizes: number): number;

  /** Copies a range, also onto itself. */
  copy(toAt: number, fromAt: number, bytes: number): void;
  /** XORs a second range into a first. */
  xor(at: number, withAt: number, bytes: number): void;
  /** 0 if two ranges agree, else 1; it reads both to the end whatever they hold. */
  compare(oneAt: number, otherAt: number, bytes: number): number;
  /** Overwrites a range with zeros and forgets what was derived from it. */
  wipe(at: number, bytes: number): void;
  /** CRC-16 of the link's frames over a range. */
  crc(at: number, bytes: number): number;
}

/**
 * Where a session stands.
 * @internal
 */
export interface SessionStatus {
  /** One of the numbered states of the side. */
  state: number;
  /** Why the session was refused; 0 while it was not. */
  faultCode: ErrorCode;
}
