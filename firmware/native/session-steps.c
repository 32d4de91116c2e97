// SPDX-License-Identifier: EUPL-1.2
// The coarse steps of a door session, EDHOC of RFC 9528 with method 3, suite 0 and credentials by
// value, over places of the arena. Their meaning and their order are those of the reference,
// protocol/src/edhoc/session-steps.ts: a test compares the arena behind each, octet for octet.
//
// A step is made of the entries over the arena, which check their ranges. Fixed places lie inside an
// arena of a key's size; a step asks for that once. A status is 0 or a code; a step that answers with
// octets or a place gives a code with its sign turned.

#include "native.h"

#include "arena.h"

enum {
  MESSAGE_1_BYTES = 37,
  MESSAGE_BYTES_MAX = 1024,
  PLAINTEXT_2_BYTES_MAX = 268,
  CREDENTIAL_BYTES_MIN = 83,
  CREDENTIAL_BYTES_MAX = 256,
  PUBLIC_BYTES = 32,
  TAG_BYTES = 8,
  MAC_ITEM_BYTES = 1 + TAG_BYTES,
  TH_BYTES = 34,
  TH_2_INPUT_BYTES = 68,
  BYTE_STRING = 2
};

// Octets wanted and label of each derivation, RFC 9528 §4.1.2 and §4.2.
#define DERIVE(bytes, label) ((u32)(bytes) << 16 | (label))

static u8 *arena(u32 at) { return (u8 *)(uintptr_t)(binding.arena + at); }
static u32 word(u32 index) { return ((const u32 *)(const void *)arena(0))[index]; }
static int is_arena_small(void) { return binding.arena_bytes < KEY_ARENA_BYTES; }

#define NEEDS_ARENA if (is_arena_small()) return OUT_OF_ARENA
#define ANSWERS_IN_ARENA if (is_arena_small()) return -OUT_OF_ARENA

int entry_arena_lay(u32 check) {
  static const u8 image[] = {
#include "arena-image.h"
  };
  if (is_arena_small() || check != LAYOUT_CHECK) return OUT_OF_ARENA;
  memcpy(arena(0), image, sizeof image);
  return 0;
}

// TH_2 and PRK_2e, §4.1.1.1 and §5.3.2. What follows has the names of the key schedule in TypeScript.
static int enter_message_2(void) {
  return entry_arena_hash(TH_2_INPUT, TH_2_INPUT_BYTES, TH_2 + 2) |
         entry_arena_extract(TH_2 + 2, SHARED, PRK_2E);
}

static int cover_message_2(u32 at, u32 bytes) {
  return entry_arena_kdf(PRK_2E, TH_2, DERIVE(bytes, 0), KEYSTREAM) |
         entry_arena_xor(at, KEYSTREAM, bytes);
}

// PRK_3e2m from G_RX, PRK_4e3m from G_IY, §4.1.1.2 and §4.1.1.3.
static int bind_responder(void) {
  return entry_arena_kdf(PRK_2E, TH_2, DERIVE(32, 1), SALT) |
         entry_arena_extract(SALT, SHARED, PRK_3E2M);
}
static int bind_initiator(void) {
  return entry_arena_kdf(PRK_3E2M, TH_3, DERIVE(32, 5), SALT) |
         entry_arena_extract(SALT, SHARED, PRK_4E3M);
}

// MAC_2 over ( C_R, ID_CRED_R, TH_2, CRED_R ), MAC_3 over ( ID_CRED_I, TH_3, CRED_I, EAD_3 ), §5.3.2 and
// §5.4.2: the head is what stands before the credential by value.
struct mac {
  u32 prk, head, head_bytes, th, label;
};
static const struct mac MAC_2 = {PRK_3E2M, PLAINTEXT_2_HEAD, 3, TH_2, 2};
static const struct mac MAC_3 = {PRK_4E3M, ID_CRED_HEAD, 2, TH_3, 6};

static int compute_mac(const struct mac *mac, u32 credential, u32 bytes, u32 ead, u32 ead_bytes) {
  u32 length = mac->head_bytes + TH_BYTES + 2 * bytes + ead_bytes;
  if (bytes > MESSAGE_BYTES_MAX || ead_bytes > MESSAGE_BYTES_MAX || length + 3 > CONTEXT_BYTES) {
    return OUT_OF_ARENA;
  }
  u32 at = (u32)entry_arena_put_head(CONTEXT, BYTE_STRING, length);
  int fault = entry_arena_copy(at, mac->head, mac->head_bytes);
  at += mac->head_bytes;
  fault |= entry_arena_copy(at, credential, bytes);
  at += bytes;
  fault |= entry_arena_copy(at, mac->th, TH_BYTES);
  at += TH_BYTES;
  fault |= entry_arena_copy(at, credential, bytes);
  fault |= entry_arena_copy(at + bytes, ead, ead_bytes);
  return fault | entry_arena_kdf(mac->prk, CONTEXT, DERIVE(TAG_BYTES, mac->label), MAC);
}

