// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

import { playSide, type Side } from "../test/door-sides.ts";
import { benchContact, benchSync } from "./bench-contact.ts";
import { buildBlob, buildCountPlugin, type NativeBlob } from "./build-native.ts";
import { type Figure, fastestMs, informingFigure, limitedFigure, modelledMs } from "./figures.ts";
import { type Phase, readPhases } from "./phases.ts";

const WIRE_BYTES = 968;
const WIRE_BITS_PER_SECOND = 115_200;
const BITS_PER_BYTE = 10;
const MILLION = 1_000_000;
const CALIBRATION_CALLS = 40;

/** What the entries of the blob do for a session. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "ephemeral key": ["arena_dh_base"],
  signature: ["arena_verify_credential"],
  "steps of EDHOC": [
    ...["arena_hail", "arena_answer", "arena_open_answer", "arena_prove_responder", "arena_show"],
    ...["arena_prove_initiator", "arena_close"],
  ],
  cipher: ["arena_open_sealed", "arena_seal_answer"],
  tree: ["arena_prove_leaf"],
  parse: ["arena_read", "arena_find"],
  copies: ["arena_copy", "arena_put_head", "arena_compare", "arena_wipe"],
};

/** The same for a contact with the roles. */
const CONTACT_GROUPS: Readonly<Record<string, readonly string[]>> = {
  ...GROUPS,
  tree: ["arena_prove_leaf", "salted_leaf", "kept_path", "leaf_hashes", "block_path"],
  "records of flash": [...["record_payload", "record_crc", "walk_records", "used_bytes", "crc32"]],
  frames: ["lay_frames", "step_frames"],
  "gate of decoders": ["gate"],
};

/** Instructions of one named stretch. */
interface Cost {
  readonly interpreter: number;
  /** Of them in the C library, file access above all, which stands in for a board's flash badly. */
  readonly library: number;
  readonly native: number;
  readonly groups: Readonly<Record<string, number>>;
}

/**
 * Counts what a door session costs each side: interpreter and blob together, on the interpreter's
 * 32-bit Arm build under qemu-arm, the application run from Storage.
 *
 * @param root - The repository.
 * @param folder - For what is built; it may be emptied.
 */
export async function benchSession(root: string, folder: string): Promise<readonly Figure[]> {
  const blob = buildBlob(root, join(folder, "blob"));
  const plugin = buildCountPlugin(root, join(folder, "plugin"));
  const symbols = symbolsOf(String(process.env["ESPRUINO_ARM"]));
  const apart = join(folder, "library.txt");
  writeFileSync(apart, libraryRanges(symbols));
  const mark = symbols.find(({ name }) => name === "jswrap_espruino_getErrorFlags");
  if (mark === undefined) throw new Error("the interpreter has no symbols to count by");
  const costs: Partial<Record<Side, SideCosts>> = {};
  for (const side of ["Lock", "Key"] as const) {
    const out = join(folder, `${side}.counts`);
    const known = await playSide(side, join(folder, side), blob.file);
    const start = Number(/^blob (\d+)/m.exec(known)?.[1]);
    const options = [
      ...[plugin, `blob=${start}`, `bytes=${blob.bytes}`, `entries=${blob.entries.length}`],
      ...[`address=${mark.address}`, `apart=${apart}`, `out=${out}`],
    ];
    const text = await playSide(side, join(folder, side), blob.file, [
      "-plugin",
      options.join(","),
    ]);
    const names = [...text.matchAll(/^mark (.*?)\r?$/gm)].map(([, name]) => String(name));
    costs[side] = costsOf(names, readPhases(out), blob);
  }
  const { Lock: lock, Key: key } = costs;
  if (lock === undefined || key === undefined) throw new Error("a side was not counted");
  const detour = lock.detour;

  async function counted(play: (plugin: readonly string[]) => Promise<string>) {
    const out = join(folder, "contact.counts");
    // Where the blob lies is told by a first run; a run without it has none.
    const found = /^blob (\d+)/m.exec(await play([]));
    const start = found === null ? 0 : Number(found[1]);
    const options = [
      ...[plugin, `blob=${start}`, `bytes=${start === 0 ? 0 : blob.bytes}`],
      ...[`entries=${blob.entries.length}`, `address=${mark?.address}`],
      ...[`apart=${apart}`, `out=${out}`],
    ];
    const text = await play(["-plugin", options.join(",")]);
    const names = [...text.matchAll(/^mark (.*?)\r?$/gm)].map(([, name]) => String(name));
    const phases = readPhases(out);
    const apply = blob.entries.findIndex(({ name }) => name === "apply");
    const stretches = names.map((name, index) => {
      const phase = phases[2 * index + 1];
      const detours = phase?.entries.get(apply)?.calls ?? 0;
      const interpreter = (phase?.outside ?? 0) - detours * detour;
      const native = phase?.native ?? 0;
      return { name, interpreter, native, groups: groupsOf(phase, blob, CONTACT_GROUPS) };
    });
    // What a mark itself takes, where a program has told.
    const own = stretches.find(({ name }) => name === "nothing")?.interpreter ?? 0;
    return stretches.map(({ name, interpreter, native, groups }) => ({
      name,
      instructions: Math.round(interpreter - own) + native,
      groups,
    }));
  }
  const contact = await benchContact(join(folder, "contact"), blob.file, counted);
  const sync = await benchSync(join(folder, "sync"), blob.file, counted);
  return [...figuresOf(lock.steps, key.steps), ...contact, ...sync];
}

