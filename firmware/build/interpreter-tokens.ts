// SPDX-License-Identifier: EUPL-1.2
// The octets that the interpreter's lexer takes for a whole token (jslex.h, LEX_TYPES). Its tools that load
// code into boards write the same, so the numbers are an interface; a test has it run every one of them.

const TOKENS_START = 138;
const OPERATORS =
  "== === != !== <= << <<= >= >> >>> >>= >>>= += -= ++ -- *= /= %= &= && |= || ^= =>";
const WORDS =
  "if else do while for break continue function return var let const this throw try catch finally " +
  "true false null undefined new in instanceof switch case default delete typeof void";

/** Octets by the operator of more than one character, or the reserved word, that they stand for. */
export const TOKEN_OCTETS: ReadonlyMap<string, number> = new Map(
  `${OPERATORS} ${WORDS}`.split(" ").map((text, index) => [text, TOKENS_START + index]),
);

/** A string of up to 255 octets, which follow their number. */
export const RAW_STRING8 = 0xd1;
/** A string of up to 65535 octets; the number has its low octet first. */
export const RAW_STRING16 = 0xd2;
export const RAW_INT0 = 0xd3;
/** An integer of one octet, with a sign. */
export const RAW_INT8 = 0xd4;
/** An integer of two octets, the low one first, with a sign. */
export const RAW_INT16 = 0xd5;
