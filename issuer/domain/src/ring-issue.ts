// SPDX-License-Identifier: EUPL-1.2
import {
  assignSlots,
  bytesOfHex,
  encodeRingBundle,
  encodeRingDelta,
  FLAG_CLOCK_UNKNOWN_OK,
  FLAG_STOP_AT_FULL_LOG,
  fail,
  hexOf,
  LEAD_S_MAX,
  type Leaf,
  NO_SHIFT,
  type Result,
  RING_EMPTY,
  ringRoot,
  ringSecret,
  rootHead,
  signRingHead,
  succeed,
  WINDOW_S_MAX,
} from "@nyckelring/protocol";
import { deriveLeaves } from "./access-rights.ts";
import { GRACE_S } from "./administration.ts";
import type { Authority } from "./authority.ts";
import type { HeadPurpose, LeafFact, SlotChange } from "./facts.ts";
import { type Journal, SYSTEM } from "./journal.ts";
import type { IssuedHead, KeyRecord, Shift } from "./register.ts";
import type { Revocation } from "./revocation.ts";
import { cutIntoParts } from "./ring-parts.ts";

// From rights to rings. Slots are stable and `until` is the right's end, so a ring that did not
// change keeps its root, and the start of a shift costs one head.

/** A ring may open its first door this long before the shift, if the window allows. */
const EARLY_S = 1800;
/** A key may fetch its ring this long before the window begins. */
const RELEASE_AHEAD_S = 3600;

/** A window, UTC seconds, half-open. @internal */
export interface Window {
  readonly nbfS: number;
  readonly expS: number;
}

/**
 * The window of a shift: from half an hour before it to the grace after it, and never longer than
 * 12 h 30 min; what is too long is cut at the beginning.
 * @internal
 */
export function windowOfShift(shift: Shift): Window {
  const expS = shift.endS + GRACE_S;
  return { nbfS: Math.max(shift.startS - EARLY_S, expS - WINDOW_S_MAX), expS };
}

/** What a head is signed for. @internal */
export interface HeadOrder {
  readonly key: KeyRecord;
  readonly purpose: HeadPurpose;
  readonly window: Window;
  readonly flags: number;
  readonly shift: number | null;
  readonly station: number | null;
  readonly nonce: string | null;
  /** The only right of an emergency ring; null for the ring that rights derive. */
  readonly leaf: LeafFact | null;
}

/** Rings of one authority. @internal */
export interface RingIssue {
  /**
   * The shift that a key may be activated for now.
   * @returns `NO_SHIFT` if none has begun or begins soon.
   */
  shiftNow(carer: number): Result<Shift>;
  /** Shifts that a station may need a head for before it is online again. */
  shiftsAhead(carer: number): readonly Shift[];
  /**
   * Brings a key's slots up to its rights.
   * @returns `RING_FULL` with the number of rights, and the ring stays as it was; `RING_EMPTY` for a
   *   key that never had a right to a door. One that had some gets a ring of tombstones, which takes
   *   them from it.
   */
  refresh(devid: string): Result<true>;
  /** Signs a head over the ring as it stands, and commits it. */
  issueHead(order: HeadOrder): IssuedHead;
  /** The parts that carry a head and what the key's ring lacks, each a ring bundle. */
  bundleParts(head: IssuedHead, keyRoot16: string, floors: Uint8Array | null): Uint8Array[];
  /** Slots under a head. */
  slotsOf(head: IssuedHead): readonly (LeafFact | null)[];
  /** Flags of the heads of ordinary shifts. */
  readonly shiftFlags: number;
  /** First 16 octets of the root of no slots: the base that every key accepts. */
  readonly emptyRoot16: string;
}

/**
 * Offers ring issue over a journal.
 *
 * @param stopsAtFullLog - Whether keys stop opening once their log is full of what is not home.
 * @internal
 */