/** What a side of the frozen session costs. */
interface SideCosts {
  readonly steps: ReadonlyMap<string, Cost>;
  /** What a call of native code costs this build of the interpreter more than a board. */
  readonly detour: number;
}

interface Symbol {
  readonly address: number;
  readonly name: string;
}

function symbolsOf(program: string): readonly Symbol[] {
  const listed = spawnSync("arm-none-eabi-nm", ["-n", program], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return [...listed.stdout.matchAll(/^(\w+) [tTwW] (\S+)/gm)].map(([, address, name]) => ({
    address: Number.parseInt(String(address), 16),
    name: String(name),
  }));
}

// What the linker took from the C library lies behind its start code. Copying and comparing are kept
// with the interpreter, which would need them on a board too.
function libraryRanges(symbols: readonly Symbol[]): string {
  const from = symbols.find(({ name }) => name === "__libc_start_call_main")?.address;
  if (from === undefined) return "";
  const ranges: string[] = [];
  for (const [index, { address, name }] of symbols.entries()) {
    const end = symbols[index + 1]?.address ?? address + 4096;
    if (address < from || end === address || /^_*(mem|str|raw|stp)/.test(name)) continue;
    ranges.push(`${address} ${end}`);
  }
  return `${ranges.join("\n")}\n`;
}

// Two arrivals for each mark: what lies between the second of one and the first of the next counts.
// The very first arrival is that of the start script.
function costsOf(names: readonly string[], phases: readonly Phase[], blob: NativeBlob): SideCosts {
  const counted = names.map((name, index) => ({ name, phase: phases[2 * index + 1] }));
  const outside = (name: string): number => {
    const phase = counted.find((one) => one.name === name)?.phase;
    return phase === undefined ? 0 : phase.outside / CALIBRATION_CALLS;
  };
  // What a call costs more where it takes a detour over memory, see native-call-any.ts.
  const [four, two, none] = [
    "40 calls of four integers",
    "40 calls of two integers",
    "40 calls of none",
  ].map(outside);
  const direct = (two ?? 0) + ((two ?? 0) - (none ?? 0));
  const detour = Math.max(0, (four ?? 0) - direct);
  const apply = blob.entries.findIndex(({ name }) => name === "apply");
  const costs = new Map<string, Cost>();
  for (const { name, phase } of counted) {
    if (phase === undefined || name === "between") continue;
    const detours = phase.entries.get(apply)?.calls ?? 0;
    costs.set(name, {
      interpreter: Math.round(phase.outside - detours * detour),
      library: phase.apart,
      native: phase.native,
      groups: groupsOf(phase, blob, GROUPS),
    });
  }
  return { steps: costs, detour };
}

/** Instructions of groups of entries in a phase. */
function groupsOf(
  phase: Phase | undefined,
  blob: NativeBlob,
  groups: Readonly<Record<string, readonly string[]>>,
): Readonly<Record<string, number>> {
  const spent = Object.entries(groups).map(([group, entries]) => {
    const each = entries.map((entry) => {
      const place = blob.entries.findIndex((one) => one.name === entry);
      if (place < 0) throw new Error(`the blob has no entry ${entry}`);
      return phase?.entries.get(place)?.instructions ?? 0;
    });
    return [group, each.reduce((sum, one) => sum + one, 0)] as const;
  });
  return Object.fromEntries(spent);
}

const BOOT = ["evaluate", "load native code", "bind", "make the door", "load trust"] as const;
const LOCK_STEPS = ["answer message_1", "judge message_3", "build message_4"] as const;
const KEY_STEPS = [
  "make the ephemeral key",
  "start",
  "check message_2",
  "build message_3",
  "check message_4",
] as const;

function figuresOf(lock: ReadonlyMap<string, Cost>, key: ReadonlyMap<string, Cost>): Figure[] {
  const sides = { lock, key };
  const of = (side: keyof typeof sides, name: string): Cost => {
    const cost = sides[side].get(name);
    if (cost === undefined) throw new Error(`${side}: ${name} was not counted`);
    return cost;
  };
  const sum = (
    side: keyof typeof sides,
    names: readonly string[],
    part: "interpreter" | "native",
  ) => names.reduce((total, name) => total + of(side, name)[part], 0);
  const whole = (side: keyof typeof sides, names: readonly string[]) =>
    sum(side, names, "interpreter") + sum(side, names, "native");

  const figures: Figure[] = [];
  const boot = whole("lock", BOOT);
  figures.push(limitedFigure("lock: boot, door path alone", boot, "instructions", 7 * MILLION));
  for (const name of BOOT) {
    const { interpreter, native, library } = of("lock", name);
    figures.push(informingFigure(`lock: boot, ${name}`, interpreter + native, "instructions"));
    figures.push(
      informingFigure(`lock: boot, ${name}, file access apart`, library, "instructions"),
    );
  }
  for (const [side, steps] of [
    ["lock", LOCK_STEPS],
    ["key", KEY_STEPS],
  ] as const) {
    const first = steps.map((step) => `first: ${step}`);
    const interpreter = sum(side, first, "interpreter");
    const native = sum(side, first, "native");
    figures.push(
      limitedFigure(`${side}: session, interpreter`, interpreter, "instructions", 2 * MILLION),
      limitedFigure(`${side}: session, native`, native, "instructions", 7 * MILLION),
    );
    for (const step of first) {
      const cost = of(side, step);
      figures.push(
        informingFigure(`${side}: ${step}, interpreter`, cost.interpreter, "instructions"),
      );
      figures.push(informingFigure(`${side}: ${step}, native`, cost.native, "instructions"));
    }
    for (const group of Object.keys(GROUPS)) {
      const spent = first.reduce((total, step) => total + (of(side, step).groups[group] ?? 0), 0);
      figures.push(informingFigure(`${side}: session, native, ${group}`, spent, "instructions"));
    }
  }
  // The two sides wait for each other, and the bolt moves before message_4.
  const wireMs = Math.round((WIRE_BYTES * BITS_PER_BYTE * 1000) / WIRE_BITS_PER_SECOND);
  const lockPath = ["answer message_1", "judge message_3"];
  const keyPath = ["start", "check message_2", "build message_3"];
  const plain =
    boot +
    whole(
      "lock",
      lockPath.map((step) => `first: ${step}`),
    ) +
    whole("key", ["first: make the ephemeral key", ...keyPath.map((step) => `first: ${step}`)]);
  const cached =
    boot +
    whole(
      "lock",
      lockPath.map((step) => `again: ${step}`),
    ) +
    whole(
      "key",
      keyPath.map((step) => `again: ${step}`),
    );
  figures.push(
    informingFigure("wire: bytes of a session", WIRE_BYTES, "B"),
    informingFigure("wire: at 115200 baud", wireMs, "ms"),
    limitedFigure("insertion to bolt, modelled, slow", modelledMs(plain) + wireMs, "ms", 800),
    informingFigure("insertion to bolt, modelled, fast", fastestMs(plain) + wireMs, "ms"),
    informingFigure("insertion to bolt, caches, modelled, slow", modelledMs(cached) + wireMs, "ms"),
    informingFigure("insertion to bolt, caches, modelled, fast", fastestMs(cached) + wireMs, "ms"),
  );
  return figures;
}
