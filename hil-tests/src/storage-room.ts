// SPDX-License-Identifier: EUPL-1.2
// Room inside deleted files. Storage only ever appends; what was deleted comes back when it compacts,
// and a power cut in that costs everything. Here the place of a new file is made in deleted files that
// lie one behind the other, in few strokes. Whatever is prepared lies inside a deleted file, which
// nobody reads, and one bit of a size, cleared last, shows it. Before that bit the chain of headers is
// the old one, after it the new one, and there is nothing between.
//
//   deleted file     [T                        ][T2      ][T3        ]
//   first bit, of T  [T  ][F     ][X                                 ]
//   further, of X    [T  ][F     ][X                       ][Y       ]
//
// X has the name of the new file from the start, and after the last bit its size and erased content.
// F and Y are deleted files as T, T2 and T3 were. Where the bits do not suit, F is made first, down to the
// end, and its own size shows X.

const HEADER_BYTES = 32;
const NAME_OFFSET = 4;
/** Everything begins at such a distance. */
const PAD_BYTES = 4;
/** So much stays at the end for small files while there is. */
const SMALL_ROOM_BYTES = 4096;
/** A deleted file for what is left over has a header and some content. */
const EXTRA_BYTES_MIN = 64;

/** A header in the chain of Storage; the content follows it, padded to 4. */
export interface ChainEntry {
  readonly address: number;
  readonly size: number;
  /** Empty for a deleted file. */
  readonly name: string;
}

/** Storage as its chain of headers shows it. */
export interface Chain {
  readonly entries: readonly ChainEntry[];
  /** Octets of one erase page. */
  readonly pageBytes: number;
  /** Where the chain ends and free flash begins. */
  readonly freeAt: number;
  /** Behind the last octet of Storage. */
  readonly end: number;
}

/** A file that needs room. */
export interface WantedFile {
  readonly name: string;
  readonly bytes: number;
}

/** One operation on flash; after each of them the chain is whole. */
export type RoomStep =
  | { readonly kind: "erase"; readonly address: number }
  | { readonly kind: "program"; readonly address: number; readonly octets: Uint8Array };

/** How room for files is made. */
export interface RoomPlan {
  readonly steps: readonly RoomStep[];
  /** Files that have their place then, empty; the others go to the end as ever. */
  readonly placed: readonly string[];
}

const padded = (bytes: number): number => (bytes + 3) & ~3;
const contentOf = (address: number): number => address + HEADER_BYTES;
const endOf = ({ address, size }: { address: number; size: number }): number =>
  contentOf(address) + padded(size);

/**
 * Plans how files get room: in deleted files as far as they go, and at the end of Storage, which is
 * spared because only there the small files of later updates find room.
 *
 * @param deleted - Names that will be deleted before the first step.
 * @param spareBytes - What has to stay free at the end for small files.
 * @returns undefined where there is not enough room in any way.
 */
export function planRoom(
  chain: Chain,
  deleted: ReadonlySet<string>,
  files: readonly WantedFile[],
  spareBytes: number,
): RoomPlan | undefined {
  const steps: RoomStep[] = [];
  const placed: string[] = [];
  let now: Chain = {
    ...chain,
    entries: chain.entries.map((entry) =>
      deleted.has(entry.name) ? { ...entry, name: "" } : entry,
    ),
  };
  let needed = spareBytes;
  const free = chain.end - chain.freeAt;
  for (const file of [...files].sort((left, right) => right.bytes - left.bytes)) {
    // A small file in the middle of a large hole would make two small holes of it.
    const isSmall = file.bytes < chain.pageBytes && needed + SMALL_ROOM_BYTES < free;
    const place = isSmall ? undefined : findPlace(now, file);
    if (place === undefined) {
      needed += HEADER_BYTES + padded(file.bytes);
    } else {
      steps.push(...place.steps);
      placed.push(file.name);
      now = { ...now, entries: place.entries };
    }
  }
  return needed <= free ? { steps, placed } : undefined;
}

/** A way to give a file its place, and what stands in the chain instead of the deleted files. */
interface Place {
  readonly steps: readonly RoomStep[];
  readonly parts: readonly ChainEntry[];
}

