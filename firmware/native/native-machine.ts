// SPDX-License-Identifier: EUPL-1.2
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { NativeEntry } from "./build-native.ts";

const MEMORY_BYTES = 256 * 1024;
const COMMAND_END = 0;
const COMMAND_WRITE = 1;
const COMMAND_CALL = 2;
const COMMAND_READ = 3;
const COMMAND_MEASURED_CALL = 4;
const COMMAND_LOAD = 5;
const ARGUMENTS_MAX = 4;
const TIMEOUT_MS = 300_000;

/** A stretch of the runner's memory. */
export interface Place {
  readonly offset: number;
}

/** An answer that is there once the script has run. */
export type Answer<T> = () => T;

/** Where the code under test runs. */
export type NativeTarget =
  | { readonly kind: "host"; readonly runner: string }
  | {
      readonly kind: "board";
      readonly runner: string;
      /** The finished blob. */
      readonly blob: string;
      /** The counting plugin and the file that it writes. */
      readonly counts?: {
        readonly plugin: string;
        readonly entries: number;
        /** Entry whose calls end a phase. */
        readonly marker: number;
        readonly out: string;
      };
    };

/** Where runner.c puts the blob on the board. */
export const BLOB_ADDRESS = 0x2100_0000;

/** A row of commands for runner.c. */
export interface NativeScript {
  /** Puts octets into the memory. */
  write(bytes: Uint8Array, alignment?: number): Place;
  /** Puts octets where room was made before. */
  put(place: Place, bytes: Uint8Array): void;
  /** Makes room for an answer. */
  room(bytes: number): Place;
  /** Calls an entry; a place is handed over as its address. */
  call(entry: string, ...values: readonly (number | Place)[]): Answer<number>;
  /** Calls an entry and tells the octets of stack that it took. */
  measure(entry: string, ...values: readonly (number | Place)[]): Answer<{ stack: number }>;
  read(place: Place, bytes: number): Answer<Uint8Array>;
  /** Frees all places; answers stay. */
  freePlaces(): void;
  /** Loads the blob anew, so many octets off its alignment. */
  load(octetsOff: number): void;
  /**
   * Runs everything.
   *
   * @returns octets of answer
   * @throws Error when the runner fails, with its exit code.
   */
  run(target: NativeTarget): number;
}

/** Begins a script. */
export function createNativeScript(entries: readonly NativeEntry[]): NativeScript {
  const words: number[] = [];
  let next = 0;
  let answerBytes = 0;
  let answer: Uint8Array | undefined;

  function room(bytes: number, alignment = 4): Place {
    const offset = Math.ceil(next / alignment) * alignment;
    next = offset + bytes;
    if (next > MEMORY_BYTES) throw new Error("the script needs more memory than the runner has");
    return { offset };
  }

  function expect(bytes: number): Answer<Uint8Array> {
    const at = answerBytes;
    answerBytes += Math.ceil(bytes / 4) * 4;
    return () => {
      if (answer === undefined) throw new Error("the script has not run");
      return answer.slice(at, at + bytes);
    };
  }

  function pushCall(command: number, entry: string, values: readonly (number | Place)[]): void {
    const number = entries.findIndex(({ name }) => name === entry);
    if (number < 0 || entries[number]?.count !== values.length) {
      throw new Error(`${entry} is no entry for ${values.length} arguments`);
    }
    let placed = 0;
    const args = Array.from({ length: ARGUMENTS_MAX }, (_none, index) => {
      const value = values[index] ?? 0;
      if (typeof value === "number") return value >>> 0;
      placed |= 1 << index;
      return value.offset;
    });
    words.push(command, number, placed, ...args);
  }

  function pushOctets(place: Place, bytes: Uint8Array): void {
    words.push(COMMAND_WRITE, place.offset, bytes.length);
    const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    const view = new DataView(padded.buffer);
    for (let at = 0; at < padded.length; at += 4) words.push(view.getUint32(at, true));
  }

  function wordOf(bytes: Answer<Uint8Array>, at = 0): number {
    const octets = bytes();
    return new DataView(octets.buffer, octets.byteOffset).getInt32(at, true);
  }

  return {
    write(bytes, alignment) {
      const place = room(bytes.length, alignment);
      pushOctets(place, bytes);
      return place;
    },
    put: pushOctets,
    room: (bytes) => room(bytes),
    call(entry, ...values) {
      pushCall(COMMAND_CALL, entry, values);
      const bytes = expect(4);
      return () => wordOf(bytes);
    },
    measure(entry, ...values) {
      pushCall(COMMAND_MEASURED_CALL, entry, values);
      const bytes = expect(8);
      return () => ({ stack: wordOf(bytes, 4) });
    },
    read(place, bytes) {
      words.push(COMMAND_READ, place.offset, bytes);
      return expect(bytes);
    },
    freePlaces() {
      next = 0;
    },
    load(octetsOff) {
      words.push(COMMAND_LOAD, octetsOff);
    },
    run(target) {
      answer = runScript(Uint32Array.from([...words, COMMAND_END]), target);
      if (answer.length !== answerBytes) {
        throw new Error(`the runner answered ${answer.length} octets instead of ${answerBytes}`);
      }
      return answer.length;
    },
  };
}

function runScript(words: Uint32Array, target: NativeTarget): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "nyckelring-native-"));
  try {
    writeFileSync(join(folder, "script.bin"), words);
    const [program, args] = commandOf(target);
    if (target.kind === "board") copyFileSync(target.blob, join(folder, "native.bin"));
    const options = { cwd: folder, encoding: "utf8", timeout: TIMEOUT_MS } as const;
    const done = spawnSync(program, args, options);
    if (done.error !== undefined) throw done.error;
    if (done.status !== 0) {
      throw new Error(`${program} ended with ${done.status ?? done.signal}: ${done.stderr}`);
    }
    return new Uint8Array(readFileSync(join(folder, "answer.bin")));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function commandOf(target: NativeTarget): readonly [string, readonly string[]] {
  if (target.kind === "host") return [target.runner, []];
  const counts = target.counts;
  const plugin =
    counts === undefined
      ? []
      : [
          "-plugin",
          [
            ...[counts.plugin, `blob=${BLOB_ADDRESS}`, "bytes=65536"],
            ...[`entries=${counts.entries}`, `marker=${counts.marker}`, `out=${counts.out}`],
          ].join(","),
        ];
  return [
    "qemu-system-arm",
    [
      ...["-M", "mps2-an386", "-nographic", "-monitor", "none", "-serial", "none"],
      ...["-semihosting-config", "enable=on,target=native", "-kernel", target.runner],
      ...plugin,
    ],
  ];
}
