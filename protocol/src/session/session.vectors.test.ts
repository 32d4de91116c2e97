// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { Decoder } from "cbor-x";
import { describe, expect, test } from "vitest";
import { makeSessionVector, type SessionVector } from "../../test/session-vector.ts";
import { straightSession } from "../../test/straight-edhoc.ts";
import { createNobleCrypto, createNodeCrypto } from "../host.ts";

const text = readFileSync(new URL("../../vectors/session.json", import.meta.url), "utf8");
const frozen = JSON.parse(text) as SessionVector;

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}

describe("the frozen session", () => {
  test.each([
    ["node", createNodeCrypto()],
    ["noble", createNobleCrypto()],
  ] as const)("is what the door path says with the %s port, byte for byte", (_name, crypto) => {
    expect(`${JSON.stringify(makeSessionVector(crypto), null, 2)}\n`).toBe(text);
  });

  test("is what a second implementation says that shares no code with the first", () => {
    const { inputs } = frozen;
    const straight = straightSession({
      ...inputs,
      x: bytesOf(inputs.x),
      y: bytesOf(inputs.y),
      initiatorSecret: bytesOf(inputs.initiatorSecret),
      responderSecret: bytesOf(inputs.responderSecret),
      ringHead: bytesOf(inputs.ringHead),
      lockCertificate: bytesOf(inputs.lockCertificate),
      leaf: bytesOf(inputs.leaf),
      path: bytesOf(inputs.path),
    });
    const { message1, message2, message3, message4, record } = straight;
    expect([message1, message2, message3, message4].map((bytes) => bytes.toString("hex"))).toEqual([
      frozen.message1,
      frozen.message2,
      frozen.message3,
      frozen.message4,
    ]);
    for (const [direction, { type, body, sent }] of frozen.records.entries()) {
      const made = record(direction === 0 ? 0 : 1, 0, type, bytesOf(body));
      expect(made.toString("hex")).toBe(sent);
    }
  });

  test("shows a head and a certificate of the parties that hold the two secrets", () => {
    const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });
    const claimsOf = (hex: string) => {
      const [, , payload] = decoder.decode(bytesOf(hex)) as [unknown, unknown, Buffer];
      return decoder.decode(payload) as Map<number, unknown>;
    };
    const head = claimsOf(frozen.inputs.ringHead).get(-65537) as readonly unknown[];
    const door = claimsOf(frozen.inputs.lockCertificate).get(-65538) as readonly unknown[];
    expect([head[0], head[1], door[0]]).toEqual([
      frozen.claims.ringseq,
      frozen.claims.size,
      frozen.claims.door,
    ]);
  });
});
