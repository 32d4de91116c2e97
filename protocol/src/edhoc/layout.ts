// SPDX-License-Identifier: EUPL-1.2
// THE table of the arena: every octet that a door session reads or writes has its place here.
//
// A session allocates nothing. Both devices hold one octet array from boot on; messages are opened
// and built where they lie, and the operations take offsets into the array. Devices do not read
// this file: `scripts/src/generate-arena.ts` writes `arena.ts`, plain numbers, from it, and refuses
// a layout in which two regions that are alive at the same time share an octet.

/**
 * What a session does at one time. A region lives in some of these phases; regions that share no
 * phase may share octets. `credential` and `proof` come twice in a session, once for message_2 and
 * once for message_3.
 * @internal
 */
export type Phase = "rest" | "hail" | "cover" | "credential" | "proof" | "answer" | "records";

/**
 * All phases with what happens in them, in the order of a session.
 * @internal
 */
export const PHASES: readonly { readonly phase: Phase; readonly happens: string }[] = [
  { phase: "rest", happens: "between contacts; an ephemeral key may already be made" },
  { phase: "hail", happens: "message_1 and the first shared secret" },
  { phase: "cover", happens: "message_2 is encrypted or decrypted with the keystream" },
  { phase: "credential", happens: "the signature and the claims of the peer's credential" },
  { phase: "proof", happens: "MAC_2 or MAC_3 over the context" },
  { phase: "answer", happens: "presentation, decision and message_4" },
  { phase: "records", happens: "housekeeping after message_4" },
];

const ALWAYS: readonly Phase[] = PHASES.map(({ phase }) => phase);
const SESSION: readonly Phase[] = ALWAYS.filter((phase) => phase !== "rest");

/**
 * A stretch of the arena.
 * @internal
 */
export interface Region {
  readonly name: string;
  readonly bytes: number;
  readonly life: readonly Phase[];
  /** What lies there, for people. */
  readonly holds: string;
  /** Hexadecimal content laid at boot; octets behind it start as zero. */
  readonly laid?: string;
  /** Named places inside, as octets from the start of the region. */
  readonly points?: readonly (readonly [name: string, offset: number])[];
  /** Wiped at the end of a session, together with all other such regions. */
  readonly secret?: boolean;
  /** The region whose octets this one uses while that one is dead. */
  readonly over?: string;
  /** Its size has a name too. */
  readonly measured?: boolean;
  /** Only the lock has it; such regions come last, so that a key's arena simply ends earlier. */
  readonly lockOnly?: boolean;
}

// 83 = array(3), 68 = text(8) "Encrypt0", 40 = empty protected header: Enc_structure of RFC 9052
// §5.3. The leading octet is the length, the form in which the operations take additional data.
const ENC_STRUCTURE = "8368456e63727970743040";

/**
 * Most octets of a ring head or lock certificate.
 * @internal
 */
export const CREDENTIAL_BYTES_MAX = 256;
/**
 * Most octets of a presentation: a salted leaf and twelve nodes of path.
 * @internal
 */
export const PRESENTATION_BYTES_MAX = 434;
/**
 * Most tokens of one gated item.
 * @internal
 */
export const TOKENS_MAX = 40;
/** Most anchors of a lock and most entries of the floor list of each, protocol bounds. */
const ANCHORS_MAX = 4;
const FLOORS_MAX = 256;
/** A key keeps two epochs of each authority's certifying keys. */
const TRUSTED_KEYS_MAX = 2 * ANCHORS_MAX;
/** Most octets of context_3: a message of 1024 octets with the longest credential in it twice. */
const CONTEXT_BYTES_MAX = 1300;
const PLAINTEXT_2_BYTES_MAX = 3 + CREDENTIAL_BYTES_MAX + 9;

/**
 * The regions in the order in which they lie.
 * @internal
 */
