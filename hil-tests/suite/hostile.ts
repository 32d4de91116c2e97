// SPDX-License-Identifier: EUPL-1.2
import { deepEqual, equal, ok } from "node:assert/strict";
import {
  encodeHello,
  encodeHelloAnswer,
  encodeKeyStation,
  LINK_EDHOC,
  LINK_HELLO,
  LINK_HELLO_ANSWER,
  LINK_KEY_STATION,
  LINK_RECORD,
  PROFILE_KEY_POWERED,
  RECORD_DONE,
  RECORD_WANT,
  ROLE_KEY,
  ROLE_LOCK,
  ROLE_STATION,
  SYNC_BUNDLE,
  SYNC_NONE,
  SYNC_OBJECT,
  SYNC_STORED,
} from "@nyckelring/protocol";
import type { Bench } from "../src/board-driver/bench.ts";
import type { Key, Lock, Station } from "../src/board-driver/devices.ts";
import { StolenKey } from "../src/board-driver/stolen-key.ts";
import { acceptance, type Case } from "../src/run/case.ts";
import { colleague, enter, refused, setStage, setStageSynced, sync } from "./stage.ts";

const LINK_KINDS = [LINK_HELLO, LINK_HELLO_ANSWER, LINK_EDHOC, LINK_RECORD, LINK_KEY_STATION];
/** Sessions without a proof after which a lock is deaf for a moment. */
const UNPROVEN_MAX = 8;
const RECORD_TYPES = 256;

function draw(bench: Bench, label: string, bytes: number): Uint8Array {
  const octets = new Uint8Array(bytes);
  bench.random.split(label).fill(octets, 0, bytes);
  return octets;
}

/** Talks nonsense to a device: octets, frames of every kind, frames of no kind, long and empty. */
async function talkNonsense(bench: Bench, device: Key | Lock | Station): Promise<void> {
  const line = await bench.probe(device);
  await bench.pass({ seconds: 0.5 });
  for (let round = 0; round < 12; round += 1) {
    line.sayOctets(draw(bench, `octets ${round}`, 40 + 37 * round));
    for (const kind of [...LINK_KINDS, 0, 9, 255]) {
      line.say(kind, draw(bench, `message ${kind} ${round}`, [0, 1, 31, 200, 900][round % 5] ?? 0));
      await bench.pass({ seconds: 0.05 });
    }
  }
  await line.withdraw();
}

/** Flips one octet of a message. */
function flip(at: number) {
  return (message: Uint8Array): Uint8Array => {
    const altered = Uint8Array.from(message);
    altered[at % altered.length] = (altered[at % altered.length] ?? 0) ^ 0x20;
    return altered;
  };
}