// H( TH, PLAINTEXT, CRED ) around the plaintext where it lies.
static int hash_around(u32 th, u32 at, u32 bytes, u32 credential, u32 credential_bytes, u32 out) {
  return entry_arena_copy(at - TH_BYTES, th, TH_BYTES) |
         entry_arena_copy(at + bytes, credential, credential_bytes) |
         entry_arena_hash(at - TH_BYTES, TH_BYTES + bytes + credential_bytes, out + 2);
}

// K_3 and IV_3, K_4 and IV_4, §5.4.2 and §5.5.2.
static int enter_sealed(u32 prk, u32 th, u32 label) {
  return entry_arena_kdf(prk, th, DERIVE(16, label), AEAD) |
         entry_arena_kdf(prk, th, DERIVE(13, label + 1), AEAD_NONCE) |
         entry_arena_copy(AAD_TH, th, TH_BYTES);
}

static int close_message_2(u32 at, u32 bytes, u32 credential, u32 credential_bytes) {
  return hash_around(TH_2, at, bytes, credential, credential_bytes, TH_3) |
         enter_sealed(PRK_3E2M, TH_3, 3);
}

// K_4, IV_4, PRK_out, PRK_exporter and the keys of the records, §4.1.3 and §4.2.1.
static int enter_message_4(void) {
  return enter_sealed(PRK_4E3M, TH_4, 8) |
         entry_arena_kdf(PRK_4E3M, TH_4, DERIVE(32, 7), PRK_OUT) |
         entry_arena_kdf(PRK_OUT, NOTHING, DERIVE(32, 10), PRK_EXPORTER) |
         entry_arena_kdf(PRK_EXPORTER, NOTHING, DERIVE(29, 32768), TO_LOCK) |
         entry_arena_kdf(PRK_EXPORTER, NOTHING, DERIVE(29, 32769), TO_KEY);
}

int entry_arena_hail(void) {
  ANSWERS_IN_ARENA;
  entry_arena_copy(MESSAGE, MESSAGE_1, MESSAGE_1_BYTES);
  entry_arena_hash(MESSAGE_1, MESSAGE_1_BYTES, HASH_1);
  return MESSAGE_1_BYTES;
}

// §5.2.3 and §5.3.2: back to front, plaintext, MAC, hash around it, cover, and G_Y before it at last.
int entry_arena_answer(u32 bytes, u32 own_bytes) {
  const u32 peer = MESSAGE + 4;
  ANSWERS_IN_ARENA;
  if (own_bytes > CREDENTIAL_BYTES_MAX) return -OUT_OF_ARENA;
  if (bytes != MESSAGE_1_BYTES || entry_arena_compare(MESSAGE, MESSAGE_1, 4) != 0 ||
      *arena(MESSAGE + 36) != 0) {
    return -SESSION_MALFORMED;
  }
  entry_arena_hash(MESSAGE, MESSAGE_1_BYTES, HASH_1);
  int fault = entry_arena_dh(EPHEMERAL, peer, SHARED);
  if (fault == 0) fault = enter_message_2();
  if (fault == 0) fault = entry_arena_dh(OWN_SECRET, peer, SHARED);
  if (fault == 0) fault = bind_responder();
  if (fault == 0) fault = compute_mac(&MAC_2, OWN_CREDENTIAL, own_bytes, 0, 0);
  if (fault != 0) return -fault;
  u32 text_bytes = 3 + own_bytes + MAC_ITEM_BYTES;
  u32 at = MESSAGE + (PUBLIC_BYTES + text_bytes < 256 ? 2 : 3) + PUBLIC_BYTES;
  entry_arena_copy(at, PLAINTEXT_2_HEAD, 3);
  entry_arena_copy(at + 3, OWN_CREDENTIAL, own_bytes);
  *arena(at + 3 + own_bytes) = 0x40 + TAG_BYTES;
  entry_arena_copy(at + 4 + own_bytes, MAC, TAG_BYTES);
  fault = close_message_2(at, text_bytes, OWN_CREDENTIAL, own_bytes);
  fault |= cover_message_2(at, text_bytes);
  if (fault != 0) return -fault;
  entry_arena_copy(at - PUBLIC_BYTES, G_Y, PUBLIC_BYTES);
  entry_arena_put_head(MESSAGE, BYTE_STRING, PUBLIC_BYTES + text_bytes);
  return (int)(at + text_bytes - MESSAGE);
}

