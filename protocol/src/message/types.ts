// SPDX-License-Identifier: EUPL-1.2
// Every small number of the wire format that is not a code: kinds, types, flags and bounds.

/** Version of the link that `hello` carries. @public */
export const PROTOCOL_VERSION = 1;

// Kinds of link messages.
/** Key to whoever it meets: [version, role]. @public */
export const LINK_HELLO = 1;
/** The answer: [version, role, profile, devid / null]; null from a blank device. @public */
export const LINK_HELLO_ANSWER = 2;
/** One EDHOC message of a door session. @public */
export const LINK_EDHOC = 3;
/** One encrypted record of a door session. @public */
export const LINK_RECORD = 4;
/** One message between key and station. @public */
export const LINK_KEY_STATION = 5;

// Roles in `hello`.
/** A digital key. @public */
export const ROLE_KEY = 1;
/** A lock. @public */
export const ROLE_LOCK = 2;
/** A sync station. @public */
export const ROLE_STATION = 3;

// Profiles of a lock.
/** Powered by the key, without a clock. @public */
export const PROFILE_KEY_POWERED = 0;
/** With its own battery and clock. @public */
export const PROFILE_CLOCK = 1;

// What a lock with a clock does while it does not know the time.
/** Opens, and marks the entry. @public */
export const CLOCK_UNKNOWN_OPEN = 0;
/** Denies. @public */
export const CLOCK_UNKNOWN_DENY = 1;
/** Opens for heads that carry {@link FLAG_CLOCK_UNKNOWN_OK} only. @public */
export const CLOCK_UNKNOWN_FLAGGED = 2;

// Types of records after message_4. The lock answers each with one record of the same type, but
// `RECORD_LOG_REQUEST` with `RECORD_LOG_PART`, and `RECORD_DONE` not at all.
/** [] to [listseq, cfgseq, logEpoch, firstUnacked, last]. @public */
export const RECORD_WANT = 1;
/** One signed object to [code]. @public */
export const RECORD_OBJECT = 2;
/** [part]: part 0 makes the lock seal a batch. @public */
export const RECORD_LOG_REQUEST = 3;
/** [part, parts, bstr]. @public */
export const RECORD_LOG_PART = 4;
/** [] to [devid, nonce]. @public */
export const RECORD_TIME_ASK = 5;
/** The key has finished. @public */
export const RECORD_DONE = 6;

// What a lock asks for in its decision.
/** A newer floor list. @public */
export const WANT_FLOORS = 1;
/** A time grant. @public */
export const WANT_TIME_GRANT = 2;
/** An acknowledgement of its log. @public */
export const WANT_ACK = 3;
/** A newer configuration. @public */
export const WANT_CONFIG = 4;

// Kinds of objects: the `typ` header parameter (RFC 9596) from its range for experiments.
/** Ring head. @public */
export const TYP_RING_HEAD = 65001;
/** Lock certificate. @public */
export const TYP_LOCK_CERTIFICATE = 65002;
/** Issuer certificate. @public */
export const TYP_ISSUER_CERTIFICATE = 65003;
/** Floor list. @public */
export const TYP_FLOOR_LIST = 65004;
/** Time grant. @public */
export const TYP_TIME_GRANT = 65005;
/** Log head. @public */
export const TYP_LOG_HEAD = 65006;
/** Log acknowledgement. @public */
export const TYP_LOG_ACK = 65007;
/** Lock configuration. @public */
export const TYP_LOCK_CONFIG = 65008;
/** Firmware note. @public */
export const TYP_FIRMWARE_NOTE = 65009;
/** Sealed upload of a device: encrypted to the issuer, not signed. @public */
export const TYP_SEALED = 65010;
/** Re-send request. @public */
export const TYP_RESEND = 65011;
/** Firmware permit. @public */
export const TYP_FIRMWARE_PERMIT = 65012;
/** Service permit. @public */
export const TYP_SERVICE_PERMIT = 65013;

// Operations of a passage, and their bits in a leaf's `ops` and an anchor's mask.
/** Going in. @public */
export const OP_ENTER = 1;
/** Going out. @public */
export const OP_LEAVE = 2;
/** Bit of {@link OP_ENTER} in a mask. @public */
export const OPS_ENTER = 1;
/** Bit of {@link OP_LEAVE} in a mask. @public */
export const OPS_LEAVE = 2;
/** Both operations. @public */
export const OPS_ALL = 3;

// Kinds of leaves.
/** The target is one door. @public */
export const LEAF_DOOR = 0;
/** The target is a group of doors. @public */
export const LEAF_GROUP = 1;
/**
 * Added to the number of another authority: the target is one door as that authority numbers it, at
 * a lock that it owns. So the numbers of two authorities never mean each other's doors.
 * @public
 */
