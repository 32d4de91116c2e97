// SPDX-License-Identifier: EUPL-1.2
// A fuzz run: inputs from a seed, judged by every implementation, compared.

import { canonicalText } from "../../../protocol/fuzz/canonical.ts";
import { createSubjects, type Subject } from "../../../protocol/fuzz/subjects.ts";
import { decodeWithCborX } from "../../../protocol/src/host/cbor-x-codec.ts";
import type { DeviceCodec } from "./device-codec.ts";
import { type InputKind, makeInput } from "./mutate.ts";
import { createRandom } from "./random.ts";

/** One input that two implementations disagree on, or that one could not bear. */
export interface Failure {
  readonly subject: string;
  readonly kind: string;
  readonly hex: string;
  readonly what: string;
  /** Number of the input, to replay it; -1 for one from the regressions. */
  readonly input: number;
}

/** What a run did. */
export interface CampaignReport {
  readonly inputs: number;
  readonly byKind: ReadonlyMap<InputKind, { accepted: number; refused: number }>;
  readonly bySubject: ReadonlyMap<string, { accepted: number; refused: number }>;
  /** The most octets that one input made a device allocate, beyond what its length allows for. */
  readonly allocatedMax: number;
  readonly failures: readonly Failure[];
}

/** What a run needs. */
export interface CampaignOptions {
  readonly seed: number;
  readonly from: number;
  readonly count: number;
  readonly corpus: ReadonlyMap<string, readonly Uint8Array[]>;
  readonly device: DeviceCodec;
  /** The subjects of the host; those of the package where absent. */
  readonly subjects?: readonly Subject[];
}

/** A device may copy what it was given this often, all copies of nested parts included. */
const COPIES_MAX = 16;
/** Fixed buffers of a frame reader or a record, and constants of the credulous port. */
const FIXED_BYTES = 16_384;
const FAILURES_MAX = 20;

/** Octets that a device may allocate for an input of a length. */
export function allocationLimit(bytes: number): number {
  return FIXED_BYTES + COPIES_MAX * bytes;
}

/** Runs the inputs `from` up to `from + count` of a seed. */
export function runCampaign(options: CampaignOptions): CampaignReport {
  const subjects = options.subjects ?? createSubjects();
  const byKind = new Map<InputKind, { accepted: number; refused: number }>();
  const bySubject = new Map(subjects.map(({ name }) => [name, { accepted: 0, refused: 0 }]));
  const failures: Failure[] = [];
  let allocatedMax = 0;
  for (let input = options.from; input < options.from + options.count; input += 1) {
    const index = input % subjects.length;
    const subject = subjects[index];
    const corpus = options.corpus.get(subject?.name ?? "");
    if (subject === undefined || corpus === undefined) throw new Error(`no corpus ${index}`);
    // Each subject first gets its valid inputs, in turn with damaged ones, so that no seed leaves
    // it without one.
    const round = Math.floor(input / subjects.length);
    const valid = round % 2 === 0 ? corpus[round / 2] : undefined;
    const { kind, bytes } =
      valid === undefined
        ? makeInput(createRandom(options.seed, input), corpus)
        : { kind: "as it is" as const, bytes: valid };
    const judged = judgeEverywhere(subjects, index, bytes, options.device);
    allocatedMax = Math.max(allocatedMax, judged.allocatedBytes);
    const isAccepted = judged.text.startsWith("+");
    for (const tally of [tallyOf(byKind, kind), tallyOf(bySubject, subject.name)]) {
      if (isAccepted) tally.accepted += 1;
      else tally.refused += 1;
    }
    if (judged.what !== undefined) {
      const hex = Buffer.from(bytes).toString("hex");
      failures.push({ subject: subject.name, kind, hex, what: judged.what, input });
    }
    if (failures.length >= FAILURES_MAX) break;
  }
  return { inputs: options.count, byKind, bySubject, allocatedMax, failures };
}

/** Runs inputs that once failed. */
export function runRegressions(
  regressions: readonly { readonly subject: string; readonly hex: string }[],
  device: DeviceCodec,
): readonly Failure[] {
  const subjects = createSubjects();
  return regressions.flatMap(({ subject, hex }) => {
    const index = subjects.findIndex(({ name }) => name === subject);
    if (index < 0) throw new Error(`a regression names ${subject}, which there is not`);
    const bytes = new Uint8Array(Buffer.from(hex, "hex"));
    const { what } = judgeEverywhere(subjects, index, bytes, device);
    return what === undefined ? [] : [{ subject, kind: "regression", hex, what, input: -1 }];
  });
}

function tallyOf<K>(
  map: Map<K, { accepted: number; refused: number }>,
  key: K,
): { accepted: number; refused: number } {
  const tally = map.get(key) ?? { accepted: 0, refused: 0 };
  map.set(key, tally);
  return tally;
}

interface Judged {
  readonly text: string;
  readonly allocatedBytes: number;
  /** What is wrong; undefined where all is well. */
  readonly what: string | undefined;
}

function judgeEverywhere(
  subjects: readonly Subject[],
  index: number,
  bytes: Uint8Array,
  device: DeviceCodec,
): Judged {
  const name = subjects[index]?.name ?? "";
  const text = judgeHere(subjects[index], bytes);
  const other = device.judge(index, bytes);
  const limit = allocationLimit(bytes.length);
  const what = text.startsWith("+") || text.startsWith("-") ? undefined : `host: ${text}`;
  const wrong =
    what ??
    (text.includes(" then ") ? `host: ${text}` : undefined) ??
    (other.text === text ? undefined : `device says ${other.text}, host ${text}`) ??
    (other.allocatedBytes > limit
      ? `device allocates ${other.allocatedBytes} octets, ${limit} are allowed`
      : undefined) ??
    (name === "decodeCbor" ? disagreement(subjects, text, bytes) : undefined);
  return { text, allocatedBytes: other.allocatedBytes, what: wrong };
}

function judgeHere(subject: Subject | undefined, bytes: Uint8Array): string {
  try {
    return subject?.judge(bytes.slice()) ?? "no subject";
  } catch (error) {
    return `throws ${error}`;
  }
}

// The two other readers of CBOR: cbor-x behind the gate, and the gate of the door path.
function disagreement(
  subjects: readonly Subject[],
  text: string,
  bytes: Uint8Array,
): string | undefined {
  const library = decodeWithCborX(bytes);
  const libraryText = library.ok ? `+${canonicalText(library.value)}` : text;
  if (library.ok !== text.startsWith("+") || libraryText !== text) {
    return `cbor-x says ${libraryText}, host ${text}`;
  }
  const gate = subjects.find(({ name }) => name === "createGate");
  const tokens = judgeHere(gate, bytes);
  // The gate also takes sequences, which one item is not.
  const isOne = tokens.startsWith("+") && itemsOf(tokens) === 1;
  return isOne === text.startsWith("+") ? undefined : `the arena gate says ${tokens}, host ${text}`;
}

// Counts the items on the outermost level of a list of tokens, major and argument each.
function itemsOf(tokens: string): number {
  let items = 0;
  const open: number[] = [];
  for (const token of tokens.slice(1).split(",")) {
    const [major = 0, argument = 0] = token.split(".").map(Number);
    if (open.length === 0) items += 1;
    else open[open.length - 1] = (open.at(-1) ?? 0) - 1;
    const inside = major === 4 ? argument : major === 5 ? 2 * argument : 0;
    if (inside > 0) open.push(inside);
    while (open.length > 0 && open.at(-1) === 0) open.pop();
  }
  return items;
}
