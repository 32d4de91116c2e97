// SPDX-License-Identifier: EUPL-1.2
// The coarse steps of a session over their parts: what a host runs, and the reference that the native
// code of boards is held to, octet for octet of the arena.
import {
  ANCHOR_UNKNOWN,
  LEAF_NOT_IN_RING,
  SESSION_MAC,
  SESSION_MALFORMED,
  SIGNATURE_INVALID,
} from "../errors/code.ts";
import {
  AEAD,
  ANCHORS,
  EPHEMERAL,
  G_Y,
  HASH_1,
  ID_CRED_HEAD,
  KNOWN_CREDENTIAL,
  MAC,
  MESSAGE,
  MESSAGE_1,
  MESSAGE_AAD,
  NODE,
  OWN_CREDENTIAL,
  OWN_SECRET,
  PEER_PUBLIC,
  PLAINTEXT_2_HEAD,
  PRESENTATION_INDEX,
  PRESENTATION_LEAF_AT,
  PRESENTATION_LEAF_BYTES,
  PRESENTATION_PATH_AT,
  PRESENTATION_PATH_BYTES,
  PROTECTED_HEAD,
  SHARED,
  SIGNATURE1,
  SIGNED,
  TOKENS,
  TOKENS_MAX,
} from "./arena.ts";
import { createKeySchedule } from "./key-schedule.ts";
import type { SessionSteps, StepParts } from "./operations.ts";

const MESSAGE_1_BYTES = 37;
const MESSAGE_BYTES_MAX = 1024;
const PLAINTEXT_2_BYTES_MAX = 268;
const TAG_BYTES = 8;
const PUBLIC_BYTES = 32;
/** Heading and octets of a MAC inside a plaintext. */
const MAC_ITEM_BYTES = 1 + TAG_BYTES;

const ANCHOR_BYTES = 36;
const KID_BYTES = 4;
const SIGNATURE_BYTES = 64;
// A credential is [ bstr protected, {}, bstr payload, bstr signature ], and its protected header
// always takes 13 octets, so these places are fixed: 84 4d | header | a0 | payload | 58 40 | ...
const HEADER_AT = 2;
const KID_AT = HEADER_AT + 5;
const TYP_AT = KID_AT + KID_BYTES;
const SIGNATURE_ITEM_BYTES = 2 + SIGNATURE_BYTES;
// What is signed repeats the credential from its header to its payload; only the unprotected map
// between them, a0, gives way to the empty external_aad, 40 (RFC 9052 §4.4).
const SIGNED_HEADER_AT = SIGNED + 12;
const SIGNED_EXTERNAL_AAD_AT = SIGNED_HEADER_AT + 14;

/**
 * Makes the steps of one arena.
 *
 * @param words - the same arena as 32-bit words
 * @internal
 */
