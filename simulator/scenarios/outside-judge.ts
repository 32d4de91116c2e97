// SPDX-License-Identifier: EUPL-1.2

// A judge as somebody else would write it: it reads the lines of a trace as docs/trace-format.md
// describes them, and knows nothing of this repository.

import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { Decoder } from "cbor-x";

/** A line of a trace, with its file. */
export type TraceText = { readonly file: string; readonly line: string };

/** What the outsider finds. */
export type OutsideVerdict = {
  authorised: number;
  residual: number;
  unauthorised: number;
  entries: number;
  lost: number;
  duplicated: number;
};

type Line = Record<string, unknown>;
type Head = {
  readonly devid: unknown;
  readonly expS: number;
  readonly nbfS: number;
  readonly ringseq: number;
  readonly slots: readonly (readonly number[] | null)[];
};

const decoder = new Decoder({ useRecords: false, mapsAsObjects: false });
const CLOCK_BOUND_S = 2;
const TYP_FLOOR_LIST = 65004;

/** Judges a trace by the five rules of docs/trace-format.md, the first, second and fourth of them. */
export function judgeFromOutside(trace: readonly TraceText[]): OutsideVerdict {
  const linesOf = (file: string) =>
    trace.filter((text) => text.file === file).map(({ line }) => JSON.parse(line) as Line);
  const devices = linesOf("devices");
  const world = linesOf("world").sort(
    (left, right) => Number(left["atUs"]) - Number(right["atUs"]),
  );
  const journal = linesOf("issuer");
  const frames = linesOf("frames");
  const verdict = {
    authorised: 0,
    residual: 0,
    unauthorised: 0,
    entries: 0,
    lost: 0,
    duplicated: 0,
  };
  judgeOpenings(devices, world, journal, frames, verdict);
  judgeEntries(devices, journal, verdict);
  return verdict;
}

function bytesOf(value: unknown): Buffer {
  return Buffer.from(String(value), "hex");
}

