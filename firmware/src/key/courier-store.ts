// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOf,
  bytesUpTo,
  type CborValue,
  decodeCbor,
  encodeCbor,
  equalBytes,
  listOf,
  OBJECT_BYTES_MAX,
  TYP_FLOOR_LIST,
  tuple,
  uint16,
  uint32,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import type { PageArea } from "../shared/page-journal.ts";
import { createRecordStore } from "../shared/record-store.ts";

const ERRANDS_MAX = 32;
/** Targets of one object: an acknowledgement names at most 25 logs. */
const TARGETS_MAX = 25;
// typ | authority | number | [* [devid, seq]] | object
const RECORD = tuple([
  uint16,
  uint16,
  uint32,
  listOf(tuple([bytesOf(8), uint32]), 0, TARGETS_MAX),
  bytesUpTo(OBJECT_BYTES_MAX),
]);

/** A device that an object is for, and the number that decides whether it still wants it. */
export interface ErrandTarget {
  readonly devid: Uint8Array;
  /** Acknowledged entry, configuration number or first entry to send again; 0 where none. */
  readonly seq: number;
}

/** One signed object that the key carries from the issuer to locks. */
export interface Errand {
  /** Its place in the store. */
  readonly id: number;
  /** Kind of object. */
  readonly typ: number;
  readonly authority: number;
  /** Number of a floor list; otherwise the order in which errands came. */
  readonly number: number;
  readonly targets: readonly ErrandTarget[];
  /** Octets that it takes in flash. */
  readonly size: number;
}

/** What a key carries to locks: floor lists for all of them, and objects for some. */
export interface CourierStore {
  /**
   * Takes a verified object over from the issuer; an older one for the same devices goes.
   *
   * @param listseq - Number of a floor list; ignored for other kinds.
   * @returns False for a floor list that is not newer than the one held.
   */
  put(
    typ: number,
    authority: number,
    listseq: number,
    targets: readonly ErrandTarget[],
    bytes: Uint8Array,
  ): boolean;
  /** The floor list of an authority, if one is held. */
  floorsOf(authority: number): Errand | undefined;
  /** Objects for one device, oldest first; floor lists are not among them. */
  errandsFor(devid: Uint8Array): Errand[];
  /** The object itself. */
  bytesOf(errand: Errand): Uint8Array;
  /** Forgets an object that nobody needs any more. */
  drop(errand: Errand): void;
}

/**
 * Opens the errands of a key.
 *
 * They survive a flat battery but are worth nothing by themselves: whoever issued them will give
 * them again, so the oldest ones make room when the area is full.
 */
export function createCourierStore(flash: FlashPort, area: PageArea): CourierStore {
  const store = createRecordStore(flash, area, ERRANDS_MAX);
  // Living values must fit one half of the area. A value does not cross a page, so any two pages in
  // a row are more than half full together, and this sum always fits.
  const sizeMax = (((area.pageCount >> 1) - 1) * flash.pageBytes) / 2;
  let errands: Errand[] = [];
  let upcoming = 1;

  function load(): void {
    for (let id = 0; id < ERRANDS_MAX; id += 1) {
      const bytes = store.read(id);
      const record = bytes === undefined ? undefined : decodeCbor(bytes);
      if (bytes !== undefined && record?.ok === true && RECORD(record.value)) {
        const fields = record.value;
        const targets: ErrandTarget[] = [];
        for (const target of fields[3]) targets.push({ devid: target[0], seq: target[1] });
        const typ = fields[0];
        const number = fields[2];
        errands.push({ id, typ, authority: fields[1], number, targets, size: sizeOf(bytes) });
        if (typ !== TYP_FLOOR_LIST && number >= upcoming) upcoming = number + 1;
      }
    }
    errands.sort((a, b) => a.number - b.number);
  }

  function drop(errand: Errand): void {
    store.remove(errand.id);
    const kept: Errand[] = [];
    for (const item of errands) if (item.id !== errand.id) kept.push(item);
    errands = kept;
  }

  function floorsOf(authority: number): Errand | undefined {
    for (const item of errands) {
      if (item.typ === TYP_FLOOR_LIST && item.authority === authority) return item;
    }
    return undefined;
  }

  function samePurpose(typ: number, targets: readonly ErrandTarget[]): Errand | undefined {
    for (const item of errands) {
      if (item.typ === typ && typ !== TYP_FLOOR_LIST && equalTargets(item.targets, targets)) {
        return item;
      }
    }
    return undefined;
  }

  function makeRoom(size: number): void {
    for (;;) {
      let sum = size;
      let oldest: Errand | undefined;
      for (const item of errands) {
        sum += item.size;
        if (oldest === undefined && item.typ !== TYP_FLOOR_LIST) oldest = item;
      }
      if (oldest === undefined || (sum <= sizeMax && errands.length < ERRANDS_MAX)) return;
      drop(oldest);
    }
  }

  function freeId(): number {
    for (let id = 0; id < ERRANDS_MAX; id += 1) if (store.read(id) === undefined) return id;
    return -1;
  }

  function put(
    typ: number,
    authority: number,
    listseq: number,
    targets: readonly ErrandTarget[],
    bytes: Uint8Array,
  ): boolean {
    const old = typ === TYP_FLOOR_LIST ? floorsOf(authority) : samePurpose(typ, targets);
    if (typ === TYP_FLOOR_LIST && old !== undefined && old.number >= listseq) return false;
    const number = typ === TYP_FLOOR_LIST ? listseq : upcoming;
    const list: CborValue[] = [];
    for (const target of targets) list.push([target.devid, target.seq]);
    const value = encodeCbor([typ, authority, number, list, bytes]);
    if (value.length > store.valueBytesMax) return false;
    if (old === undefined) makeRoom(sizeOf(value));
    const id = old === undefined ? freeId() : old.id;
    if (id < 0) return false;
    store.write(id, value);
    upcoming += 1;
    const kept: Errand[] = [];
    for (const item of errands) if (item.id !== id) kept.push(item);
    kept.push({ id, typ, authority, number, targets, size: sizeOf(value) });
    errands = kept;
    return true;
  }

  load();
  return {
    put,
    floorsOf,
    errandsFor(devid) {
      const found: Errand[] = [];
      for (const item of errands) {
        for (const target of item.targets) {
          if (equalBytes(target.devid, devid)) {
            found.push(item);
            break;
          }
        }
      }
      return found;
    },
    bytesOf(errand) {
      const bytes = store.read(errand.id);
      const record = bytes === undefined ? undefined : decodeCbor(bytes);
      return record?.ok === true && RECORD(record.value) ? record.value[4] : new Uint8Array(0);
    },
    drop,
  };
}

/** The number that an object has for one device; 0 where it is not for it. */
export function seqFor(errand: Errand, devid: Uint8Array): number {
  for (const target of errand.targets) if (equalBytes(target.devid, devid)) return target.seq;
  return 0;
}

/** Octets in flash, the store's own bookkeeping included. */
function sizeOf(value: Uint8Array): number {
  return value.length + 16;
}

function equalTargets(a: readonly ErrandTarget[], b: readonly ErrandTarget[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) {
    const one = a[index];
    const other = b[index];
    if (one === undefined || other === undefined || !equalBytes(one.devid, other.devid)) {
      return false;
    }
  }
  return true;
}
