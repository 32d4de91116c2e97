// SPDX-License-Identifier: EUPL-1.2
// The authorization system as a pure domain over ports. The service around it brings a database, a
// broker and a web interface, and no rule of its own.

export type {
  ClientAccess,
  Completeness,
  ConsentTask,
  DevicePublic,
  EventView,
  HostPapers,
  Issuer,
  KeyProvision,
  LiveRing,
  LockProvision,
  StationHealth,
  StationProvision,
} from "./api.ts";
export type {
  ConsentScope,
  Fact,
  HeadPurpose,
  LeafFact,
  Permission,
  RightScope,
  Signatory,
  SlotChange,
} from "./facts.ts";
export type { HistoryRecord } from "./history.ts";
export { createIssuer, type IssuerSettings } from "./issuer.ts";
export { type LocalDate, shiftsOfWeek, utcOfLocal, type WeeklyShift } from "./local-time.ts";
export { createMemoryStore, createMemoryVault } from "./memory-store.ts";
export type {
  Actor,
  AuditRecord,
  EntryFilter,
  IssuerPorts,
  IssuerStore,
  KeyVault,
  StoreChange,
  StoredEntry,
} from "./ports.ts";