/** The place that takes the least from the deleted files, and the chain as it is then. */
function findPlace(
  { entries, pageBytes }: Chain,
  file: WantedFile,
): { readonly steps: readonly RoomStep[]; readonly entries: readonly ChainEntry[] } | undefined {
  let best: { readonly bytes: number; readonly from: number; readonly to: number } | undefined;
  let place: Place | undefined;
  for (const [from, first] of entries.entries()) {
    for (let to = from; entries[to]?.name === ""; to += 1) {
      const end = endOf(entries[to] ?? first);
      const bytes = end - first.address;
      const found =
        best === undefined || bytes < best.bytes
          ? (growInto(first, end, file, pageBytes) ?? cutFrom(first, end, file, pageBytes))
          : undefined;
      if (found !== undefined) {
        best = { bytes, from, to };
        place = found;
      }
    }
  }
  return best === undefined || place === undefined
    ? undefined
    : {
        steps: place.steps,
        entries: [...entries.slice(0, best.from), ...place.parts, ...entries.slice(best.to + 1)],
      };
}

/** Where strokes on the size of a deleted file can show a header: in its own erased pages. */
function shownBy(first: ChainEntry, pageBytes: number): readonly Shown[] {
  const content = contentOf(first.address);
  const from = Math.ceil(content / pageBytes) * pageBytes;
  const to = Math.floor(endOf(first) / pageBytes) * pageBytes;
  const all = bitsOf(first.size);
  const toFirstPage = smallestPart(first.size, from - content);
  const ways = [...all.map((bit) => first.size - bit), ...(toFirstPage > 0 ? [toFirstPage] : [])];
  return ways.flatMap((size) => {
    const strokes: ChainEntry[] = [];
    let left = first.size;
    for (const bit of bitsOf(first.size - size)) {
      left -= bit;
      strokes.push({ ...first, size: left });
    }
    const isUsable = strokes.every((stroke) => {
      const shown = endOf(stroke);
      return stroke.size > 0 && shown >= from && contentOf(shown) <= to;
    });
    return isUsable && strokes.length > 0 ? [{ strokes }] : [];
  });
}

/** Sizes of a file, one bit less each; behind each of them a header is shown. */
interface Shown {
  readonly strokes: readonly ChainEntry[];
}

/** The smallest number of at least so much that has no bits but those of another; 0 where none has. */
function smallestPart(of: number, least: number): number {
  let part = of;
  for (const bit of bitsOf(of)) {
    // Headers that are shown one after the other must not lie on each other.
    if (bit >= EXTRA_BYTES_MIN && part - bit >= least) {
      part -= bit;
    }
  }
  return part >= least ? part : 0;
}

/**
 * A place in deleted files that lie one behind the other: its header lies in the first one, is too long
 * and is shortened.
 *
 * @param first - The one whose size is shortened; its own whole pages take the first headers.
 * @param end - Behind the last of them.
 */
function growInto(
  first: ChainEntry,
  end: number,
  file: WantedFile,
  pageBytes: number,
): Place | undefined {
  const to = Math.floor(endOf(first) / pageBytes) * pageBytes;
  const limit = Math.floor(end / pageBytes) * pageBytes;
  for (const { strokes } of shownBy(first, pageBytes)) {
    const [shortened] = strokes;
    if (shortened === undefined || strokes.length > 1) {
      continue;
    }
    const shown = endOf(shortened);
    const extra = findExtra(file, shown, to, limit, end);
    if (extra === undefined) {
      continue;
    }
    const place = { address: end - HEADER_BYTES - padded(file.bytes + extra), name: file.name };
    const filler = { address: shown, size: place.address - contentOf(shown), name: "" };
    const fillers = place.address === shown ? [] : [filler];
    const steps: RoomStep[] = [
      ...erasePages(Math.floor(shown / pageBytes) * pageBytes, to, pageBytes),
      ...[...fillers, { ...place, size: file.bytes + extra }].map(writeHeader),
      writeSize(shortened),
      // Headers of later files lay here, and nobody passes them any more.
      ...erasePages(to, limit, pageBytes),
    ];
    const rests: ChainEntry[] = [];
    let size = file.bytes + extra;
    for (const part of bitsOf(extra)) {
      size -= part;
      const rest = { address: contentOf(place.address) + padded(size), size: part - HEADER_BYTES };
      rests.unshift({ ...rest, name: "" });
      steps.push(writeHeader({ ...rest, name: "" }), writeSize({ ...place, size }));
    }
    return { steps, parts: [shortened, ...fillers, { ...place, size }, ...rests] };
  }
  return undefined;
}

/**
 * The other way: a deleted file that reaches to the end is made first, all of it erased, and a bit of
 * its own size then shows the place at its end.
 */
