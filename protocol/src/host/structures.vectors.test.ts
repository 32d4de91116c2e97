// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { Decoder, Encoder } from "cbor-x";
import { describe, expect, test } from "vitest";

// Nothing of this package is called here. The tables below are the rules of nyckelring.cddl as a
// stranger would write them down; cbor-x reads the frozen octets by them, and writes them again.

const OPTIONS = {
  useRecords: false,
  mapsAsObjects: false,
  variableMapSize: true,
  tagUint8Array: false,
} as const;
const decoder = new Decoder(OPTIONS);
const encoder = new Encoder(OPTIONS);

interface Structure {
  readonly rule: string;
  readonly name: string;
  readonly bytes: string;
  readonly fields?: unknown;
}

/** Names of the places of an array; a name in brackets is itself an array with these places. */
type Places = readonly (string | readonly [name: string, places: Places, isList: boolean])[];

const TIME_ASK: Places = ["devid", "nonce"];
const RING_STATE: Places = [
  "devid",
  "ringseq",
  "root16",
  "listseq",
  "nonce",
  "batteryPercent",
  ["timeAsks", TIME_ASK, true],
];
const HELLO_ANSWER: Places = ["version", "role", "profile", "devid"];
const UP_BODIES: { readonly [type: number]: Places } = {
  1: ["nowS", "power", "batteryPercent", "link", "queued"],
  2: RING_STATE,
  3: ["sealed"],
  4: [["events", ["tS", "event", "detail"], true]],
};
const DOWN_BODIES: { readonly [type: number]: Places } = {
  1: ["devid", "hold", "part", "parts", "bundle", "objects"],
  2: ["devid", "objects"],
  4: ["nowS", "presignedPerKey"],
  5: ["devid", "code"],
  6: ["serial", "untilS"],
};

function read(name: string): readonly Structure[] {
  const url = new URL(`../../vectors/${name}.json`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { structures: readonly Structure[] }).structures;
}

function itemOf(bytes: string): unknown {
  const octets = Buffer.from(bytes, "hex");
  const value: unknown = decoder.decode(octets);
  expect(Buffer.from(encoder.encode(value)).toString("hex")).toBe(bytes);
  return value;
}

// Octets as hexadecimal text, as the frozen fields have them.
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return Array.isArray(value) ? value.map(plain) : value;
}

function named(value: unknown, places: Places): { readonly [name: string]: unknown } {
  expect(value).toBeInstanceOf(Array);
  const items = value as readonly unknown[];
  expect(items.length).toBe(places.length);
  return Object.fromEntries(
    places.map((place, index) => {
      if (typeof place === "string") return [place, plain(items[index])];
      const [name, inner] = place;
      return [name, (items[index] as readonly unknown[]).map((item) => named(item, inner))];
    }),
  );
}

function keyStation([type, body]: readonly [number, unknown]): object {
  if (type === 1) return { type, state: named(body, RING_STATE) };
  if ([2, 6, 14, 15].includes(type)) {
    expect(body).toBe(null);
    return { type };
  }
  if ([3, 13, 16].includes(type)) return { type, code: body };
  if (type === 11) return { type, ...named(body, ["part", "parts", "bytes"]) };
  expect([4, 5, 12]).toContain(type);
  return { type, bytes: plain(body) };
}

function broker(bodies: { readonly [type: number]: Places }, value: readonly unknown[]): object {
  const [seq, type, body] = value as readonly [number, number, unknown];
  // Acknowledged uploads are the one body that is a bare list.
  if (type === 3 && bodies === DOWN_BODIES) return { seq, message: { type, seqs: plain(body) } };
  return { seq, message: { type, ...named(body, bodies[type] ?? []) } };
}

/** What a COSE_Key of one curve holds under its number: X25519 is 4, Ed25519 is 6. */
function keyOf(value: unknown, curve: number, id: "devid" | "kid"): object {
  const key = value as ReadonlyMap<number, unknown>;
  expect([...key.keys()]).toEqual([1, 2, -1, -2]);
  expect([key.get(1), key.get(-1)]).toEqual([1, curve]);
  return { [id]: plain(key.get(2)), publicKey: plain(key.get(-2)) };
}

/** Claims by their numbers, in the order of RFC 8949 §4.2.1. */
function claims(payload: unknown, numbers: readonly number[]): readonly unknown[] {
  const map = payload as ReadonlyMap<number, unknown>;
  expect([...map.keys()]).toEqual(numbers);
  return [...map.values()];
}

