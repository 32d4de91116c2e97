// SPDX-License-Identifier: EUPL-1.2

/**
 * Device roles of the system, pure over their ports.
 *
 * Boards, the interpreter's wiring and the simulator implement the ports; the roles never touch
 * anything else.
 *
 * @packageDocumentation
 */

export { KEY_BATTERY, warningPercent } from "./key/battery.ts";
export { createKey, openKey } from "./key/key.ts";
export { commissionKey, type KeyProvision } from "./key/key-commissioning.ts";
export type { KeyContext } from "./key/key-context.ts";
export { RING_EMERGENCY, RING_SHIFT } from "./key/key-layout.ts";
export type { KeyPorts, KeyRole, KeyState, KeyStatus } from "./key/key-role.ts";
export {
  KEY_AT_LOCK,
  KEY_AT_STATION,
  KEY_FINISHED,
  KEY_GREETING,
  KEY_IDLE,
} from "./key/key-role.ts";
export { createPlug, type Plug } from "./key/plug.ts";
export {
  SIGNAL_BATTERY_LOW,
  SIGNAL_DENIED,
  SIGNAL_EXPIRED,
  SIGNAL_GRANTED,
  SIGNAL_LOGS_NOT_HOME,
  SIGNAL_NEEDS_SYNC,
  SIGNAL_NO_CONTACT,
  SIGNAL_READY,
  SIGNAL_WORKING,
  SIGNALS,
  type SignalPattern,
} from "./key/signals.ts";
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
  type DoorSensorPort,
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
  type PowerOutPort,
  type PowerSource,
  type SignalPort,
  type StationPowerPort,
  type StreamListener,
  type StreamPort,
  type SupplyPort,
  type TimerPort,
  type UplinkPort,
} from "./ports.ts";
export { crc32Of } from "./shared/crc32.ts";
export { openDeviceRecords } from "./shared/device-records.ts";
export {
  type DeviceIdentity,
  type EnrolledDevice,
  enrolDevice,
  loadIdentity,
} from "./shared/identity.ts";
export { createMessageLink } from "./shared/link.ts";
export {
  type EnergyLedger,
  keyFedPeakMa,
  keyFedSyncMj,
  keyLeftMj,
  LEDGER,
  LINK_LEDGER,
  type LinkEnergy,
  leftMj,
  loadMw,
  reserveMj,
  syncMj,
} from "./station/energy-ledger.ts";
export { createStation } from "./station/station.ts";
export { commissionStation, type StationProvision } from "./station/station-commissioning.ts";
export type { StationNetwork } from "./station/station-network.ts";
export type { StationPorts, StationRole, StationStatus } from "./station/station-role.ts";
export {
  createMqttUplink,
  type LinkStream,
  type MqttUplink,
  mqttIdentityOf,
  type UplinkListener,
} from "./station/uplink/mqtt-uplink.ts";