export function createRingIssue(
  journal: Journal,
  authority: Authority,
  revocation: Revocation,
  stopsAtFullLog: boolean,
): RingIssue {
  const { ports, register } = journal;
  const { crypto } = ports;
  const secrets = new Map<string, Uint8Array>();
  const emptyRoot16 = hexOf(rootHead(crypto.hash(new Uint8Array(0))));

  function secretOf(key: KeyRecord): Uint8Array {
    const kept = secrets.get(key.devid);
    if (kept !== undefined) return kept;
    const secret = ringSecret(crypto, authority.sharedSecret(key.agreementPublicKey));
    secrets.set(key.devid, secret);
    return secret;
  }

  function rootOf(key: KeyRecord, slots: readonly (LeafFact | null)[]): string {
    return hexOf(ringRoot(crypto, secretOf(key), slots.map(toLeaf)));
  }

  function keyOf(devid: string): KeyRecord | undefined {
    return register.keys.get(devid);
  }

  function refresh(devid: string): Result<true> {
    const key = keyOf(devid);
    if (key === undefined) return succeed(true);
    const wanted = deriveLeaves(register, key.carer, ports.clock.nowS());
    const assigned = assignSlots(key.slots.map(toLeaf), wanted.map(leafOfFact));
    if (!assigned.ok) {
      const subject = `key ${devid}`;
      const detail = wanted.length;
      journal.commit(SYSTEM, [{ kind: "alarm-raised", alarm: "ring-full", subject, detail }]);
      return assigned;
    }
    const slots = assigned.value.map(toFact);
    if (slots.length === 0) return fail(RING_EMPTY);
    const changes: SlotChange[] = [];
    for (const [slot, leaf] of slots.entries()) {
      const before = key.slots[slot] ?? null;
      if (!isSameLeaf(before, leaf)) changes.push([slot, leaf]);
    }
    if (changes.length > 0 || key.root === null) {
      const root = rootOf(key, slots);
      const size = slots.length;
      journal.commit(SYSTEM, [{ kind: "ring-changed", devid, changes, size, root }]);
    }
    return succeed(true);
  }

  function issueHead(order: HeadOrder): IssuedHead {
    const { key, window, leaf } = order;
    const nowS = ports.clock.nowS();
    revocation.ensureFloors();
    const slots = leaf === null ? (keyOf(key.devid)?.slots ?? []) : [leaf];
    const root = leaf === null ? keyOf(key.devid)?.root : null;
    const fields = {
      ringseq: register.ringseq + 1,
      iatS: nowS,
      nbfS: window.nbfS,
      expS: window.expS,
      size: slots.length,
      flags: order.flags,
      needlist: revocation.needlist(),
    };
    const rootHex = root ?? rootOf(key, slots);
    const head = signRingHead(
      {
        ...fields,
        root: bytesOfHex(rootHex),
        holder: { devid: bytesOfHex(key.devid), publicKey: bytesOfHex(key.agreementPublicKey) },
      },
      authority.ringSigner(),
    );
    const { purpose, shift, station, nonce } = order;
    journal.commit(SYSTEM, [
      {
        kind: "head-issued",
        devid: key.devid,
        purpose,
        shift,
        station,
        nonce,
        ...fields,
        root: rootHex,
        leaf,
        head: hexOf(head),
      },
    ]);
    return {
      devid: key.devid,
      purpose,
      shift,
      nonce,
      ...fields,
      root: rootHex,
      leaf,
      head: hexOf(head),
      version: keyOf(key.devid)?.versions.length ?? 0,
    };
  }

  function slotsOf(head: IssuedHead): readonly (LeafFact | null)[] {
    if (head.leaf !== null) return [head.leaf];
    const key = keyOf(head.devid);
    if (key === undefined) return [];
    if (head.version === key.versions.length) return key.slots;
    const slots: (LeafFact | null)[] = [];
    for (const version of key.versions.slice(0, head.version)) {
      for (const [slot, leaf] of version.changes) slots[slot] = leaf;
    }
    return slots;
  }

  /** Slots that changed since the ring had a root, or undefined if it never had. */
  function changesSince(head: IssuedHead, root16: string): readonly SlotChange[] | undefined {
    const versions = keyOf(head.devid)?.versions.slice(0, head.version) ?? [];
    const base = versions.findLastIndex((version) => version.root.startsWith(root16));
    if (base < 0 || head.leaf !== null) return undefined;
    const changed = new Map<number, LeafFact | null>();
    for (const version of versions.slice(base + 1)) {
      for (const [slot, leaf] of version.changes) changed.set(slot, leaf);
    }
    return [...changed].sort((a, b) => a[0] - b[0]);
  }

  function bundleParts(
    head: IssuedHead,
    keyRoot16: string,
    floors: Uint8Array | null,
  ): Uint8Array[] {
    const new16 = bytesOfHex(head.root.slice(0, 32));
    const headBytes = bytesOfHex(head.head);
    const isUnchanged = head.root.slice(0, 32) === keyRoot16;
    const since = isUnchanged ? [] : changesSince(head, keyRoot16);
    const base16 = bytesOfHex(since === undefined ? emptyRoot16 : keyRoot16);
    const changes = since ?? wholeRing(slotsOf(head));
    if (isUnchanged) return [encodeRingBundle({ head: headBytes, delta: null, floors })];
    return cutIntoParts(changes, headBytes.length, floors?.length ?? 0).map((slice, part) => {
      const delta = { base16, new16, changes: slice.map(toChange) };
      const carried = part === 0 ? floors : null;
      return encodeRingBundle({
        head: headBytes,
        delta: encodeRingDelta(delta),
        floors: carried,
      });
    });
  }

  function windowsOf(carer: number): readonly { shift: Shift; window: Window }[] {
    const nowS = ports.clock.nowS();
    return (register.shiftsOfCarer.get(carer) ?? [])
      .map((shift) => ({ shift, window: windowOfShift(shift) }))
      .filter(({ window }) => nowS < window.expS)
      .sort((a, b) => a.window.nbfS - b.window.nbfS);
  }

  return {
    emptyRoot16,
    // A lock that lost the time may open for them.
    shiftFlags: FLAG_CLOCK_UNKNOWN_OK | (stopsAtFullLog ? FLAG_STOP_AT_FULL_LOG : 0),
    shiftNow(carer) {
      const nowS = ports.clock.nowS();
      // Of two that touch, the later: its window lasts longer.
      const last = windowsOf(carer)
        .filter(({ window }) => window.nbfS - RELEASE_AHEAD_S <= nowS)
        .at(-1);
      return last === undefined ? fail(NO_SHIFT) : succeed(last.shift);
    },
    shiftsAhead(carer) {
      const nowS = ports.clock.nowS();
      return windowsOf(carer)
        .filter(({ window }) => window.nbfS - nowS <= LEAD_S_MAX)
        .map(({ shift }) => shift);
    },
    refresh,
    issueHead,
    bundleParts,
    slotsOf,
  };
}

function wholeRing(slots: readonly (LeafFact | null)[]): readonly SlotChange[] {
  const changes: SlotChange[] = [];
  for (const [slot, leaf] of slots.entries()) {
    if (leaf !== null) changes.push([slot, leaf]);
  }
  return changes;
}

function leafOfFact([kind, target, ops, untilS]: LeafFact): Leaf {
  return { kind, target, ops, untilS };
}

function toLeaf(leaf: LeafFact | null): Leaf | null {
  return leaf === null ? null : leafOfFact(leaf);
}

function toChange([slot, leaf]: SlotChange): { slot: number; leaf: Leaf | null } {
  return { slot, leaf: toLeaf(leaf) };
}

function toFact(leaf: Leaf | null): LeafFact | null {
  return leaf === null ? null : [leaf.kind, leaf.target, leaf.ops, leaf.untilS];
}

function isSameLeaf(a: LeafFact | null, b: LeafFact | null): boolean {
  if (a === null || b === null) return a === b;
  return a.every((field, index) => field === b[index]);
}
