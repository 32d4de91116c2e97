// SPDX-License-Identifier: EUPL-1.2
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DOWN_OBJECTS,
  DOWN_SERVICE,
  DOWN_UPLOAD_ACK,
  type DownMessage,
  decodeUp,
  encodeDown,
  encodeFrames,
  GRANTED,
  type Leaf,
  UP_KEY_PRESENT,
  UP_STATION_LOG,
  UP_STATUS,
  UP_UPLOAD,
  type UpMessage,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";
import { type Broker, startBroker } from "../../protocol/test/mosquitto.ts";
import type { BundleFile } from "../build/slot-files.ts";
import { readVariableBudget } from "../build/variable-budget.ts";
import { SIGNAL_READY } from "../src/key/signals.ts";
import { LINK_GSM, LINK_LAN } from "../src/ports.ts";
import { commissionStation } from "../src/station/station-commissioning.ts";
import { createMqttUplink, mqttIdentityOf } from "../src/station/uplink/mqtt-uplink.ts";
import { createCutFlash } from "./cut-flash.ts";
import {
  ESPRUINO,
  ESPRUINO_ARM,
  type LinuxBoard,
  makeFolder,
  openFarEnd,
  openTerminal,
  startInterpreter,
  startRole,
  until,
} from "./interpreter.ts";
import {
  mostVariablesOf,
  noteVariables,
  variablesOf,
  watchVariables,
} from "./interpreter-figures.ts";
import { createBenchIssuer, createBenchKey, manyRights, RIGHTS } from "./key-bench.ts";
import { crypto, issuingOf, SHIFT_S, secretOf } from "./lock-rig.ts";
import { createNodeTimer, openNodeStream } from "./node-ports.ts";
import { createScriptedModem } from "./scripted-modem.ts";

const RIGHTS_MAX = 4000;
const PARTS_AT_ONCE = 8;
const PARTS_EVERY_MS = 50;
const STATION_PAGES = 192;
const BOOT_MS = 90_000;
const SYNC_MS = 60_000;
const HEARTBEAT_MS = 60_000;
const ACCOUNT = { stationId: 3, commandKey: secretOf("command key") };

/** Flash of a commissioned station that knows the broker. */
function stationImage(port: number, host = "127.0.0.1", apn = ""): Uint8Array {
  const flash = createCutFlash(STATION_PAGES, 4096);
  commissionStation(flash, ACCOUNT, {
    host,
    port,
    user: "",
    password: "",
    wifiName: "",
    wifiPassword: "",
    apn,
    pin: "",
    gsmBytesPerDay: 1_000_000,
  });
  return flash.image();
}

/** The issuer's side of the broker: our client with the topics the other way round. */
function connectIssuer(broker: Broker, onUp: (seq: number, message: UpMessage) => void) {
  const timer = createNodeTimer();
  const names = mqttIdentityOf(ACCOUNT.stationId, undefined);
  const identity = {
    ...names,
    clientId: "issuer",
    topicUp: names.topicDown,
    topicDown: names.topicUp,
    topicPresence: "nk/1/issuer",
  };
  let downSeq = 0;
  const stream = openNodeStream(broker.port);
  const uplink = createMqttUplink(timer, 1, identity, [{ kind: LINK_LAN, stream }], {
    onDown(bytes) {
      const up = decodeUp(crypto, ACCOUNT, bytes);
      if (up.ok) onUp(up.value.seq, up.value.message);
    },
    onLinks: () => uplink.use(uplink.links()[0] ?? 0),
  });
  uplink.use(LINK_LAN);
  return {
    isConnected: () => uplink.isConnected(),
    send(message: DownMessage) {
      downSeq += 1;
      uplink.publish(encodeDown(crypto, ACCOUNT, downSeq, message));
    },
    stop() {
      uplink.use(0);
      timer.clear();
    },
  };
}

/**
 * A commissioned station on a build of the interpreter, at a broker where an issuer with rights for a
 * key listens. It runs scripts alone, as its board does.
 */
