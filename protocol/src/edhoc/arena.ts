// SPDX-License-Identifier: EUPL-1.2
// Generated from layout.ts by scripts/src/generate-arena.ts; change the table, not this file.

export const KEY_ARENA_BYTES = 7516;
export const LOCK_ARENA_BYTES = 19804;
export const SESSION_SECRETS = 732;
export const SESSION_SECRETS_BYTES = 360;
export const TOKENS_MAX = 40;
export const TOKEN_WORDS = 3;
/** Index of the first token's first word. */
export const FIRST_TOKEN = 471;
/** Index of the first floor's first word. */
export const FIRST_FLOOR = 1879;

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
/** 3 octets: -32770, decision. @internal */
export const EAD_4_LABEL = 273;
/** 12 octets: start of a Sig_structure, [ "Signature1", (RFC 9052 §4.4). @internal */
export const SIGNATURE1 = 276;
/** 5 octets: start of a protected header: { 1: -19, 4: kid of four octets. @internal */
export const PROTECTED_HEAD = 288;
/** 4 octets: its end for a ring head: 16: 65001 }. @internal */
export const PROTECTED_RING_HEAD = 293;
/** 4 octets: its end for a lock certificate: 16: 65002 }. @internal */
export const PROTECTED_LOCK_CERTIFICATE = 297;
/** 47 octets: the expected tokens of a plaintext 2. @internal */
export const PLAINTEXT_2_SHAPE = 301;
/** 52 octets: the expected tokens of a plaintext 3. @internal */
export const PLAINTEXT_3_SHAPE = 348;
/** 12 octets: the expected tokens of a plaintext 4. @internal */
export const PLAINTEXT_4_SHAPE = 400;
/** 132 octets: the expected tokens of a ring head. @internal */
export const RING_HEAD_SHAPE = 412;
/** 107 octets: the expected tokens of a lock certificate. @internal */
export const LOCK_CERTIFICATE_SHAPE = 544;
/** 27 octets: the expected tokens of a presentation. @internal */
export const PRESENTATION_SHAPE = 651;
/** 32 octets: the expected tokens of a salted leaf. @internal */
export const SALTED_LEAF_SHAPE = 678;
/** 22 octets: the expected tokens of a decision. @internal */
export const DECISION_SHAPE = 710;
/** 32 octets: X of the key, Y of the lock. @internal */
export const EPHEMERAL = 732;
/** 32 octets: G_XY, G_RX, G_IY in turn. @internal */
export const SHARED = 764;
/** 32 octets: SALT_3e2m, SALT_4e3m in turn. @internal */
export const SALT = 796;
/** 32 octets: PRK_2e (§4.1.1.1). @internal */
export const PRK_2E = 828;
/** 32 octets: PRK_3e2m (§4.1.1.2). @internal */
export const PRK_3E2M = 860;
/** 32 octets: PRK_4e3m (§4.1.1.3). @internal */
export const PRK_4E3M = 892;
/** 32 octets: PRK_out (§4.1.3). @internal */
export const PRK_OUT = 924;
/** 32 octets: PRK_exporter (§4.2.1). @internal */
export const PRK_EXPORTER = 956;
/** 32 octets: AES key and, directly behind it, the nonce of the message in hand. @internal */
export const AEAD = 988;
export const AEAD_NONCE = 1004;
/** 32 octets: record key and IV, key to lock. @internal */
export const TO_LOCK = 1020;
/** 32 octets: record key and IV, lock to key. @internal */
export const TO_KEY = 1052;
/** 8 octets: MAC_2 or MAC_3 as computed here. @internal */
export const MAC = 1084;
/** 32 octets: static X25519 secret of this device. @internal */
export const OWN_SECRET = 1092;
/** 256 octets: CRED_R of a lock, laid at boot; CRED_I of a key, laid at each start. @internal */
export const OWN_CREDENTIAL = 1124;
/** 256 octets: the last credential whose signature was verified: not verified twice. @internal */
export const KNOWN_CREDENTIAL = 1380;
/** 144 octets: trusted keys: kid (4 octets) and Ed25519 public key (32) each. @internal */
export const ANCHORS = 1636;
/** 8 octets: devid of the peer, from its credential. @internal */
export const PEER = 1780;
/** 32 octets: G_I or G_R, from its credential. @internal */
export const PEER_PUBLIC = 1788;
/** 32 octets: hash of the leaf, then the root above it. @internal */
export const NODE = 1820;
/** 32 octets: the decision while it is written. @internal */
export const DECISION_DRAFT = 1852;
/** 480 octets: tokens of the last gated item: type, offset, value as 32-bit words each. @internal */
export const TOKENS = 1884;
/** 1024 octets: context_2 or context_3 as a byte string (§5.3.2, §5.4.2). @internal */
export const CONTEXT = 2364;
/** 268 octets: KEYSTREAM_2 (§4.1.2). @internal */
export const KEYSTREAM = 2364;
/** 268 octets: Sig_structure of the credential under test. @internal */
export const SIGNED = 2364;
/** 4128 octets: the message in hand, opened and answered where it lies; a transcript hash is put in front of a plaintext and the credential behind it to hash them without a copy. @internal */
export const TRANSCRIPT = 3388;
export const MESSAGE = 3420;
export const REPLY = 3420;
/** 12288 octets: floor lists, 256 places for each anchor: devid (8 octets), lowest ring number (word). @internal */
export const FLOORS = 7516;

