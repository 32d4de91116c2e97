// SPDX-License-Identifier: EUPL-1.2
// Constants of the C sources that are computed or picked instead of typed.

const ROWS_KEPT = 4;
const ROWS_OF_LIBRARY = 32;
const LIMBS = 10;
const FIELD_WORDS = 8;
const FIELD_PRIME = 2n ** 255n - 19n;

/**
 * libsodium's constants with each element of the field in eight words instead of ten limbs.
 *
 * Limb i counts 2^ceil(25.5 i) (its fe_25_5).
 *
 * @param header - The text of a file of constants; all else in it stays.
 * @throws Error when it has no element.
 */
export function fieldWords(header: string): string {
  let elements = 0;
  const words = header.replaceAll(/\{((?:\s*-?\d+\s*,){9}\s*-?\d+\s*,?\s*)\}/g, (_all, text) => {
    const limbs = String(text).match(/-?\d+/g) ?? [];
    let value = 0n;
    for (let index = 0; index < LIMBS; index += 1) {
      value += BigInt(limbs[index] ?? 0) << BigInt(Math.ceil(25.5 * index));
    }
    value = ((value % FIELD_PRIME) + FIELD_PRIME) % FIELD_PRIME;
    elements += 1;
    const row = Array.from({ length: FIELD_WORDS }, (_none, index) =>
      hex((value >> BigInt(32 * index)) & 0xffff_ffffn, 8),
    );
    return `{ ${row.join(", ")} }`;
  });
  if (elements === 0) throw new Error("no constant of the field was found");
  return words;
}

/**
 * Every eighth row of libsodium's table of multiples of the base point.
 *
 * @param baseHeader - The text of its `fe_25_5/base.h`, in limbs or words.
 * @throws Error when the text is not the table that it was.
 */
export function baseRows(baseHeader: string): string {
  const rows = baseHeader.split(/\{ \/\* \d+\/31 \*\//).slice(1);
  if (rows.length !== ROWS_OF_LIBRARY) {
    throw new Error(`base.h has ${rows.length} rows instead of ${ROWS_OF_LIBRARY}`);
  }
  const step = ROWS_OF_LIBRARY / ROWS_KEPT;
  const kept = rows.filter((_row, index) => index % step === 0);
  return `${kept.map((row) => `{${row.trimEnd().replace(/,$/, "")}`).join(",\n")}\n`;
}

/** (2 S, S, S, 3 S) of each octet, S the substitution of FIPS 197 §5.1.1, lowest octet first. */
export function aesColumns(): string {
  return rowsOf(
    Array.from({ length: 256 }, (_none, octet) => {
      const s = substitution(octet);
      const twice = double(s);
      return hex(BigInt(((twice ^ s) * 0x1000000 + (s << 16) + (s << 8) + twice) >>> 0), 8);
    }),
  );
}

/** The first 64 bits of the fractions of the cube roots of the first 80 primes, FIPS 180-4 §4.2.3. */
export function sha512Rounds(): string {
  const primes: bigint[] = [];
  for (let candidate = 2n; primes.length < 80; candidate += 1n) {
    if (primes.every((prime) => candidate % prime !== 0n)) primes.push(candidate);
  }
  return rowsOf(primes.map((prime) => hex(cubeRoot(prime << 192n) & 0xffff_ffff_ffff_ffffn, 16)));
}

/**
 * `#define` lines for the places of the arena.
 *
 * @param source - The text of `protocol/src/edhoc/arena.ts`.
 */
export function arenaPlaces(source: string): string {
  const places = [...source.matchAll(/^export const (\w+) = (\d+);$/gm)];
  if (places.length === 0) throw new Error("arena.ts names no place");
  return places.map(([, name, place]) => `#define ${name} ${place}\n`).join("");
}

/** The octets that are laid at the start of the arena, from the same text. */
export function arenaImage(source: string): string {
  const text = source.slice(source.indexOf("LAID_AT_BOOT"));
  const octets = [...text.matchAll(/"([0-9a-f]+)"/g)].flatMap(([, hex]) =>
    String(hex).match(/../g),
  );
  return rowsOf(octets.map((octet) => `0x${octet}`));
}

/** `#define` lines for the error codes that the blob answers with. */
export function codeHeader(codes: Readonly<Record<string, number>>): string {
  return Object.entries(codes)
    .map(([name, code]) => `#define ${name} 0x${code.toString(16).padStart(4, "0")}\n`)
    .join("");
}

function rowsOf(words: readonly string[]): string {
  return `${words.join(",\n")}\n`;
}

function hex(value: bigint, digits: number): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

function double(octet: number): number {
  return ((octet << 1) ^ (octet & 0x80 ? 0x11b : 0)) & 0xff;
}

function product(left: number, right: number): number {
  let sum = 0;
  for (let bit = 0, power = left; bit < 8; bit += 1, power = double(power)) {
    if ((right >> bit) & 1) sum ^= power;
  }
  return sum;
}

function substitution(octet: number): number {
  // The inverse is the 254th power; zero stays zero.
  let inverse = 1;
  for (let count = 0; count < 254; count += 1) inverse = product(inverse, octet);
  let result = 0x63;
  for (let turn = 0; turn < 5; turn += 1) {
    result ^= ((inverse << turn) | (inverse >> (8 - turn))) & 0xff;
  }
  return result;
}

function cubeRoot(value: bigint): bigint {
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle * middle * middle <= value) low = middle;
    else high = middle;
  }
  return low;
}
