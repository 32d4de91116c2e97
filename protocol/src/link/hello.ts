// SPDX-License-Identifier: EUPL-1.2
import { concatBytes, octetAt } from "../bytes.ts";
import { decodeCbor } from "../cbor/decode.ts";
import { bytesOf, orNull, tuple, uint, uint8, uintFrom } from "../cbor/shape.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import { MESSAGE_MALFORMED, VERSION_UNKNOWN } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";
import { PROFILE_CLOCK, PROTOCOL_VERSION, ROLE_KEY, ROLE_STATION } from "../message/types.ts";

// Every number here is below 24 and so an octet of its own, RFC 8949 §3; a door waits for these.
const ARRAY_OF_TWO = 0x82;
const ARRAY_OF_FOUR = 0x84;
const BYTE_STRING = 0x40;
const CBOR_NULL = 0xf6;

const HELLO = tuple([uint8, uintFrom(ROLE_KEY, ROLE_STATION)]);
const HELLO_ANSWER = tuple([
  uint8,
  uintFrom(ROLE_KEY, ROLE_STATION),
  uint(PROFILE_CLOCK),
  orNull(bytesOf(DEVID_BYTES)),
]);

/**
 * Who answered at the contact. Nothing of it is proved.
 * @public
 */
export interface HelloAnswer {
  /** One of the ROLE_ constants. */
  readonly role: number;
  /** One of the PROFILE_ constants; 0 for a device that is no lock. */
  readonly profile: number;
  /** 8 octets, or null from a device that was not enrolled. */
  readonly devid: Uint8Array | null;
}

/**
 * Encodes the first message of a contact.
 * @public
 */
export function encodeHello(role: number): Uint8Array {
  return new Uint8Array([ARRAY_OF_TWO, PROTOCOL_VERSION, role]);
}

/**
 * Reads the first message of a contact.
 *
 * @returns the role, `MESSAGE_MALFORMED`, or `VERSION_UNKNOWN` with the other version
 * @public
 */
export function decodeHello(bytes: Uint8Array): Result<number> {
  const value = decodeCbor(bytes);
  if (!value.ok || !HELLO(value.value)) return fail(MESSAGE_MALFORMED);
  if (value.value[0] !== PROTOCOL_VERSION) return fail(VERSION_UNKNOWN, value.value[0]);
  return succeed(value.value[1]);
}

/**
 * Tells whether octets are the greeting of a role in this version, without a word why not.
 * @public
 */
export function isHello(bytes: Uint8Array, role: number): boolean {
  return (
    bytes.length === 3 &&
    octetAt(bytes, 0) === ARRAY_OF_TWO &&
    octetAt(bytes, 1) === PROTOCOL_VERSION &&
    octetAt(bytes, 2) === role
  );
}

/**
 * Encodes the answer to a hello.
 * @public
 */
export function encodeHelloAnswer(answer: HelloAnswer): Uint8Array {
  const devid = answer.devid;
  const head = [ARRAY_OF_FOUR, PROTOCOL_VERSION, answer.role, answer.profile];
  if (devid === null) return concatBytes([new Uint8Array(head), new Uint8Array([CBOR_NULL])]);
  head.push(BYTE_STRING + devid.length);
  return concatBytes([new Uint8Array(head), devid]);
}

/**
 * Reads the answer to a hello.
 *
 * @returns the answer, `MESSAGE_MALFORMED`, or `VERSION_UNKNOWN` with the other version
 * @public
 */
export function decodeHelloAnswer(bytes: Uint8Array): Result<HelloAnswer> {
  const value = decodeCbor(bytes);
  if (!value.ok || !HELLO_ANSWER(value.value)) return fail(MESSAGE_MALFORMED);
  const fields = value.value;
  if (fields[0] !== PROTOCOL_VERSION) return fail(VERSION_UNKNOWN, fields[0]);
  return succeed({ role: fields[1], profile: fields[2], devid: fields[3] });
}
