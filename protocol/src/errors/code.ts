// SPDX-License-Identifier: EUPL-1.2
// Generated from codes.ts by scripts/src/generate-codes.ts; change the table, not this file.

/** The answer of a door that opens. @public */
export const GRANTED = 0;
/** A frame on the link was damaged or came out of order. @public */
export const FRAME_GARBLED = 0x0101;
/** A message on the link was longer than 4096 octets. @public */
export const FRAME_TOO_LONG = 0x0102;
/** The other side went silent in the middle of a contact. @public */
export const LINK_TIMEOUT = 0x0103;
/** The two sides speak different versions of the protocol. @public */
export const VERSION_UNKNOWN = 0x0105;
/** A message came that does not belong to this moment of the contact. @public */
export const MESSAGE_UNEXPECTED = 0x0106;
/** A message has not the form that its type prescribes. @public */
export const MESSAGE_MALFORMED = 0x0107;
/** The station has no link and no head signed in advance for this key. @public */
export const NO_LINK = 0x0108;
/** Octets are not deterministic CBOR of the kind that is spoken here. @public */
export const CBOR_MALFORMED = 0x0201;
/** A signed object is altered, of another kind, or not signed by a trusted key. @public */
export const SIGNATURE_INVALID = 0x0202;
/** An object is longer than 4096 octets. @public */
export const OBJECT_TOO_LONG = 0x0203;
/** Encrypted octets were altered or made for another key. @public */
export const SEAL_INVALID = 0x0204;
/** A public key is of small order, not canonical or not 32 octets long. @public */
export const PUBLIC_KEY_INVALID = 0x0205;
/** A message between station and issuer is altered or made under another secret. @public */
export const MAC_INVALID = 0x0206;
/** A genuine object holds claims that its kind does not allow. @public */
export const CLAIMS_MALFORMED = 0x0301;
/** The right that was shown does not belong to the ring of this key. @public */
export const LEAF_NOT_IN_RING = 0x0302;
/** The right is for another door. @public */
export const TARGET_MISMATCH = 0x0303;
/** The right does not cover this operation, or the door does not allow it. @public */
export const OPERATION_NOT_ALLOWED = 0x0304;
/** The right to this door has ended. @public */
export const RIGHT_EXPIRED = 0x0305;
/** A key holds at most 4000 rights; this would be one more. @public */
export const RING_FULL = 0x0306;
/** The key holds no right to this door. @public */
export const NO_RIGHT = 0x0307;
/** A change to a ring names slots that the ring cannot have. @public */
export const DELTA_MALFORMED = 0x0308;
/** A ring or certificate was made for another device. @public */
export const HOLDER_MISMATCH = 0x0309;
/** The shift of this key has not begun. @public */
export const RING_NOT_YET_VALID = 0x0401;
/** The shift of this key is over. @public */
export const RING_EXPIRED = 0x0402;
/** The time is not known here, and the door demands that it is. @public */
export const CLOCK_UNTRUSTED = 0x0403;
/** This key was reported lost or its rights were revoked. @public */
export const KEY_REVOKED = 0x0404;
/** All rings up to this number were withdrawn. @public */
export const RING_REVOKED = 0x0405;
/** The lock wants the newest floor list from the key before it decides. @public */
export const DELIVER_FIRST = 0x0406;
/** The key has no activated ring. @public */
export const NEEDS_SYNC = 0x0407;
/** The key demands a newer floor list than it or the lock can show. @public */
export const FLOOR_STALE = 0x0408;
/** A window is longer than 12 h 30 min, an emergency longer than 4 h, or begins too far off. @public */
export const WINDOW_TOO_LONG = 0x0409;
/** The key belongs to an organisation that this lock does not know. @public */
export const ANCHOR_UNKNOWN = 0x040a;
/** The device holds the same or a newer one. @public */
export const OBJECT_OLD = 0x040b;
/** A time grant answers a question that the lock did not ask. @public */
export const GRANT_NOT_ASKED = 0x040c;
/** The ring lets the key carry messages but open nothing. @public */
export const COURIER_ONLY = 0x040d;
/** The station has no link, and its heads signed in advance are no longer valid. @public */
export const PRESIGNED_EXPIRED = 0x040e;
/** A change to a ring starts from another ring than the key holds. @public */
export const RING_BASE_MISMATCH = 0x040f;
/** The rights that came do not give the root that the head signs. @public */
export const RING_ROOT_MISMATCH = 0x0410;
/** A part of a ring did not come, or came out of order. @public */
export const RING_PART_MISSING = 0x0411;
/** A message came that does not belong to this moment of the session. @public */
export const SESSION_STATE = 0x0502;
/** The other side did not prove the key that its certificate names. @public */
export const SESSION_MAC = 0x0503;
/** The other side sent a public key of small order. @public */
export const SHARED_SECRET_ZERO = 0x0504;
/** A handshake message has not the prescribed form. @public */
export const SESSION_MALFORMED = 0x0506;
/** A record of an established session was altered, repeated or lost. @public */
export const RECORD_INVALID = 0x0507;
/** The contact ended before the lock's decision came. @public */
export const NO_DECISION = 0x0508;
/** The log is full of entries that are not home yet; new ones are counted in a gap record. @public */
export const LOG_FULL = 0x0601;
/** Log entries do not fit together: one was altered, dropped or invented. @public */
export const LOG_CHAIN_BROKEN = 0x0602;
/** An acknowledgement does not fit the log that it acknowledges. @public */
export const ACK_MISMATCH = 0x0603;
/** Entries of this log are missing before those that came. @public */
export const LOG_GAP = 0x0605;
/** One number of one log came with two different contents. @public */
export const LOG_FORKED = 0x0606;
/** There is no room for what should be stored. @public */
export const FLASH_FULL = 0x0702;
/** A page of the memory no longer keeps what is written. @public */
export const FLASH_WORN = 0x0703;
/** The counter that makes encryption unique is used up. @public */
export const COUNTER_SPENT = 0x0704;
/** The bolt did not reach its end in three tries. @public */
export const BOLT_JAMMED = 0x0801;
/** The voltage is below what the motor needs. @public */
export const VOLTAGE_LOW = 0x0802;
/** Several boards answer to the description. @public */
export const DEVICE_AMBIGUOUS = 0x0803;
/** The battery is nearly empty. @public */
export const BATTERY_LOW = 0x0804;
/** The device has not been enrolled. @public */
export const DEVICE_BLANK = 0x0805;
/** The device is enrolled already. @public */
export const DEVICE_NOT_BLANK = 0x0806;
/** No board answers to the description. @public */
export const DEVICE_NOT_FOUND = 0x0807;
/** Another program holds the port. @public */
export const PORT_BUSY = 0x0808;
/** The device has another role than the operation needs. @public */
export const ROLE_MISMATCH = 0x0809;
/** The port may not be opened by this user. @public */
export const PORT_FORBIDDEN = 0x080a;
/** The board refused a packet, again and again. @public */
export const PACKET_REFUSED = 0x080b;
/** The board does not answer. @public */
export const DEVICE_SILENT = 0x080c;
/** What the board answers cannot be understood. @public */
export const DEVICE_GARBLED = 0x080d;
/** The board stopped in the middle of an exchange. @public */
export const DEVICE_HUNG = 0x080e;
/** The board was unplugged during the operation. @public */
export const DEVICE_UNPLUGGED = 0x080f;
/** The door was opened while its bolt was thrown. @public */
export const DOOR_FORCED = 0x0810;
/** The contact drew more current than the key gives. @public */
export const CONTACT_OVERLOADED = 0x0811;
/** The build has a lower security version than the board. @public */
export const SECURITY_VERSION_OLD = 0x0812;
/** The board has no firmware of this system. @public */
export const FIRMWARE_MISSING = 0x0813;
/** The board did not start the application that was flashed. @public */
export const BOOT_FAILED = 0x0814;
/** The build is incomplete or not what its manifest says. @public */
export const BUILD_DAMAGED = 0x0815;
/** The console of the board is locked. @public */
export const CONSOLE_LOCKED = 0x0816;
/** A file on the board is not the one that was sent. @public */
export const FILE_DIFFERS = 0x0818;
/** The build is for another kind of board. @public */
export const BOARD_MISMATCH = 0x0819;
/** A board that was to be locked down still has a console. @public */
export const CONSOLE_OPEN = 0x081a;
/** A rig file cannot be read as one. @public */
export const RIG_INVALID = 0x0841;
/** Another run holds the board. @public */
export const BOARD_RESERVED = 0x0842;
/** The board failed as a board several times in a row and is set aside. @public */
export const BOARD_QUARANTINED = 0x0843;
/** A role that has to be a real board is not. @public */
export const ROLE_SIMULATED = 0x0844;
/** Cases of the acceptance suite failed. @public */
export const CASES_FAILED = 0x0845;
/** No case failed, but some passed only after the bench had failed them. @public */
export const CASES_FLAKY = 0x0846;
/** Not a single case was played, so nothing is known. @public */
export const NO_CASE_RAN = 0x0847;
/** The bench failed cases before they had a verdict on the product. @public */
export const BENCH_FAILED = 0x0848;
/** The property owner or the resident has not consented to this door. @public */
export const CONSENT_MISSING = 0x0901;
/** The client belongs to another provider. @public */
export const NOT_YOUR_CLIENT = 0x0902;
/** An emergency opening needs two different approvers. @public */
export const APPROVERS_TOO_FEW = 0x0903;
/** The role cannot give or see what was asked for. @public */
export const SCOPE_EXCEEDED = 0x0904;
/** A numbered message came before; its content was not applied again. @public */
export const SEQUENCE_REPLAYED = 0x0905;
/** The device is not registered here. @public */
export const UNKNOWN_DEVICE = 0x0906;
/** There is no such record for this user. @public */
export const RECORD_UNKNOWN = 0x0907;
/** The operation does not fit the present state, for example a thing that exists already. @public */
export const STATE_CONFLICT = 0x0908;
/** The server, its database or the broker does not answer. @public */
export const SERVICE_UNREACHABLE = 0x090a;
/** No shift is planned now for the carer of this key. @public */
export const NO_SHIFT = 0x090c;
/** A stated bound of the system is reached. @public */
export const LIMIT_REACHED = 0x090d;
/** The command or its settings cannot be understood. @public */
export const USAGE = 0x0910;
/** A simulation found that a promise of the system does not hold. @public */
export const INVARIANT_BROKEN = 0x0911;
/** The run is valid, but a measured value misses its goal. @public */
export const GOAL_MISSED = 0x0912;
/** A file cannot be read or written. @public */
export const FILE_UNREADABLE = 0x0913;
/** The command was interrupted. @public */
export const INTERRUPTED = 0x0915;
/** The user's role does not include this operation. @public */
export const ROLE_FORBIDDEN = 0x0916;
/** A field of the request has a value that it cannot have. @public */
export const REQUEST_INVALID = 0x0917;
/** Nobody may give rights to themselves. @public */
export const SELF_GRANT = 0x0918;
/** A consent lacks the signatures that the owner's rule demands. @public */
export const SIGNATORY_MISSING = 0x0919;
/** The door has a lock already. @public */
export const DOOR_OCCUPIED = 0x091a;
/** The enrolment of this device has ended. @public */
export const DEVICE_ENDED = 0x091b;
/** The key belongs to another provider than the station. @public */
export const KEY_FOREIGN_STATION = 0x091c;
/** No right of this key's carer reaches a door. @public */
export const RING_EMPTY = 0x091d;
/** A scenario file is not what its schema allows. @public */
export const SCENARIO_INVALID = 0x0920;
/** Our own code called a function in a way that it must not. @public */
export const PROMISE_BROKEN = 0x7f01;