export const REGIONS: readonly Region[] = [
  // What is laid at boot and read ever after.
  {
    name: "MESSAGE_1",
    bytes: 37,
    life: ALWAYS,
    laid: `03005820${"00".repeat(32)}00`,
    points: [["G_X", 4]],
    holds: "message_1 of the key: method 3, suite 0, G_X, C_I = 0 (RFC 9528 §5.2.1)",
  },
  {
    name: "TH_2_INPUT",
    bytes: 68,
    life: ALWAYS,
    laid: `5820${"00".repeat(32)}5820`,
    points: [
      ["G_Y", 2],
      ["HASH_1", 36],
    ],
    holds: "G_Y and H(message_1) as byte strings, the input of TH_2 (§5.3.2)",
  },
  { name: "TH_2", bytes: 34, life: ALWAYS, laid: "5820", holds: "TH_2 as a byte string" },
  { name: "TH_3", bytes: 34, life: ALWAYS, laid: "5820", holds: "TH_3 as a byte string" },
  { name: "TH_4", bytes: 34, life: ALWAYS, laid: "5820", holds: "TH_4 as a byte string" },
  {
    name: "MESSAGE_AAD",
    bytes: 46,
    life: ALWAYS,
    laid: `2d${ENC_STRUCTURE}5820`,
    points: [["AAD_TH", 12]],
    holds: "length, then A_3 or A_4: Enc_structure with TH_3 or TH_4 (§5.4.2, §5.5.2)",
  },
  {
    name: "RECORD_AAD",
    bytes: 13,
    life: ALWAYS,
    laid: `0c${ENC_STRUCTURE}40`,
    holds: "length, then the Enc_structure of a record, with nothing outside",
  },
  { name: "NOTHING", bytes: 1, life: ALWAYS, laid: "40", holds: "the empty byte string" },
  {
    name: "PLAINTEXT_2_HEAD",
    bytes: 3,
    life: ALWAYS,
    laid: "01a10d",
    points: [["ID_CRED_HEAD", 1]],
    holds: "C_R = 1, then { 13: ...: a credential by value as kcwt (§3.5.3)",
  },
  { name: "EAD_3_LABEL", bytes: 3, life: ALWAYS, laid: "398000", holds: "-32769, presentation" },
  {
    name: "EAD_3_CERTIFICATE_LABEL",
    bytes: 3,
    life: ALWAYS,
    laid: "398002",
    holds: "-32771, issuer certificate",
  },
  { name: "EAD_4_LABEL", bytes: 3, life: ALWAYS, laid: "398001", holds: "-32770, decision" },
  {
    name: "SIGNATURE1",
    bytes: 12,
    life: ALWAYS,
    laid: "846a5369676e617475726531",
    holds: 'start of a Sig_structure, [ "Signature1", (RFC 9052 §4.4)',
  },
  {
    name: "PROTECTED_HEAD",
    bytes: 5,
    life: ALWAYS,
    laid: "a301320444",
    holds: "start of a protected header: { 1: -19, 4: kid of four octets",
  },
  {
    name: "PROTECTED_RING_HEAD",
    bytes: 4,
    life: ALWAYS,
    laid: "1019fde9",
    holds: "its end for a ring head: 16: 65001 }",
  },
  {
    name: "PROTECTED_LOCK_CERTIFICATE",
    bytes: 4,
    life: ALWAYS,
    laid: "1019fdea",
    holds: "its end for a lock certificate: 16: 65002 }",
  },

  // Secrets of one session, side by side so that one wipe ends them all.
  {
    name: "EPHEMERAL",
    bytes: 32,
    life: ["rest", "hail", "cover", "credential", "proof"],
    secret: true,
    holds: "X of the key, Y of the lock",
  },
  { name: "SHARED", bytes: 32, life: SESSION, secret: true, holds: "G_XY, G_RX, G_IY in turn" },
  { name: "SALT", bytes: 32, life: SESSION, secret: true, holds: "SALT_3e2m, SALT_4e3m in turn" },
  { name: "PRK_2E", bytes: 32, life: SESSION, secret: true, holds: "PRK_2e (§4.1.1.1)" },
  { name: "PRK_3E2M", bytes: 32, life: SESSION, secret: true, holds: "PRK_3e2m (§4.1.1.2)" },
  { name: "PRK_4E3M", bytes: 32, life: SESSION, secret: true, holds: "PRK_4e3m (§4.1.1.3)" },
  { name: "PRK_OUT", bytes: 32, life: SESSION, secret: true, holds: "PRK_out (§4.1.3)" },
  { name: "PRK_EXPORTER", bytes: 32, life: SESSION, secret: true, holds: "PRK_exporter (§4.2.1)" },
  {
    name: "AEAD",
    bytes: 32,
    life: SESSION,
    secret: true,
    points: [["AEAD_NONCE", 16]],
    holds: "AES key and, directly behind it, the nonce of the message in hand",
  },
  {
    name: "TO_LOCK",
    bytes: 32,
    life: SESSION,
    secret: true,
    holds: "record key and IV, key to lock",
  },
  {
    name: "TO_KEY",
    bytes: 32,
    life: SESSION,
    secret: true,
    holds: "record key and IV, lock to key",
  },
  { name: "MAC", bytes: 8, life: SESSION, secret: true, holds: "MAC_2 or MAC_3 as computed here" },

  // What stays between sessions.
  { name: "OWN_SECRET", bytes: 32, life: ALWAYS, holds: "static X25519 secret of this device" },
  {
    name: "OWN_CREDENTIAL",
    bytes: CREDENTIAL_BYTES_MAX,
    life: ALWAYS,
    holds: "CRED_R of a lock, laid at boot; CRED_I of a key, laid at each start",
  },
  {
    name: "KNOWN_CREDENTIAL",
    bytes: CREDENTIAL_BYTES_MAX,
    life: ALWAYS,
    holds: "the last credential whose signature was verified: not verified twice",
  },
  {
    name: "ANCHORS",
    bytes: TRUSTED_KEYS_MAX * 36,
    life: ALWAYS,
    holds: "trusted keys: kid (4 octets) and Ed25519 public key (32) each",
  },

  // Working space.
  { name: "PEER", bytes: 8, life: SESSION, holds: "devid of the peer, from its credential" },
  { name: "PEER_PUBLIC", bytes: 32, life: SESSION, holds: "G_I or G_R, from its credential" },
  { name: "NODE", bytes: 32, life: ["answer"], holds: "hash of the leaf, then the root above it" },
  {
    name: "DECISION_DRAFT",
    bytes: 32,
    life: ["answer"],
    holds: "the decision while it is written",
  },
  {
    name: "TOKENS",
    bytes: TOKENS_MAX * 12,
    life: SESSION,
    holds: "tokens of the last gated item: type, offset, value as 32-bit words each",
  },
  {
    name: "CONTEXT",
    bytes: CONTEXT_BYTES_MAX,
    measured: true,
    life: ["proof"],
    holds: "context_2 or context_3 as a byte string (§5.3.2, §5.4.2)",
  },
  {
    name: "KEYSTREAM",
    bytes: PLAINTEXT_2_BYTES_MAX,
    life: ["cover"],
    over: "CONTEXT",
    holds: "KEYSTREAM_2 (§4.1.2)",
  },
  {
    name: "SIGNED",
    bytes: 12 + CREDENTIAL_BYTES_MAX,
    life: ["credential"],
    over: "CONTEXT",
    holds: "Sig_structure of the credential under test",
  },
  {
    name: "TRANSCRIPT",
    bytes: 32 + 4096,
    life: SESSION,
    points: [
      ["MESSAGE", 32],
      ["REPLY", 32],
    ],
    holds:
      "the message in hand, opened and answered where it lies; a transcript hash is put in front " +
      "of a plaintext and the credential behind it to hash them without a copy",
  },
  {
    name: "FLOORS",
    bytes: ANCHORS_MAX * FLOORS_MAX * 12,
    life: ALWAYS,
    lockOnly: true,
    holds: "floor lists, 256 places for each anchor: devid (8 octets), lowest ring number (word)",
  },
];

