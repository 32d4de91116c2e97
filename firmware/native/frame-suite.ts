// SPDX-License-Identifier: EUPL-1.2
// Frames of the contact link in native code beside frame.ts: the same words, the same octets in the whole
// memory of a reader after each step, and the same frames.

import { crc32 } from "node:zlib";
import {
  crc16,
  createFrameReader,
  createFrameStep,
  encodeFrames,
  FRAME_GARBLED,
  FRAME_TOO_LONG,
  hexOf,
  LINK_MESSAGE_BYTES_MAX,
} from "@nyckelring/protocol";
import { expect, test } from "vitest";

import type { NativeEntry } from "./build-native.ts";
import { type Answer, createNativeScript, type NativeTarget } from "./native-machine.ts";
import { SEED, seededBytes } from "./seeded-bytes.ts";

const MEMORY_BYTES = 4620;
const HELD = 32;
const HELD_BYTES_MAX = 492;
const GUARD_BYTES = 4608;
/** So many fit a script of the runner. */
const STEPS_OF_RUN = 1500;

interface Built {
  readonly entries: readonly NativeEntry[];
  readonly target: NativeTarget;
}

/** What happens to a reader. */
interface Stream {
  readonly name: string;
  /** Octets as they come, or undefined where a contact opens. */
  readonly portions: readonly (Uint8Array | undefined)[];
  /** Every so many callbacks reset the reader from inside; 0 for never. */
  readonly resetEvery: number;
}

/** A step of the reference, with what the reader did to the memory before it. */
interface Step {
  readonly name: string;
  readonly changedAt: number;
  readonly changed: Uint8Array;
  readonly heldBytes: number;
  readonly said: number;
  readonly crcAfter: number;
}

/** Registers the tests of frames on one target. */
export function describeFrames(built: () => Built): void {
  describeSteps(built);
  describeDamagedState(built);
  describeLaying(built);
}

