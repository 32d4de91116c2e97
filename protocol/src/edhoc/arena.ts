// SPDX-License-Identifier: EUPL-1.2
// Generated from layout.ts by scripts/src/generate-arena.ts; change the table, not this file.

export const KEY_ARENA_BYTES = 8004;
export const LOCK_ARENA_BYTES = 20292;
export const SESSION_SECRETS = 800;
export const SESSION_SECRETS_BYTES = 360;
export const TOKENS_MAX = 40;
export const TOKEN_WORDS = 3;
/** Index of the first token's first word. */
export const FIRST_TOKEN = 524;
/** Index of the first floor's first word. */
export const FIRST_FLOOR = 2001;

/** 37 octets: message_1 of the key: method 3, suite 0, G_X, C_I = 0 (RFC 9528 §5.2.1). @internal */
export const MESSAGE_1 = 0;
export const G_X = 4;
/** 68 octets: G_Y and H(message_1) as byte strings, the input of TH_2 (§5.3.2). @internal */
export const TH_2_INPUT = 37;
export const G_Y = 39;
export const HASH_1 = 73;
/** 34 octets: TH_2 as a byte string. @internal */
export const TH_2 = 105;
/** 34 octets: TH_3 as a byte string. @internal */
export const TH_3 = 139;
/** 34 octets: TH_4 as a byte string. @internal */
export const TH_4 = 173;
/** 46 octets: length, then A_3 or A_4: Enc_structure with TH_3 or TH_4 (§5.4.2, §5.5.2). @internal */
export const MESSAGE_AAD = 207;
export const AAD_TH = 219;
/** 13 octets: length, then the Enc_structure of a record, with nothing outside. @internal */
export const RECORD_AAD = 253;
/** 1 octets: the empty byte string. @internal */
export const NOTHING = 266;
/** 3 octets: C_R = 1, then { 13: ...: a credential by value as kcwt (§3.5.3). @internal */
export const PLAINTEXT_2_HEAD = 267;
export const ID_CRED_HEAD = 268;
/** 3 octets: -32769, presentation. @internal */
export const EAD_3_LABEL = 270;
/** 3 octets: -32771, issuer certificate. @internal */
export const EAD_3_CERTIFICATE_LABEL = 273;
/** 3 octets: -32770, decision. @internal */
export const EAD_4_LABEL = 276;
/** 12 octets: start of a Sig_structure, [ "Signature1", (RFC 9052 §4.4). @internal */
export const SIGNATURE1 = 279;
/** 5 octets: start of a protected header: { 1: -19, 4: kid of four octets. @internal */
export const PROTECTED_HEAD = 291;
/** 4 octets: its end for a ring head: 16: 65001 }. @internal */
export const PROTECTED_RING_HEAD = 296;
/** 4 octets: its end for a lock certificate: 16: 65002 }. @internal */
export const PROTECTED_LOCK_CERTIFICATE = 300;
/** 47 octets: the expected tokens of a plaintext 2. @internal */
export const PLAINTEXT_2_SHAPE = 304;
/** 52 octets: the expected tokens of a plaintext 3. @internal */
export const PLAINTEXT_3_SHAPE = 351;
/** 62 octets: the expected tokens of a certified 3. @internal */
export const CERTIFIED_3_SHAPE = 403;
/** 12 octets: the expected tokens of a plaintext 4. @internal */
export const PLAINTEXT_4_SHAPE = 465;
/** 132 octets: the expected tokens of a ring head. @internal */
export const RING_HEAD_SHAPE = 477;
/** 107 octets: the expected tokens of a lock certificate. @internal */
export const LOCK_CERTIFICATE_SHAPE = 609;
/** 27 octets: the expected tokens of a presentation. @internal */
export const PRESENTATION_SHAPE = 716;
/** 32 octets: the expected tokens of a salted leaf. @internal */
export const SALTED_LEAF_SHAPE = 743;
/** 22 octets: the expected tokens of a decision. @internal */
export const DECISION_SHAPE = 775;
/** 32 octets: X of the key, Y of the lock. @internal */
export const EPHEMERAL = 800;
/** 32 octets: G_XY, G_RX, G_IY in turn. @internal */
export const SHARED = 832;
/** 32 octets: SALT_3e2m, SALT_4e3m in turn. @internal */
export const SALT = 864;
/** 32 octets: PRK_2e (§4.1.1.1). @internal */
export const PRK_2E = 896;
/** 32 octets: PRK_3e2m (§4.1.1.2). @internal */
export const PRK_3E2M = 928;
/** 32 octets: PRK_4e3m (§4.1.1.3). @internal */
export const PRK_4E3M = 960;
/** 32 octets: PRK_out (§4.1.3). @internal */
export const PRK_OUT = 992;
/** 32 octets: PRK_exporter (§4.2.1). @internal */
export const PRK_EXPORTER = 1024;
/** 32 octets: AES key and, directly behind it, the nonce of the message in hand. @internal */
export const AEAD = 1056;
export const AEAD_NONCE = 1072;
/** 32 octets: record key and IV, key to lock. @internal */
export const TO_LOCK = 1088;
/** 32 octets: record key and IV, lock to key. @internal */
export const TO_KEY = 1120;
/** 8 octets: MAC_2 or MAC_3 as computed here. @internal */
export const MAC = 1152;
/** 32 octets: static X25519 secret of this device. @internal */
export const OWN_SECRET = 1160;
/** 256 octets: CRED_R of a lock, laid at boot; CRED_I of a key, laid at each start. @internal */
export const OWN_CREDENTIAL = 1192;
/** 256 octets: the last credential whose signature was verified: not verified twice. @internal */
export const KNOWN_CREDENTIAL = 1448;
/** 288 octets: trusted keys: kid (4 octets) and Ed25519 public key (32) each. @internal */
export const ANCHORS = 1704;
/** 8 octets: devid of the peer, from its credential. @internal */
export const PEER = 1992;
/** 32 octets: G_I or G_R, from its credential. @internal */
export const PEER_PUBLIC = 2000;
/** 32 octets: hash of the leaf, then the root above it. @internal */
export const NODE = 2032;
/** 32 octets: the decision while it is written. @internal */
export const DECISION_DRAFT = 2064;
/** 480 octets: tokens of the last gated item: type, offset, value as 32-bit words each. @internal */
export const TOKENS = 2096;
/** 1300 octets: context_2 or context_3 as a byte string (§5.3.2, §5.4.2). @internal */
export const CONTEXT = 2576;
export const CONTEXT_BYTES = 1300;
/** 268 octets: KEYSTREAM_2 (§4.1.2). @internal */
export const KEYSTREAM = 2576;
/** 268 octets: Sig_structure of the credential under test. @internal */
export const SIGNED = 2576;
/** 4128 octets: the message in hand, opened and answered where it lies; a transcript hash is put in front of a plaintext and the credential behind it to hash them without a copy. @internal */
export const TRANSCRIPT = 3876;
export const MESSAGE = 3908;
export const REPLY = 3908;
/** 12288 octets: floor lists, 256 places for each anchor: devid (8 octets), lowest ring number (word). @internal */
export const FLOORS = 8004;