function cutFrom(
  first: ChainEntry,
  end: number,
  file: WantedFile,
  pageBytes: number,
): Place | undefined {
  const to = Math.floor(endOf(first) / pageBytes) * pageBytes;
  const limit = Math.floor(end / pageBytes) * pageBytes;
  for (const { strokes } of shownBy(first, pageBytes)) {
    const shortened = strokes.at(-1) ?? first;
    const shown = endOf(shortened);
    const headers = strokes.map((stroke) => {
      const address = endOf(stroke);
      return { address, size: end - contentOf(address), name: "" };
    });
    const filler = { address: shown, size: end - contentOf(shown), name: "" };
    // Headers of earlier strokes lie in these pages, or behind them in the last one that stays.
    const cleanFrom =
      strokes.length === 1 ? to : Math.ceil(contentOf(shown) / pageBytes) * pageBytes;
    const usableFrom = strokes.length === 1 ? contentOf(shown) : cleanFrom;
    for (const bit of bitsOf(filler.size).reverse()) {
      const place = { address: end - bit, size: file.bytes, name: file.name };
      const rest = { address: endOf(place), size: end - contentOf(endOf(place)), name: "" };
      const isUsable = filler.size > bit && bit >= PAD_BYTES && rest.size >= PAD_BYTES;
      if (isUsable && place.address >= usableFrom && contentOf(rest.address) <= limit) {
        const cut = { ...filler, size: filler.size - bit };
        return {
          steps: [
            ...erasePages(Math.floor(shown / pageBytes) * pageBytes, to, pageBytes),
            ...strokes.flatMap((stroke, index) => [
              ...headers.slice(index, index + 1).map(writeHeader),
              writeSize(stroke),
            ]),
            ...erasePages(cleanFrom, limit, pageBytes),
            writeHeader(place),
            writeHeader(rest),
            writeSize(cut),
          ],
          parts: [shortened, cut, place, rest],
        };
      }
    }
  }
  return undefined;
}

/**
 * By how much the header of a place has to be too long at first, so that it lies in the erased pages
 * of the first file and ends where the chain goes on: bits that the size of the file lacks.
 */
function findExtra(
  file: WantedFile,
  shown: number,
  to: number,
  limit: number,
  end: number,
): number | undefined {
  const startMax = end - HEADER_BYTES - padded(file.bytes);
  const hasRoom = (extra: number): boolean => {
    const address = startMax - extra;
    const isFilled = address === shown || address >= contentOf(shown) + PAD_BYTES;
    const [top = 0] = bitsOf(extra);
    return isFilled && contentOf(end - top) <= limit;
  };
  let extra = Math.max(EXTRA_BYTES_MIN, startMax - to + HEADER_BYTES);
  extra = Math.ceil(extra / EXTRA_BYTES_MIN) * EXTRA_BYTES_MIN;
  while (startMax - extra >= shown) {
    const [taken] = bitsOf(extra & file.bytes);
    if (taken === undefined && hasRoom(extra)) {
      return extra;
    }
    const step = taken ?? EXTRA_BYTES_MIN;
    extra = (Math.floor(extra / step) + 1) * step;
  }
  return undefined;
}

/** The bits of a size, the highest first. */
function bitsOf(value: number): number[] {
  const bits: number[] = [];
  for (let bit = 1 << 23; bit > 0; bit >>= 1) {
    if ((value & bit) !== 0) {
      bits.push(bit);
    }
  }
  return bits;
}

function erasePages(from: number, to: number, pageBytes: number): readonly RoomStep[] {
  const pages = Math.max(0, (to - from) / pageBytes);
  return Array.from({ length: pages }, (_, page) => ({
    kind: "erase" as const,
    address: from + page * pageBytes,
  }));
}

/** A header; that of a deleted file has no name but four zeros, and the rest stays erased. */
function writeHeader({ address, size, name }: ChainEntry): RoomStep {
  const octets = Buffer.alloc(name === "" ? NAME_OFFSET + PAD_BYTES : HEADER_BYTES);
  octets.writeUInt32LE(size, 0);
  octets.write(name, NAME_OFFSET, "latin1");
  return { kind: "program", address, octets };
}

/** Writes a size that is one bit less: the moment at which what was prepared counts. */
function writeSize({ address, size }: ChainEntry): RoomStep {
  const octets = Buffer.alloc(4);
  octets.writeUInt32LE(size, 0);
  return { kind: "program", address, octets };
}
