// SPDX-License-Identifier: EUPL-1.2
import {
  BOLT_BETWEEN,
  BOLT_LOCKED,
  BOLT_UNLOCKED,
  LEDGER,
  LINK_GSM,
  LINK_LAN,
  LINK_NONE,
  LINK_WIFI,
  type LinkKind,
  POWER_BATTERY,
  POWER_KEY,
  POWER_MAINS,
  type PowerSource,
  SIGNAL_WORKING,
} from "@nyckelring/firmware";
import {
  BENCH_FEED,
  type BoardMakers,
  type Contact,
  createKeyBoard,
  createLockBoard,
  createStationBoard,
  type KeyBoard,
  type LockBoard,
  type StationBoard,
  type VirtualFlash,
} from "@nyckelring/simulator";
import type { DeviceEvent, FlashPages, RigDevice } from "./rig-device.ts";
import { type InfraFault, type RoleName, Skipped } from "./roles.ts";

type Board = KeyBoard | LockBoard | StationBoard;
type Making<T extends (...args: never[]) => unknown> = {
  readonly parts: Parameters<T>[0];
  readonly device: RigDevice;
};

/** Devices of a rig for one case: they take the place of the first simulated boards. */
export interface RigBoards {
  readonly makers: BoardMakers;
  /** Makes a device ready to be plugged in: it holds what its owner has written into its flash. */
  before(board: object): Promise<void>;
  /** Whether a device has what it needs to be used: a station its broker, where there is a way. */
  isReady(board: object): boolean;
  /** Brings what a device has written back to where cases and judges look. */
  after(board: object): Promise<void>;
  /** What went wrong with a device since the case began; undefined for nothing. */
  fault(): InfraFault | undefined;
}

/** A person who has seen no light change for so long tells the light that is on. */
const LOOK_US = 2_000_000;

/** Networks by the names that a helper knows. */
const NETWORK_NAMES: ReadonlyMap<LinkKind, string> = new Map([
  [LINK_WIFI, "wifi"],
  [LINK_GSM, "gsm"],
]);

/** The best first. */
const LADDER: readonly LinkKind[] = [LINK_LAN, LINK_WIFI, LINK_GSM];

const BOLTS = { locked: BOLT_LOCKED, unlocked: BOLT_UNLOCKED, between: BOLT_BETWEEN } as const;

/**
 * Puts devices in the place of simulated boards.
 *
 * The flash of such a board is a mirror: enrolment writes into it, `before` carries it to the
 * device, and `after` brings back what the device has made of it. So a log is read, and a stolen
 * key copied, in one way whatever a board is made of.
 *
 * @param devices - One for each role that is not simulated.
 * @param onText - Told what devices say on their consoles.
 */
