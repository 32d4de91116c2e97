// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter's Arm build: one side of a door session over the blob, fed with what the
// other side says. All secrets are given, so the octets are too.

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
import { loadMarkedBlob } from "./native-file.ts";

/** One session as text: see `protocol/vectors/session.json`. */
export interface DoorScript {
  readonly ephemeral: string;
  readonly agreementSecret: string;
  readonly ringHead: string;
  readonly certificate: string;
  readonly kid: string;
  readonly publicKey: string;
  readonly door: number;
  readonly group: number;
  readonly nowS: number;
  readonly op: number;
  readonly index: number;
  readonly leaf: string;
  readonly path: string;
  readonly code: number;
  readonly lockseq: number;
  readonly tS: number;
  readonly wants: readonly number[];
  readonly messages: readonly string[];
  readonly records: readonly {
    readonly type: number;
    readonly body: string;
    readonly sent: string;
  }[];
}

function entropyOf(hex: string) {
  const octets = bytesOfHex(hex);
  return {
    fill(target: Uint8Array, offset: number, bytes: number): void {
      target.set(octets.subarray(0, bytes), offset);
    },
  };
}

function report(name: string, value: string): void {
  print(`side ${name} ${value}`);
}

/** The lock's side. */
export function playLock(script: DoorScript): void {
  const given = script.messages.map(bytesOfHex);
  const record = script.records[0];
  const asked = bytesOfHex(record === undefined ? "" : record.sent);
  const reply = script.records[1];
  const body = bytesOfHex(reply === undefined ? "" : reply.body);
  const { code, mark } = loadMarkedBlob();
  mark("program");
  const arena = new Uint8Array(LOCK_ARENA_BYTES);
  const operations = createNativeOperations(code, entropyOf(script.ephemeral), arena);
  mark("bind");
  const door = createLockDoor(operations, arena);
  mark("door");
  door.loadTrust({
    agreementSecret: bytesOfHex(script.agreementSecret),
    certificate: bytesOfHex(script.certificate),
    door: script.door,
    groups: [script.group],
    anchors: [
      {
        authority: 1,
        kid: bytesOfHex(script.kid),
        publicKey: bytesOfHex(script.publicKey),
        opsmask: 3,
        maxvalidS: 45_000,
        loS: script.nowS - 3600,
      },
    ],
    floors: [{ authority: 1, listseq: 12, ringfloor: 0, floors: [] }],
    hasClock: false,
    clockUnknownPolicy: 0,
  });
  const put = (bytes: Uint8Array | undefined): number => {
    if (bytes === undefined) return 0;
    arena.set(bytes, MESSAGE);
    return bytes.length;
  };
  const taken = (bytes: number): string => hexOf(arena.subarray(MESSAGE, MESSAGE + bytes));
  let bytes = put(given[0]);
  mark("trust");
  bytes = door.answerMessage1(bytes);
  mark("answer message_1");
  report("message2", taken(bytes));
  bytes = put(given[2]);
  mark("put");
  const verdict = door.judgeMessage3(bytes);
  mark("judge message_3");
  bytes = door.buildMessage4(verdict, script.lockseq, script.tS, script.wants);
  mark("build message_4");
  report("message4", taken(bytes));
  report("verdict", String(verdict));
  report("record-type", String(door.openRecord(put(asked))));
  report("record", taken(door.sealRecord(RECORD_WANT, body)));
  print("side-end");
}

/** The key's side. */
export function playKey(script: DoorScript): void {
  const given = script.messages.map(bytesOfHex);
  const record = script.records[0];
  const body = bytesOfHex(record === undefined ? "" : record.body);
  const head = bytesOfHex(script.ringHead);
  const leaf = bytesOfHex(script.leaf);
  const path = bytesOfHex(script.path);
  const { code, mark } = loadMarkedBlob();
  mark("program");
  const arena = new Uint8Array(KEY_ARENA_BYTES);
  const operations = createNativeOperations(code, entropyOf(script.ephemeral), arena);
  mark("bind");
  const door = createKeyDoor(operations, arena);
  mark("door");
  const anchor = { kid: bytesOfHex(script.kid), publicKey: bytesOfHex(script.publicKey) };
  door.load({
    agreementSecret: bytesOfHex(script.agreementSecret),
    anchors: [{ authority: 1, kid: anchor.kid, publicKey: anchor.publicKey }],
  });
  const put = (bytes: Uint8Array | undefined): number => {
    if (bytes === undefined) return 0;
    arena.set(bytes, MESSAGE);
    return bytes.length;
  };
  const taken = (bytes: number): string => hexOf(arena.subarray(MESSAGE, MESSAGE + bytes));
  mark("trust");
  door.prepare();
  mark("make the ephemeral key");
  let bytes = door.start(head);
  mark("start");
  report("message1", taken(bytes));
  bytes = put(given[1]);
  mark("put");
  const fault = door.checkMessage2(bytes);
  mark("check message_2");
  report("message2", String(fault));
  bytes = door.buildMessage3(script.op, script.index, leaf, path);
  mark("build message_3");
  report("message3", taken(bytes));
  bytes = put(given[3]);
  mark("put");
  const answer = door.checkMessage4(bytes);
  mark("check message_4");
  report("message4", String(answer));
  report("decision", String(door.decision.code));
  report("record", taken(door.sealRecord(RECORD_WANT, body)));
  print("side-end");
}
