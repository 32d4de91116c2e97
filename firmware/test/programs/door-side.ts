// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter's Arm build: one side of a door session over the blob, fed with what the
// other side says. All secrets are given, so the octets are too. It plays twice; the second time the
// peer's credential is known.

import {
  bytesOfHex,
  createKeyDoor,
  createLockDoor,
  hexOf,
  KEY_ARENA_BYTES,
  LOCK_ARENA_BYTES,
  MESSAGE,
  RECORD_WANT,
} from "@nyckelring/protocol";

import { createNativeOperations } from "../../src/espruino/native-arena.ts";
import { readStorageFile } from "../../src/espruino/storage-file.ts";
import { loadBlob, mark, readFile } from "./native-file.ts";

/**
 * One session as text: see `protocol/vectors/session.json`. Lists, since the names of fields are short in a
 * bundle. Records have their type, body and sealed form.
 */
export type DoorScript = readonly [
  secrets: readonly [ephemeral: string, agreementSecret: string],
  credentials: readonly [ringHead: string, certificate: string, kid: string, publicKey: string],
  place: readonly [door: number, group: number, nowS: number],
  shown: readonly [op: number, index: number, leaf: string, path: string],
  decided: readonly [code: number, lockseq: number, tS: number, wants: readonly number[]],
  messages: readonly string[],
  records: readonly (readonly [type: number, body: string, sent: string])[],
];

/** What a side is given, in octets. */
interface Given {
  readonly agreementSecret: Uint8Array;
  readonly credentials: readonly Uint8Array[];
  readonly script: DoorScript;
  readonly messages: readonly Uint8Array[];
  readonly bodies: readonly Uint8Array[];
  readonly sent: readonly Uint8Array[];
  readonly entropy: { fill(target: Uint8Array, offset: number, bytes: number): void };
}

function readScript(): Given {
  const script: DoorScript = JSON.parse(readFile("./script.json"));
  const [secrets, credentials, , , , messages, records] = script;
  const ephemeral = bytesOfHex(secrets[0]);
  return {
    agreementSecret: bytesOfHex(secrets[1]),
    credentials: credentials.map(bytesOfHex),
    script,
    messages: messages.map(bytesOfHex),
    bodies: records.map((record) => bytesOfHex(record[1])),
    sent: records.map((record) => bytesOfHex(record[2])),
    entropy: {
      fill(target, offset, bytes) {
        target.set(ephemeral.subarray(0, bytes), offset);
      },
    },
  };
}

function report(name: string, value: string): void {
  print(`side ${name} ${value}`);
}

function put(arena: Uint8Array, bytes: Uint8Array | undefined): number {
  if (bytes === undefined) return 0;
  arena.set(bytes, MESSAGE);
  return bytes.length;
}

function taken(arena: Uint8Array, bytes: number): string {
  return hexOf(arena.subarray(MESSAGE, MESSAGE + bytes));
}

/** The lock's side. */
export function playLock(): void {
  mark("evaluate");
  const { agreementSecret, credentials, script, messages, bodies, sent, entropy } = readScript();
  const [, certificate, kid, publicKey] = credentials as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const [, , place, , decided] = script;
  const trust = {
    owner: 1,
    door: place[0],
    groups: [place[1]],
    anchors: [
      {
        authority: 1,
        kid,
        publicKey,
        opsmask: 3,
        maxvalidS: 45_000,
        loS: place[2] - 3600,
      },
    ],
    floors: [{ authority: 1, listseq: 12, ringfloor: 0, floors: [] }],
    hasClock: false,
    clockUnknownPolicy: 0,
  };
  mark("inputs");
  const code = loadBlob(readStorageFile("native"));
  mark("load native code");
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const operations = createNativeOperations(code, entropy, arena);
  mark("bind");
  const door = createLockDoor(operations, arena);
  mark("make the door");
  door.loadCredential({ agreementSecret, certificate });
  door.loadTrust(trust);
  mark("load trust");
  for (const visit of ["first", "again"]) {
    door.reset();
    let bytes = put(arena, messages[0]);
    mark("between");
    bytes = door.answerMessage1(bytes);
    mark(`${visit}: answer message_1`);
    report("message2", taken(arena, bytes));
    bytes = put(arena, messages[2]);
    mark("between");
    const verdict = door.judgeMessage3(bytes);
    mark(`${visit}: judge message_3`);
    bytes = door.buildMessage4(verdict, decided[1], decided[2], decided[3]);
    mark(`${visit}: build message_4`);
    report("message4", taken(arena, bytes));
    report("verdict", String(verdict));
    report("record-type", String(door.openRecord(put(arena, sent[0]))));
    const body = bodies[1];
    if (body !== undefined) report("record", taken(arena, door.sealRecord(RECORD_WANT, body)));
  }
  calibrate(code.entry(1), code.start);
  print("side-end");
}

/** The key's side. */
export function playKey(): void {
  mark("evaluate");
  const { agreementSecret, credentials, script, messages, bodies, entropy } = readScript();
  const [head, , kid, publicKey] = credentials as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
  const [, , , shown] = script;
  const leaf = bytesOfHex(shown[2]);
  const path = bytesOfHex(shown[3]);
  const trust = { agreementSecret, anchors: [{ authority: 1, kid, publicKey }] };
  mark("inputs");
  const code = loadBlob(readStorageFile("native"));
  mark("load native code");
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const operations = createNativeOperations(code, entropy, arena);
  mark("bind");
  const door = createKeyDoor(operations, arena);
  mark("make the door");
  door.load(trust);
  mark("load trust");
  for (const visit of ["first", "again"]) {
    door.reset();
    mark("between");
    door.prepare();
    mark(`${visit}: make the ephemeral key`);
    let bytes = door.start(head);
    mark(`${visit}: start`);
    report("message1", taken(arena, bytes));
    bytes = put(arena, messages[1]);
    mark("between");
    const fault = door.checkMessage2(bytes);
    mark(`${visit}: check message_2`);
    bytes = door.buildMessage3(shown[0], shown[1], leaf, path);
    mark(`${visit}: build message_3`);
    report("message2", String(fault));
    report("message3", taken(arena, bytes));
    bytes = put(arena, messages[3]);
    mark("between");
    const answer = door.checkMessage4(bytes);
    mark(`${visit}: check message_4`);
    report("message4", String(answer));
    report("decision", String(door.decision.code));
    const body = bodies[0];
    if (body !== undefined) report("record", taken(arena, door.sealRecord(RECORD_WANT, body)));
  }
  calibrate(code.entry(1), code.start);
  print("side-end");
}

/** Calls for the price of one call, where an interpreter does not take four integers. */
function calibrate(
  call: (a: number, b: number, c: number, d: number) => number,
  start: number,
): void {
  const two = E.nativeCall(start + 5, "int(int,int)");
  const none = E.nativeCall(start + 5, "int()");
  mark("between");
  for (let count = 0; count < 40; count += 1) call(1, 2, 3, 4);
  mark("40 calls of four integers");
  for (let count = 0; count < 40; count += 1) two(1, 2);
  mark("40 calls of two integers");
  for (let count = 0; count < 40; count += 1) none();
  mark("40 calls of none");
}