export function createRigBoards(
  devices: Readonly<Partial<Record<RoleName, RigDevice>>>,
  onText: (role: RoleName, text: string) => void,
): RigBoards {
  for (const device of Object.values(devices)) device?.reset();
  const mirrors = new Map<object, Mirror>();
  let fault: InfraFault | undefined;

  /** Gives the device of a role to the first board that asks, and to no other. */
  function take(role: RoleName): RigDevice | undefined {
    const device = devices[role];
    const isTaken = [...mirrors.values()].some((mirror) => mirror.device === device);
    return isTaken ? undefined : device;
  }

  function join<T extends Board>(
    board: T,
    { parts, device }: Making<typeof createLockBoard>,
    onEvent: (event: DeviceEvent) => void,
    {
      isReady = () => true,
      keepsPower = true,
    }: Partial<Pick<Mirror, "isReady" | "keepsPower">> = {},
  ): T {
    const { nowS } = parts.clock;
    mirrors.set(board, { device, flash: board.flash, nowS, isReady, keepsPower });
    device.listen((event) => {
      if (event.type === "text") {
        onText(device.role, event.text);
        // The interpreter tells what nobody caught: an error of the product, whatever else happens.
        if (event.text.includes("Uncaught")) parts.listeners.onFault(new Error(event.text));
      }
      if (event.type === "fault") fault ??= event.error;
      onEvent(event);
    });
    return board;
  }

  return {
    makers: {
      lock: (parts, options) => {
        // A lock with a clock keeps its power, which not every board of a rig does.
        const canKeepTime = devices.lock?.abilities.includes("clock") === true;
        const device = options.ownClock === undefined || canKeepTime ? take("lock") : undefined;
        if (device === undefined) return createLockBoard(parts, options);
        const { board, onEvent } = makeLock({ parts, device }, options);
        const keepsPower = options.ownClock !== undefined;
        return join(board, { parts, device }, onEvent, { keepsPower });
      },
      key: (parts, options) => {
        const device = options.falseClock === undefined ? take("key") : undefined;
        if (device === undefined) return createKeyBoard(parts, options);
        const { board, onEvent } = makeKey({ parts, device }, options);
        return join(board, { parts, device }, onEvent);
      },
      station: (parts, uplink, onRunDown) => {
        const device = take("station");
        if (device === undefined) return createStationBoard(parts, uplink, onRunDown);
        const { board, onEvent, isReady } = makeStation({ parts, device }, uplink);
        return join(board, { parts, device }, onEvent, { isReady });
      },
    },
    before: async (board) => {
      const mirror = mirrors.get(board);
      if (mirror === undefined) return;
      const { device, flash, nowS, keepsPower } = mirror;
      await device.hold(pagesOf(flash), nowS(), keepsPower);
    },
    isReady: (board) => mirrors.get(board)?.isReady() !== false,
    after: async (board) => {
      const mirror = mirrors.get(board);
      if (mirror === undefined) return;
      await mirror.device.settle();
      mirror.flash.restore(await mirror.device.read());
    },
    fault: () => fault,
  };
}

type Mirror = {
  readonly device: RigDevice;
  readonly flash: VirtualFlash;
  readonly nowS: () => number;
  readonly isReady: () => boolean;
  readonly keepsPower: boolean;
};

type Joined<T> = { readonly board: T; readonly onEvent: (event: DeviceEvent) => void };

function pagesOf(flash: VirtualFlash): FlashPages {
  return new Map(flash.writtenPages().map((page) => [page, flash.readPage(page)]));
}

function lacks(role: RoleName, ability: string): never {
  throw new Skipped(`the ${role} of this rig cannot do "${ability}"`);
}

