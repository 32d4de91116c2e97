// SPDX-License-Identifier: EUPL-1.2
import {
  type ArenaOperations,
  type CryptoPort,
  createArenaOperations,
  type EntropyPort,
} from "@nyckelring/protocol";

import type { SlotOperations } from "../key/slot-operations.ts";
import { crc32Native } from "./crc32-native.ts";
import { createDeviceCrypto } from "./crypto.ts";
import { createHealthTest, type HealthTest } from "./entropy.ts";
import type { OctetChecks } from "./octet-checks.ts";
import { bindPrimitives } from "./primitives.ts";

/** Cryptography in the interpreter itself: for a computer, where no native code can be called. */
export function openCrypto(): CryptoPort {
  return createDeviceCrypto(bindPrimitives());
}

/** What the link and the flash ask of octets: nothing better than what they have. */
export function openOctetChecks(): OctetChecks {
  return { frames: undefined, crc32: crc32Native, records: undefined };
}

/** The tests of the generator in script. */
export function openHealthTest(): HealthTest {
  return createHealthTest();
}

/** Nothing: without native code the leaves are hashed one by one. */
export function openSlotOperations(): SlotOperations | undefined {
  return undefined;
}

/** The operations of the door path over that port. */
export function openOperations(
  crypto: CryptoPort,
  entropy: EntropyPort,
  arena: Uint8Array,
): ArenaOperations {
  return createArenaOperations(crypto, entropy, arena);
}
