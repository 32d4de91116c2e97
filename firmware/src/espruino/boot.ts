// SPDX-License-Identifier: EUPL-1.2

// The loader: a board evaluates it at every power-on, before anything else, and it is never replaced
// in the field. It chooses the slot, counts the boots of an application that has not proved itself,
// and gives modules their slot. The build puts the role in front (`nkRole`) and the start behind.

declare const nkRole: string;

const SELECTOR = "nk.sel.";
const BOOTS = "nk.try.";
const PROOF = "nk.ok.";
const PERMIT = "nk.permit.";
const MANIFEST = ".manifest";
const BOARD_BYTES = 8;
/** Boots that an application has to prove itself. */
const BOOTS_MAX = 2;

/** What a selector file says, where it says it whole. */
interface Selector {
  readonly slot: string;
  readonly securityVersion: number;
  readonly generation: number;
  readonly isProven: boolean;
}

/** There where a device was locked down: it has no console, and hangs for so many seconds at most. */
const LOCKED = "nk.locked";
const WATCHDOG_S = 15;

const storage = require("Storage");

// Before anything is evaluated that could fail: a loader that stops here must not leave a console.
const isLocked = storage.read(LOCKED, 0, 1) !== undefined;
if (isLocked) {
  E.setConsole(null, { force: true });
  E.enableWatchdog(WATCHDOG_S);
  if (typeof NRF !== "undefined") {
    // Nothing here uses the radio, so nobody needs to see the device on it.
    NRF.sleep();
    NRF.setServices({}, { uart: false });
  }
}

function hex8(value: number): string {
  let text = (value >>> 0).toString(16);
  while (text.length < 8) text = "0" + text;
  return text;
}

function isBootable(slot: string): boolean {
  return (
    storage.read(slot + MANIFEST, 0, 1) !== undefined &&
    storage.read(slot + "." + nkRole, 0, 1) !== undefined
  );
}

function readSelector(name: string): Selector | undefined {
  const generation = parseInt(name.substring(SELECTOR.length), 10);
  const parts = (storage.read(name) || "").split(" ");
  const slot = parts[0] || "";
  const securityVersion = parseInt(parts[1] || "", 10);
  const covered = slot + " " + securityVersion + " " + generation;
  if (parts[2] !== hex8(E.CRC32(covered)) || !isBootable(slot)) return undefined;
  const isProven = storage.read(PROOF + generation) !== undefined;
  return { slot, securityVersion, generation, isProven };
}

function sha256(text: string): string {
  return E.toString(require("crypto").SHA256(text)) || "";
}

/**
 * Whether there is a permit for this selector that names this board and the build in its slot: the
 * payload of a firmware permit, a string of 8 octets and one of 32. The signature is not checked here:
 * whoever can write the permit can write the loader.
 */
function hasPermit(generation: number, slot: string): boolean {
  const permit = storage.read(PERMIT + generation);
  if (permit === undefined) return false;
  const board = sha256(getSerial()).substring(0, BOARD_BYTES);
  return permit.indexOf("H" + board + "X " + sha256(storage.read(slot + MANIFEST) || "")) >= 0;
}

/** Boots so far of an application that has not proved itself; one mark each in a file of fixed size. */
function bootsOf(generation: number): number {
  const marks = storage.read(BOOTS + generation) || "";
  let boots = 0;
  while (boots < marks.length && marks.charAt(boots) === "1") boots += 1;
  return boots;
}

/**
 * The newest application that is whole and has not failed, and never one with an older security
 * version than one that has proved itself, unless a permit for it lies here. Where all have failed the newest gets another chance: a
 * device that tries is better than one that stands.
 */
function choose(): Selector | undefined {
  const selectors: Selector[] = [];
  let proven = 0;
  // The interpreter sorts names out in a tenth of the time that a comparison here takes.
  for (const name of storage.list(/^nk\.sel\./)) {
    const selector = readSelector(name);
    if (selector !== undefined) {
      selectors.push(selector);
      if (selector.isProven && selector.securityVersion > proven) {
        proven = selector.securityVersion;
      }
    }
  }
  let best: Selector | undefined;
  let second: Selector | undefined;
  for (const one of selectors) {
    if (one.securityVersion >= proven || hasPermit(one.generation, one.slot)) {
      const isNewer = best === undefined || one.generation > best.generation;
      if (isNewer) second = best;
      else if (second === undefined || one.generation > second.generation) second = one;
      if (isNewer) best = one;
    }
  }
  if (best === undefined || best.isProven || second === undefined) return best;
  return bootsOf(best.generation) < BOOTS_MAX ? best : second;
}

const chosen = choose();
let isProven = chosen === undefined || chosen.isProven;
if (chosen !== undefined && !isProven) {
  const boots = bootsOf(chosen.generation);
  if (boots < BOOTS_MAX) storage.write(BOOTS + chosen.generation, "1", boots, 4);
}

nk = {
  state: "starting",
  isBlank: true,
  isLocked,
  slot: chosen === undefined ? "" : chosen.slot,
  entry: () => (chosen === undefined ? "" : storage.read(chosen.slot + "." + nkRole) || ""),
  use(module) {
    require(nk.slot + "." + module);
  },
  ok() {
    nk.state = "running";
    if (isProven || chosen === undefined) return;
    isProven = true;
    storage.write(PROOF + chosen.generation, "1");
  },
  info() {
    const text = storage.read(nk.slot + MANIFEST);
    const held = text === undefined ? {} : JSON.parse(text);
    return JSON.stringify({
      role: nkRole,
      board: held.board,
      version: held.version,
      securityVersion: held.securityVersion,
      slot: nk.slot,
      generation: chosen === undefined ? 0 : chosen.generation,
      isBlank: nk.isBlank,
      isLocked: nk.isLocked,
      state: chosen === undefined ? "blank" : nk.state,
    });
  },
};