export const LEAF_FOREIGN = 2;
/** The largest kind of a leaf. @public */
export const LEAF_KIND_MAX = LEAF_FOREIGN + 0xffff;

// Flags of a ring head.
/** A ring of one leaf for an emergency. @public */
export const FLAG_EMERGENCY = 1;
/** A lock that lost the time may open for it. @public */
export const FLAG_CLOCK_UNKNOWN_OK = 2;
/** The key carries objects and logs but opens nothing. @public */
export const FLAG_COURIER_ONLY = 4;
/** The key opens nothing once its log is full of entries that are not home; locks ignore it. @public */
export const FLAG_STOP_AT_FULL_LOG = 8;

// Levels of an issuer certificate: what its key may sign.
/** Ring heads, floor lists, time grants, acknowledgements, re-send requests. @public */
export const LEVEL_RINGS = 1;
/** Lock certificates, configurations and service permits. @public */
export const LEVEL_DEVICES = 2;
/** Firmware notes. @public */
export const LEVEL_FIRMWARE = 3;

// Kinds of log entries. `reason` of an entry is a code of the table, or 0.
/** A passage that a lock decided; `reason` 0 is a grant. @public */
export const ENTRY_PASSAGE = 1;
/** An attempt that the key itself denied, without a session. @public */
export const ENTRY_DENIED_AT_KEY = 2;
/** A sync at a station. @public */
export const ENTRY_SYNC = 3;
/** Events that found no room; `target` is their number. @public */
export const ENTRY_GAP = 4;
/** The bolt jammed, was forced, or was relocked when power came back. @public */
export const ENTRY_BOLT = 5;
/** An object or configuration was applied; `target` is its typ, `ring` its sequence. @public */
export const ENTRY_OBJECT = 6;
/** Power or battery. @public */
export const ENTRY_POWER = 7;
/** A boot, or a fault of the device. @public */
export const ENTRY_BOOT = 8;

// How well the device knew the time of an entry.
/** A time floor only: it happened at this time or later. @public */
export const TIME_FLOOR_ONLY = 0;
/** Its own clock, not checked in this shift. @public */
export const TIME_CLOCK_UNCHECKED = 1;
/** Its own clock, checked at a sync. @public */
export const TIME_CLOCK_CHECKED = 2;

// Types of messages from a station to the issuer.
/** State of the station. @public */
export const UP_STATUS = 1;
/** A key is in the station. @public */
export const UP_KEY_PRESENT = 2;
/** A sealed batch of a device. @public */
export const UP_UPLOAD = 3;
/** Events of the station itself. @public */
export const UP_STATION_LOG = 4;

// Types of messages from the issuer to a station.
/** A ring, or a part of one, for a key. @public */
export const DOWN_BUNDLE = 1;
/** Signed objects for the key in contact. @public */
export const DOWN_OBJECTS = 2;
/** Uploads that are committed. @public */
export const DOWN_UPLOAD_ACK = 3;
/** Time and settings of the station. @public */
export const DOWN_CONFIG = 4;
/** There is no ring for this key, and why. @public */
export const DOWN_REFUSED = 5;
/** Leave to open the station's console. @public */
export const DOWN_SERVICE = 6;

// Bounds.
/** Longest signed or sealed object, and longest message of the link, in octets. @public */
export const OBJECT_BYTES_MAX = 4096;
/** Longest EDHOC message in octets. @public */
export const EDHOC_BYTES_MAX = 1024;
/** Most live leaves of a ring. @public */
export const RING_LEAVES_MAX = 4000;
/** Most slots of a ring, tombstones included. @public */
export const RING_SIZE_MAX = 4096;
/** Most hashes of an inclusion path. @public */
export const PATH_HASHES_MAX = 12;
/** Most entries of a floor list. @public */
export const FLOORS_MAX = 256;
/** Most logs that one acknowledgement or re-send request names. @public */
export const ACKS_MAX = 25;
/** Most entries of a batch that a lock gives in one contact. @public */
export const CONTACT_ENTRIES_MAX = 32;
/** Most entries of any batch. @public */
export const BATCH_ENTRIES_MAX = 64;
/** Most authorities of a lock. @public */
export const AUTHORITIES_MAX = 4;
/** Most groups of a door. @public */
export const GROUPS_MAX = 8;
/** Longest window, `exp - nbf`, in seconds: 12 h 30 min. @public */
export const WINDOW_S_MAX = 45000;
/** A window begins at most this many seconds after signing. @public */
export const LEAD_S_MAX = 86400;
/** Longest life of an emergency ring, `exp - iat`, in seconds. @public */
export const EMERGENCY_S_MAX = 14400;
