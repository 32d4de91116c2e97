// SPDX-License-Identifier: EUPL-1.2

import {
  anchorsOfLevel,
  type CredentialQuestion,
  hexOf,
  LEAF_DOOR,
  LEAF_FOREIGN,
  LEVEL_RINGS,
  type Leaf,
  OPS_ENTER,
  OPS_LEAVE,
  type Result,
  TARGET_MISMATCH,
  UINT_MAX,
  type VerifiedCredential,
  verifyCredential,
} from "@nyckelring/protocol";
import { createNodeCrypto, describe } from "@nyckelring/protocol/host";
import { readAnchor, readOctets } from "./files.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { isoOf, readTime } from "./utc-time.ts";

/** Options of `credential verify`, as commander hands them over. */
export type CredentialVerifyOptions = {
  readonly anchor: string;
  readonly door?: string;
  readonly owner?: string;
  readonly group?: string;
  readonly at?: string;
  readonly json?: boolean;
};

const AUTHORITY_MAX = 0xffff;
/** The answer is no. */
const EXIT_REFUSED = 1;

/**
 * Verifies credentials with the anchor file alone: no service, no store, no key.
 *
 * @returns 0 when every file is good, 1 when one is refused.
 * @throws ToolError `USAGE`, `FILE_UNREADABLE`, or the code for which the anchor file is refused.
 */
export function verifyCredentials(
  files: readonly string[],
  options: CredentialVerifyOptions,
  output: Output,
): number {
  const crypto = createNodeCrypto();
  const question = readQuestion(options);
  const anchor = readAnchor(crypto, options.anchor);
  const anchors = anchorsOfLevel(anchor, LEVEL_RINGS, question.atS);
  const octets = files.map((file) => [file, readOctets(file)] as const);
  let good = 0;
  for (const [file, bytes] of octets) {
    const judged = verifyCredential(crypto, bytes, anchors, question);
    if (judged.ok) good += 1;
    if (options.json === true) output.out(`${JSON.stringify(objectOf(file, judged))}\n`);
    else output.out(`${lineOf(file, judged, question)}\n`);
  }
  const refused = files.length - good;
  const ok = refused === 0;
  const at = question.atS === undefined ? null : isoOf(question.atS);
  const { authority } = anchor;
  if (options.json === true) {
    const figures = { files: files.length, good, refused, authority, at, ok };
    output.out(`${JSON.stringify({ type: "result", ...figures })}\n`);
  } else {
    const time = at === null ? "the time was not judged (no --at)" : `judged for ${at}`;
    output.out(`${files.length} files: ${good} good, ${refused} refused; ${time}\n`);
  }
  return ok ? 0 : EXIT_REFUSED;
}

function readQuestion(options: CredentialVerifyOptions): CredentialQuestion {
  const { door, owner, group, at } = options;
  return {
    ...(door === undefined ? {} : { door: readNumber("--door", door, 0, UINT_MAX) }),
    ...(owner === undefined ? {} : { owner: readNumber("--owner", owner, 0, AUTHORITY_MAX) }),
    ...(group === undefined ? {} : { group: readNumber("--group", group, 0, UINT_MAX) }),
    ...(at === undefined ? {} : { atS: readTime("--at", at) }),
  };
}

function opsOf(ops: number): string {
  const names = [];
  if ((ops & OPS_ENTER) !== 0) names.push("enter");
  if ((ops & OPS_LEAVE) !== 0) names.push("leave");
  return names.join(" and ");
}

function targetOf(leaf: Leaf): "door" | "group" {
  return leaf.kind === LEAF_DOOR || leaf.kind >= LEAF_FOREIGN ? "door" : "group";
}

function lineOf(
  file: string,
  judged: Result<VerifiedCredential>,
  question: CredentialQuestion,
): string {
  if (!judged.ok) {
    const { code, detail } = judged.fault;
    const row = describe(code);
    const place = code === TARGET_MISMATCH && detail !== undefined ? ` It is for ${detail}.` : "";
    return `${file}: refused, ${row?.label ?? code}: ${row?.en ?? ""}${place}`;
  }
  const { head, leaf } = judged.value;
  const of = leaf.kind < LEAF_FOREIGN ? "" : ` of authority ${leaf.kind - LEAF_FOREIGN}`;
  const target = `${targetOf(leaf)} ${leaf.target}${of}`;
  const window = `from ${isoOf(head.nbfS)} until ${isoOf(head.expS)}`;
  const word = question.atS === undefined ? "genuine" : "valid";
  const holder = hexOf(head.holder.devid);
  return `${file}: ${word}, key ${holder} may ${opsOf(leaf.ops)} at ${target} ${window}`;
}

function objectOf(file: string, judged: Result<VerifiedCredential>): object {
  if (!judged.ok) {
    const { code, detail } = judged.fault;
    const row = describe(code);
    const fields = { code: row?.label.split(" ")[0], name: row?.name, reason: row?.en };
    return { type: "credential", file, ok: false, ...fields, detail: detail ?? null };
  }
  const { head, leaf, index } = judged.value;
  return {
    type: "credential",
    file,
    ok: true,
    devid: hexOf(head.holder.devid),
    ringseq: head.ringseq,
    slot: index,
    [targetOf(leaf)]: leaf.target,
    ...(leaf.kind < LEAF_FOREIGN ? {} : { owner: leaf.kind - LEAF_FOREIGN }),
    ops: opsOf(leaf.ops),
    nbf: isoOf(head.nbfS),
    exp: isoOf(head.expS),
    until: isoOf(leaf.untilS),
  };
}
