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

describe("a stranger's reader of the frozen structures gives the frozen fields", () => {
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
    expect(structures.length).toBe(9);
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