/** What strangers, thieves and false stations try. */
export const HOSTILE: readonly Case[] = [
  acceptance(
    "nonsense-at-the-lock",
    "L1, threat 9, threat 11: a lock that hears nonsense opens nothing, and opens for the next honest key",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      await talkNonsense(bench, lock);
      equal(lock.bolt(), "locked");
      const visit = await enter(bench, key, lock);
      ok((visit.openedAfterMs ?? Number.POSITIVE_INFINITY) < 2000);
    },
  ),

  acceptance(
    "nonsense-at-the-key",
    "K5, threat 11: a key that hears nonsense keeps its ring and its log",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const [ring, entries] = [key.ring(), (await key.log()).length];
      await talkNonsense(bench, key);
      equal(key.ring(), ring);
      ok((await key.log()).length >= entries);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "nonsense-at-the-station",
    "T1, threat 11: a station that hears nonsense syncs the next honest key",
    async (bench) => {
      const { key, lock, station } = await setStage(bench);
      await talkNonsense(bench, station);
      await sync(bench, key, station);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "altered-proof",
    "X6, threat 11: a message_3 with any altered octet opens nothing and is logged",
    async (bench) => {
      const { town, key, lock } = await setStageSynced(bench);
      const thief = new StolenKey(bench, town.copyOf(key));
      for (let at = 0; at < 300; at += 43) {
        const line = await thief.plug(lock);
        const answer = await thief.open(line, { alter: flip(at) });
        ok(answer !== "granted", `granted with octet ${at} altered`);
        await line.withdraw();
      }
      equal(lock.bolt(), "locked");
      await bench.pass({ minutes: 2 });
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "recorded-session-replayed",
    "X6, threat 4: a recorded session played again opens nothing",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const frames: { readonly from: string; readonly octets: Uint8Array }[] = [];
      const stop = bench.listen((from, octets) => frames.push({ from, octets }));
      await enter(bench, key, lock);
      stop();
      ok(frames.length > 6, "nothing was recorded");
      for (const pause of [0.2, 0.6]) {
        const line = await bench.probe(lock);
        await bench.pass({ seconds: 0.5 });
        const before = lock.openings();
        for (const { octets } of frames.filter(({ from }) => from === key.name)) {
          line.sayOctets(octets);
          await bench.pass({ seconds: pause });
        }
        equal(lock.openings(), before);
        await line.withdraw();
      }
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "session-spliced-to-another-door",
    "X6, threat 5: a proof made for one lock opens no other",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const second = await town.addLock(town.addApartment().door);
      await sync(bench, key, station);
      const thief = new StolenKey(bench, town.copyOf(key));
      const first = await thief.plug(lock);
      let proof: Uint8Array = new Uint8Array(0);
      const keep = (message: Uint8Array) => {
        proof = message;
        return message;
      };
      equal(await thief.open(first, { alter: keep, op: 2 }), "granted");
      await first.withdraw();
      const other = await thief.plug(second);
      ok(await thief.begin(other), "the second lock did not begin");
      equal(await thief.finish(other, { alter: () => proof }), "silent");
      await other.withdraw();
      equal(second.openings(), 0);
      await enter(bench, key, second);
    },
  ),

  acceptance(
    "records-of-every-type",
    "L1, threat 36: whatever record a key sends, only the known ones are answered and none turns the bolt",
    async (bench) => {
      const { town, key, lock } = await setStageSynced(bench);
      const thief = new StolenKey(bench, town.copyOf(key));
      const answered: number[] = [];
      for (let type = 0; type < RECORD_TYPES; type += 1) {
        if (type > 12 && type % 16 !== 0) continue;
        const line = await thief.plug(lock);
        equal(await thief.open(line, { op: 2 }), "granted");
        const before = lock.openings();
        if ((await thief.ask(line, type, [])) !== undefined) answered.push(type);
        equal(lock.openings(), before);
        await line.withdraw();
      }
      ok(answered.includes(RECORD_WANT), `answered: ${answered.join(", ")}`);
      ok(
        answered.every((type) => type < RECORD_DONE),
        `answered: ${answered.join(", ")}`,
      );
      equal(lock.openings(), 0);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "flood-of-sessions",
    "X8, threat 58: a lock that is flooded goes deaf for seconds, and an honest key gets in",
    async (bench) => {
      const { town, key, lock } = await setStageSynced(bench);
      const thief = new StolenKey(bench, town.copyOf(key));
      const line = await thief.plug(lock);
      let begun = 0;
      const asked = UNPROVEN_MAX + 6;
      for (let count = 0; count < asked; count += 1) {
        if (await thief.begin(line)) begun += 1;
      }
      ok(begun >= UNPROVEN_MAX && begun < asked, `the lock answered ${begun} of ${asked}`);
      await line.withdraw();
      const visit = await bench.insert(key, lock);
      const again = visit.opened ? visit : await bench.insert(key, lock);
      ok(again.opened, "the second try of an honest key did not open");
    },
  ),

  acceptance(
    "flood-of-denials",
    "T3, threat 58: a flood of denials pushes no opening out of the log",
    async (bench) => {
      const { town, key, lock, station } = await setStage(bench);
      const other = town.addApartment();
      await town.addLock(other.door);
      await sync(bench, key, station);
      await enter(bench, key, lock);
      const thief = new StolenKey(bench, town.copyOf(key));
      const line = await thief.plug(lock);
      const slot = thief.slotOf(other.door);
      for (let count = 0; count < 60; count += 1)
        equal(await thief.open(line, { slot }), "TARGET_MISMATCH");
      await line.withdraw();
      await enter(bench, key, lock);
      const log = await lock.log();
      equal(
        log.filter(({ what, why, op }) => what === "passage" && why === "" && op === 1).length,
        2,
      );
      equal(log.filter(({ why }) => why === "TARGET_MISMATCH").length, 60);
    },
  ),

  acceptance(
    "ring-copied-to-another-key",
    "X6, threat 3: a ring is worth nothing in a key that cannot prove the one it was made for",
    async (bench) => {
      const { town, key, lock, station } = await setStageSynced(bench);
      const other = await colleague(bench);
      await sync(bench, other.key, station);
      const thief = new StolenKey(bench, town.copyOf(other.key));
      const line = await thief.plug(lock);
      // The head of the first key under the secret of the second.
      const head = town.issuer
        .history()
        .findLast((one) => one.kind === "head-issued" && one.devid === key.devid);
      ok(head?.kind === "head-issued");
      const answer = await thief.open(line, {
        head: Uint8Array.from(Buffer.from(head.head, "hex")),
      });
      ok(answer !== "granted");
      await line.withdraw();
      equal(lock.openings(), 0);
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "false-lock",
    "K3, threat 46: a key tells a lock without a genuine certificate nothing and shows no grant",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const line = await bench.probe(key);
      await line.hear();
      const devid = Uint8Array.from(Buffer.from(lock.devid, "hex"));
      line.say(
        LINK_HELLO_ANSWER,
        encodeHelloAnswer({ role: ROLE_LOCK, profile: PROFILE_KEY_POWERED, devid }),
      );
      const first = await bench.waitFor(() => line.heard.some(({ kind }) => kind === LINK_EDHOC), {
        seconds: 3,
      });
      ok(first, "the key began no session");
      line.say(LINK_EDHOC, draw(bench, "false message_2", 180));
      await bench.pass({ seconds: 8 });
      equal(line.heard.filter(({ kind }) => kind === LINK_EDHOC).length, 1);
      ok(key.light() !== "granted");
      await line.withdraw();
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "false-station",
    "T3, threat 46: a false station gives a key no ring, and the key keeps its log",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      await enter(bench, key, lock);
      const [ring, open] = [key.ring(), key.unacknowledged()];
      const line = await bench.probe(key);
      await line.hear();
      line.say(
        LINK_HELLO_ANSWER,
        encodeHelloAnswer({ role: ROLE_STATION, profile: 0, devid: null }),
      );
      const offers = [
        { type: SYNC_BUNDLE, part: 0, parts: 1, bytes: draw(bench, "bundle", 300) },
        { type: SYNC_OBJECT, bytes: draw(bench, "object", 200) },
        { type: SYNC_NONE },
      ] as const;
      for (const offer of offers) {
        await bench.pass({ seconds: 0.5 });
        line.say(LINK_KEY_STATION, encodeKeyStation(offer));
      }
      for (let count = 0; count < 6; count += 1) {
        await bench.pass({ seconds: 0.5 });
        line.say(LINK_KEY_STATION, encodeKeyStation({ type: SYNC_STORED, code: 0 }));
      }
      await line.withdraw();
      equal(key.ring(), ring);
      ok(key.unacknowledged() >= open, "the key freed entries on a false word");
      await enter(bench, key, lock);
    },
  ),

  acceptance(
    "hello-without-an-end",
    "L1, threat 58: a stranger who only says hello learns the lock's number and nothing more",
    async (bench) => {
      const { key, lock } = await setStageSynced(bench);
      const line = await bench.probe(lock);
      await bench.pass({ seconds: 0.5 });
      for (let count = 0; count < 30; count += 1) {
        line.say(LINK_HELLO, encodeHello(ROLE_KEY));
        await bench.pass({ seconds: 0.1 });
      }
      deepEqual(new Set(line.heard.map(({ kind }) => kind)), new Set([LINK_HELLO_ANSWER]));
      await line.withdraw();
      equal((await lock.log()).length, 0);
      await refused(bench, await bench.home.addKey(bench.home.addCarer().carer), lock, {
        as: "unsynced-key",
      });
      await enter(bench, key, lock);
    },
  ),
];
