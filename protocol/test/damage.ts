// SPDX-License-Identifier: EUPL-1.2
// Every way to damage one structure, exhaustively: what the negative suites are made of.

import {
  type CborNode,
  nodeOf,
  parseItems,
  settle,
  settleAbove,
  settleAll,
  walk,
  writeItems,
} from "./cbor-tree.ts";

/** Kinds of damage. Those in {@link FORM_KINDS} leave nothing that any reader may accept. */
export type DamageKind = "cut" | "behind" | "lie" | "nested" | "bit" | "doubled" | "dropped";

/** Damage that no reader accepts, whatever the octets say. */
export const FORM_KINDS: readonly DamageKind[] = ["cut", "behind", "nested"];

/** One damaged structure. */
export interface DamagedOctets {
  readonly kind: DamageKind;
  readonly what: string;
  readonly bytes: Uint8Array;
}

const LIES = [0, 1, 23, 24, 255, 256, 65535, 65536, 0x7fffffff, 0xffffffff];
const DEPTHS = [9, 40, 1000];

/** All damages of octets; those of a form only where the octets are CBOR. */
export function everyDamage(bytes: Uint8Array): DamagedOctets[] {
  return [...octetDamages(bytes), ...treeDamages(bytes)].filter(
    (damage) => Buffer.compare(damage.bytes, bytes) !== 0,
  );
}

function octetDamages(bytes: Uint8Array): DamagedOctets[] {
  const damages: DamagedOctets[] = [];
  for (let length = 0; length < bytes.length; length += 1) {
    damages.push({ kind: "cut", what: `cut to ${length}`, bytes: bytes.slice(0, length) });
  }
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    damages.push({ kind: "bit", what: `bit ${bit}`, bytes: flipped });
  }
  for (const tail of ["00", "f6", "80", "ff", "0000000000000000"]) {
    const more = new Uint8Array(Buffer.concat([bytes, Buffer.from(tail, "hex")]));
    damages.push({ kind: "behind", what: `${tail} behind`, bytes: more });
  }
  return damages;
}

function treeDamages(bytes: Uint8Array): DamagedOctets[] {
  const count = walk(parseItems(bytes) ?? []).length;
  const damages: DamagedOctets[] = [];
  for (let place = 0; place < count; place += 1) {
    for (const lie of LIES) {
      damages.push({
        kind: "lie",
        what: `head ${place} says ${lie}`,
        bytes: changed(bytes, place, ({ node }, nodes) => {
          node.argument = lie;
          node.width = lie < 24 ? 0 : lie < 0x100 ? 1 : lie < 0x10000 ? 2 : 4;
          settleAbove(nodes, node);
        }),
      });
    }
    for (const depth of DEPTHS) {
      damages.push({
        kind: "nested",
        what: `item ${place} in ${depth} arrays`,
        bytes: changed(bytes, place, ({ list, index, node }, nodes) => {
          list[index] = nested(node, depth);
          settleAbove(nodes, list[index] ?? node);
        }),
      });
    }
    damages.push({
      kind: "doubled",
      what: `item ${place} twice`,
      bytes: changed(bytes, place, ({ list, index, node }, nodes) => {
        list.splice(index, 0, node);
        settleAll(nodes);
      }),
    });
    damages.push({
      kind: "dropped",
      what: `item ${place} missing`,
      bytes: changed(bytes, place, ({ list, index }, nodes) => {
        list.splice(index, 1);
        settleAll(nodes);
      }),
    });
  }
  return damages;
}

function changed(
  bytes: Uint8Array,
  place: number,
  change: (
    at: { list: CborNode[]; index: number; node: CborNode },
    nodes: readonly CborNode[],
  ) => void,
): Uint8Array {
  const nodes = parseItems(bytes) ?? [];
  const at = walk(nodes)[place];
  if (at === undefined) throw new Error(`there is no item ${place}`);
  change(at, nodes);
  return writeItems(nodes);
}

// Written by hand from the inside out: a thousand levels would be too deep for the tree itself.
function nested(node: CborNode, depth: number): CborNode {
  const outer = nodeOf(-1, 0, 0);
  outer.content = new Uint8Array(Buffer.concat([Buffer.alloc(depth, 0x81), writeItems([node])]));
  settle(outer);
  return outer;
}