function keyOf(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

/** The claims of a COSE_Sign1 structure, if this key signed it. */
function openSigned(object: Buffer, key: KeyObject): Map<number, never> | undefined {
  const [header, , payload, signature] = decoder.decode(object) as Uint8Array[];
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const signed = Buffer.concat([
    Buffer.from("846a5369676e617475726531", "hex"),
    byteString(header),
    byteString(new Uint8Array(0)),
    byteString(payload),
  ]);
  return verify(null, signed, key, signature) ? decoder.decode(payload) : undefined;
}

function byteString(bytes: Uint8Array): Buffer {
  const { length } = bytes;
  if (length < 24) return Buffer.concat([Buffer.from([0x40 + length]), bytes]);
  const head = length < 256 ? [0x58, length] : [0x59, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}

function readHeads(journal: readonly Line[]): Head[] {
  const root = journal.find((line) => line["kind"] === "authority-founded");
  const rootKey = keyOf(bytesOf(root?.["rootPublicKey"]));
  const ringKeys = journal
    .filter((line) => line["kind"] === "issuer-epoch-started")
    .flatMap((line) => {
      const claims = openSigned(bytesOf(line["ringCertificate"]), rootKey);
      const confirmation = claims?.get(8) as Map<number, Map<number, Uint8Array>> | undefined;
      const raw = confirmation?.get(1)?.get(-2);
      return raw === undefined ? [] : [keyOf(raw)];
    });
  return journal
    .filter((line) => line["kind"] === "head-issued")
    .flatMap((line): Head[] => {
      const object = bytesOf(line["head"]);
      const claims = ringKeys.map((key) => openSigned(object, key)).find((found) => found);
      if (claims === undefined) return [];
      const ring = claims.get(-65537) as unknown as readonly number[];
      return [
        {
          devid: line["devid"],
          expS: Number(claims.get(4)),
          nbfS: Number(claims.get(5)),
          ringseq: Number(ring[0]),
          slots: line["slots"] as Head["slots"],
        },
      ];
    });
}

function judgeOpenings(
  devices: readonly Line[],
  world: readonly Line[],
  journal: readonly Line[],
  frames: readonly Line[],
  verdict: OutsideVerdict,
): void {
  const startS = Number(devices[0]?.["startS"]);
  const named = new Map(
    devices
      .filter((line) => ["lock", "key", "copy"].includes(String(line["kind"])))
      .map((line) => [line["name"], line]),
  );
  const groups = new Map(
    journal
      .filter((line) => line["kind"] === "lock-configured")
      .map((line) => [line["devid"], line["groups"] as readonly number[]]),
  );
  const heads = readHeads(journal);
  const keyIn = new Map<unknown, unknown>();
  const reached = new Map<unknown, { readonly typ: unknown; readonly claims: unknown }[]>();
  for (const event of world) {
    if (event["kind"] === "plugged") keyIn.set(event["contact"], event["key"]);
    if (event["kind"] === "verified") {
      const { contact, device, atUs } = event;
      const hasAnswered = frames.some(
        (frame) =>
          frame["contact"] === contact &&
          frame["from"] === device &&
          Number(frame["t"]) >= Number(atUs),
      );
      const list = reached.get(device) ?? [];
      const claims: unknown = decoder.decode(bytesOf(event["payload"]));
      if (hasAnswered) list.push({ typ: event["typ"], claims });
      reached.set(device, list);
    }
    if (event["kind"] !== "motor" || event["command"] !== "unlock") continue;
    const lock = named.get(event["lock"]);
    const key = named.get(keyIn.get(event["contact"]));
    const known = reached.get(event["lock"]) ?? [];
    const nowS = startS + Number(event["atUs"]) / 1_000_000;
    const fitting = heads.filter(
      (head) =>
        head.devid === key?.["devid"] &&
        head.ringseq >= leastRing(known, String(key?.["devid"])) &&
        holdsDoor(head, Number(lock?.["door"]), groups.get(lock?.["devid"]) ?? []),
    );
    const isNow = (head: Head) =>
      nowS >= head.nbfS - CLOCK_BOUND_S && nowS < head.expS + CLOCK_BOUND_S;
    const floorS = Math.max(0, ...known.map(({ claims }) => signedAtS(claims)));
    if (fitting.some(isNow)) verdict.authorised += 1;
    else if (key?.["kind"] === "copy" && fitting.some((head) => head.expS > floorS)) {
      verdict.residual += 1;
    } else verdict.unauthorised += 1;
  }
}

function signedAtS(claims: unknown): number {
  return claims instanceof Map ? Number(claims.get(6) ?? 0) : 0;
}

function holdsDoor(head: Head, door: number, groups: readonly number[]): boolean {
  return head.slots.some((leaf) => {
    const [kind, target = 0, ops = 0] = leaf ?? [];
    const isHere = kind === 0 ? target === door : kind === 1 && groups.includes(target);
    return (ops & 1) !== 0 && isHere;
  });
}

/** Least ring number that the floor lists which have reached a lock leave to a key. */
function leastRing(known: readonly { typ: unknown; claims: unknown }[], devid: string): number {
  const lists = known
    .filter(({ typ }) => typ === TYP_FLOOR_LIST)
    .map(({ claims }) => (claims as Map<number, unknown>).get(-65540))
    .map((list) => list as readonly [number, number, readonly (readonly [Uint8Array, number])[]])
    .sort((left, right) => right[0] - left[0]);
  const newest = lists[0];
  if (newest === undefined) return 0;
  const own = newest[2].find(([name]) => Buffer.from(name).toString("hex") === devid);
  return Math.max(newest[1], own?.[1] ?? 0);
}

function judgeEntries(
  devices: readonly Line[],
  journal: readonly Line[],
  verdict: OutsideVerdict,
): void {
  const stored = new Map<string, number>();
  for (const record of journal) {
    if (record["kind"] !== "entries-stored") continue;
    for (const entry of record["entries"] as readonly Line[]) {
      const place = `${entry["devid"]}/${entry["n"]}`;
      stored.set(place, (stored.get(place) ?? 0) + 1);
    }
  }
  for (const device of devices) {
    if (device["kind"] !== "log" || String(device["name"]).startsWith("copy")) continue;
    const entries = device["entries"] as readonly (readonly [number, string])[];
    const lastN = Math.max(0, ...entries.map(([n]) => n));
    verdict.entries += lastN;
    for (let n = 1; n <= lastN; n += 1) {
      const times = stored.get(`${device["devid"]}/${n}`) ?? 0;
      if (times === 0) verdict.lost += 1;
      if (times > 1) verdict.duplicated += 1;
    }
  }
}