// §5.3.3: message_2 = bstr( G_Y, CIPHERTEXT_2 ).
int entry_arena_open_answer(u32 bytes) {
  ANSWERS_IN_ARENA;
  u32 public = bytes > MESSAGE_BYTES_MAX ? 0 : (u32)entry_arena_unwrap(MESSAGE, bytes);
  u32 at = public + PUBLIC_BYTES;
  u32 text_bytes = MESSAGE + bytes - at;
  if (public == 0 || text_bytes < 1 || text_bytes > PLAINTEXT_2_BYTES_MAX) {
    return -SESSION_MALFORMED;
  }
  entry_arena_copy(G_Y, public, PUBLIC_BYTES);
  int fault = entry_arena_dh(EPHEMERAL, G_Y, SHARED);
  if (fault == 0) fault = enter_message_2();
  if (fault == 0) fault = cover_message_2(at, text_bytes);
  return fault == 0 ? (int)at : -fault;
}

int entry_arena_prove_responder(u32 credential, u32 bytes) {
  NEEDS_ARENA;
  int fault = entry_arena_dh(EPHEMERAL, PEER_PUBLIC, SHARED);
  if (fault == 0) fault = bind_responder();
  if (fault == 0) fault = compute_mac(&MAC_2, credential, bytes, 0, 0);
  if (fault != 0) return fault;
  if (entry_arena_compare(MAC, credential + bytes + 1, TAG_BYTES) != 0) return SESSION_MAC;
  return close_message_2(credential - 3, 3 + bytes + MAC_ITEM_BYTES, credential, bytes);
}

// TH_4 behind PLAINTEXT_3 of which the credential begins at `credential`; §5.4.2.
static int close_message_3(u32 credential, u32 own, u32 bytes, u32 ead_bytes) {
  return hash_around(TH_3, credential - 2, 2 + bytes + MAC_ITEM_BYTES + ead_bytes, own, bytes, TH_4);
}

// §5.4.2: PLAINTEXT_3 = ( ID_CRED_I, MAC_3, EAD_3 ).
int entry_arena_show(u32 own_bytes, u32 ead_bytes) {
  ANSWERS_IN_ARENA;
  if (own_bytes > CREDENTIAL_BYTES_MAX || ead_bytes > MESSAGE_BYTES_MAX) return -OUT_OF_ARENA;
  u32 text_bytes = 2 + own_bytes + MAC_ITEM_BYTES + ead_bytes;
  u32 at = MESSAGE + (text_bytes + TAG_BYTES < 256 ? 2 : 3);
  u32 ead = at + 2 + own_bytes + MAC_ITEM_BYTES;
  entry_arena_copy(at, ID_CRED_HEAD, 2);
  entry_arena_copy(at + 2, OWN_CREDENTIAL, own_bytes);
  *arena(at + 2 + own_bytes) = 0x40 + TAG_BYTES;
  int fault = entry_arena_dh(OWN_SECRET, G_Y, SHARED);
  if (fault == 0) fault = bind_initiator();
  if (fault == 0) fault = compute_mac(&MAC_3, OWN_CREDENTIAL, own_bytes, ead, ead_bytes);
  if (fault != 0) return -fault;
  entry_arena_copy(ead - TAG_BYTES, MAC, TAG_BYTES);
  fault = close_message_3(at + 2, OWN_CREDENTIAL, own_bytes, ead_bytes);
  if (fault == 0) fault = entry_arena_seal(AEAD, MESSAGE_AAD, at, text_bytes);
  entry_arena_put_head(MESSAGE, BYTE_STRING, text_bytes + TAG_BYTES);
  if (fault == 0) fault = enter_message_4();
  return fault == 0 ? (int)(at + text_bytes + TAG_BYTES - MESSAGE) : -fault;
}

int entry_arena_open_sealed(u32 bytes) {
  ANSWERS_IN_ARENA;
  u32 at = bytes > MESSAGE_BYTES_MAX ? 0 : (u32)entry_arena_unwrap(MESSAGE, bytes);
  if (at == 0) return -SESSION_MALFORMED;
  return entry_arena_open(AEAD, MESSAGE_AAD, at, MESSAGE + bytes - at) == 0 ? (int)at : -SESSION_MAC;
}

