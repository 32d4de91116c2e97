// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createCredulousCrypto } from "../fuzz/credulous-crypto.ts";
import { decoderSubjects, type Subject } from "../fuzz/decoder-subjects.ts";
import { createDoorRig, doorSubjects, honestMessages } from "../fuzz/door-subjects.ts";
import { type DamageKind, everyDamage, FORM_KINDS } from "../test/damage.ts";
import { sessionSamples } from "../test/session-samples.ts";
import { credentialSamples } from "./host/credential-samples.ts";
import { createNodeCrypto } from "./host/node-crypto.ts";
import { signedSamples } from "./host/samples.ts";
import { unsignedSamples } from "./host/unsigned-samples.ts";
import * as device from "./index.ts";
import { encodeFrames } from "./index.ts";

/**
 * Goal: no decoder and no message of a state machine is without a negative suite.
 * Method: the exports of the package are listed, not remembered; each must have a row here, and
 * each row is put through every damage. Crypto believes everything, so that the forms must hold by
 * themselves; with genuine crypto the suites beside each decoder show that a proof catches the rest.
 */

const READERS = /^(decode|verify|open|check|typOf|sign1Kid|rootFromPath|apply|createFrameReader)/;
/** Exports with such a name that take no octets of a stranger. */
const NO_READERS = ["checkWindow"];

const crypto = createCredulousCrypto();
const signed = signedSamples(crypto);
const unsigned = [...unsignedSamples(crypto), ...credentialSamples(crypto), ...sessionSamples()];
const kind = (name: string) => signed.filter((one) => one.name === name).map(({ bytes }) => bytes);
const rule = (name: string) =>
  unsigned.filter((one) => one.rule === name).map(({ bytes }) => bytes);
const everything = [...signed, ...unsigned].map(({ bytes }) => bytes);
const withType = (name: string) => rule(name).map((bytes) => bytes.slice(1));

interface Row {
  readonly samples: readonly Uint8Array[];
  /** Damage that this reader may accept although its form is wrong, and why. */
  readonly accepts?: readonly DamageKind[];
  /** True where two inputs may mean the same: the reader looks at a part, or believes a proof. */
  readonly isPartial?: boolean;
}

const ROWS: { readonly [name: string]: Row } = {
  // What lies inside octet strings is for those who read them.
  checkCbor: { samples: everything, accepts: ["nested"], isPartial: true },
  decodeCbor: { samples: everything, accepts: ["nested"] },
  verifySign1: { samples: kind("ring-head"), accepts: ["nested"], isPartial: true },
  sign1Kid: { samples: kind("ring-head"), accepts: ["nested"], isPartial: true },
  typOf: { samples: signed.map(({ bytes }) => bytes), accepts: ["nested"], isPartial: true },
  verifyRingHead: { samples: kind("ring-head"), isPartial: true },
  verifyLockCertificate: { samples: kind("lock-cert"), isPartial: true },
  verifyIssuerCertificate: { samples: kind("issuer-cert"), isPartial: true },
  verifyFloorList: { samples: kind("floor-list"), isPartial: true },
  verifyTimeGrant: { samples: kind("time-grant"), isPartial: true },
  verifyLogHead: { samples: kind("log-head"), isPartial: true },
  verifyLogAck: { samples: kind("log-ack"), isPartial: true },
  verifyLockConfig: { samples: kind("lock-config"), isPartial: true },
  verifyFirmwareNote: { samples: kind("fw-note"), isPartial: true },
  verifyFirmwarePermit: { samples: kind("fw-permit"), isPartial: true },
  verifyServicePermit: { samples: kind("service-permit"), isPartial: true },
  verifyResend: { samples: kind("resend"), isPartial: true },
  decodeSaltedLeaf: { samples: rule("salted-leaf"), isPartial: true },
  decodePresentation: { samples: rule("presentation"), accepts: ["nested"] },
  decodeRingDelta: { samples: rule("ring-delta") },
  applyRingDelta: { samples: rule("ring-delta").slice(1), isPartial: true },
  decodeRingBundle: { samples: rule("ring-bundle"), accepts: ["nested"] },
  // Octets of a path have no form but their number.
  rootFromPath: { samples: [pathOf(5), pathOf(1)], accepts: ["nested"], isPartial: true },
  decodeCredential: { samples: rule("credential"), accepts: ["nested"] },
  verifyCredential: { samples: rule("credential"), isPartial: true },
  decodeAnchorFile: { samples: rule("anchor-file"), accepts: ["nested"] },
  openAnchorFile: { samples: rule("anchor-file"), isPartial: true },
  decodeEntry: { samples: rule("entry") },
  decodeLogBatch: { samples: rule("log-batch"), accepts: ["nested"] },
  verifyBatch: { samples: rule("log-batch"), isPartial: true },
  openObject: { samples: rule("sealed"), accepts: ["nested"], isPartial: true },
  // Octets behind a frame are the begin of the next one.
  createFrameReader: {
    samples: [1, 241].map((bytes) => encodeFrames(3, new Uint8Array(bytes).fill(9))),
    accepts: ["behind", "nested"],
    isPartial: true,
  },
  decodeHello: { samples: rule("hello"), isPartial: true },
  decodeHelloAnswer: { samples: rule("hello-answer"), isPartial: true },
  decodeKeyStation: { samples: rule("key-station") },
  decodeUp: { samples: rule("up"), accepts: ["nested"], isPartial: true },
  decodeDown: { samples: rule("down"), accepts: ["nested"], isPartial: true },
  decodeRecordAsk: { samples: withType("record-ask"), accepts: ["nested"], isPartial: true },
  decodeRecordAnswer: { samples: withType("record-answer"), accepts: ["nested"] },
};

