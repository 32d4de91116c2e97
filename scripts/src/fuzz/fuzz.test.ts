// SPDX-License-Identifier: EUPL-1.2
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { createSubjects, type Subject } from "../../../protocol/fuzz/subjects.ts";
import { allocationLimit, runCampaign, runRegressions } from "./campaign.ts";
import { makeCorpus } from "./corpus.ts";
import {
  type DeviceCodec,
  evaluateSubjects,
  lowerSubjects,
  REGISTER_TAIL,
} from "./device-codec.ts";
import { compareWithInterpreter } from "./interpreter-sample.ts";
import { INPUT_KINDS, makeInput } from "./mutate.ts";
import { createRandom } from "./random.ts";
import { untried } from "./report.ts";

const seed = Number(process.env["SEED"] ?? "1");
const corpus = makeCorpus();
let device: DeviceCodec;

beforeAll(async () => {
  device = evaluateSubjects(await lowerSubjects(REGISTER_TAIL));
  // The pipeline of the bundles takes its time on a busy machine.
}, 120_000);

/** The device with one subject that does something else. */
function deviceWith(name: string, judge: DeviceCodec["judge"]): DeviceCodec {
  return {
    names: device.names,
    judge: (subject, bytes) =>
      (device.names[subject] === name ? judge : device.judge)(subject, bytes),
  };
}

/** The host with one subject that does something else. */
function hostWith(name: string, judge: (bytes: Uint8Array, honest: Subject) => string) {
  return createSubjects().map((subject) =>
    subject.name === name ? { name, judge: (bytes: Uint8Array) => judge(bytes, subject) } : subject,
  );
}

const SHORT = { from: 0, count: 6000 };
const SHORTER = { from: 0, count: 2500 };
/** A planted defect shows that a run can fail; which inputs it meets is not left to chance. */
const PLANTED_SEED = 1;

describe("a short fuzz run", () => {
  test("finds no input that host, device, cbor-x and the arena gate take differently", () => {
    const report = runCampaign({ seed, ...SHORT, corpus, device });
    expect(report.failures, `npm run fuzz -- --seed ${seed}`).toEqual([]);
    expect(untried(report)).toEqual([]);
    expect(report.byKind.size).toBe(INPUT_KINDS.length);
    expect(report.allocatedMax).toBeGreaterThan(4096);
  });

  test("judges on the device what the host judges: the same subjects in the same order", () => {
    expect(device.names).toEqual(createSubjects().map(({ name }) => name));
    expect([...corpus.keys()]).toEqual(device.names);
  });

  test("still takes every input that once failed", () => {
    const url = new URL("./regressions.json", import.meta.url);
    expect(runRegressions(JSON.parse(readFileSync(url, "utf8")), device)).toEqual([]);
  });

  test.skipIf((process.env["ESPRUINO"] ?? "") === "")(
    "agrees with the interpreter on a sample (skipped: ESPRUINO does not name it)",
    async () => {
      const options = { seed, from: 0, count: 100, corpus };
      const sample = await compareWithInterpreter(process.env["ESPRUINO"] ?? "", options);
      expect(sample.failures).toEqual([]);
      expect(sample.inputs).toBeGreaterThan(80);
    },
  );

  test("makes the same input of the same seed and number, whatever came before", () => {
    const samples = corpus.get("decodeUp") ?? [];
    const made = [3, 4, 3].map((input) => makeInput(createRandom(9, input), samples));
    expect(made[2]).toEqual(made[0]);
    expect(made[1]).not.toEqual(made[0]);
  });
});

// Each defect is one that a codec could have; a run that does not see it proves nothing.
describe("a short fuzz run sees a planted defect", () => {
  const planted: readonly (readonly [string, string, () => Parameters<typeof runCampaign>[0]])[] = [
    [
      "a device that refuses another octet",
      "device says",
      () => ({
        seed: PLANTED_SEED,
        ...SHORTER,
        corpus,
        device: deviceWith("decodeEntry", (subject, bytes) => {
          const said = device.judge(subject, bytes);
          return bytes.length % 4 === 3 ? { ...said, text: "-513:1" } : said;
        }),
      }),
    ],
    [
      "a device that allocates what a length claims",
      "device allocates",
      () => ({
        seed: PLANTED_SEED,
        ...SHORTER,
        corpus,
        // In every decoder: few inputs to a single one happen to claim much.
        device: {
          ...device,
          judge(subject, bytes) {
            const said = device.judge(subject, bytes);
            const head = bytes.findIndex((octet) => octet === 0x5a || octet === 0x9a);
            const claimed = head < 0 ? 0 : 0x100 * (bytes[head + 3] ?? 0);
            return { ...said, allocatedBytes: said.allocatedBytes + claimed };
          },
        },
      }),
    ],
    [
      "a host that throws",
      "throws",
      () => ({
        seed: PLANTED_SEED,
        ...SHORTER,
        corpus,
        device,
        subjects: hostWith("decodeHello", (bytes, honest) => {
          if (bytes.length > 3) throw new Error("planted");
          return honest.judge(bytes);
        }),
      }),
    ],
    [
      "a host whose gate lets repeated keys pass",
      "cbor-x says",
      () => ({
        seed: PLANTED_SEED,
        ...SHORTER,
        corpus,
        device: deviceWith("decodeCbor", () => ({ text: "+[]", allocatedBytes: 0 })),
        subjects: hostWith("decodeCbor", () => "+[]"),
      }),
    ],
    [
      "a lock that is dead after a bad message",
      "then the next honest session fails",
      () => ({
        seed: PLANTED_SEED,
        ...SHORTER,
        corpus,
        device,
        subjects: hostWith("lock, message_3", (bytes, honest) => {
          const said = honest.judge(bytes);
          return said.startsWith("-") ? `${said} then the next honest session fails` : said;
        }),
      }),
    ],
  ];

  test.each(planted)("%s", (_name, what, options) => {
    const { failures } = runCampaign(options());
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.map((failure) => failure.what).join("\n")).toContain(what);
  });

  test("in the lowered code itself: a deeper nesting lets a ninth level pass", async () => {
    const code = await lowerSubjects(REGISTER_TAIL);
    const deeper = code.replace(/([a-z$_A-Z]+)>8\|\|/, "$1>9||");
    expect(deeper).not.toBe(code);
    const report = runCampaign({
      seed: PLANTED_SEED,
      ...SHORTER,
      corpus,
      device: evaluateSubjects(deeper),
    });
    expect(report.failures.length).toBeGreaterThan(0);
  });

  test("and one that tries nothing says so", () => {
    const report = runCampaign({ seed, from: 0, count: 0, corpus, device });
    expect(untried(report).length).toBeGreaterThan(INPUT_KINDS.length);
    expect(allocationLimit(0)).toBeLessThan(20_000);
  });
});