// Words of the tokens of a plaintext 2.
export const PLAINTEXT_2_PROTECTED_AT = 484;
export const PLAINTEXT_2_PROTECTED_BYTES = 485;
export const PLAINTEXT_2_PAYLOAD_AT = 490;
export const PLAINTEXT_2_PAYLOAD_BYTES = 491;
export const PLAINTEXT_2_SIGNATURE_AT = 493;
export const PLAINTEXT_2_SIGNATURE_BYTES = 494;
export const PLAINTEXT_2_MAC_AT = 496;
export const PLAINTEXT_2_MAC_BYTES = 497;
export const PLAINTEXT_2_TOKENS = 9;

// Words of the tokens of a plaintext 3.
export const PLAINTEXT_3_PROTECTED_AT = 481;
export const PLAINTEXT_3_PROTECTED_BYTES = 482;
export const PLAINTEXT_3_PAYLOAD_AT = 487;
export const PLAINTEXT_3_PAYLOAD_BYTES = 488;
export const PLAINTEXT_3_SIGNATURE_AT = 490;
export const PLAINTEXT_3_SIGNATURE_BYTES = 491;
export const PLAINTEXT_3_MAC_AT = 493;
export const PLAINTEXT_3_MAC_BYTES = 494;
export const PLAINTEXT_3_EAD_AT = 499;
export const PLAINTEXT_3_EAD_BYTES = 500;
export const PLAINTEXT_3_TOKENS = 10;

// Words of the tokens of a plaintext 4.
export const PLAINTEXT_4_EAD_AT = 475;
export const PLAINTEXT_4_EAD_BYTES = 476;
export const PLAINTEXT_4_TOKENS = 2;

// Words of the tokens of a ring head.
export const RING_HEAD_EXP = 479;
export const RING_HEAD_NBF = 485;
export const RING_HEAD_IAT = 491;
export const RING_HEAD_DEVID_AT = 514;
export const RING_HEAD_DEVID_BYTES = 515;
export const RING_HEAD_PUBLIC_AT = 526;
export const RING_HEAD_PUBLIC_BYTES = 527;
export const RING_HEAD_RINGSEQ = 536;
export const RING_HEAD_SIZE = 539;
export const RING_HEAD_ROOT_AT = 541;
export const RING_HEAD_ROOT_BYTES = 542;
export const RING_HEAD_FLAGS = 545;
export const RING_HEAD_NEEDLIST = 548;
export const RING_HEAD_TOKENS = 26;

// Words of the tokens of a lock certificate.
export const LOCK_CERTIFICATE_EXP = 479;
export const LOCK_CERTIFICATE_IAT = 485;
export const LOCK_CERTIFICATE_DEVID_AT = 508;
export const LOCK_CERTIFICATE_DEVID_BYTES = 509;
export const LOCK_CERTIFICATE_PUBLIC_AT = 520;
export const LOCK_CERTIFICATE_PUBLIC_BYTES = 521;
export const LOCK_CERTIFICATE_DOOR = 530;
export const LOCK_CERTIFICATE_GROUPS = 533;
export const LOCK_CERTIFICATE_TOKENS = 21;

// Words of the tokens of a presentation.
export const PRESENTATION_OP = 476;
export const PRESENTATION_INDEX = 479;
export const PRESENTATION_LEAF_AT = 481;
export const PRESENTATION_LEAF_BYTES = 482;
export const PRESENTATION_PATH_AT = 484;
export const PRESENTATION_PATH_BYTES = 485;
export const PRESENTATION_TOKENS = 5;

// Words of the tokens of a salted leaf.
export const SALTED_LEAF_KIND = 476;
export const SALTED_LEAF_TARGET = 479;
export const SALTED_LEAF_OPS = 482;
export const SALTED_LEAF_UNTIL = 485;
export const SALTED_LEAF_SALT_AT = 487;
export const SALTED_LEAF_SALT_BYTES = 488;
export const SALTED_LEAF_TOKENS = 6;

// Words of the tokens of a decision.
export const DECISION_ITEMS = 473;
export const DECISION_CODE = 476;
export const DECISION_LOCKSEQ = 479;
export const DECISION_TIME = 482;
export const DECISION_TOKENS = 4;

/** What is laid at offset 0 at boot, hexadecimal. */
export const LAID_AT_BOOT =
  "0300582000000000000000000000000000000000000000000000000000000000000000000058200000000000" +
  "0000000000000000000000000000000000000000000000000000005820000000000000000000000000000000" +
  "0000000000000000000000000000000000582000000000000000000000000000000000000000000000000000" +
  "0000000000000058200000000000000000000000000000000000000000000000000000000000000000582000" +
  "000000000000000000000000000000000000000000000000000000000000002d8368456e6372797074304058" +
  "2000000000000000000000000000000000000000000000000000000000000000000c8368456e637279707430" +
  "40404001a10d398000398001846a5369676e617475726531a3013204441019fde91019fdea09000000000001" +
  "0500000001000000000d0400000004020000000d05000000000a000000ac020000004002000000080a000500" +
  "000001000000000d0400000004020000000d05000000000a000000ac0200000040020000000801000080000a" +
  "000001b2020001000080010a000000401a000500000005000000000408ffffffff000000000508ffffffff00" +
  "0000000608ffffffff0000000008050000000100000000010500000004000000000100000000010000000002" +
  "020000000801000000000000000004010000000102000000200100010000040000000508ffffffff08000010" +
  "00020000002008000000ff08ffffffff15010500000004000000000408ffffffff000000000608ffffffff00" +
  "0000000805000000010000000001050000000400000000010000000001000000000202000000080100000000" +
  "0000000004010000000102000000200100010001040000000308ffffffff0c00000008050004000000040800" +
  "0000020800000fff0a000000280a0000018006000400000005080000000108ffffffff08000000ff08ffffff" +
  "ff020000000804010c00000004080000ffff08ffffffff08ffffffff";