/**
 * One expected token: a major type of RFC 8949 §3.1 and its argument, exact or bounded above. A
 * named token can be read by name after the comparison.
 * @internal
 */
export interface ExpectedToken {
  readonly major: number;
  readonly exact: boolean;
  /** The integer, the octets of a string, the items of an array or the pairs of a map. */
  readonly argument: number;
  readonly name?: string;
}

/**
 * The shape of an item, or of a sequence of items, that has passed the strict gate.
 * @internal
 */
export interface Shape {
  readonly name: string;
  /** True when tokens may follow that the caller looks at itself. */
  readonly open?: boolean;
  readonly tokens: readonly ExpectedToken[];
}

const UINT_MAX = 0xffffffff;

const exactly = (major: number, argument: number): ExpectedToken => ({
  major,
  exact: true,
  argument,
});
const the = (value: number): ExpectedToken =>
  value < 0 ? exactly(1, -1 - value) : exactly(0, value);
const array = (items: number): ExpectedToken => exactly(4, items);
const map = (pairs: number): ExpectedToken => exactly(5, pairs);
const uint = (name: string, argument = UINT_MAX): ExpectedToken => ({
  major: 0,
  exact: false,
  argument,
  name,
});
const arrayUpTo = (name: string, argument: number): ExpectedToken => ({
  major: 4,
  exact: false,
  argument,
  name,
});
const octets = (name: string, argument: number): ExpectedToken => ({
  major: 2,
  exact: true,
  argument,
  name,
});
const octetsUpTo = (name: string, argument: number): ExpectedToken => ({
  major: 2,
  exact: false,
  argument,
  name,
});