const subjects = new Map(decoderSubjects(crypto).map((subject) => [subject.name, subject]));

function pathOf(size: number): Uint8Array {
  const bytes = new Uint8Array(2 + 32 * Math.ceil(Math.log2(size))).fill(9);
  bytes.set([0, size]);
  return bytes;
}

function subjectNamed(from: ReadonlyMap<string, Subject>, name: string): Subject {
  const subject = from.get(name);
  if (subject === undefined) throw new Error(`there is no subject ${name}`);
  return subject;
}

describe("every decoder has its row of damages", () => {
  const readers = Object.keys(device).filter(
    (name) => READERS.test(name) && !NO_READERS.includes(name),
  );

  test("and no row is without its decoder", () => {
    expect(readers.length).toBeGreaterThan(30);
    expect(readers.filter((name) => ROWS[name] === undefined)).toEqual([]);
    expect(readers.filter((name) => !subjects.has(name))).toEqual([]);
    expect(Object.keys(ROWS).filter((name) => !readers.includes(name))).toEqual([]);
  });

  test.each(Object.entries(ROWS))("%s", (name, row) => {
    const subject = subjectNamed(subjects, name);
    expect(row.samples.length).toBeGreaterThan(0);
    const wrong: string[] = [];
    let refused = 0;
    for (const sample of row.samples) {
      const honest = subject.judge(sample);
      expect(honest.charAt(0), `${name} of a sample`).toBe("+");
      for (const { kind: damage, what, bytes } of everyDamage(sample)) {
        const said = subject.judge(bytes);
        if (!/^[+-]/.test(said)) wrong.push(`${what}: ${said}`);
        if (said.charAt(0) === "-") refused += 1;
        else if (FORM_KINDS.includes(damage) && !row.accepts?.includes(damage)) {
          wrong.push(`${what} is accepted`);
        } else if (said === honest && !row.isPartial) wrong.push(`${what} means the same`);
      }
      expect(subject.judge(sample), `${name} of a sample, afterwards`).toBe(honest);
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(0);
  });
});

describe("every message of both state machines has its row of damages", () => {
  /** Methods that take a message, with the subjects that drive them. */
  const MACHINES = {
    lock: {
      answerMessage1: ["lock, message_1"],
      judgeMessage3: ["lock, message_3", "lock, plaintext_3"],
      openRecord: ["lock, record", "lock, record plaintext"],
    },
    key: {
      checkMessage2: ["key, message_2", "key, plaintext_2"],
      checkMessage4: ["key, message_4", "key, plaintext_4"],
      openRecord: ["key, record", "key, record plaintext"],
    },
  } as const;
  /** Methods that take nothing of a stranger. */
  const OWN_CALLS = {
    lock: [
      "loadTrust",
      "loadCredential",
      "setClock",
      "prepare",
      "reset",
      "buildMessage4",
      "judgeAgain",
      "peerDevid",
      "recordBody",
      "sealRecord",
    ],
    key: [
      "load",
      "prepare",
      "reset",
      "start",
      "useHead",
      "useCertificate",
      "buildMessage3",
      "peerDevid",
      "recordBody",
      "sealRecord",
    ],
  } as const;
  const rig = createDoorRig(crypto);
  const machines = new Map(doorSubjects(crypto).map((subject) => [subject.name, subject]));
  const [m1, m2, m3, m4, up, down] = honestMessages(rig).map((bytes) => bytes.slice());
  const inside = (message = new Uint8Array(0), from = 0, tail = 8) => {
    const head = (message[0] ?? 0) < 0x58 ? 1 : (message[0] ?? 0) === 0x58 ? 2 : 3;
    return message.slice(head + from, message.length - tail);
  };
  const samples: { readonly [name: string]: Uint8Array | undefined } = {
    "lock, message_1": m1,
    "key, message_2": m2,
    "lock, message_3": m3,
    "key, message_4": m4,
    "lock, record": up,
    "key, record": down,
    "key, plaintext_2": inside(m2, 32, 0),
    "lock, plaintext_3": inside(m3),
    "key, plaintext_4": inside(m4),
    "lock, record plaintext": inside(up),
    "key, record plaintext": inside(down),
  };

  test.each(["lock", "key"] as const)("of the %s, by the names of its methods", (side) => {
    const methods = Object.entries(rig[side])
      .filter(([, member]) => typeof member === "function")
      .map(([name]) => name);
    const known: readonly string[] = [...Object.keys(MACHINES[side]), ...OWN_CALLS[side]];
    expect(methods.filter((name) => !known.includes(name))).toEqual([]);
    expect(Object.keys(MACHINES[side]).filter((name) => !methods.includes(name))).toEqual([]);
  });

  const names = Object.values(MACHINES).flatMap((side) => Object.values(side).flat());
  test.each(names)("%s", (name) => {
    const subject = subjectNamed(machines, name);
    const sample = samples[name] ?? new Uint8Array(0);
    const honest = subject.judge(sample);
    expect(honest).toMatch(/^\+/);
    // The body of a record is its reader's business, and no form of the record's own.
    const isBody = name.includes("record");
    const wrong: string[] = [];
    for (const { kind: damage, what, bytes } of everyDamage(sample)) {
      const said = subject.judge(bytes);
      if (!/^[+-]/.test(said) || said.includes(" then ")) wrong.push(`${what}: ${said}`);
      if (said.charAt(0) === "+" && FORM_KINDS.includes(damage) && !isBody) {
        wrong.push(`${what} is accepted: ${said}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(subject.judge(sample)).toBe(honest);
  });

  test("in every order of three calls, and the next honest session works", () => {
    const order = subjectNamed(machines, "door, any order");
    for (let code = 0; code < 12 ** 3; code += 1) {
      const calls = [code % 12, Math.floor(code / 12) % 12, Math.floor(code / 144)];
      const said = order.judge(new Uint8Array(calls));
      expect(said, calls.join()).toMatch(/^[+-]/);
      expect(said, calls.join()).not.toContain(" then ");
    }
  });
});

test("with genuine crypto every sample of the table is what its reader proves", () => {
  const genuine = createNodeCrypto();
  for (const sample of signedSamples(genuine)) {
    expect(sample.verify(sample.bytes, [sample.anchor]).ok, sample.name).toBe(true);
  }
});
