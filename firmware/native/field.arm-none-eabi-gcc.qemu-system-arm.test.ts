// SPDX-License-Identifier: EUPL-1.2
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

import { buildBoardRunner, buildFieldBlob } from "./build-native.ts";
import { createNativeScript } from "./native-machine.ts";
import { ROOT } from "./native-suite.ts";
import { seededBytes } from "./seeded-bytes.ts";

const P = 2n ** 255n - 19n;
const BYTES = 32;
const A24 = 121_666n;

const folder = mkdtempSync(join(tmpdir(), "nyckelring-field-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function bytesOf(value: bigint): Uint8Array {
  return Uint8Array.from({ length: BYTES }, (_none, at) =>
    Number((value >> BigInt(8 * at)) & 0xffn),
  );
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
}

function residue(value: bigint): bigint {
  return ((value % P) + P) % P;
}

/**
 * Goal: no carry or borrow is lost where a result folds once or twice.
 * Method: every pair of numbers around 0, p, 2p and 2^256, whose sums, differences and products run
 * over in each way there is, and seeded ones, against arithmetic of big integers.
 */
describe("the field arithmetic on a Cortex-M4", () => {
  const ends = [0n, 1n, 2n, 19n, 37n, 38n, 39n, 2n ** 32n - 1n, 2n ** 128n - 1n]
    .flatMap((near) => [near, P - near, P + near, 2n * P - near, 2n ** 256n - 1n - near])
    .filter((value) => value >= 0n && value < 2n ** 256n);
  const seeded = Array.from({ length: 12 }, (_none, index) =>
    numberOf(seededBytes(`element ${index}`, BYTES)),
  );
  const numbers = [...ends, ...seeded];
  const functions = {
    fe25519_add: (f: bigint, g: bigint) => f + g,
    fe25519_sub: (f: bigint, g: bigint) => f - g,
    fe25519_mul: (f: bigint, g: bigint) => f * g,
    fe25519_sq: (f: bigint) => f * f,
    fe25519_scalar_product: (f: bigint) => f * A24,
  };
  const names = Object.keys(functions);
  const blob = buildFieldBlob(ROOT, join(folder, "field"), names);
  const runner = buildBoardRunner(ROOT, folder);
  const entries = names.map((name) => ({ name, count: 3 }));

  test.each(Object.entries(functions))("%s agrees with big integers", (name, exact) => {
    const answers: { readonly f: bigint; readonly g: bigint; readonly said: () => Uint8Array }[] =
      [];
    const isUnary = exact.length === 1;
    for (let begin = 0; begin < numbers.length; begin += 8) {
      const script = createNativeScript(entries);
      const batch: typeof answers = [];
      for (const f of numbers.slice(begin, begin + 8)) {
        for (const g of isUnary ? [0n] : numbers) {
          script.freePlaces();
          const at = script.write(bytesOf(f));
          const other = script.write(bytesOf(g));
          const out = script.room(BYTES);
          script.call(name, out, at, name === "fe25519_scalar_product" ? Number(A24) : other);
          batch.push({ f, g, said: script.read(out, BYTES) });
        }
      }
      script.run({ kind: "board", runner, blob });
      answers.push(...batch);
    }
    expect(answers.length).toBe(numbers.length * (isUnary ? 1 : numbers.length));
    for (const { f, g, said } of answers) {
      const got = residue(numberOf(said()));
      expect(got, `${name}(${f}, ${g})`).toBe(residue(exact(f, g)));
    }
  });

  test("an operand may be the result as well", () => {
    const [f, g] = [seeded[0] ?? 0n, seeded[1] ?? 0n];
    for (const [name, exact] of Object.entries(functions)) {
      const script = createNativeScript(entries);
      const at = script.write(bytesOf(f));
      const other = script.write(bytesOf(g));
      script.call(name, at, at, name === "fe25519_scalar_product" ? Number(A24) : other);
      const said = script.read(at, BYTES);
      script.run({ kind: "board", runner, blob });
      expect(residue(numberOf(said())), name).toBe(residue(exact(f, g)));
    }
  });
});
