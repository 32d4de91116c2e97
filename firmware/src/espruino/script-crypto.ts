// SPDX-License-Identifier: EUPL-1.2
import {
  type ArenaOperations,
  type CryptoPort,
  crc16,
  createArenaOperations,
  type EntropyPort,
  type FrameCheck,
} from "@nyckelring/protocol";

import { createDeviceCrypto } from "./crypto.ts";
import { bindPrimitives } from "./primitives.ts";

/** Cryptography in the interpreter itself: for a computer, where no native code can be called. */
export function openCrypto(): CryptoPort {
  return createDeviceCrypto(bindPrimitives());
}

/** The CRC of the link's frames, as the protocol has it. */
export function openFrameCheck(): FrameCheck {
  return crc16;
}

/** The operations of the door path over that port. */
export function openOperations(
  crypto: CryptoPort,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations {
  return createArenaOperations(crypto, entropy, arena);
}
