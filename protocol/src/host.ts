// SPDX-License-Identifier: EUPL-1.2
// The host entry: what needs Node, npm packages or text for people. Devices never import it.

export { CODES, type CodeEntry, type CodeKind, type RetryAction } from "./errors/codes.ts";
export { decodeWithCborX, encodeWithCborX } from "./host/cbor-x-codec.ts";
export {
  type DecodedOctets,
  type DecodeTrust,
  decodeOctets,
} from "./host/decode/decode-octets.ts";
export type { Field } from "./host/decode/forms.ts";
export { type CodeDescription, describe, findCode } from "./host/describe.ts";
export { createNobleCrypto } from "./host/noble-crypto.ts";
export { createNodeCrypto } from "./host/node-crypto.ts";