export function createSessionSteps(
  parts: StepParts,
  arena: Uint8Array,
  words: Uint32Array,
): SessionSteps {
  const { compare, copy, dh, find, gate, hash, hashLeaf, open, putHead, seal, shape } = parts;
  const { treeRoot, unwrap, verify } = parts;
  const schedule = createKeySchedule(parts);

  // RFC 9528 §5.2.3: method, suite and C_I are the only ones there are, EAD_1 is empty. §5.3.2: the
  // message is built where message_1 lay, back to front: plaintext, MAC, hash of the transcript around
  // it, cover, and G_Y in front of it at last.
  function answer(bytes: number, ownBytes: number): number {
    if (bytes !== MESSAGE_1_BYTES || compare(MESSAGE, MESSAGE_1, 4) !== 0) {
      return -SESSION_MALFORMED;
    }
    if (arena[MESSAGE + 36] !== 0) return -SESSION_MALFORMED;
    hash(MESSAGE, MESSAGE_1_BYTES, HASH_1);
    const peerPublic = MESSAGE + 4;
    let fault = dh(EPHEMERAL, peerPublic, SHARED);
    if (fault !== 0) return -fault;
    schedule.enterMessage2();
    fault = dh(OWN_SECRET, peerPublic, SHARED);
    if (fault !== 0) return -fault;
    schedule.bindResponder();
    schedule.computeMac2(OWN_CREDENTIAL, ownBytes);
    const plaintextBytes = 3 + ownBytes + MAC_ITEM_BYTES;
    const at = MESSAGE + (PUBLIC_BYTES + plaintextBytes < 256 ? 2 : 3) + PUBLIC_BYTES;
    copy(at, PLAINTEXT_2_HEAD, 3);
    copy(at + 3, OWN_CREDENTIAL, ownBytes);
    arena[at + 3 + ownBytes] = 0x48;
    copy(at + 4 + ownBytes, MAC, TAG_BYTES);
    schedule.closeMessage2(at, plaintextBytes, OWN_CREDENTIAL, ownBytes);
    schedule.coverMessage2(at, plaintextBytes);
    copy(at - PUBLIC_BYTES, G_Y, PUBLIC_BYTES);
    putHead(MESSAGE, 2, PUBLIC_BYTES + plaintextBytes);
    return at + plaintextBytes - MESSAGE;
  }

  // RFC 9528 §5.3.3: message_2 = bstr( G_Y, CIPHERTEXT_2 ).
  function openAnswer(bytes: number): number {
    const publicAt = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
    const at = publicAt + PUBLIC_BYTES;
    const plaintextBytes = bytes - (at - MESSAGE);
    if (publicAt === 0 || plaintextBytes < 1 || plaintextBytes > PLAINTEXT_2_BYTES_MAX) {
      return -SESSION_MALFORMED;
    }
    copy(G_Y, publicAt, PUBLIC_BYTES);
    const fault = dh(EPHEMERAL, G_Y, SHARED);
    if (fault !== 0) return -fault;
    schedule.enterMessage2();
    schedule.coverMessage2(at, plaintextBytes);
    return at;
  }

  function proveResponder(credentialAt: number, credentialBytes: number): number {
    const fault = dh(EPHEMERAL, PEER_PUBLIC, SHARED);
    if (fault !== 0) return fault;
    schedule.bindResponder();
    schedule.computeMac2(credentialAt, credentialBytes);
    if (compare(MAC, credentialAt + credentialBytes + 1, TAG_BYTES) !== 0) return SESSION_MAC;
    const plaintextBytes = 3 + credentialBytes + MAC_ITEM_BYTES;
    schedule.closeMessage2(credentialAt - 3, plaintextBytes, credentialAt, credentialBytes);
    return 0;
  }

  // Everything behind PLAINTEXT_3 of which the credential begins at `credentialAt`.
  function closeBehind(
    credentialAt: number,
    ownAt: number,
    credentialBytes: number,
    eadBytes: number,
  ) {
    const plaintextBytes = 2 + credentialBytes + MAC_ITEM_BYTES + eadBytes;
    schedule.closeMessage3(credentialAt - 2, plaintextBytes, ownAt, credentialBytes);
  }

  // RFC 9528 §5.4.2: PLAINTEXT_3 = ( ID_CRED_I, MAC_3, EAD_3 ).
  function show(ownBytes: number, eadBytes: number): number {
    const plaintextBytes = 2 + ownBytes + MAC_ITEM_BYTES + eadBytes;
    const at = MESSAGE + (plaintextBytes + TAG_BYTES < 256 ? 2 : 3);
    copy(at, ID_CRED_HEAD, 2);
    copy(at + 2, OWN_CREDENTIAL, ownBytes);
    arena[at + 2 + ownBytes] = 0x48;
    const fault = dh(OWN_SECRET, G_Y, SHARED);
    if (fault !== 0) return -fault;
    schedule.bindInitiator();
    const eadAt = at + 2 + ownBytes + MAC_ITEM_BYTES;
    schedule.computeMac3(OWN_CREDENTIAL, ownBytes, eadAt, eadBytes);
    copy(eadAt - TAG_BYTES, MAC, TAG_BYTES);
    closeBehind(at + 2, OWN_CREDENTIAL, ownBytes, eadBytes);
    seal(AEAD, MESSAGE_AAD, at, plaintextBytes);
    putHead(MESSAGE, 2, plaintextBytes + TAG_BYTES);
    schedule.enterMessage4();
    schedule.exportRecordKeys();
    return at + plaintextBytes + TAG_BYTES - MESSAGE;
  }

  function openSealed(bytes: number): number {
    const at = bytes > MESSAGE_BYTES_MAX ? 0 : unwrap(MESSAGE, bytes);
    if (at === 0) return -SESSION_MALFORMED;
    return open(AEAD, MESSAGE_AAD, at, bytes - (at - MESSAGE)) === 0 ? at : -SESSION_MAC;
  }

  function proveInitiator(credentialAt: number, credentialBytes: number, eadBytes: number): number {
    const fault = dh(EPHEMERAL, PEER_PUBLIC, SHARED);
    if (fault !== 0) return fault;
    schedule.bindInitiator();
    const macAt = credentialAt + credentialBytes + 1;
    schedule.computeMac3(credentialAt, credentialBytes, macAt + TAG_BYTES, eadBytes);
    return compare(MAC, macAt, TAG_BYTES) === 0 ? 0 : SESSION_MAC;
  }

  /** Index of the next anchor with a kid, from `from` on; -1 for none. */
  function findAnchor(from: number, kidAt: number, anchors: number): number {
    const sizes = (ANCHOR_BYTES << 16) | KID_BYTES;
    const found = find(ANCHORS + from * ANCHOR_BYTES, anchors - from, kidAt, sizes);
    return found < 0 ? -1 : from + found;
  }

  function verifyCredential(at: number, bytes: number, typAt: number, anchors: number): number {
    if (compare(at + HEADER_AT, PROTECTED_HEAD, 5) !== 0) return -SIGNATURE_INVALID;
    if (compare(at + TYP_AT, typAt, 4) !== 0) return -SIGNATURE_INVALID;
    let anchor = findAnchor(0, at + KID_AT, anchors);
    if (anchor < 0) return -ANCHOR_UNKNOWN;
    const signedBytes = 12 + bytes - 1 - SIGNATURE_ITEM_BYTES;
    copy(SIGNED, SIGNATURE1, 12);
    copy(SIGNED_HEADER_AT, at + 1, bytes - 1 - SIGNATURE_ITEM_BYTES);
    arena[SIGNED_EXTERNAL_AAD_AT] = 0x40;
    // Four octets of kid are soon found twice by whoever looks for that: each of them is tried, or
    // one organisation could shut the door on another's keys.
    for (;;) {
      const publicKeyAt = ANCHORS + anchor * ANCHOR_BYTES + KID_BYTES;
      const fault = verify(publicKeyAt, SIGNED, signedBytes, at + bytes - SIGNATURE_BYTES);
      if (fault === 0) break;
      anchor = findAnchor(anchor + 1, at + KID_AT, anchors);
      if (anchor < 0) return -fault;
    }
    copy(KNOWN_CREDENTIAL, at, bytes);
    return anchor;
  }

  // The leaf is hashed as it came; only a leaf that the signed root covers is read.
  function proveLeaf(rootAt: number, size: number): number {
    const word = (index: number) => words[index] as number;
    hashLeaf(word(PRESENTATION_LEAF_AT), word(PRESENTATION_LEAF_BYTES), NODE);
    const place = (word(PRESENTATION_INDEX) << 16) | size;
    const pathBytes = word(PRESENTATION_PATH_BYTES);
    if (treeRoot(NODE, word(PRESENTATION_PATH_AT), pathBytes, place) !== 0) return LEAF_NOT_IN_RING;
    return compare(NODE, rootAt, PUBLIC_BYTES) === 0 ? 0 : LEAF_NOT_IN_RING;
  }

  return {
    hail() {
      copy(MESSAGE, MESSAGE_1, MESSAGE_1_BYTES);
      hash(MESSAGE_1, MESSAGE_1_BYTES, HASH_1);
      return MESSAGE_1_BYTES;
    },
    answer,
    openAnswer,
    proveResponder,
    show,
    openSealed,
    proveInitiator,
    close(credentialAt, credentialBytes, eadBytes) {
      closeBehind(credentialAt, credentialAt, credentialBytes, eadBytes);
      schedule.enterMessage4();
      schedule.exportRecordKeys();
    },
    // RFC 9528 §5.5.2.
    sealAnswer(bytes) {
      const at = MESSAGE + (bytes + TAG_BYTES < 24 ? 1 : 2);
      seal(AEAD, MESSAGE_AAD, at, bytes);
      putHead(MESSAGE, 2, bytes + TAG_BYTES);
      return at - MESSAGE + bytes + TAG_BYTES;
    },
    read(at, bytes, shapeAt) {
      const tokens = gate(at, bytes, TOKENS, TOKENS_MAX);
      return shape(TOKENS, tokens, shapeAt) === 0 ? tokens : 0;
    },
    verifyCredential,
    proveLeaf,
  };
}
