// SPDX-License-Identifier: EUPL-1.2
// The device-safe entry: everything that is reachable from here runs on Node and on a board.

export * from "./bytes.ts";
export * from "./cbor/decode.ts";
export * from "./cbor/encode.ts";
export { checkCbor } from "./cbor/gate.ts";
export * from "./cbor/shape.ts";
export * from "./cbor/value.ts";
export * from "./crypto/crypto-port.ts";
export * from "./crypto/hkdf.ts";
export * from "./crypto/public-key.ts";
export * from "./errors/code.ts";
export * from "./errors/result.ts";
export * from "./message/key-station.ts";
export * from "./message/types.ts";
