// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import { computeModelOf } from "./compute-model.ts";
import { createRandomStream } from "./prng.ts";
import { createProcessor } from "./processor.ts";
import { createVirtualClock } from "./virtual-clock.ts";
import { createVirtualFlash } from "./virtual-flash.ts";

function makeFlash(powerEndUs?: number) {
  const clock = createVirtualClock(0);
  const faults: unknown[] = [];
  const processor = createProcessor(clock, 0, (error) => faults.push(error));
  processor.setPowerEnd(() => powerEndUs);
  processor.powerOn();
  const random = createRandomStream("flash");
  const flash = createVirtualFlash(4, processor, computeModelOf("lock"), random);
  return { clock, processor, flash, faults };
}

test("L4: a program clears bits, and only pages that were written are held", () => {
  const { processor, flash } = makeFlash();
  processor.runStep(() => flash.port.program(4096, new Uint8Array([1, 2, 3, 4])));
  expect(flash.port.read(4094, 8)).toEqual(new Uint8Array([255, 255, 1, 2, 3, 4, 255, 255]));
  expect(flash.writtenPages()).toEqual([1]);
});

test("programming a word twice without an erase is an error of the caller", () => {
  const { clock, processor, flash, faults } = makeFlash();
  processor.runStep(() => flash.port.program(0, new Uint8Array([1, 2, 3, 4])));
  clock.runUntil(1_000_000);
  processor.runStep(() => flash.port.program(0, new Uint8Array([0, 0, 0, 0])));
  expect(String(faults[0])).toContain("twice");
  processor.runStep(() => flash.port.erase(0));
  processor.runStep(() => flash.port.program(0, new Uint8Array([9, 9, 9, 9])));
  clock.runUntil(2_000_000);
  expect(faults).toHaveLength(1);
});

test("L4: a power cut inside a program leaves a prefix, and the rest of the step never happens", () => {
  const words = 6;
  for (let endUs = 0; endUs < words * 41; endUs += 13) {
    const { processor, flash, faults } = makeFlash(endUs);
    let wentOn = false;
    processor.runStep(() => {
      flash.port.program(0, new Uint8Array(words * 4));
      wentOn = true;
    });
    expect(wentOn).toBe(false);
    expect(faults).toEqual([]);
    expect(processor.isPowered()).toBe(false);
    const written = flash.cable.read(0, words * 4);
    const whole = Math.floor(endUs / 41) * 4;
    expect(written.slice(0, whole).every((octet) => octet === 0)).toBe(true);
    expect(written.slice(whole + 4).every((octet) => octet === 0xff)).toBe(true);
  }
});

test("L4: a power cut inside an erase leaves neither the old page nor an empty one", () => {
  const { processor, flash } = makeFlash(50_000);
  flash.cable.program(0, new Uint8Array(64));
  processor.runStep(() => flash.port.erase(0));
  const left = flash.cable.read(0, 64);
  expect(left.some((octet) => octet !== 0)).toBe(true);
  expect(left.some((octet) => octet !== 0xff)).toBe(true);
  expect(flash.tornCount()).toBe(1);
});

test("an image can be copied to another device and back, as a thief does", () => {
  const { flash } = makeFlash();
  flash.cable.program(8, new Uint8Array([7, 7, 7, 7]));
  const image = flash.image();
  flash.cable.erase(0);
  flash.restore(image);
  expect(flash.cable.read(8, 4)).toEqual(new Uint8Array([7, 7, 7, 7]));
});
