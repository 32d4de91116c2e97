// SPDX-License-Identifier: EUPL-1.2
import type { ErrorCode } from "../errors/result.ts";

/**
 * The coarse operations of the door path, over one arena: the steps of EDHOC that touch octets, and what
 * the claims and the right of a peer are read and proved with.
 *
 * A session is written in terms of these alone: it moves no octet, decodes no CBOR and computes no
 * hash itself. On a host and in tests `createArenaOperations` carries them out over a crypto port;
 * a board hands them to native code, which is why each takes at most four integers, why all places
 * are offsets into the arena, and why a result lies where the next step reads it. Calls cost an
 * interpreter more than most of what they do, so a step is as large as what stands between two
 * decisions.
 *
 * Names that end in `At` are offsets in octets. A status is 0 or the code of what is wrong; an answer
 * that is a number of octets or a place is negative, the code with its sign turned, where something is
 * wrong. No operation throws for what lies in the arena; after a step of EDHOC that failed, only a wipe
 * of the session's secrets may follow.
 *
 * Requires: every range lies inside the arena; callers check the lengths of what a peer sent first.
 * @public
 */
export interface ArenaOperations {
  /** Lays the generated layout at the start of the arena; at boot only. */
  lay(): void;
  /** Fills a range with secret random octets. */
  random(at: number, bytes: number): void;
  /** Puts the X25519 public key of a secret at `outAt`. */
  dhBase(secretAt: number, outAt: number): void;

  /**
   * Initiator: message_1 at `MESSAGE`, and its hash (RFC 9528 §5.2.2).
   *
   * Requires: G_X lies in its place.
   * @returns octets of message_1
   */
  hail(): number;
  /**
   * Responder: message_2 where message_1 lay (RFC 9528 §5.2.3, §5.3.2).
   *
   * Requires: the ephemeral key pair is made, and CRED_R lies in `OWN_CREDENTIAL`.
   * @param bytes - of message_1
   * @returns octets of message_2, or `SESSION_MALFORMED` or `SHARED_SECRET_ZERO`, negative
   */
  answer(bytes: number, credentialBytes: number): number;
  /**
   * Initiator: decrypts message_2 where it lies (RFC 9528 §5.3.3, first half).
   *
   * @returns where PLAINTEXT_2 begins, or `SESSION_MALFORMED` or `SHARED_SECRET_ZERO`, negative
   */
  openAnswer(bytes: number): number;
  /**
   * Initiator: takes the responder as who its credential says, by MAC_2, and makes TH_3, K_3 and IV_3
   * (RFC 9528 §5.3.3, second half).
   *
   * Requires: PLAINTEXT_2 lies where it was opened; the credential was verified and its key lies at
   * `PEER_PUBLIC`.
   * @returns 0, `SHARED_SECRET_ZERO` or `SESSION_MAC`
   */
  proveResponder(credentialAt: number, credentialBytes: number): ErrorCode;
  /**
   * Initiator: message_3 with the own credential around an EAD_3 that lies in its place, then the
   * keys of message_4 and of the records (RFC 9528 §5.4.2, §5.5.2, §4.2).
   *
   * @returns octets of message_3, or `SHARED_SECRET_ZERO`, negative
   */
  show(credentialBytes: number, eadBytes: number): number;
  /**
   * Opens message_3 or message_4 where it lies.
   *
   * @returns where the plaintext begins, or `SESSION_MALFORMED` or `SESSION_MAC`, negative
   */
  openSealed(bytes: number): number;
  /**
   * Responder: takes the initiator as who its credential says, by MAC_3 (RFC 9528 §5.4.3, second half).
   *
   * Requires: PLAINTEXT_3 = ( ID_CRED_I, MAC_3, EAD_3 ) lies where it was opened; the credential was
   * verified and its key lies at `PEER_PUBLIC`.
   * @returns 0, `SHARED_SECRET_ZERO` or `SESSION_MAC`
   */
  proveInitiator(credentialAt: number, credentialBytes: number, eadBytes: number): ErrorCode;
  /** Responder: TH_4, the keys of message_4 and of the records (RFC 9528 §5.4.2, §5.5.2, §4.2). */
  close(credentialAt: number, credentialBytes: number, eadBytes: number): void;
  /**
   * Responder: message_4 around a plaintext that lies behind the room for its heading.
   * @returns octets of message_4
   */
  sealAnswer(bytes: number): number;