/** ID_CRED_x = { 13: COSE_Sign1 }, its four parts, and the MAC behind it. */
const idCredAndMac = (message: string): readonly ExpectedToken[] => [
  map(1),
  the(13),
  array(4),
  octets(`${message}_PROTECTED`, 13),
  map(0),
  octetsUpTo(`${message}_PAYLOAD`, CREDENTIAL_BYTES_MAX - 84),
  octets(`${message}_SIGNATURE`, 64),
  octets(`${message}_MAC`, 8),
];

const withoutNames = (tokens: readonly ExpectedToken[]): readonly ExpectedToken[] =>
  tokens.map(({ major, exact, argument }) => ({ major, exact, argument }));

/** cnf = { 1: COSE_Key } with { 1: 1 (OKP), 2: devid, -1: 4 (X25519), -2: public key }. */
const confirmation = (object: string): readonly ExpectedToken[] => [
  the(8),
  map(1),
  the(1),
  map(4),
  the(1),
  the(1),
  the(2),
  octets(`${object}_DEVID`, 8),
  the(-1),
  the(4),
  the(-2),
  octets(`${object}_PUBLIC`, 32),
];

/**
 * The expected shapes. They are laid at boot and compared by one operation each.
 * @internal
 */
export const SHAPES: readonly Shape[] = [
  { name: "PLAINTEXT_2", tokens: [the(1), ...idCredAndMac("PLAINTEXT_2")] },
  {
    name: "PLAINTEXT_3",
    tokens: [
      ...idCredAndMac("PLAINTEXT_3"),
      the(-32769),
      octetsUpTo("PLAINTEXT_3_EAD", PRESENTATION_BYTES_MAX),
    ],
  },
  {
    // After a rotation: the same, with an issuer certificate in front of the presentation.
    name: "CERTIFIED_3",
    tokens: [
      ...withoutNames(idCredAndMac("PLAINTEXT_3")),
      the(-32771),
      octetsUpTo("CERTIFIED_3_CERTIFICATE", CREDENTIAL_BYTES_MAX),
      the(-32769),
      octetsUpTo("CERTIFIED_3_EAD", PRESENTATION_BYTES_MAX),
    ],
  },
  { name: "PLAINTEXT_4", tokens: [the(-32770), octetsUpTo("PLAINTEXT_4_EAD", 64)] },
  {
    name: "RING_HEAD",
    tokens: [
      map(5),
      the(4),
      uint("RING_HEAD_EXP"),
      the(5),
      uint("RING_HEAD_NBF"),
      the(6),
      uint("RING_HEAD_IAT"),
      ...confirmation("RING_HEAD"),
      the(-65537),
      array(5),
      uint("RING_HEAD_RINGSEQ"),
      uint("RING_HEAD_SIZE", 4096),
      octets("RING_HEAD_ROOT", 32),
      uint("RING_HEAD_FLAGS", 255),
      uint("RING_HEAD_NEEDLIST"),
    ],
  },
  {
    name: "LOCK_CERTIFICATE",
    open: true,
    tokens: [
      map(4),
      the(4),
      uint("LOCK_CERTIFICATE_EXP"),
      the(6),
      uint("LOCK_CERTIFICATE_IAT"),
      ...confirmation("LOCK_CERTIFICATE"),
      the(-65538),
      array(3),
      uint("LOCK_CERTIFICATE_DOOR"),
      arrayUpTo("LOCK_CERTIFICATE_GROUPS", 8),
    ],
  },
  {
    name: "PRESENTATION",
    tokens: [
      array(4),
      uint("PRESENTATION_OP", 2),
      uint("PRESENTATION_INDEX", 4095),
      octetsUpTo("PRESENTATION_LEAF", 40),
      octetsUpTo("PRESENTATION_PATH", 384),
    ],
  },
  {
    name: "SALTED_LEAF",
    tokens: [
      array(5),
      uint("SALTED_LEAF_KIND", 2 + 0xffff),
      uint("SALTED_LEAF_TARGET"),
      uint("SALTED_LEAF_OPS", 255),
      uint("SALTED_LEAF_UNTIL"),
      octets("SALTED_LEAF_SALT", 8),
    ],
  },
  {
    name: "DECISION",
    open: true,
    tokens: [
      arrayUpTo("DECISION_ITEMS", 4),
      uint("DECISION_CODE", 0xffff),
      uint("DECISION_LOCKSEQ"),
      uint("DECISION_TIME"),
    ],
  },
];
