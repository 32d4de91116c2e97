// SPDX-License-Identifier: EUPL-1.2
// One sample of everything that is said inside a door session: decisions, and records with their
// bodies. Names are those of the specification's rules.

import { createCredulousCrypto } from "../fuzz/credulous-crypto.ts";
import { createDoorRig } from "../fuzz/door-subjects.ts";
import type { UnsignedSample } from "../src/host/unsigned-samples.ts";
import {
  bytesOfHex,
  type CborValue,
  concatBytes,
  DELIVER_FIRST,
  decodeRecordAnswer,
  decodeRecordAsk,
  encodeCbor,
  fail,
  MESSAGE_MALFORMED,
  type Result,
  RING_EXPIRED,
  succeed,
} from "../src/index.ts";

const SHIFT_S = 1795500000;
const EAD_4_LABEL = bytesOfHex("398001");
const TAG_BYTES = 8;

/** Every sample; `read` is the reader of the package that meets such octets. */
export function sessionSamples(): readonly UnsignedSample[] {
  const devid = bytesOfHex("0102030405060708");
  const nonce = bytesOfHex("a1a2a3a4a5a6a7a8");
  const part = bytesOfHex("aabbcc");
  const asks: readonly (readonly [string, number, CborValue])[] = [
    ["want", 1, []],
    ["object", 2, part],
    ["log-request", 3, [1]],
    ["time-ask", 5, []],
    ["done", 6, []],
  ];
  const answers: readonly (readonly [string, number, CborValue])[] = [
    ["want", 1, [12, 4, 1, 41, 70000]],
    ["object", 2, [0]],
    ["object that was waited for", 2, [0, RING_EXPIRED, 70001, SHIFT_S]],
    ["log-part", 4, [1, 2, part]],
    ["time-ask", 5, [devid, nonce]],
  ];
  const decisions: readonly (readonly [string, CborValue])[] = [
    ["granted", [0, 4711, SHIFT_S]],
    ["wanting", [0, 4711, SHIFT_S, [1, 3]]],
    ["delivery first", [DELIVER_FIRST, 4710, SHIFT_S, [1]]],
  ];
  return [
    ...asks.map(([name, type, body]) =>
      sampleOf("record-ask", `record, key asks ${name}`, [type, body], readPair(decodeRecordAsk)),
    ),
    ...answers.map(([name, type, body]) =>
      sampleOf(
        "record-answer",
        `record, lock answers ${name}`,
        [type, body],
        readPair(decodeRecordAnswer),
      ),
    ),
    ...decisions.map(([name, value]) =>
      sampleOf("decision", `decision, ${name}`, value, decisionReader()),
    ),
  ];
}

/** The content of the frozen file of the samples. */
export function makeSessionSampleVector(): object {
  const structures = sessionSamples().map(({ rule, name, bytes }) => ({
    rule,
    name,
    bytes: Buffer.from(bytes).toString("hex"),
  }));
  return { note: "Plaintext of records, and decisions as EAD_4 carries them.", structures };
}

function sampleOf(
  rule: string,
  name: string,
  value: CborValue,
  read: (bytes: Uint8Array) => Result<unknown>,
): UnsignedSample {
  const bytes = encodeCbor(value);
  const fields = read(bytes);
  if (!fields.ok) throw new Error(`the sample ${name} is refused`);
  return { rule, name, bytes, fields: fields.value, read };
}

// A session hands out type and body of the pair that a record is.
function readPair(
  read: (type: number, bytes: Uint8Array) => Result<unknown>,
): (bytes: Uint8Array) => Result<unknown> {
  return (bytes) => {
    const [lead, type] = bytes;
    if (lead !== 0x82 || type === undefined) return fail(MESSAGE_MALFORMED);
    const body = read(type, bytes.slice(2));
    return body.ok ? succeed({ type, body: body.value }) : body;
  };
}

// Only a key reads decisions, and only in message_4: a session leads up to it with crypto that
// believes everything, so that nothing but the reader judges.
function decisionReader(): (bytes: Uint8Array) => Result<unknown> {
  const rig = createDoorRig(createCredulousCrypto());
  return (bytes) => {
    rig.reset();
    const m2 = rig.fromLock(rig.lock.answerMessage1(rig.toLock(rig.start())));
    rig.key.checkMessage2(rig.toKey(m2));
    rig.show();
    const ead = concatBytes([EAD_4_LABEL, encodeCbor(bytes), new Uint8Array(TAG_BYTES)]);
    const code = rig.key.checkMessage4(rig.toKey(encodeCbor(ead)));
    return code === 0 ? succeed(rig.key.decision) : fail(code);
  };
}
