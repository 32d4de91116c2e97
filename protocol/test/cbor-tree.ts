// SPDX-License-Identifier: EUPL-1.2
// CBOR as a tree that can be written wrongly on purpose: each head may lie about what follows it.
// It knows nothing of our codec, so that a mistake there is not made twice.

/** An item, or what is left of octets that are none. */
export interface CborNode {
  /** Major type, or -1 for octets that stand as they are. */
  major: number;
  /** What the head says: value, length or count. */
  argument: number;
  /** Octets of the argument behind the first: 0, 1, 2, 4 or 8. */
  width: number;
  /** Items of an array, keys and values of a map by turns, items inside an octet string. */
  children: CborNode[];
  /** Content of a string, or octets that stand as they are. */
  content: Uint8Array;
  /** True for an octet string whose content is itself encoded items. */
  isNested: boolean;
}

const DEPTH_MAX = 12;

/** Reads octets as a sequence of items; undefined when they are not exactly that. */
export function parseItems(bytes: Uint8Array, depth = 0): CborNode[] | undefined {
  const nodes: CborNode[] = [];
  let at = 0;
  while (at < bytes.length) {
    const read = parseItem(bytes, at, depth);
    if (read === undefined) return undefined;
    nodes.push(read.node);
    at = read.end;
  }
  return nodes;
}

function parseItem(
  bytes: Uint8Array,
  at: number,
  depth: number,
): { node: CborNode; end: number } | undefined {
  const lead = bytes[at];
  if (lead === undefined || depth > DEPTH_MAX) return undefined;
  const short = lead & 31;
  if (short > 26) return undefined;
  const width = short < 24 ? 0 : 1 << (short - 24);
  let argument = short;
  let end = at + 1 + width;
  if (end > bytes.length) return undefined;
  if (width > 0) {
    argument = 0;
    for (let index = at + 1; index < end; index += 1)
      argument = argument * 256 + (bytes[index] ?? 0);
  }
  const node = nodeOf(lead >> 5, argument, width);
  if (node.major === 2 || node.major === 3) {
    if (argument > bytes.length - end) return undefined;
    node.content = bytes.slice(end, end + argument);
    end += argument;
    const inner =
      node.major === 2 && argument > 1 ? parseItems(node.content, depth + 1) : undefined;
    // Most short strings parse as something by chance; structures are longer and begin as one.
    if (inner !== undefined && (inner[0]?.major ?? 0) >= 4 && (inner[0]?.major ?? 0) < 6) {
      node.children = inner;
      node.isNested = true;
    }
  }
  const count = node.major === 4 ? argument : node.major === 5 ? 2 * argument : 0;
  if (count > bytes.length - end) return undefined;
  for (let index = 0; index < count; index += 1) {
    const child = parseItem(bytes, end, depth + 1);
    if (child === undefined) return undefined;
    node.children.push(child.node);
    end = child.end;
  }
  return { node, end };
}

/** Makes an item of a head alone. */
export function nodeOf(major: number, argument: number, width = widthOf(argument)): CborNode {
  return { major, argument, width, children: [], content: new Uint8Array(0), isNested: false };
}

/** Makes octets that stand as they are. */
export function rawNode(content: Uint8Array): CborNode {
  return { ...nodeOf(-1, 0, 0), content };
}

/** The fewest octets that hold an argument. */
export function widthOf(argument: number): number {
  if (argument < 24) return 0;
  if (argument < 0x100) return 1;
  if (argument < 0x10000) return 2;
  return argument < 0x1_0000_0000 ? 4 : 8;
}

/** Says what a head must say for the children and content that it has now. */
export function settle(node: CborNode): void {
  if (node.isNested) node.content = writeItems(node.children);
  if (node.major === 2 || node.major === 3) node.argument = node.content.length;
  else if (node.major === 4) node.argument = node.children.length;
  else if (node.major === 5) node.argument = node.children.length >> 1;
  node.width = widthOf(node.argument);
}

/** Writes items as their heads say, true or not. */
export function writeItems(nodes: readonly CborNode[]): Uint8Array {
  return new Uint8Array(Buffer.concat(nodes.map(writeItem)));
}

function writeItem(node: CborNode): Uint8Array {
  if (node.major < 0) return node.content;
  const head = Buffer.alloc(1 + node.width);
  const short = node.width === 0 ? node.argument & 31 : 24 + Math.log2(node.width);
  head[0] = (node.major << 5) | short;
  let rest = node.argument;
  for (let index = node.width; index > 0; index -= 1) {
    head[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  const body = node.isNested ? node.content : writeItems(node.children);
  const strings = node.major === 2 || node.major === 3;
  return Buffer.concat([head, strings ? node.content : body]);
}

/** Every item below and with those given, with the list that it stands in. */
export function walk(nodes: CborNode[]): { list: CborNode[]; index: number; node: CborNode }[] {
  return nodes.flatMap((node, index) => [{ list: nodes, index, node }, ...walk(node.children)]);
}

/** Settles every head above a change, so that only the change itself is wrong. */
export function settleAbove(nodes: readonly CborNode[], changed: CborNode): boolean {
  let isHere = false;
  for (const node of nodes) {
    const isBelow = settleAbove(node.children, changed);
    if (isBelow) settle(node);
    isHere ||= isBelow || node === changed;
  }
  return isHere;
}

/** Settles every head. */
export function settleAll(nodes: readonly CborNode[]): void {
  for (const node of nodes) {
    settleAll(node.children);
    settle(node);
  }
}