function confirmed(cnf: unknown, curve: number, id: "devid" | "kid"): object {
  const map = cnf as ReadonlyMap<number, unknown>;
  expect([...map.keys()]).toEqual([1]);
  return keyOf(map.get(1), curve, id);
}

const ACK: Places = ["devid", "logEpoch", "n", "chain16"];
const ANCHOR: Places = [
  ...["authority", "kid", "publicKey", "opsmask", "maxvalidS", "agreementKey", "issuerEpochMin"],
];
const LOG_HEAD: Places = ["devid", "logEpoch", "authority", "n", "chain", "tS", "tq"];
const ENTRY: Places = ["n", "tS", "tq", "kind", "op", "reason", "peer", "ring", "target"];

const PAYLOADS: { readonly [typ: number]: (payload: unknown) => object } = {
  65001: (payload) => {
    const [expS, nbfS, iatS, cnf, own] = claims(payload, [4, 5, 6, 8, -65537]);
    const holder = confirmed(cnf, 4, "devid");
    const ring = named(own, ["ringseq", "size", "root", "flags", "needlist"]);
    return { expS, nbfS, iatS, holder, ...ring };
  },
  65002: (payload) => {
    const [expS, iatS, cnf, own] = claims(payload, [4, 6, 8, -65538]);
    const lock = confirmed(cnf, 4, "devid");
    return { expS, iatS, lock, ...named(own, ["door", "groups", "signingPublicKey"]) };
  },
  65003: (payload) => {
    const [expS, iatS, cnf, own] = claims(payload, [4, 6, 8, -65539]);
    const issuer = confirmed(cnf, 6, "kid");
    return { expS, iatS, issuer, ...named(own, ["level", "issuerEpoch", "authority"]) };
  },
  65004: (payload) => {
    const [expS, iatS, own] = claims(payload, [4, 6, -65540]);
    const floor: Places = ["devid", "minring"];
    return { expS, iatS, ...named(own, ["listseq", "ringfloor", ["floors", floor, true]]) };
  },
  65005: (payload) => named(payload, ["devid", "nonce", "nowS"]),
  65006: (payload) => named(payload, LOG_HEAD),
  65007: (payload) => named(payload, ["authority", ["acks", ACK, true]]),
  65008: (payload) => {
    const items = payload as readonly unknown[];
    const anchors = ["anchors", ANCHOR, true] as const;
    const fields = named(items.slice(0, 5), ["devid", "door", "cfgseq", "groups", anchors]);
    return { ...fields, ...named(items[5], ["profile", "clockUnknown"]) };
  },
  65009: (payload) => named(payload, ["model", "version", "securityVersion", "size", "digest"]),
  65011: (payload) =>
    named(payload, ["authority", ["requests", ["devid", "logEpoch", "from"], true]]),
  65012: (payload) => named(payload, ["board", "manifest", "untilS"]),
  65013: (payload) => named(payload, ["devid", "serial", "untilS"]),
};