async function startOffice(
  rights: readonly Leaf[],
  build: LinuxBoard,
  more: readonly BundleFile[] = [],
) {
  const broker = await startBroker();
  const folder = await makeFolder();
  await writeFile(join(folder.path, "flash.bin"), stationImage(broker.port));
  await writeFile(join(folder.path, "clock"), String(SHIFT_S));
  const issuing = issuingOf();
  const key = createBenchKey(issuing);
  const issuer = createBenchIssuer(issuing, key.device);
  const { bundles } = issuer.rights(rights);
  const devid = key.device.devid;
  const heard: UpMessage[] = [];
  // Our client has few messages under way at once, and here it plays the issuer.
  const sendParts = (from: number): void => {
    const end = Math.min(from + PARTS_AT_ONCE, bundles.length);
    for (let part = from; part < end; part += 1) side.send(issuer.bundleDown(bundles, part));
    if (end < bundles.length) setTimeout(() => sendParts(end), PARTS_EVERY_MS);
  };
  const side = connectIssuer(broker, (seq, message) => {
    heard.push(message);
    if (message.type === UP_KEY_PRESENT) {
      const objects = [issuer.grant(message.nonce, SHIFT_S)];
      side.send({ type: DOWN_OBJECTS, devid, objects });
      sendParts(0);
    }
    if (message.type === UP_UPLOAD) {
      issuer.commit(message.sealed);
      side.send({ type: DOWN_OBJECTS, devid, objects: [issuer.ack()] });
      side.send({ type: DOWN_UPLOAD_ACK, seqs: [seq] });
    }
  });
  const farEnd = await openFarEnd(folder.path);
  const station = await startRole("station", folder.path, more, "linux", build);
  let isRunning = true;
  return {
    broker,
    station,
    issuer,
    heard,
    folder: folder.path,
    sendDown: side.send,
    async isOnline() {
      await until(side.isConnected, BOOT_MS, () => "the issuer's connection");
      const isTold = () => heard.some((message) => message.type === UP_STATUS);
      await until(isTold, BOOT_MS, () => `a status in:\n${station.console()}`);
    },
    /** The key lives in this process; what it says goes over the pseudo terminal. */
    async syncKey() {
      const listen = async () => {
        while (isRunning) {
          const { kind, message } = await farEnd.next(SYNC_MS);
          key.role().onBytes(encodeFrames(kind, message));
          for (const bytes of key.take()) farEnd.sendBytes(bytes);
        }
      };
      const listening = listen().catch(() => undefined);
      key.role().onContact(true, true);
      for (const bytes of key.take()) farEnd.sendBytes(bytes);
      const hello = setInterval(() => {
        key.timer.pass(100);
        for (const bytes of key.take()) farEnd.sendBytes(bytes);
      }, 100);
      const isHome = () =>
        key.lastSignal() === SIGNAL_READY &&
        key.role().status().ringseq === issuer.ringseq() &&
        key.role().status().unacknowledged === 0;
      await until(isHome, SYNC_MS, () => `a sync in:\n${station.console()}`).finally(() => {
        clearInterval(hello);
        isRunning = false;
      });
      void listening;
    },
    async stop() {
      isRunning = false;
      await station.stop();
      await farEnd.stop();
      side.stop();
      await broker.remove();
      await folder.remove();
    },
  };
}

