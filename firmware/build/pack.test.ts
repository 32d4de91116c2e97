// SPDX-License-Identifier: EUPL-1.2
import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { runScript } from "../dialect/run-probe.ts";
import { buildBundle, bundleTargets, sourceAt } from "./build-bundle.ts";
import { packScript } from "./pack.ts";
import { PACKING_SAMPLE } from "./packing-sample.ts";
import { isSameScript, unpackScript } from "./unpack.ts";

const SMALL = "function f(a,b){var c=a+b;return{sum:c,text:'of '+a+' and '+b,big:c>300}}f(1,2);";

function packedText(code: string): string {
  return Buffer.from(packScript(code).content).toString("latin1");
}

/** Tells whether octets unpack to a script of the same meaning. */
function isPacked(content: Uint8Array, code: string): boolean {
  try {
    return isSameScript(unpackScript(content), code);
  } catch {
    return false;
  }
}

describe("a packed script", () => {
  test("unpacks to a script that says and does the same", () => {
    const { content } = packScript(PACKING_SAMPLE);
    const unpacked = unpackScript(content);
    expect(isSameScript(unpacked, PACKING_SAMPLE)).toBe(true);
    expect(runScript(unpacked)).toEqual(runScript(PACKING_SAMPLE));
    expect(runScript(PACKING_SAMPLE).length).toBeGreaterThan(30);
  });

  test("keeps a body in a string of known length, and a short one and a closure in the text", () => {
    expect(packedText("function f(a){g(a,1);g(a,2);g(a,3);g(a,4);g(a,5)}")).toBe(
      `\xacf=Function(\xd1\x01a,\xd1\x27g(a,\xd4\x01);g(a,\xd4\x02);g(a,\xd4\x03);g(a,\xd4\x04);g(a,\xd4\x05));`,
    );
    expect(packedText("function f(a){return a}")).toBe("\xacf=\xaa(a){\xaba};");
    const closure = `function g(){return[a,${"a+a,".repeat(50)}a]}`;
    expect(packedText(`function f(a){${closure}return g}`)).toContain("\xacg=\xaa(){\xab[a,");
    const caught = `try{h()}catch(a){h(function(){return[a,${"a+a,".repeat(50)}a]})}`;
    expect(packedText(caught)).not.toContain("Function");
  });

  test("takes a body of 65535 octets and reads a longer one", () => {
    const ofLength = (bytes: number) => `function f(){${"a;".repeat((bytes - 3) / 2)}a()}`;
    expect(packedText(ofLength(65_535))).toContain("f=Function(\xd2\xff\xffa;a;");
    expect(packedText(ofLength(65_537))).toContain("f=\xaa(){a;a;");
  });

  test("keeps every string and number, whatever is in it", () => {
    const octets = fc
      .array(fc.integer({ min: 0, max: 255 }))
      .map((all) => all.map((one) => `\\x${one.toString(16).padStart(2, "0")}`).join(""));
    const units = fc
      .array(fc.integer({ min: 0, max: 0xffff }))
      .map((all) => all.map((one) => `\\u${one.toString(16).padStart(4, "0")}`).join(""));
    fc.assert(
      fc.property(octets, fc.nat({ max: 70_000 }), fc.nat(), units, (one, small, large, other) => {
        const code = `x("${one}",${small},${large},"${other}");`;
        return isPacked(packScript(code).content, code);
      }),
    );
  });

  test("is told from one in which any octet is another", () => {
    const { content } = packScript(SMALL);
    expect(isPacked(content, SMALL)).toBe(true);
    let changed = 0;
    for (let at = 0; at < content.length; at += 1) {
      for (const bit of [1, 2, 4, 8, 16, 32, 64, 128]) {
        const other = Uint8Array.from(content);
        other[at] = (other[at] ?? 0) ^ bit;
        expect(isPacked(other, SMALL), `bit ${bit} of ${at}`).toBe(false);
        changed += 1;
      }
    }
    expect(changed).toBe(8 * content.length);
  });

  test("is refused where a function that sees the top alone stands in another one", () => {
    const far = (code: string) => Buffer.from(code, "latin1");
    const body = "\xd1\x06f(a,b)";
    expect(unpackScript(far(`g=Function(\xd1\x01a,${body});`))).toBe("g=function(a){f(a,b)};");
    for (const code of [
      `g=function(b){h(Function(\xd1\x01a,${body}))};`,
      `try{g()}catch(b){g(Function(\xd1\x01a,${body}))}`,
      `g=Function(\xd1\x15h(Function(${body})));`,
    ]) {
      expect(() => unpackScript(far(code)), code).toThrow("in another function");
    }
  });

  test("is cut at no place that passes for a whole one", () => {
    const { content } = packScript(SMALL);
    for (let length = 0; length < content.length - 1; length += 1) {
      expect(isPacked(content.subarray(0, length), SMALL)).toBe(false);
    }
  });

  test("leads from a place that the interpreter names to the source", async () => {
    const target = bundleTargets().find(
      ({ role, board }) => role === "lock" && board.name === "xiao-nrf52840",
    );
    if (target === undefined) throw new Error("no lock");
    const bundle = await buildBundle(target);
    const [, entry] = bundle.stored;
    const text = Buffer.from(entry?.content ?? []).toString("latin1");
    const at = text.indexOf("nk.locked");
    const lines = text.slice(0, at).split("\n");
    expect(lines.length).toBeGreaterThan(1);
    const place = sourceAt(bundle, "lock", lines.length, (lines.at(-1)?.length ?? 0) + 1);
    expect(place?.file).toMatch(/espruino\/service\.ts$/);
    expect(sourceAt(bundle, "lock", 1, 2)).toBeUndefined();
    expect(sourceAt(bundle, "boot", 1, 200)).toBeUndefined();
  }, 60_000);
});
