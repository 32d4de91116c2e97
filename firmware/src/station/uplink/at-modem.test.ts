// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";
import { createCutFlash } from "../../../test/cut-flash.ts";
import { createBenchTimer } from "../../../test/lock-rig.ts";
import {
  createScriptedModem,
  MODEM_FAULTS,
  type ModemNature,
  type ScriptedModem,
} from "../../../test/scripted-modem.ts";
import { createSmallBroker } from "../../../test/small-broker.ts";
import { LINK_GSM, LINK_NONE } from "../../ports.ts";
import { openDeviceRecords } from "../../shared/device-records.ts";
import { createGsmBudget } from "../gsm-budget.ts";
import { createLinkLadder, type LinkLadder } from "../link-ladder.ts";
import {
  type AtModem,
  createAtModem,
  MODEM_CAPPED,
  MODEM_DENIED,
  MODEM_DROPPED,
  MODEM_FINE,
  MODEM_GARBLED,
  MODEM_NO_DATA,
  MODEM_NO_HOST,
  MODEM_NO_NETWORK,
  MODEM_NO_SIM,
  MODEM_OFF,
  MODEM_ONLINE,
  MODEM_PIN,
  MODEM_RESTING,
  MODEM_SILENT,
} from "./at-modem.ts";
import { asciiBytes, encodePublish } from "./mqtt-packets.ts";
import { createMqttUplink, mqttIdentityOf } from "./mqtt-uplink.ts";

const SETTINGS = { apn: "iot.example", pin: "1234", host: "broker.example", port: 1883 };
const MINUTE_MS = 60_000;

/** The uplink of a station with nothing but a modem, and a broker at the far end. */
function createRig(
  nature: ModemNature = {},
  bytesPerDay = 10_000_000,
  flash = createCutFlash(8, 4096),
) {
  const timer = createBenchTimer();
  const after = (delayMs: number, callback: () => void) => void timer.port.after(delayMs, callback);
  const broker = createSmallBroker(after, 150);
  let driver: AtModem | undefined;
  const modem: ScriptedModem = createScriptedModem(
    after,
    broker.stream,
    (bytes) => driver?.onBytes(bytes),
    nature,
  );
  const budget = createGsmBudget(openDeviceRecords(flash), timer.port, bytesPerDay);
  const created = createAtModem(modem.port, timer.port, SETTINGS, budget);
  driver = created;
  const down: number[][] = [];
  const states: number[] = [];
  const faults: number[] = [];
  let ladder: LinkLadder | undefined;
  const uplink = createMqttUplink(
    timer.port,
    3,
    mqttIdentityOf(3, undefined),
    [{ kind: LINK_GSM, stream: created.stream }],
    { onDown: (message) => down.push([...message]), onLinks: () => ladder?.update() },
  );
  // As a station does: what must arrive is handed over again whenever a link comes up.
  const wanted: Uint8Array[] = [];
  const start = createLinkLadder(
    uplink,
    timer.port,
    () => true,
    () => {
      if (start.link() !== LINK_NONE) for (const message of wanted) uplink.publish(message);
    },
  );
  ladder = start;
  return {
    timer,
    modem,
    driver: created,
    broker,
    uplink,
    down,
    states,
    faults,
    begin: () => start.update(),
    want(message: Uint8Array) {
      wanted.push(message);
      uplink.publish(message);
    },
    /** Lets time pass and notes each state and fault that is met. */
    pass(spanMs: number) {
      for (let done = 0; done < spanMs; done += 50) {
        timer.pass(50);
        const { state, fault } = created.status();
        if (states.at(-1) !== state) states.push(state);
        if (faults.at(-1) !== fault) faults.push(fault);
      }
    },
    /** Waits until something holds; virtual milliseconds that it took. */
    until(isDone: () => boolean, limitMs: number): number {
      for (let done = 0; done < limitMs; done += 50) {
        if (isDone()) return done;
        this.pass(50);
      }
      throw new Error(
        `not within ${limitMs} ms; state ${created.status().state}, fault ${created.status().fault}, after ${modem.commands.slice(-5).join(" | ")}`,
      );
    },
  };
}