  /**
   * The strict gate, deterministic CBOR of RFC 8949 §4.2.1, integers below 2^32, ASCII text, no
   * tags, floats or indefinite lengths, at most eight levels deep, over one item or a sequence; then
   * the comparison of its tokens with a shape of the layout. Three words for each token lie in
   * `TOKENS`: major type, offset of the item's content, argument.
   *
   * @returns the number of tokens; 0 for anything else
   */
  read(at: number, bytes: number, shapeAt: number): number;
  /**
   * Verifies a credential: protected header, key id among the anchors, Ed25519 signature (RFC 9052
   * §4.4). A good one is kept in `KNOWN_CREDENTIAL`.
   *
   * Requires: its gate and shape have passed; at most 256 octets.
   * @param typAt - the four octets with which the protected header must end
   * @returns index of the anchor, or `SIGNATURE_INVALID` or `ANCHOR_UNKNOWN`, negative
   */
  verifyCredential(at: number, bytes: number, typAt: number, anchors: number): number;
  /**
   * Proves that the leaf of the presentation that was read last is in a tree (RFC 9162 §2.1.3.2).
   *
   * @returns 0, or `LEAF_NOT_IN_RING`
   */
  proveLeaf(rootAt: number, size: number): ErrorCode;
  /**
   * Finds the record that begins with given octets.
   *
   * @param sizes - octets of a record in the upper 16 bits, octets that must agree in the lower 16
   * @returns its index, or -1
   */
  find(tableAt: number, records: number, wantedAt: number, sizes: number): number;

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
  /** Writes the shortest heading of a CBOR item; returns the offset behind it. */
  putHead(at: number, major: number, argument: number): number;
  /** Offset of the content of a byte string that fills the range exactly; 0 if there is none. */
  unwrap(at: number, bytes: number): number;
  /** Copies a range, also onto itself. */
  copy(toAt: number, fromAt: number, bytes: number): void;
  /** 0 if two ranges agree, else 1; it reads both to the end whatever they hold. */
  compare(oneAt: number, otherAt: number, bytes: number): number;
  /** Overwrites a range with zeros and forgets what was derived from it. */
  wipe(at: number, bytes: number): void;
}

/**
 * What the coarse operations are made of. A device does not call them; the reference and the tests do.
 * @public
 */
export interface ArenaParts {
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
   * The strict gate of `read`, with its own place and number of tokens.
   * @returns the number of tokens; 0 for anything else, also for more than `tokensMax`
   */
  gate(at: number, bytes: number, tokensAt: number, tokensMax: number): number;
  /**
   * Compares tokens with a shape of the layout.
   * @returns 0, or `CBOR_MALFORMED`
   */
  shape(tokensAt: number, tokens: number, shapeAt: number): ErrorCode;
  /** Hash of a leaf: SHA-256(0x00 || leaf), RFC 9162 §2.1.1. */
  hashLeaf(at: number, bytes: number, outAt: number): void;
  /**
   * Replaces the hash of a leaf by the root that its path leads to (RFC 9162 §2.1.3.2).
   *
   * @param indexAndSize - index of the leaf in the upper 16 bits, size of the tree in the lower 16
   * @returns 0, or `LEAF_NOT_IN_RING` if the path is not exactly as long as the place demands
   */
  treeRoot(hashAt: number, pathAt: number, pathBytes: number, indexAndSize: number): ErrorCode;
  /** XORs a second range into a first. */
  xor(at: number, withAt: number, bytes: number): void;
}

/** The steps of a session, which are made of the other operations alone. @internal */
export type SessionSteps = Pick<
  ArenaOperations,
  | "hail"
  | "answer"
  | "openAnswer"
  | "proveResponder"
  | "show"
  | "openSealed"
  | "proveInitiator"
  | "close"
  | "sealAnswer"
  | "read"
  | "verifyCredential"
  | "proveLeaf"
>;

/** Everything that the steps are made of. @internal */
export type StepParts = Omit<ArenaOperations, keyof SessionSteps | "lay"> & ArenaParts;

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