// Words of the tokens of a plaintext 2.
export const PLAINTEXT_2_PROTECTED_AT = 537;
export const PLAINTEXT_2_PROTECTED_BYTES = 538;
export const PLAINTEXT_2_PAYLOAD_AT = 543;
export const PLAINTEXT_2_PAYLOAD_BYTES = 544;
export const PLAINTEXT_2_SIGNATURE_AT = 546;
export const PLAINTEXT_2_SIGNATURE_BYTES = 547;
export const PLAINTEXT_2_MAC_AT = 549;
export const PLAINTEXT_2_MAC_BYTES = 550;
export const PLAINTEXT_2_TOKENS = 9;

// Words of the tokens of a plaintext 3.
export const PLAINTEXT_3_PROTECTED_AT = 534;
export const PLAINTEXT_3_PROTECTED_BYTES = 535;
export const PLAINTEXT_3_PAYLOAD_AT = 540;
export const PLAINTEXT_3_PAYLOAD_BYTES = 541;
export const PLAINTEXT_3_SIGNATURE_AT = 543;
export const PLAINTEXT_3_SIGNATURE_BYTES = 544;
export const PLAINTEXT_3_MAC_AT = 546;
export const PLAINTEXT_3_MAC_BYTES = 547;
export const PLAINTEXT_3_EAD_AT = 552;
export const PLAINTEXT_3_EAD_BYTES = 553;
export const PLAINTEXT_3_TOKENS = 10;

// Words of the tokens of a certified 3.
export const CERTIFIED_3_CERTIFICATE_AT = 552;
export const CERTIFIED_3_CERTIFICATE_BYTES = 553;
export const CERTIFIED_3_EAD_AT = 558;
export const CERTIFIED_3_EAD_BYTES = 559;
export const CERTIFIED_3_TOKENS = 12;

// Words of the tokens of a plaintext 4.
export const PLAINTEXT_4_EAD_AT = 528;
export const PLAINTEXT_4_EAD_BYTES = 529;
export const PLAINTEXT_4_TOKENS = 2;