const MESSAGES = [[1], [2], [...Array(1500).keys()].map((n) => n & 255), [3]];

/** Sends the messages and takes one; true when all is done. */
function exchange(rig: ReturnType<typeof createRig>, limitMs: number): number {
  for (const message of MESSAGES) rig.want(Uint8Array.from(message));
  const isTaken = (message: number[]) =>
    rig.broker.taken.some((one) => one.length === message.length && one[0] === message[0]);
  return rig.until(
    () => MESSAGES.every(isTaken) && rig.uplink.waiting() === 0 && rig.uplink.isConnected(),
    limitMs,
  );
}

function expectAllTaken(rig: ReturnType<typeof createRig>): void {
  // At least once, in order of their first time; a repetition is DUP and harmless.
  const firsts = rig.broker.taken.filter(
    (one, index) => rig.broker.taken.findIndex((other) => String(other) === String(one)) === index,
  );
  // Compared as text: the arrays are long.
  expect(firsts.map(String)).toEqual(MESSAGES.map(String));
}

describe("the modem of a station", () => {
  test("T7: from off to the broker in half a minute, data both ways, and off again", () => {
    const rig = createRig();
    rig.begin();
    expect(exchange(rig, MINUTE_MS)).toBeLessThan(30_000);
    expectAllTaken(rig);
    expect(rig.driver.status()).toMatchObject({
      state: MODEM_ONLINE,
      fault: MODEM_FINE,
      signal: 17,
    });
    expect(rig.states).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const message = encodePublish("nk/1/3/down", new Uint8Array(3000).fill(0x0d), 5);
    rig.broker.deliver(message);
    rig.until(() => rig.down.length === 1, 5000);
    expect(rig.down[0]).toEqual(Array(3000).fill(0x0d));
    rig.uplink.use(0);
    rig.until(() => rig.driver.status().state === MODEM_OFF, 20_000);
    expect(rig.modem.isOn()).toBe(false);
    expect(rig.modem.commands.slice(-2)).toEqual(["AT+QICLOSE=0", "AT+QPOWD=1"]);
    expect(rig.modem.resets()).toBe(0);
  });

  test.each<{ name: string; nature: ModemNature }>([
    { name: "that is on already", nature: { isOn: true } },
    { name: "that echoes whatever it is told, data too", nature: { alwaysEchoes: true } },
    { name: "at another speed", nature: { baud: 9600 } },
    { name: "whose card wants its PIN", nature: { sim: "SIM PIN", pin: "1234" } },
    { name: "that finds its network late", nature: { registersAfter: 20 } },
    { name: "that hides what has arrived", nature: { hidesArrivals: true } },
    { name: "whose notice overtakes the OK", nature: { opensEarly: true } },
  ])("T7: a modem $name works as well", ({ nature }) => {
    const rig = createRig(nature);
    rig.begin();
    exchange(rig, 5 * MINUTE_MS);
    expectAllTaken(rig);
    rig.broker.deliver(encodePublish("nk/1/3/down", Uint8Array.of(7), 5));
    rig.until(() => rig.down.length === 1, MINUTE_MS);
  });

  test("F25: whatever fails at whichever command, a state and a fault are told, and no message is lost", () => {
    const clean = createRig();
    clean.begin();
    exchange(clean, MINUTE_MS);
    clean.broker.deliver(encodePublish("nk/1/3/down", Uint8Array.of(7), 5));
    clean.pass(2000);
    const count = clean.modem.commands.length;
    expect(count).toBeGreaterThan(18);
    let met = 0;
    for (const fault of MODEM_FAULTS) {
      for (let command = 0; command < count; command += 1) {
        const rig = createRig();
        rig.modem.failAt(command, fault);
        rig.begin();
        exchange(rig, 15 * MINUTE_MS);
        expectAllTaken(rig);
        // The issuer answers each time that it is asked; this broker keeps nothing.
        for (let times = 0; times < 20 && rig.down.length === 0; times += 1) {
          rig.broker.deliver(encodePublish("nk/1/3/down", Uint8Array.of(7), 5));
          rig.pass(MINUTE_MS);
        }
        expect([fault, command, rig.down[0]]).toEqual([fault, command, [7]]);
        if (rig.states.includes(MODEM_RESTING)) {
          met += 1;
          // Each rest has its reason, and the reset line was pulled.
          expect(rig.faults.some((code) => code !== MODEM_FINE)).toBe(true);
          expect(rig.modem.resets()).toBeGreaterThan(0);
        }
      }
    }
    expect(met).toBeGreaterThan(count);
  }, 60_000);

  test("F25: a modem that hangs again and again is tried ever more seldom, and works when it can", () => {
    const rig = createRig({ hangsAtSim: true });
    rig.begin();
    rig.want(Uint8Array.of(1));
    const starts: number[] = [];
    for (let minute = 0; minute < 6 * 60; minute += 1) {
      const resets = rig.modem.resets();
      rig.pass(MINUTE_MS);
      if (rig.modem.resets() > resets) starts.push(minute);
    }
    expect(starts.length).toBeGreaterThan(8);
    expect(starts.length).toBeLessThan(40);
    rig.modem.become({});
    exchange(rig, 45 * MINUTE_MS);
    expectAllTaken(rig);
  }, 30_000);

  test.each<{ name: string; nature: ModemNature; fault: number }>([
    { name: "no SIM card", nature: { sim: "none" }, fault: MODEM_NO_SIM },
    { name: "a card that wants its PUK", nature: { sim: "SIM PUK" }, fault: MODEM_PIN },
    { name: "no network", nature: { registersAfter: 1e9 }, fault: MODEM_NO_NETWORK },
    {
      name: "an operator that refuses",
      nature: { registersAfter: 1e9, statusBefore: 3 },
      fault: MODEM_DENIED,
    },
    { name: "no credit", nature: { hasNoCredit: true }, fault: MODEM_NO_DATA },
    {
      name: "a modem that takes no more data",
      nature: { sendFailsAfter: 1 },
      fault: MODEM_DROPPED,
    },
  ])(
    "T7: $name is told by its name, costs no storm of attempts, and mends by itself",
    ({ nature, fault }) => {
      const rig = createRig(nature);
      rig.begin();
      rig.want(Uint8Array.of(99));
      rig.until(() => rig.faults.includes(fault), 5 * MINUTE_MS);
      // The issuer reads it in the station's log.
      expect(rig.uplink.fault?.()).toBe(LINK_GSM * 256 + 16 + fault);
      rig.pass(60 * MINUTE_MS);
      expect(rig.modem.powerPresses()).toBeLessThan(30);
      rig.modem.become({});
      exchange(rig, 40 * MINUTE_MS);
      expect(rig.broker.taken.length).toBeGreaterThan(MESSAGES.length);
    },
    30_000,
  );

  test("a host that is away is asked three times before the modem is restarted", () => {
    const rig = createRig();
    rig.broker.setMood("refuses");
    rig.begin();
    rig.until(() => rig.modem.resets() > 0, 30 * MINUTE_MS);
    expect(rig.broker.opens()).toBe(3);
    expect(rig.faults).toContain(MODEM_NO_HOST);
    rig.broker.setMood("works");
    exchange(rig, 30 * MINUTE_MS);
    expectAllTaken(rig);
  });

  test("a wrong PIN is tried once and never again; the card is not locked", () => {
    const rig = createRig({ sim: "SIM PIN", pin: "9999" });
    rig.begin();
    rig.pass(24 * 60 * MINUTE_MS);
    expect(rig.modem.wrongPins()).toBe(1);
    expect(rig.driver.status().fault).toBe(MODEM_PIN);
    // A station that boots afresh sees that a try is missing, and leaves the card alone.
    const commands = rig.modem.commands.filter((one) => one.startsWith('AT+CPIN="')).length;
    const budget = createGsmBudget(openDeviceRecords(createCutFlash(8, 4096)), rig.timer.port, 1e6);
    const again = createAtModem(rig.modem.port, rig.timer.port, SETTINGS, budget);
    again.stream.open({
      onOpen: () => undefined,
      onBytes: () => undefined,
      onEnd: () => undefined,
    });
    rig.pass(10 * MINUTE_MS);
    expect(rig.modem.commands.filter((one) => one.startsWith('AT+CPIN="')).length).toBe(commands);
  }, 30_000);

  test("F25: what the mobile network may cost in a day is a limit, and the next day begins anew", () => {
    const rig = createRig({}, 3000);
    rig.begin();
    for (let octet = 0; octet < 5; octet += 1) {
      rig.want(new Uint8Array(1000).fill(octet));
    }
    rig.until(() => rig.driver.status().fault === MODEM_CAPPED, 5 * MINUTE_MS);
    const { bytesToday } = rig.driver.status();
    expect(bytesToday).toBeLessThan(3000 + 1100);
    rig.pass(10 * MINUTE_MS);
    expect(rig.modem.isOn()).toBe(false);
    const commands = rig.modem.commands.length;
    rig.pass(20 * 60 * MINUTE_MS);
    expect(rig.modem.commands.length).toBe(commands);
    rig.pass(5 * 60 * MINUTE_MS);
    expect(rig.broker.taken.length).toBeGreaterThan(2);
  }, 30_000);

  test("F25: a station that boots again and again spends the octets of one day once", () => {
    const flash = createCutFlash(8, 4096);
    let octets = 0;
    for (let boot = 0; boot < 40; boot += 1) {
      const rig = createRig({}, 20_000, flash);
      rig.begin();
      for (let octet = 0; octet < 3; octet += 1) rig.want(new Uint8Array(1000).fill(octet));
      rig.pass(MINUTE_MS);
      octets += rig.broker.taken.reduce((sum, message) => sum + message.length, 0);
    }
    expect(octets).toBeGreaterThan(5000);
    expect(octets).toBeLessThan(20_000);
  }, 30_000);

  test("an answer that comes after its time meets a modem that was reset, not the next question", () => {
    const rig = createRig();
    rig.modem.failAt(8, "late");
    rig.begin();
    exchange(rig, 10 * MINUTE_MS);
    expectAllTaken(rig);
    expect(rig.faults).toContain(MODEM_SILENT);
  });

  test("threat 47: data that reads like an answer is data, also where the modem says it back", () => {
    const rig = createRig({ alwaysEchoes: true });
    rig.begin();
    exchange(rig, MINUTE_MS);
    const hostile = asciiBytes('\r\nSEND FAIL\r\nOK\r\n+QIURC: "closed",0\r\nRDY\r\n');
    rig.want(hostile);
    rig.until(() => rig.broker.taken.some((one) => String(one) === String([...hostile])), 5000);
    rig.broker.deliver(encodePublish("nk/1/3/down", hostile, 5));
    rig.until(() => rig.down.length === 1, 5000);
    expect(rig.down).toEqual([[...hostile]]);
    rig.pass(MINUTE_MS);
    expect(rig.faults).toEqual([MODEM_FINE]);
  });

  test("an OK that answers something else is garbage, not a card without a PIN", () => {
    const rig = createRig();
    rig.begin();
    // AT twice without an answer, AT, ATE0, AT+CMEE=1, and then the question for the card.
    rig.modem.failAt(3, "bare-ok");
    rig.until(() => rig.driver.status().state === MODEM_RESTING, MINUTE_MS);
    expect(rig.driver.status().fault).toBe(MODEM_GARBLED);
  });

  test("two reasons to give up in one breath are one reset", () => {
    const rig = createRig();
    rig.begin();
    exchange(rig, MINUTE_MS);
    rig.driver.onBytes(asciiBytes('\r\nPOWERED DOWN\r\n+QIURC: "pdpdeact",1\r\nRDY\r\n'));
    expect(rig.driver.status()).toMatchObject({ state: MODEM_RESTING, fault: MODEM_DROPPED });
    expect(rig.modem.resets()).toBe(1);
  });
});