describe("a stranger's reader of the frozen structures gives the frozen fields", () => {
  test("of every signed object, claim by claim", () => {
    const url = new URL("../../vectors/signed-objects.json", import.meta.url);
    type Signed = { readonly name: string; readonly typ: number } & Structure;
    const { objects } = JSON.parse(readFileSync(url, "utf8")) as { objects: readonly Signed[] };
    const typs = objects.map(({ typ }) => typ).sort();
    expect(typs).toEqual(Object.keys(PAYLOADS).map(Number));
    for (const { name, typ, bytes, fields } of objects) {
      const [, , payload] = itemOf(bytes) as readonly Uint8Array[];
      const value = itemOf(Buffer.from(payload ?? new Uint8Array()).toString("hex"));
      expect(PAYLOADS[typ]?.(value), name).toEqual(fields);
    }
  });

  test("of a log: entries, the batch around them, and what its seal holds", () => {
    const structures = read("log");
    expect(structures.map(({ rule }) => rule)).toEqual(["entry", "entry", "log-batch", "sealed"]);
    for (const { rule, name, bytes, fields } of structures) {
      const value = itemOf(bytes) as readonly unknown[];
      if (rule === "entry") expect(named(value, ENTRY), name).toEqual(fields);
      else if (rule === "log-batch") {
        const places = ["devid", "logEpoch", "authority", "first", "prev", "entries", "head"];
        expect(named(value, places), name).toEqual(fields);
      } else {
        const header = decoder.decode(value[0] as Uint8Array) as ReadonlyMap<number, Uint8Array>;
        expect([...header.keys()]).toEqual([1, 4, 5, 16]);
        expect([header.get(1), header.get(16)]).toEqual([30, 65010]);
        const { devid, counter } = fields as { devid: string; counter: number };
        expect(plain(header.get(4))).toBe(devid);
        expect(plain(header.get(5))).toBe(counter.toString(16).padStart(26, "0"));
      }
    }
  });

  test("of credentials and the anchor file", () => {
    const structures = read("credential");
    expect(structures.length).toBe(4);
    for (const { rule, name, bytes, fields } of structures) {
      const isFile = rule === "anchor-file";
      const places = isFile ? ["rootKey", "certificates"] : ["head", "index", "leaf", "path"];
      expect(named(itemOf(bytes), places), name).toEqual(fields);
    }
  });

  test("of hello and of what key and station say", () => {
    const structures = read("link");
    expect(structures.length).toBe(15);
    for (const { rule, name, bytes, fields } of structures) {
      const value = itemOf(bytes) as readonly unknown[];
      if (rule === "hello") {
        expect(named(value, ["version", "role"])).toEqual({ version: 1, role: fields });
      } else if (rule === "hello-answer") {
        expect(named(value, HELLO_ANSWER)).toEqual({ version: 1, ...(fields as object) });
      } else {
        expect(keyStation(value as readonly [number, unknown]), name).toEqual(fields);
      }
    }
  });

  test("of what station and issuer say", () => {
    const structures = read("station-issuer");
    expect(structures.map(({ rule }) => rule).sort()[0]).toBe("down");
    expect(structures.length).toBe(10);
    for (const { rule, name, bytes, fields } of structures) {
      const value = itemOf(bytes) as readonly unknown[];
      expect(value.length, name).toBe(4);
      const message = broker(rule === "up" ? UP_BODIES : DOWN_BODIES, value);
      expect(message, name).toEqual(fields);
    }
  });

  test("of rings: leaf, presentation, delta in runs, bundle", () => {
    const structures = read("ring");
    expect(structures.length).toBe(7);
    for (const { rule, name, bytes, fields } of structures) {
      const value = itemOf(bytes) as readonly unknown[];
      if (rule === "salted-leaf") {
        const { salt, ...leaf } = named(value, ["kind", "target", "ops", "untilS", "salt"]);
        expect(String(salt)).toMatch(/^[0-9a-f]{16}$/);
        expect(leaf).toEqual(fields);
      } else if (rule === "presentation") {
        expect(named(value, ["op", "index", "leaf", "path"])).toEqual(fields);
      } else if (rule === "ring-bundle") {
        expect(named(value, ["head", "delta", "floors"]), name).toEqual(fields);
      } else {
        const [base16, new16, runs] = value as readonly [Buffer, Buffer, [number, unknown[]][]];
        const changes = runs.flatMap(([first, slots]) =>
          slots.map((leaf, place) => ({
            slot: first + place,
            leaf: leaf === null ? null : named(leaf, ["kind", "target", "ops", "untilS"]),
          })),
        );
        expect({ base16: plain(base16), new16: plain(new16), changes }, name).toEqual(fields);
      }
    }
  });

  test("of records and decisions, written down by hand", () => {
    const devid = "0102030405060708";
    const t = 1795500000;
    expect(read("records").map(({ rule, bytes }) => [rule, plain(itemOf(bytes))])).toEqual([
      ["record-ask", [1, []]],
      ["record-ask", [2, "aabbcc"]],
      ["record-ask", [3, [1]]],
      ["record-ask", [5, []]],
      ["record-ask", [6, []]],
      ["record-answer", [1, [12, 4, 1, 41, 70000]]],
      ["record-answer", [2, [0]]],
      ["record-answer", [2, [0, 0x0402, 70001, t]]],
      ["record-answer", [4, [1, 2, "aabbcc"]]],
      ["record-answer", [5, [devid, "a1a2a3a4a5a6a7a8"]]],
      ["decision", [0, 4711, t]],
      ["decision", [0, 4711, t, [1, 3]]],
      ["decision", [0x0406, 4710, t, [1]]],
    ]);
  });
});
