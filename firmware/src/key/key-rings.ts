// SPDX-License-Identifier: EUPL-1.2
import {
  ANCHOR_UNKNOWN,
  CLOCK_UNTRUSTED,
  decodeRingBundle,
  equalBytes,
  FLAG_EMERGENCY,
  fail,
  HOLDER_MISMATCH,
  MESSAGE_MALFORMED,
  NEEDS_SYNC,
  OBJECT_OLD,
  type Result,
  RING_BASE_MISMATCH,
  RING_EXPIRED,
  RING_NOT_YET_VALID,
  RING_PART_MISSING,
  type RingBundle,
  type RingHead,
  succeed,
  TYP_RING_HEAD,
  verifyRingHead,
} from "@nyckelring/protocol";
import type { DeviceIdentity } from "../shared/identity.ts";
import { type RingHeadHint, readRingHead } from "../shared/ring-head-hint.ts";
import type { KeyClock } from "./key-clock.ts";
import { type KeyLayout, RING_EMERGENCY, RING_SHIFT } from "./key-layout.ts";
import type { KeyTrust } from "./key-trust.ts";
import {
  createRingStore,
  type PromisedRing,
  type ReadDelta,
  type RingPorts,
  type RingStore,
} from "./ring-store.ts";

/** A ring that the key holds. */
export interface KeyRing {
  readonly store: RingStore;
  /** The head as signed. */
  readonly head: Uint8Array;
  readonly claims: RingHeadHint;
}

/** The rings of a key, both of its own authority: for the shift, and for one emergency. */
export interface KeyRings {
  /**
   * Tells whether a ring may be used now, by the key's own clock.
   *
   * @param index - One of the ring indexes of the layout.
   * @returns 0, `NEEDS_SYNC` without a ring, `CLOCK_UNTRUSTED` where the key does not know the
   *   time, `RING_NOT_YET_VALID` before and `RING_EXPIRED` from the end of its window on.
   */
  judge(index: number): number;
  /** A ring that the key holds, valid or not. */
  ringAt(index: number): KeyRing | undefined;
  /** The rings that may be used now, in the order in which a lock is offered them. */
  usable(): KeyRing[];
  /** First 16 octets of the root of the shift ring. */
  shiftRoot16(): Uint8Array;
  /**
   * Takes one part of a ring from the issuer.
   *
   * The ring becomes active with its last part. A repetition of the ring in use changes nothing.
   *
   * @param bytes - An encoded ring bundle; every part carries the same head.
   * @returns The bundle; `MESSAGE_MALFORMED`; a fault of the head (`SIGNATURE_INVALID`,
   *   `CLAIMS_MALFORMED`, `WINDOW_TOO_LONG`, `HOLDER_MISMATCH`, `ANCHOR_UNKNOWN` for one of another
   *   authority, `OBJECT_OLD`, `RING_EXPIRED`); a fault of the parts (`RING_PART_MISSING`, `RING_BASE_MISMATCH`, `DELTA_MALFORMED`, `RING_FULL`,
   *   `RING_ROOT_MISMATCH`). After a fault the ring in use stands.
   */
  receive(part: number, parts: number, bytes: Uint8Array): Result<RingBundle>;
  /** Forgets a ring of which not all parts came. */
  abandon(): void;
}

const NOTHING = new Uint8Array(0);

type Incoming = {
  readonly index: number;
  readonly head: Uint8Array;
  readonly parts: number;
  readonly iatS: number;
  /** True where the ring in use is sent again. */
  readonly isKnown: boolean;
  readonly base16: Uint8Array;
  nextPart: number;
};