function describeSteps(built: () => Built): void {
  test("reads every stream of octets as the script does, whole, cut, damaged, doubled or out of order", () => {
    const steps = stepsOf(allStreams());
    const seen = new Map<number, number>();
    for (let from = 0; from < steps.length; from += STEPS_OF_RUN) {
      const { entries, target } = built();
      const script = createNativeScript(entries);
      const part = steps.slice(from, from + STEPS_OF_RUN);
      const before = script.write(new Uint8Array(GUARD_BYTES).fill(0x5a));
      const memory = script.room(MEMORY_BYTES);
      const behind = script.write(new Uint8Array(GUARD_BYTES).fill(0x5a));
      const answers = part.map((step) => {
        script.put({ offset: memory.offset + step.changedAt }, step.changed);
        const said = script.call("step_frames", memory, step.heldBytes);
        return { step, said, crc: script.call("crc32", memory, MEMORY_BYTES) };
      });
      const guards = [script.read(before, GUARD_BYTES), script.read(behind, GUARD_BYTES)];
      script.run(target);
      for (const { step, said, crc } of answers) {
        const what = `${step.name} (SEED=${SEED})`;
        expect(said() | 0, what).toBe(step.said);
        expect(crc() >>> 0, what).toBe(step.crcAfter);
        const kind = Math.min(step.said, 0);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
      for (const guard of guards) expect(guard().every((octet) => octet === 0x5a)).toBe(true);
    }
    for (const [said, least] of [
      [0, 1000],
      [-1, 500],
      [-FRAME_GARBLED, 500],
      [-FRAME_TOO_LONG, 2],
    ] as const) {
      expect(seen.get(said) ?? 0, `${said}`).toBeGreaterThan(least);
    }
  });
}

function describeDamagedState(built: () => Built): void {
  test("writes nothing outside a reader's memory, whatever its state says", () => {
    const { entries, target } = built();
    const script = createNativeScript(entries);
    const before = script.write(new Uint8Array(GUARD_BYTES).fill(0x5a));
    const memory = script.room(MEMORY_BYTES);
    const behind = script.write(new Uint8Array(GUARD_BYTES).fill(0x5a));
    const far = [
      ...[0, 1, 3, 4, 5, 245, 246, 247, 488, 491, 492, 493, 1000, 3856, 3857, 4095, 4096, 4097],
      ...[8000, 0x7fff_ffff, 0x8000_0000, 0xffff_fe14, 0xffff_fffc, 0xffff_ffff],
    ];
    const said: { said: Answer<number>; place: Answer<Uint8Array> }[] = [];
    for (const number of [1, 2, 0x81]) {
      const frame = frameOf(3, number, seededBytes("chunk", 240));
      const held = new Uint8Array(HELD_BYTES_MAX);
      held.set(frame);
      held.set(frame, frame.length);
      for (const heldBytes of far) {
        for (const [word, value] of far.flatMap((one) =>
          [0, 1, 3].map((at) => [at, one] as const),
        )) {
          const state = new Uint32Array([0, number & 0x7f, 3, 0, 0, 0, 0, 0]);
          state[word] = value;
          script.put(memory, new Uint8Array(state.buffer));
          script.put({ offset: memory.offset + HELD }, held.slice(0, 16));
          const one = script.call("step_frames", memory, heldBytes);
          said.push({ said: one, place: script.read({ offset: memory.offset + 16 }, 8) });
        }
        script.put({ offset: memory.offset + HELD }, held);
      }
    }
    const guards = [script.read(before, GUARD_BYTES), script.read(behind, GUARD_BYTES)];
    script.run(target);
    for (const guard of guards) expect(guard().every((octet) => octet === 0x5a)).toBe(true);
    for (const { said: one, place } of said) {
      const word = one() | 0;
      if (word >= 0) expect(word >> 16).toBeLessThanOrEqual(HELD_BYTES_MAX);
      if (word !== -1) continue;
      const view = new DataView(place().buffer);
      expect(view.getUint32(0, true)).toBeLessThanOrEqual(view.getUint32(4, true));
      expect(view.getUint32(4, true)).toBeLessThanOrEqual(MEMORY_BYTES);
    }
    expect(said.length).toBe(3 * far.length * far.length * 3);
  });
}

function describeLaying(built: () => Built): void {
  test("lays the frames that the script lays, from wherever the message lies, and only where there is room", () => {
    const { entries, target } = built();
    const lengths = [
      ...Array.from({ length: 64 }, (_none, length) => length),
      ...[239, 240, 241, 479, 480, 481, 700, 1024, 4079, 4080, 4081, 4095, 4096],
    ];
    for (const lengthsOfRun of [lengths.slice(0, 72), lengths.slice(72)]) {
      const script = createNativeScript(entries);
      const said = lengthsOfRun.map((length) => {
        script.freePlaces();
        const message = seededBytes(`message ${length}`, length);
        const frames = encodeFrames(length & 0xff, message);
        const head = ((length & 0xff) << 16) | length;
        const apart = script.write(message);
        const outs = [0, frames.length - length, ...(length <= 240 ? [-1] : [])].map((from) => {
          const room = script.write(new Uint8Array(frames.length + 4).fill(0x5a));
          // Apart, at the end of the room, or at its start.
          const inRoom = { offset: room.offset + Math.max(from, 0) };
          if (from !== 0) script.put(inRoom, message);
          const place = from === 0 ? apart : inRoom;
          const bytes = script.call("lay_frames", head, place, room, frames.length);
          return { bytes, out: script.read(room, frames.length + 4) };
        });
        const narrow = script.write(new Uint8Array(frames.length).fill(0x5a));
        const refused = script.call("lay_frames", head, apart, narrow, frames.length - 1);
        return { frames, outs, refused, narrow: script.read(narrow, frames.length) };
      });
      const room = script.room(8000);
      const tooLong = script.call("lay_frames", LINK_MESSAGE_BYTES_MAX + 1, room, room, 8000);
      script.run(target);
      expect(tooLong()).toBe(0);
      for (const { frames, outs, refused, narrow } of said) {
        for (const { bytes, out } of outs) {
          expect(bytes()).toBe(frames.length);
          expect(hexOf(out())).toBe(`${hexOf(frames)}5a5a5a5a`);
        }
        expect(refused()).toBe(0);
        expect(narrow().every((octet) => octet === 0x5a)).toBe(true);
      }
    }
  });
}

/** What the reference's steps are for streams that come one after the other, each in a contact of its own. */
function stepsOf(streams: readonly Stream[]): Step[] {
  const steps: Step[] = [];
  let name = "";
  let resetEvery = 0;
  let calls = 0;
  const tell = () => {
    calls += 1;
    if (resetEvery > 0 && calls % resetEvery === 0) reader.reset();
  };
  const reader = createFrameReader(tell, tell, (memory) => {
    const octets = new Uint8Array(memory.buffer);
    let known = octets.slice();
    const step = createFrameStep(memory);
    return (heldBytes) => {
      // A run begins with all that the reference has there.
      const isAll = steps.length % STEPS_OF_RUN === 0;
      const isChanged = (octet: number, index: number) => isAll || octet !== known[index];
      const changedAt = Math.max(0, octets.findIndex(isChanged));
      const changed = octets.slice(changedAt, octets.findLastIndex(isChanged) + 1);
      const said = step(heldBytes);
      known = octets.slice();
      steps.push({ name, changedAt, changed, heldBytes, said, crcAfter: crc32(octets) });
      return said;
    };
  });
  for (const stream of streams) {
    ({ name, resetEvery } = stream);
    reader.reset();
    for (const portion of stream.portions) {
      if (portion === undefined) reader.reset();
      else reader.push(portion);
    }
  }
  return steps;
}

function allStreams(): Stream[] {
  const chance = chanceOf("streams");
  const whole = (kind: number, bytes: number) => encodeFrames(kind, seededBytes(`${bytes}`, bytes));
  const streams: Stream[] = [];
  const add = (name: string, octets: Uint8Array, resetEvery = 0) =>
    streams.push({ name, portions: cut(octets, chance), resetEvery });
  for (const bytes of [0, 1, 43, 239, 240, 241, 480, 481, 653, 4080, 4081, 4095, 4096]) {
    add(`${bytes} octets`, joined([whole(1, bytes), whole(2, 9)]));
    add(`${bytes} octets with resets`, joined([whole(1, bytes), whole(2, 9), whole(3, 30)]), 2);
  }
  const short = whole(5, 13);
  const long = whole(5, 260);
  for (let bytes = 0; bytes < short.length; bytes += 1) {
    add(`${bytes} octets of a short message`, joined([short.slice(0, bytes), short, short]));
  }
  for (let bytes = 0; bytes < long.length; bytes += 1) {
    add(`${bytes} octets of a long message`, joined([long.slice(0, bytes), short, long]));
  }
  for (let bit = 0; bit < 8 * short.length; bit += 1) {
    add(`bit ${bit} of a short message`, joined([flipped(short, bit), short]));
  }
  for (let bit = 0; bit < 8 * long.length; bit += bit >= 64 && bit < 1900 ? 97 : 1) {
    add(`bit ${bit} of a long message`, joined([flipped(long, bit), long]));
  }
  // A frame that says another length, with the CRC where that length puts it.
  for (let said = 0; said < 256; said += 1) {
    const lying = joined([short, long]).slice(0, 6 + said);
    lying[1] = said;
    if (lying.length === 6 + said) {
      const crc = crc16(lying, 1, 4 + said);
      lying.set([crc >> 8, crc & 0xff], 4 + said);
    }
    add(`a length of ${said}`, joined([lying, long, short]));
    add(`a length of ${said} without its CRC`, joined([lying.slice(0, -1), long, short]));
  }
  for (const last of [15, 16, 17, 240]) {
    const full = Array.from({ length: 17 }, (_none, number) =>
      frameOf(1, number, seededBytes("full", 240)),
    );
    const behind = frameOf(1, 17 | 0x80, seededBytes("last", last));
    add(`4080 octets and ${last}`, joined([...full, behind, whole(2, 9)]));
    add(
      `4080 octets, ${last} that do not end, and more`,
      joined([
        ...full,
        frameOf(1, 17, seededBytes("last", last)),
        behind,
        frameOf(1, 18 | 0x80, seededBytes("more", 40)),
      ]),
    );
  }
  // Fragments as they come, good ones in the main, so that messages grow long.
  for (let turn = 0; turn < 24; turn += 1) {
    const frames: Uint8Array[] = [];
    let number = 0;
    for (let count = 0; count < 50; count += 1) {
      const luck = chance(turn % 3 === 0 ? 200 : 40);
      if (luck === 0) number = chance(128);
      else if (luck === 1) number = 0;
      else if (luck > 2) number += 1;
      const bytes = chance(3) === 0 ? chance(241) : 240;
      const last = chance(turn < 12 ? 6 : 200) === 0 ? 0x80 : 0;
      const frame = frameOf(
        chance(turn % 3 === 0 ? 200 : 60) === 0 ? 2 : 1,
        (number & 0x7f) | last,
        seededBytes("chunk", bytes),
      );
      if (last !== 0) number = -1;
      if (chance(turn % 3 === 0 ? 200 : 25) === 0) frame[chance(frame.length)] = chance(256);
      frames.push(
        chance(turn % 3 === 0 ? 200 : 30) === 0 ? frame.slice(0, chance(frame.length)) : frame,
      );
      if (chance(turn % 3 === 0 ? 200 : 30) === 0) frames.push(noise(chance));
    }
    add(`fragments ${turn}`, joined(frames), turn % 4 === 3 ? 1 + chance(4) : 0);
  }
  for (let turn = 0; turn < 10; turn += 1) {
    const parts = Array.from({ length: 12 }, () =>
      chance(3) === 0 ? whole(chance(256), chance(500)) : noise(chance),
    );
    add(`noise ${turn}`, joined(parts));
  }
  add("starts without end", joined([new Uint8Array(700).fill(0xa5), new Uint8Array(300), short]));
  // A contact that opens anew at any time.
  return streams.map((stream, index) =>
    index % 5 === 0
      ? {
          ...stream,
          portions: stream.portions.flatMap((one) => (chance(9) === 0 ? [one, undefined] : [one])),
        }
      : stream,
  );
}

/** A number below another one, the same in every run of a seed. */
type Chance = (below: number) => number;

function chanceOf(name: string): Chance {
  const octets = seededBytes(name, 1 << 16);
  let at = 0;
  return (below) => {
    at = (at + 2) % (octets.length - 1);
    return ((octets[at] ?? 0) * 256 + (octets[at + 1] ?? 0)) % below;
  };
}

function frameOf(kind: number, number: number, chunk: Uint8Array): Uint8Array {
  const frame = joined([Uint8Array.of(0xa5, chunk.length, kind, number), chunk, new Uint8Array(2)]);
  const crc = crc16(frame, 1, frame.length - 2);
  frame.set([crc >> 8, crc & 0xff], frame.length - 2);
  return frame;
}

function noise(chance: Chance): Uint8Array {
  return Uint8Array.from({ length: chance(400) }, () => (chance(4) === 0 ? 0xa5 : chance(256)));
}

function flipped(octets: Uint8Array, bit: number): Uint8Array {
  const damaged = octets.slice();
  damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return damaged;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Portions as a wire gives them; now and then all at once. */
function cut(octets: Uint8Array, chance: Chance): Uint8Array[] {
  const most = [1, 7, 40, 40, 300, octets.length][chance(6)] ?? 40;
  const portions: Uint8Array[] = [];
  for (let from = 0; from < octets.length; ) {
    const bytes = most === 40 || most === octets.length ? most : 1 + chance(most);
    portions.push(octets.slice(from, from + bytes));
    from += bytes;
  }
  return portions;
}