function makeKey(
  { parts, device }: Making<typeof createKeyBoard>,
  options: Parameters<typeof createKeyBoard>[1],
): Joined<KeyBoard> {
  const { clock } = parts;
  const silent = { driftPpm: 0, pageCount: device.pageCount, onSignal: nothing, onFeed: nothing };
  const mirror = createKeyBoard(parts, silent);
  let contact: Contact | undefined;
  let shown: number | undefined;
  let shownUs = 0;
  /** Whether the key has begun to work in this contact; what it showed before is no answer to it. */
  let isAtWork = false;

  function take(signal: number): void {
    shown = signal;
    shownUs = clock.nowUs();
    if (signal === SIGNAL_WORKING) isAtWork = true;
    if (isAtWork || contact === undefined || device.tellsFeed) options.onSignal(signal, shownUs);
  }

  /** Tells the light of a key that does not change it for a contact. */
  function look(plugged: Contact): void {
    clock.scheduleAfter(LOOK_US, () => {
      if (contact !== plugged || isAtWork) return;
      const isSteady = clock.nowUs() - shownUs >= LOOK_US;
      if (shown === undefined || !isSteady) look(plugged);
      else options.onSignal(shown, clock.nowUs());
    });
  }

  const can = device.abilities;
  const board: KeyBoard = {
    ...mirror,
    battery: {
      ...mirror.battery,
      setPercent(percent) {
        if (!can.includes("battery")) lacks("key", "battery");
        mirror.battery.setPercent(percent);
        device.control(`charge ${percent}`);
      },
    },
    powerOn: () => can.includes("power") && device.setPower(true, clock.nowS()),
    powerOff: () => can.includes("power") && device.setPower(false),
    connect(plugged, sensesVoltage) {
      contact = plugged;
      device.plug(sensesVoltage);
      if (!(device.tellsFeed || sensesVoltage)) options.onFeed(BENCH_FEED, clock.nowUs());
      isAtWork = false;
      shownUs = clock.nowUs();
      look(plugged);
    },
    overload: nothing,
    receive: (bytes) => device.send(bytes),
    disconnect() {
      contact = undefined;
      device.unplug();
      options.onFeed(undefined, clock.nowUs());
    },
    press: () => device.press(),
    status: () => {
      // Nobody can ask a key on a desk; another one that holds the same flash tells.
      const reader = createKeyBoard({ ...parts, random: parts.random.split("reader") }, silent);
      reader.flash.restore(mirror.flash.image());
      reader.powerOn();
      const status = reader.status();
      reader.powerOff();
      return status;
    },
    batteryPercent: () => (can.includes("battery") ? mirror.battery.percent() : 100),
    loseClock() {
      if (!(can.includes("power") && can.includes("clock"))) lacks("key", "clock");
      device.setPower(false);
      device.setPower(true);
    },
    shiftClock: () => lacks("key", "clock"),
  };
  return {
    board,
    onEvent(event) {
      if (event.type === "octets") contact?.send("key", event.octets, clock.nowUs());
      if (event.type === "signal") take(event.signal);
      if (event.type === "feed" && contact !== undefined) {
        options.onFeed(event.isOn ? BENCH_FEED : undefined, clock.nowUs());
      }
    },
  };
}

function makeLock(
  { parts, device }: Making<typeof createLockBoard>,
  options: Parameters<typeof createLockBoard>[1],
): Joined<LockBoard> {
  const { clock } = parts;
  const mirror = createLockBoard(parts, { ...options, onMotor: nothing, onBrownOut: nothing });
  let contact: Contact | undefined;
  const hasBattery = options.ownClock !== undefined;
  let isFed = false;
  let bolt: keyof typeof BOLTS = "locked";
  let isTurning = false;
  const board: LockBoard = {
    ...mirror,
    motor: {
      ...mirror.motor,
      position: () => BOLTS[bolt],
      isTurning: () => isTurning,
      jam: (permille) => asHelper(permille === undefined ? "free" : `jam ${permille}`),
      turnByHand(to) {
        asHelper(`turn ${to === BOLT_LOCKED ? "locked" : "unlocked"}`);
      },
    },
    connect(plugged) {
      contact = plugged;
      const { pull } = plugged;
      if (pull !== undefined && "atWrite" in pull) device.control(`cut ${pull.atWrite}`);
      if (hasBattery) device.plug(false);
    },
    feed(source) {
      if (hasBattery) return;
      // It is plugged in when the power comes, as one without a battery is.
      if (source !== undefined && !isFed) device.plug(false);
      if (source === undefined && isFed) {
        device.unplug();
        // What a key fed goes with the key; it is given power again before the next one comes.
        if (device.abilities.includes("power")) loseMotor(() => device.setPower(false));
      }
      isFed = source !== undefined;
    },
    receive: (bytes) => {
      if (isFed || hasBattery) device.send(bytes);
    },
    disconnect() {
      const isCutPlanned = contact?.pull !== undefined && "atWrite" in contact.pull;
      contact = undefined;
      if (isCutPlanned) device.control("cut off");
      if (hasBattery) device.unplug();
      else board.feed(undefined);
    },
    moveDoor: (isOpen) => asHelper(`door ${isOpen ? "open" : "shut"}`),
    spoilClock: () => lacks("lock", "clock"),
    // A mirror does nothing; its own battery is that of the bench.
    powerOn: () => hasBattery && device.setPower(true),
    powerOff: () => hasBattery && device.setPower(false),
  };

  /** A motor without power stands, and nobody says so. */
  function loseMotor(then: () => void): void {
    if (isTurning) options.onMotor("stop", clock.nowUs());
    isTurning = false;
    then();
  }

  function asHelper(words: string): void {
    if (!device.abilities.includes("mechanics")) lacks("lock", "mechanics");
    device.control(words);
  }

  return {
    board,
    onEvent(event) {
      if (event.type === "octets") contact?.send("device", event.octets, clock.nowUs());
      if (event.type === "bolt") bolt = event.position;
      if (event.type === "cut") loseMotor(() => contact?.withdrawAt(clock.nowUs()));
      if (event.type === "motor") {
        isTurning = event.command !== "stop";
        options.onMotor(event.command, clock.nowUs());
      }
    },
  };
}