/** Opens the rings of a key. */
export function openKeyRings(
  ports: RingPorts,
  layout: KeyLayout,
  identity: DeviceIdentity,
  ringSecret: Uint8Array,
  trust: KeyTrust,
  clock: KeyClock,
): KeyRings {
  const stores: RingStore[] = [];
  for (const place of layout.rings) stores.push(createRingStore(ports, place, ringSecret));
  let incoming: Incoming | undefined;
  /** Rings whose heads were read, by index: to decode one costs an interpreter more than a session. */
  const known: (KeyRing | undefined)[] = [];
  /** What they were read from. To compare octets themselves costs an interpreter as much as to decode. */
  const readFrom: (PromisedRing | undefined)[] = [];

  function storeAt(index: number): RingStore {
    return stores[index] as RingStore;
  }

  function ringAt(index: number): KeyRing | undefined {
    const store = storeAt(index);
    const active = store.active();
    if (active === undefined) return undefined;
    if (readFrom[index] === active) return known[index];
    const claims = readRingHead(active.head);
    const ring = claims === undefined ? undefined : { store, head: active.head, claims };
    known[index] = ring;
    readFrom[index] = active;
    return ring;
  }

  function judge(index: number): number {
    const ring = ringAt(index);
    if (ring === undefined) return NEEDS_SYNC;
    const nowS = clock.knownS();
    if (nowS === undefined) return CLOCK_UNTRUSTED;
    if (nowS < ring.claims.nbfS) return RING_NOT_YET_VALID;
    return nowS >= ring.claims.expS ? RING_EXPIRED : 0;
  }

  function usable(): KeyRing[] {
    const found: KeyRing[] = [];
    for (const index of [RING_EMERGENCY, RING_SHIFT]) {
      const ring = judge(index) === 0 ? ringAt(index) : undefined;
      if (ring !== undefined) found.push(ring);
    }
    return found;
  }

  function verifyHead(bytes: Uint8Array): Result<RingHead> {
    const verified = verifyRingHead(bytes, trust.ringAnchors());
    if (!verified.ok) return verified;
    const holder = verified.value.holder;
    const isOwn =
      equalBytes(holder.devid, identity.devid) &&
      equalBytes(holder.publicKey, identity.agreementPublicKey);
    if (!isOwn) return fail(HOLDER_MISMATCH);
    // The salts come from a secret with one issuer, and the log goes home to one.
    const isHome = trust.authorityOf(bytes, TYP_RING_HEAD) === trust.homeAuthority();
    if (!isHome) return fail(ANCHOR_UNKNOWN);
    const nowS = clock.knownS();
    if (nowS !== undefined && nowS >= verified.value.expS) return fail(RING_EXPIRED);
    return verified;
  }

  function beginRing(
    parts: number,
    bundle: RingBundle,
  ): Result<{ readonly ring: Incoming; readonly delta: ReadDelta | undefined }> {
    const verified = verifyHead(bundle.head);
    if (!verified.ok) return verified;
    const head = verified.value;
    const index = (head.flags & FLAG_EMERGENCY) !== 0 ? RING_EMERGENCY : RING_SHIFT;
    const store = storeAt(index);
    const held = ringAt(index);
    const isKnown =
      held !== undefined &&
      held.claims.ringseq === head.ringseq &&
      equalBytes(held.head, bundle.head);
    if (!isKnown && held !== undefined && head.ringseq <= held.claims.ringseq) {
      return fail(OBJECT_OLD);
    }
    const promised: PromisedRing = { head: bundle.head, root: head.root, size: head.size };
    const ring = { index, head: bundle.head, parts, iatS: head.iatS, isKnown, nextPart: 0 };
    if (isKnown) return succeed({ ring: { ...ring, base16: NOTHING }, delta: undefined });
    if (bundle.delta === null) {
      if (parts !== 1) return fail(MESSAGE_MALFORMED);
      const renewed = store.renew(promised);
      if (!renewed.ok) return renewed;
      return succeed({ ring: { ...ring, base16: NOTHING }, delta: undefined });
    }
    const delta = store.readDelta(bundle.delta);
    if (!delta.ok) return delta;
    const base16 = delta.value.base16;
    const begun = store.begin(promised, base16);
    if (!begun.ok) return begun;
    return succeed({ ring: { ...ring, base16 }, delta: delta.value });
  }

  /** @param first - The delta of the first part, which was read already. */
  function applyPart(
    ring: Incoming,
    bundle: RingBundle,
    first: ReadDelta | undefined,
  ): Result<undefined> {
    const store = storeAt(ring.index);
    if (ring.isKnown) return succeed(undefined);
    if (bundle.delta === null) {
      return ring.parts === 1 ? succeed(undefined) : fail(MESSAGE_MALFORMED);
    }
    let delta = first;
    if (delta === undefined) {
      const read = store.readDelta(bundle.delta);
      if (!read.ok) return read;
      delta = read.value;
      if (!equalBytes(delta.base16, ring.base16)) return fail(RING_BASE_MISMATCH);
    }
    const applied = store.apply(delta);
    if (!applied.ok || ring.nextPart + 1 < ring.parts) return applied;
    return store.commit();
  }

  function receiveBundle(part: number, parts: number, bundle: RingBundle): Result<undefined> {
    let first: ReadDelta | undefined;
    if (part === 0) {
      abandon();
      const begun = beginRing(parts, bundle);
      if (!begun.ok) return begun;
      incoming = begun.value.ring;
      first = begun.value.delta;
    }
    const ring = incoming;
    if (ring === undefined || part !== ring.nextPart || parts !== ring.parts) {
      return fail(RING_PART_MISSING);
    }
    // The head of the first part is the one that was verified.
    if (part > 0 && !equalBytes(bundle.head, ring.head)) return fail(RING_PART_MISSING);
    const applied = applyPart(ring, bundle, first);
    if (!applied.ok) return applied;
    ring.nextPart += 1;
    if (ring.nextPart === ring.parts) {
      clock.raiseFloor(ring.iatS);
      incoming = undefined;
    }
    return succeed(undefined);
  }

  function abandon(): void {
    if (incoming !== undefined) storeAt(incoming.index).abandon();
    incoming = undefined;
  }

  return {
    judge,
    ringAt,
    usable,
    shiftRoot16: () => storeAt(RING_SHIFT).root16(),
    receive(part, parts, bytes) {
      const bundle = decodeRingBundle(bytes);
      if (!bundle.ok) return bundle;
      const received = receiveBundle(part, parts, bundle.value);
      if (received.ok) return bundle;
      abandon();
      return received;
    },
    abandon,
  };
}
