// SPDX-License-Identifier: EUPL-1.2
import {
  bytesOf,
  bytesUpTo,
  type CborValue,
  decodeCbor,
  decodeRingBundle,
  encodeCbor,
  equalBytes,
  listOf,
  OBJECT_BYTES_MAX,
  SYNC_PARTS_MAX,
  tuple,
  uint,
} from "@nyckelring/protocol";
import type { FlashPort } from "../ports.ts";
import { type BlobQueue, createBlobQueue } from "../shared/blob-queue.ts";
import type { PageArea } from "../shared/page-journal.ts";
import { type RingHeadHint, readRingHead } from "../shared/ring-head-hint.ts";

const OBJECTS_MAX = 64;
// devid | part | parts | ring bundle | objects
const RECORD = tuple([
  bytesOf(8),
  uint(SYNC_PARTS_MAX - 1),
  uint(SYNC_PARTS_MAX),
  bytesUpTo(OBJECT_BYTES_MAX),
  listOf(bytesUpTo(OBJECT_BYTES_MAX), 0, OBJECTS_MAX),
]);

/** One part of a ring as the issuer sent it. */
export interface ShelfPart {
  readonly devid: Uint8Array;
  readonly part: number;
  readonly parts: number;
  /** An encoded ring bundle. */
  readonly bundle: Uint8Array;
  /** Signed objects to hand over before it. */
  readonly objects: readonly Uint8Array[];
}

/** What the shelf has for a key. */
export interface ShelfOffer {
  /** Tags of the parts, in order. */
  readonly tags: readonly number[];
  readonly claims: RingHeadHint;
}

/** Rings signed in advance, each for one key, that a station may release without a link. */
export interface RingShelf {
  /**
   * Puts a part on the shelf. Older rings of the key beyond the allowed number go.
   *
   * @param ringsPerKey - How many rings signed in advance one key may have here.
   * @returns False where it was not kept: no room, or not a ring.
   */
  put(part: ShelfPart, ringsPerKey: number): boolean;
  /**
   * The ring to release to a key: of those that have not ended, the one that begins first.
   *
   * A release consumes nothing; the same ring is offered again until it has ended.
   *
   * @param nowS - UTC seconds; undefined where the station does not know, and the key must judge.
   */
  offer(devid: Uint8Array, nowS: number | undefined): ShelfOffer | undefined;
  /** True where the shelf had a ring for the key, ended or not. */
  hasAny(devid: Uint8Array): boolean;
  /** A part by its tag. */
  read(tag: number): ShelfPart | undefined;
  /** Takes rings of a key off the shelf: those up to and with a ring number. */
  dropUpTo(devid: Uint8Array, ringseq: number): void;
  /** Takes everything off the shelf whose window has ended. */
  dropEnded(nowS: number): void;
  /** Number of keys for which there is a ring. */
  keyCount(): number;
}

type Place = {
  readonly tag: number;
  readonly devid: Uint8Array;
  readonly part: number;
  readonly parts: number;
  readonly claims: RingHeadHint;
};

/** Opens the shelf of a station. */
export function openRingShelf(flash: FlashPort, area: PageArea): RingShelf {
  const queue: BlobQueue = createBlobQueue(flash, area);
  let places: Place[] = [];

  function load(): void {
    for (const tag of queue.tags()) {
      const part = read(tag);
      const place = part === undefined ? undefined : placeOf(tag, part);
      if (place === undefined) queue.free(tag);
      else places.push(place);
    }
  }

  function read(tag: number): ShelfPart | undefined {
    const bytes = queue.read(tag);
    const value = bytes === undefined ? undefined : decodeCbor(bytes);
    if (value === undefined || !value.ok || !RECORD(value.value)) return undefined;
    const fields = value.value;
    return {
      devid: fields[0],
      part: fields[1],
      parts: fields[2],
      bundle: fields[3],
      objects: fields[4],
    };
  }

  function free(unwanted: (place: Place) => boolean): void {
    const kept: Place[] = [];
    for (const place of places) {
      if (unwanted(place)) queue.free(place.tag);
      else kept.push(place);
    }
    places = kept;
  }

  /** Ring numbers of a key on the shelf, each once. */
  function ringsOf(devid: Uint8Array): number[] {
    const rings: number[] = [];
    for (const place of places) {
      const ringseq = place.claims.ringseq;
      if (equalBytes(place.devid, devid) && rings.indexOf(ringseq) < 0) rings.push(ringseq);
    }
    rings.sort((a, b) => a - b);
    return rings;
  }

  function partsOf(devid: Uint8Array, ringseq: number): Place[] {
    const parts: Place[] = [];
    for (const place of places) {
      if (equalBytes(place.devid, devid) && place.claims.ringseq === ringseq) parts.push(place);
    }
    parts.sort((a, b) => a.part - b.part);
    return parts;
  }

  function put(part: ShelfPart, ringsPerKey: number): boolean {
    const claims = claimsOf(part.bundle);
    if (claims === undefined || ringsPerKey === 0) return false;
    const devid = part.devid;
    for (const held of partsOf(devid, claims.ringseq)) {
      if (held.part === part.part) return true;
    }
    const objects: CborValue[] = [];
    for (const object of part.objects) objects.push(object);
    const value = encodeCbor([devid, part.part, part.parts, part.bundle, objects]);
    if (value.length > queue.payloadBytesMax) return false;
    const tag = queue.lastTag() + 1;
    if (!queue.append(tag, value)) return false;
    places.push({ tag, devid, part: part.part, parts: part.parts, claims });
    const rings = ringsOf(devid);
    const surplus = rings[rings.length - ringsPerKey - 1];
    if (surplus !== undefined) dropUpTo(devid, surplus);
    return true;
  }

  function offer(devid: Uint8Array, nowS: number | undefined): ShelfOffer | undefined {
    let best: ShelfOffer | undefined;
    for (const ringseq of ringsOf(devid)) {
      const parts = partsOf(devid, ringseq);
      const first = parts[0];
      if (first !== undefined && parts.length === first.parts) {
        const claims = first.claims;
        const hasEnded = nowS !== undefined && nowS >= claims.expS;
        if (!hasEnded && (best === undefined || claims.nbfS < best.claims.nbfS)) {
          const tags: number[] = [];
          for (const place of parts) tags.push(place.tag);
          best = { tags, claims };
        }
      }
    }
    return best;
  }

  function dropUpTo(devid: Uint8Array, ringseq: number): void {
    free((place) => equalBytes(place.devid, devid) && place.claims.ringseq <= ringseq);
  }

  load();
  return {
    put,
    offer,
    hasAny: (devid) => ringsOf(devid).length > 0,
    read,
    dropUpTo,
    dropEnded(nowS) {
      free((place) => nowS >= place.claims.expS);
    },
    keyCount() {
      let count = 0;
      for (let index = 0; index < places.length; index += 1) {
        const place = places[index] as Place;
        let isFirst = true;
        for (let before = 0; before < index; before += 1) {
          if (equalBytes((places[before] as Place).devid, place.devid)) isFirst = false;
        }
        if (isFirst) count += 1;
      }
      return count;
    },
  };
}

function placeOf(tag: number, part: ShelfPart): Place | undefined {
  const claims = claimsOf(part.bundle);
  if (claims === undefined) return undefined;
  return { tag, devid: part.devid, part: part.part, parts: part.parts, claims };
}

function claimsOf(bundle: Uint8Array): RingHeadHint | undefined {
  const decoded = decodeRingBundle(bundle);
  return decoded.ok ? readRingHead(decoded.value.head) : undefined;
}
