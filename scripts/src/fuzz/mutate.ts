// SPDX-License-Identifier: EUPL-1.2
// Damage to valid octets, told apart by kind so that a run can show that each kind was tried.

import {
  type CborNode,
  nodeOf,
  parseItems,
  rawNode,
  settleAbove,
  settleAll,
  walk,
  writeItems,
} from "../../../protocol/test/cbor-tree.ts";
import type { Random } from "./random.ts";

/** What was done to an input. */
export const INPUT_KINDS = [
  "as it is",
  "bits flipped",
  "cut short",
  "octets behind",
  "octets in between",
  "two spliced",
  "length lies",
  "long head",
  "item doubled",
  "item dropped",
  "items swapped",
  "value replaced",
  "nested deeper",
  "forbidden item",
  "random octets",
] as const;

/** One of the kinds of input. */
export type InputKind = (typeof INPUT_KINDS)[number];

/** An input and what it is. */
export interface FuzzInput {
  readonly kind: InputKind;
  readonly bytes: Uint8Array;
}

const EDGES = [0, 1, 23, 24, 255, 256, 4096, 4097, 65535, 65536, 0x7fffffff, 0xffffffff];
const FORBIDDEN = ["f7", "f97e00", "fb3ff0000000000000", "c000", "d81c00", "9fff", "5fff", "bfff"];
const NODE_COUNT_MAX = 400;

/** Makes one input from valid ones. */
export function makeInput(random: Random, corpus: readonly Uint8Array[]): FuzzInput {
  const kind = random.pick(INPUT_KINDS);
  const base = random.pick(corpus);
  return { kind, bytes: damage(random, kind, base, random.pick(corpus)) };
}

function damage(random: Random, kind: InputKind, base: Uint8Array, other: Uint8Array): Uint8Array {
  switch (kind) {
    case "as it is":
      return base;
    case "bits flipped":
      return flipBits(random, base);
    case "cut short":
      return base.slice(0, random.below(base.length + 1));
    case "octets behind":
      return joined(base, noise(random, 1 + random.below(8)));
    case "octets in between": {
      const at = random.below(base.length + 1);
      return joined(base.slice(0, at), noise(random, 1 + random.below(4)), base.slice(at));
    }
    case "two spliced":
      return joined(
        base.slice(0, random.below(base.length + 1)),
        other.slice(random.below(other.length + 1)),
      );
    case "random octets":
      return noise(random, random.below(96));
    default:
      return damageTree(random, kind, base, other);
  }
}

function damageTree(
  random: Random,
  kind: InputKind,
  base: Uint8Array,
  other: Uint8Array,
): Uint8Array {
  const nodes = parseItems(base);
  // Octets that are no CBOR, such as frames: their structure is octets.
  if (nodes === undefined || nodes.length === 0) return flipBits(random, base);
  const places = walk(nodes).slice(0, NODE_COUNT_MAX);
  const place = random.pick(places);
  const { list, index, node } = place;
  switch (kind) {
    case "length lies":
      node.argument = random.pick([...EDGES, node.argument + 1, Math.max(0, node.argument - 1)]);
      node.width = Math.max(node.width, node.argument < 24 ? 0 : widthFor(node.argument));
      settleAbove(nodes, node);
      break;
    case "long head":
      node.width = random.pick([1, 2, 4, 8]);
      settleAbove(nodes, node);
      break;
    case "item doubled":
      list.splice(index, 0, node, ...(random.below(2) === 0 ? [] : [node]));
      settleAll(nodes);
      break;
    case "item dropped":
      list.splice(index, 1);
      settleAll(nodes);
      break;
    case "items swapped": {
      const second = random.below(list.length);
      list[index] = list[second] ?? node;
      list[second] = node;
      settleAll(nodes);
      break;
    }
    case "value replaced":
      list[index] = random.below(4) === 0 ? strayNode(random, other) : simpleNode(random);
      settleAll(nodes);
      break;
    case "nested deeper":
      list[index] = nest(random, node);
      settleAll(nodes);
      break;
    default:
      list[index] = rawNode(new Uint8Array(Buffer.from(random.pick(FORBIDDEN), "hex")));
      settleAll(nodes);
      break;
  }
  return writeItems(nodes);
}

function widthFor(argument: number): number {
  return argument < 0x100 ? 1 : argument < 0x10000 ? 2 : 4;
}

function flipBits(random: Random, base: Uint8Array): Uint8Array {
  const bytes = base.slice();
  if (bytes.length === 0) return noise(random, 1);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const at = random.below(bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  }
  return bytes;
}

function nest(random: Random, node: CborNode): CborNode {
  let inner = node;
  for (let level = 1 + random.below(40); level > 0; level -= 1) {
    const outer = nodeOf(random.pick([4, 4, 5]), 1);
    outer.children = outer.major === 4 ? [inner] : [nodeOf(0, 1), inner];
    inner = outer;
  }
  return inner;
}

function strayNode(random: Random, other: Uint8Array): CborNode {
  const nodes = parseItems(other) ?? [];
  return nodes.length === 0 ? simpleNode(random) : random.pick(walk(nodes)).node;
}

function simpleNode(random: Random): CborNode {
  const content = noise(random, random.pick([0, 1, 4, 8, 16, 31, 32, 33, 64, 200]));
  const texts = [nodeOf(7, random.pick([20, 21, 22])), nodeOf(4, 0), nodeOf(5, 0)];
  const string = { ...nodeOf(random.pick([2, 2, 3]), content.length), content };
  const number = nodeOf(random.pick([0, 0, 0, 1]), random.pick(EDGES));
  return random.pick([number, number, string, ...texts]);
}

function noise(random: Random, count: number): Uint8Array {
  return new Uint8Array(count).map(() => random.below(256));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