describe.skipIf(ESPRUINO === undefined)("a station online (skipped without ESPRUINO)", () => {
  test(
    "T1, T3, T4: the station on the interpreter syncs a key over a real broker and gets its acknowledgement",
    async () => {
      const office = await startOffice(RIGHTS, "linux");
      const { broker, station, heard } = office;
      try {
        await office.isOnline();
        expect(heard.find((message) => message.type === UP_STATUS)).toMatchObject({
          link: LINK_LAN,
          queued: 0,
        });
        await office.syncKey();
        expect(office.issuer.entries().length).toBeGreaterThan(0);
        expect(station.console()).not.toContain("Uncaught");
        // The broker dies without a memory; the station comes back by itself and says so.
        await broker.kill();
        await broker.start();
        const before = heard.length;
        const isBack = () => heard.slice(before).some((message) => message.type === UP_STATUS);
        // At once, or with the next heartbeat if the issuer came back after the station.
        await until(
          isBack,
          HEARTBEAT_MS + BOOT_MS,
          () => `a second status in:\n${station.console()}`,
        );
        expect(station.console()).not.toContain("Uncaught");
      } finally {
        await office.stop();
      }
    },
    SYNC_MS + HEARTBEAT_MS + 4 * BOOT_MS,
  );

  test(
    "a locked station has no console until the issuer commands its service, and then it has one",
    async () => {
      const locked = { name: "nk.locked", content: Buffer.from("1") };
      const office = await startOffice(RIGHTS, "linux", [locked]);
      const { station, heard } = office;
      try {
        await office.isOnline();
        station.evaluate('print("open"+1)');
        office.sendDown({ type: DOWN_SERVICE, serial: 7, untilS: SHIFT_S + 3600 });
        // The interpreter ends where a board resets.
        await expect(station.waitFor("no console says this", SYNC_MS)).rejects.toThrow("ended");
        expect(station.console()).not.toContain("open1");
        const events = heard.flatMap((message) =>
          message.type === UP_STATION_LOG ? message.events : [],
        );
        expect(events).toContainEqual(expect.objectContaining({ event: GRANTED, detail: 7 }));
        const open = startInterpreter(office.folder);
        try {
          open.evaluate('print("open"+2)');
          await open.waitFor("open2", BOOT_MS);
        } finally {
          await open.stop();
        }
      } finally {
        await office.stop();
      }
    },
    SYNC_MS + 4 * BOOT_MS,
  );

  test.skipIf(ESPRUINO_ARM === undefined)(
    "a full ring goes through a station within its budget of variables",
    async () => {
      const office = await startOffice(manyRights(RIGHTS_MAX), "linux-arm");
      const { station } = office;
      try {
        await office.isOnline();
        noteVariables("linux-arm", "station", { idle: await variablesOf(station, BOOT_MS) });
        watchVariables(station);
        await office.syncKey();
        const session = await mostVariablesOf(station, BOOT_MS);
        noteVariables("linux-arm", "station", { session });
        noteVariables("linux-arm", "station", { after: await variablesOf(station, BOOT_MS) });
        expect(station.console()).not.toContain("OUT OF MEMORY");
        expect(station.console()).not.toContain("Uncaught");
        expect(session).toBeLessThanOrEqual(readVariableBudget().station.session);
      } finally {
        await office.stop();
      }
    },
    SYNC_MS + 4 * BOOT_MS,
  );

  test(
    "T7: without an office network the station on the interpreter dials a modem and reaches the real broker",
    async () => {
      const broker = await startBroker();
      const folder = await makeFolder();
      // The office network knows no such host; the modem's network does.
      const image = stationImage(broker.port, "broker.invalid", "iot.example");
      await writeFile(join(folder.path, "flash.bin"), image);
      await writeFile(join(folder.path, "clock"), String(SHIFT_S));
      const heard: UpMessage[] = [];
      const side = connectIssuer(broker, (_seq, message) => heard.push(message));
      let terminal: Awaited<ReturnType<typeof openTerminal>> | undefined;
      const modem = createScriptedModem(
        (delayMs, callback) => void setTimeout(callback, delayMs),
        openNodeStream(broker.port),
        (bytes) => terminal?.send(bytes),
        { isOn: true },
      );
      terminal = await openTerminal(join(folder.path, "modem"), (bytes) => modem.port.send(bytes));
      const farEnd = await openFarEnd(folder.path);
      const station = await startRole("station", folder.path);
      try {
        const missing = () =>
          `a status after ${modem.commands.join(" | ")} in:\n${station.console()}`;
        const isOnline = () =>
          heard.some((message) => message.type === UP_STATUS && message.link === LINK_GSM);
        await until(isOnline, SYNC_MS, missing);
        expect(station.console()).not.toContain("Uncaught");
      } finally {
        await station.stop();
        await terminal.stop();
        await farEnd.stop();
        side.stop();
        await broker.remove();
        await folder.remove();
      }
    },
    SYNC_MS + 2 * BOOT_MS,
  );
});