function makeStation(
  { parts, device }: Making<typeof createStationBoard>,
  uplink: Parameters<typeof createStationBoard>[1],
): Joined<StationBoard> & { readonly isReady: () => boolean } {
  const { clock } = parts;
  const offline = { publish: nothing, links: () => [], use: nothing };
  const mirror = createStationBoard(parts, offline);
  const can = device.abilities;
  let contact: Contact | undefined;
  let hasMains = true;
  let percent = 100;
  let isKeyFeeding = false;
  let isOnline = false;

  function source(): PowerSource | undefined {
    if (hasMains) return POWER_MAINS;
    if (percent > LEDGER.cutOffPercent) return POWER_BATTERY;
    return isKeyFeeding ? POWER_KEY : undefined;
  }

  /** The best link that there is: the one that a station takes. */
  function linkNow(): LinkKind {
    const up = uplink.links();
    return LADDER.find((link) => up.includes(link)) ?? LINK_NONE;
  }

  function feed(words: string): void {
    device.control(words);
    device.setPower(source() !== undefined);
  }

  const board: StationBoard = {
    ...mirror,
    ...(device.network === undefined ? {} : { network: device.network }),
    ...(can.includes("wifi") ? { links: [LINK_WIFI] } : {}),
    powerOn: nothing,
    setMains(isThere) {
      if (!can.includes("mains")) lacks("station", "mains");
      hasMains = isThere;
      feed(`mains ${isThere ? "on" : "off"}`);
    },
    setBatteryPercent(wanted) {
      if (!can.includes("battery")) lacks("station", "battery");
      percent = wanted;
      feed(`charge ${wanted}`);
    },
    batteryPercent: () => percent,
    source,
    connect(plugged, keyGivesPower) {
      contact = plugged;
      isKeyFeeding = keyGivesPower;
      if (can.includes("mains")) device.setPower(source() !== undefined);
      device.plug(false);
    },
    receive: (bytes) => device.send(bytes),
    disconnect() {
      contact = undefined;
      isKeyFeeding = false;
      device.unplug();
      if (can.includes("mains")) device.setPower(source() !== undefined);
    },
    receiveDown: (message) => device.sendDown(message),
    linksChanged() {
      if (!can.includes("links")) return;
      const names = uplink.links().flatMap((link) => NETWORK_NAMES.get(link) ?? []);
      device.control(`links ${names.join(" ")}`);
    },
    status: () => {
      if (source() === undefined) return undefined;
      const copy = { ...parts, random: parts.random.split("reader") };
      const reader = createStationBoard(copy, offline);
      reader.flash.restore(mirror.flash.image());
      reader.powerOn();
      const status = reader.status();
      reader.setBatteryPercent(0);
      reader.setMains(false);
      return status;
    },
  };
  return {
    board,
    onEvent(event) {
      if (event.type === "octets") contact?.send("device", event.octets, clock.nowUs());
      if (event.type === "online") {
        isOnline = event.isOnline;
        uplink.use(isOnline ? linkNow() : LINK_NONE);
      }
      if (event.type === "up") uplink.publish(event.message);
    },
    isReady: () => isOnline || linkNow() === LINK_NONE || source() === undefined,
  };
}

function nothing(): void {
  // A mirror does nothing by itself.
}
