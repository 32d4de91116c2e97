// SPDX-License-Identifier: EUPL-1.2
import { decodeCbor } from "../cbor/decode.ts";
import { encodeCbor } from "../cbor/encode.ts";
import { bytesOf, orNull, tuple, uint, uint8, uintFrom } from "../cbor/shape.ts";
import { DEVID_BYTES } from "../cose/ids.ts";
import { MESSAGE_MALFORMED, VERSION_UNKNOWN } from "../errors/code.ts";
import { fail, type Result, succeed } from "../errors/result.ts";
import { PROFILE_CLOCK, PROTOCOL_VERSION, ROLE_KEY, ROLE_STATION } from "../message/types.ts";

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
  return encodeCbor([PROTOCOL_VERSION, role]);
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
 * Encodes the answer to a hello.
 * @public
 */
export function encodeHelloAnswer(answer: HelloAnswer): Uint8Array {
  return encodeCbor([PROTOCOL_VERSION, answer.role, answer.profile, answer.devid]);
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