int entry_arena_prove_initiator(u32 credential, u32 bytes, u32 ead_bytes) {
  NEEDS_ARENA;
  u32 mac = credential + bytes + 1;
  int fault = entry_arena_dh(EPHEMERAL, PEER_PUBLIC, SHARED);
  if (fault == 0) fault = bind_initiator();
  if (fault == 0) fault = compute_mac(&MAC_3, credential, bytes, mac + TAG_BYTES, ead_bytes);
  if (fault != 0) return fault;
  return entry_arena_compare(MAC, mac, TAG_BYTES) == 0 ? 0 : SESSION_MAC;
}

int entry_arena_close(u32 credential, u32 bytes, u32 ead_bytes) {
  NEEDS_ARENA;
  int fault = close_message_3(credential, credential, bytes, ead_bytes);
  return fault == 0 ? enter_message_4() : fault;
}

// §5.5.2.
int entry_arena_seal_answer(u32 bytes) {
  ANSWERS_IN_ARENA;
  if (bytes > MESSAGE_BYTES_MAX) return -OUT_OF_ARENA;
  u32 at = MESSAGE + (bytes + TAG_BYTES < 24 ? 1 : 2);
  entry_arena_seal(AEAD, MESSAGE_AAD, at, bytes);
  entry_arena_put_head(MESSAGE, BYTE_STRING, bytes + TAG_BYTES);
  return (int)(at - MESSAGE + bytes + TAG_BYTES);
}

// 0 for anything but an item or items of that shape.
int entry_arena_read(u32 at, u32 bytes, u32 shape) {
  if (is_arena_small()) return 0;
  u32 count = (u32)entry_arena_gate(at, bytes, TOKENS, TOKENS_MAX);
  return entry_arena_shape(TOKENS, count, shape) == 0 ? (int)count : 0;
}

enum { ANCHOR_BYTES = 36, KID_BYTES = 4, ANCHORS_MAX = 8, SIGNATURE_ITEM_BYTES = 66 };

// The anchor with a key id from `from` on, or -1.
static int find_anchor(u32 from, u32 kid, u32 anchors) {
  int found = entry_arena_find(ANCHORS + from * ANCHOR_BYTES, anchors - from, kid,
                               ANCHOR_BYTES << 16 | KID_BYTES);
  return found < 0 ? -1 : (int)from + found;
}

// 84 4d | header | a0 | payload | 58 40 | signature; signed is that from its header to its payload, with
// 40 in the place of a0 (RFC 9052 §4.4).
int entry_arena_verify_credential(u32 at, u32 bytes, u32 typ, u32 anchors) {
  ANSWERS_IN_ARENA;
  if (bytes < CREDENTIAL_BYTES_MIN || bytes > CREDENTIAL_BYTES_MAX) return -OUT_OF_ARENA;
  if (anchors > ANCHORS_MAX) return -OUT_OF_ARENA;
  u32 signed_bytes = 12 + bytes - 1 - SIGNATURE_ITEM_BYTES;
  if (entry_arena_compare(at + 2, PROTECTED_HEAD, 5) != 0) return -SIGNATURE_INVALID;
  if (entry_arena_compare(at + 11, typ, 4) != 0) return -SIGNATURE_INVALID;
  int anchor = find_anchor(0, at + 7, anchors);
  if (anchor < 0) return -ANCHOR_UNKNOWN;
  int fault = entry_arena_copy(SIGNED, SIGNATURE1, 12);
  fault |= entry_arena_copy(SIGNED + 12, at + 1, bytes - 1 - SIGNATURE_ITEM_BYTES);
  if (fault != 0) return -fault;
  *arena(SIGNED + 12 + 14) = 0x40;
  for (;;) {
    u32 key = ANCHORS + (u32)anchor * ANCHOR_BYTES + KID_BYTES;
    fault = entry_arena_verify(key, SIGNED, signed_bytes, at + bytes - 64);
    if (fault == 0) break;
    anchor = find_anchor((u32)anchor + 1, at + 7, anchors);
    if (anchor < 0) return -fault;
  }
  entry_arena_copy(KNOWN_CREDENTIAL, at, bytes);
  return anchor;
}

int entry_arena_prove_leaf(u32 root, u32 size) {
  NEEDS_ARENA;
  int fault = entry_arena_hash_leaf(word(PRESENTATION_LEAF_AT), word(PRESENTATION_LEAF_BYTES), NODE);
  if (fault != 0) return fault;
  u32 place = word(PRESENTATION_INDEX) << 16 | size;
  u32 path_bytes = word(PRESENTATION_PATH_BYTES);
  if (entry_arena_tree_root(NODE, word(PRESENTATION_PATH_AT), path_bytes, place) != 0) {
    return LEAF_NOT_IN_RING;
  }
  return entry_arena_compare(NODE, root, 32) == 0 ? 0 : LEAF_NOT_IN_RING;
}