// Words of the tokens of a ring head.
export const RING_HEAD_EXP = 532;
export const RING_HEAD_NBF = 538;
export const RING_HEAD_IAT = 544;
export const RING_HEAD_DEVID_AT = 567;
export const RING_HEAD_DEVID_BYTES = 568;
export const RING_HEAD_PUBLIC_AT = 579;
export const RING_HEAD_PUBLIC_BYTES = 580;
export const RING_HEAD_RINGSEQ = 589;
export const RING_HEAD_SIZE = 592;
export const RING_HEAD_ROOT_AT = 594;
export const RING_HEAD_ROOT_BYTES = 595;
export const RING_HEAD_FLAGS = 598;
export const RING_HEAD_NEEDLIST = 601;
export const RING_HEAD_TOKENS = 26;

// Words of the tokens of a lock certificate.
export const LOCK_CERTIFICATE_EXP = 532;
export const LOCK_CERTIFICATE_IAT = 538;
export const LOCK_CERTIFICATE_DEVID_AT = 561;
export const LOCK_CERTIFICATE_DEVID_BYTES = 562;
export const LOCK_CERTIFICATE_PUBLIC_AT = 573;
export const LOCK_CERTIFICATE_PUBLIC_BYTES = 574;
export const LOCK_CERTIFICATE_DOOR = 583;
export const LOCK_CERTIFICATE_GROUPS = 586;
export const LOCK_CERTIFICATE_TOKENS = 21;

// Words of the tokens of a presentation.
export const PRESENTATION_OP = 529;
export const PRESENTATION_INDEX = 532;
export const PRESENTATION_LEAF_AT = 534;
export const PRESENTATION_LEAF_BYTES = 535;
export const PRESENTATION_PATH_AT = 537;
export const PRESENTATION_PATH_BYTES = 538;
export const PRESENTATION_TOKENS = 5;

// Words of the tokens of a salted leaf.
export const SALTED_LEAF_KIND = 529;
export const SALTED_LEAF_TARGET = 532;
export const SALTED_LEAF_OPS = 535;
export const SALTED_LEAF_UNTIL = 538;
export const SALTED_LEAF_SALT_AT = 540;
export const SALTED_LEAF_SALT_BYTES = 541;
export const SALTED_LEAF_TOKENS = 6;

// Words of the tokens of a decision.
export const DECISION_ITEMS = 526;
export const DECISION_CODE = 529;
export const DECISION_LOCKSEQ = 532;
export const DECISION_TIME = 535;
export const DECISION_TOKENS = 4;

/** Tells one layout from another: native code refuses to lay one that it does not know. */
export const LAYOUT_CHECK = 1304567435;

/** What is laid at offset 0 at boot, hexadecimal. */
export const LAID_AT_BOOT =
  "0300582000000000000000000000000000000000000000000000000000000000000000000058200000000000" +
  "0000000000000000000000000000000000000000000000000000005820000000000000000000000000000000" +
  "0000000000000000000000000000000000582000000000000000000000000000000000000000000000000000" +
  "0000000000000058200000000000000000000000000000000000000000000000000000000000000000582000" +
  "000000000000000000000000000000000000000000000000000000000000002d8368456e6372797074304058" +
  "2000000000000000000000000000000000000000000000000000000000000000000c8368456e637279707430" +
  "40404001a10d398000398002398001846a5369676e617475726531a3013204441019fde91019fdea09000000" +
  "0000010500000001000000000d0400000004020000000d05000000000a000000ac020000004002000000080a" +
  "000500000001000000000d0400000004020000000d05000000000a000000ac02000000400200000008010000" +
  "80000a000001b20c000500000001000000000d0400000004020000000d05000000000a000000ac0200000040" +
  "020000000801000080020a0000010001000080000a000001b2020001000080010a000000401a000500000005" +
  "000000000408ffffffff000000000508ffffffff000000000608ffffffff0000000008050000000100000000" +
  "0105000000040000000001000000000100000000020200000008010000000000000000040100000001020000" +
  "00200100010000040000000508ffffffff0800001000020000002008000000ff08ffffffff15010500000004" +
  "000000000408ffffffff000000000608ffffffff000000000805000000010000000001050000000400000000" +
  "0100000000010000000002020000000801000000000000000004010000000102000000200100010001040000" +
  "000308ffffffff0c000000080500040000000408000000020800000fff0a000000280a000001800600040000" +
  "0005080001000108ffffffff08000000ff08ffffffff020000000804010c00000004080000ffff08ffffffff" +
  "08ffffffff";
