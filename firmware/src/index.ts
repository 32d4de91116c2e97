// SPDX-License-Identifier: EUPL-1.2

/**
 * Device roles of the system, pure over their ports.
 *
 * Boards, the interpreter's wiring and the simulator implement the ports; the roles never touch
 * anything else.
 *
 * @packageDocumentation
 */

export { createLock } from "./lock/lock.ts";
export { commissionLock, type LockProvision } from "./lock/lock-commissioning.ts";
export type { LockPorts, LockRole } from "./lock/lock-role.ts";
export {
  BOLT_BETWEEN,
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  type BoltPosition,
  type ClockPort,
  type ContactPort,
  type FlashPort,
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  LINK_WIFI,
  type LinkKind,
  type MotorPort,
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
  type SignalPort,
  type StationPowerPort,
  type SupplyPort,
  type TimerPort,
  type UplinkPort,
} from "./ports.ts";
export { crc32Of } from "./shared/crc32.ts";
export { type EnrolledDevice, enrolDevice } from "./shared/identity.ts";
