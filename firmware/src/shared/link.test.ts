// SPDX-License-Identifier: EUPL-1.2

import { encodeFrames, FRAME_GARBLED } from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { createBenchTimer } from "../../test/lock-rig.ts";
import { createMessageLink } from "./link.ts";

function createBench() {
  const timer = createBenchTimer();
  const sent: Uint8Array[] = [];
  const messages: [number, Uint8Array][] = [];
  const faults: number[] = [];
  const link = createMessageLink(
    { send: (bytes) => void sent.push(bytes) },
    timer.port,
    (kind, message) => messages.push([kind, message]),
    (code) => faults.push(code),
  );
  return { timer, sent, messages, faults, link };
}

describe("message link", () => {
  test("L4: gives whole messages, whatever pieces they arrive in, and names damage", () => {
    const { sent, messages, faults, link } = createBench();
    const message = new Uint8Array(700).fill(9);
    link.send(3, message);
    for (const frames of sent) for (const octet of frames) link.push(new Uint8Array([octet]));
    expect(messages).toEqual([[3, message]]);
    const broken = encodeFrames(4, new Uint8Array(10));
    broken[8] = (broken[8] ?? 0) ^ 1;
    link.push(broken);
    expect(faults).toContain(FRAME_GARBLED);
    expect(messages.length).toBe(1);
  });

  test("L4: a plug that comes and goes leaves no half message behind", () => {
    const { messages, link } = createBench();
    const frames = encodeFrames(3, new Uint8Array(500));
    link.push(frames.slice(0, 300));
    link.reset();
    link.push(frames.slice(300));
    expect(messages).toEqual([]);
    link.push(encodeFrames(5, new Uint8Array(1)));
    expect(messages.length).toBe(1);
  });

  test("L4: every wait ends once: by its limit, by sending, by a new wait or by relaxing", () => {
    const { timer, link } = createBench();
    const ended: string[] = [];
    link.expect(2000, () => ended.push("first"));
    timer.pass(1999);
    expect(ended).toEqual([]);
    timer.pass(1);
    timer.pass(10_000);
    expect(ended).toEqual(["first"]);
    link.expect(100, () => ended.push("replaced"));
    link.expect(200, () => ended.push("second"));
    timer.pass(500);
    expect(ended).toEqual(["first", "second"]);
    link.expect(100, () => ended.push("sent"));
    link.send(1, new Uint8Array(1));
    link.expect(100, () => ended.push("relaxed"));
    link.relax();
    link.expect(100, () => ended.push("reset"));
    link.reset();
    timer.pass(1000);
    expect(ended).toEqual(["first", "second"]);
  });
});
