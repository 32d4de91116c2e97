// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { runNyckel } from "../test/run-nyckel.ts";

const vectors = new URL("../../protocol/vectors/signed-objects.json", import.meta.url);

describe("nyckel decode", () => {
  test("prints a frame and an object with names", () => {
    const frame = runNyckel("decode", "a5030180820101c1b3");
    expect(frame.exit).toBe(0);
    expect(frame.out).toMatch(/hello message[\s\S]*version\s+1[\s\S]*role\s+1 {2}\(key\)/);
    const { objects } = JSON.parse(readFileSync(vectors, "utf8")) as {
      objects: { bytes: string }[];
    };
    const head = runNyckel("decode", objects[0]?.bytes ?? "", "--json");
    expect(head.exit).toBe(0);
    expect(head.objects()[0]).toMatchObject({ type: "result", kind: "ring-head", ok: true });
    expect(head.out).toContain("unknown without an anchor file");
  }, 120_000);

  test("says what would be refused and why, with exit code 1", () => {
    const run = runNyckel("decode", "82 01 1817");
    expect(run.exit).toBe(1);
    expect(run.out).toContain("refused, E0201 CBOR_MALFORMED");
    expect(run.out).toContain("from octet 2 on");
    const object = runNyckel("decode", "82011817", "--json");
    expect(object.objects()[0]).toMatchObject({ ok: false, code: "E0201", name: "CBOR_MALFORMED" });
  }, 120_000);

  test("reads a file, and says when there is none", () => {
    const text = fileURLToPath(vectors);
    const run = runNyckel("decode", text);
    expect(run.exit).toBe(1);
    expect(run.out).toContain("refused, E0201 CBOR_MALFORMED");
    expect(runNyckel("decode", "no-such-file").exit).toBe(2);
    expect(runNyckel("decode", "not hex").err).toContain("error[E0910 USAGE]");
  }, 120_000);
});

describe("nyckel explain", () => {
  test("finds a code by number and by name in any case", () => {
    for (const text of ["E0402", "e0402", "0x0402", "0402", "ring_expired", "RING_EXPIRED"]) {
      const run = runNyckel("explain", text, "--json");
      expect(run.exit, text).toBe(0);
      expect(run.objects()[0]).toMatchObject({
        type: "result",
        label: "E0402 RING_EXPIRED",
        en: expect.stringMatching(/\.$/),
        sv: expect.stringMatching(/\.$/),
        remedyEn: expect.stringMatching(/\.$/),
        remedySv: expect.stringMatching(/\.$/),
        exit: 1,
        action: "refuse",
      });
    }
    expect(runNyckel("explain", "E0402").out).toMatch(/What to do: [\s\S]*Gör så här: /);
  }, 120_000);

  test("says that a code is unknown, and what the table has", () => {
    const run = runNyckel("explain", "E9999", "--json");
    expect(run.exit).toBe(2);
    expect(run.err).toContain('there is no code "E9999"');
    expect(run.objects()[0]).toMatchObject({ type: "error", name: "RECORD_UNKNOWN", exit: 2 });
  }, 120_000);
});
