// SPDX-License-Identifier: EUPL-1.2

/**
 * Functions that run most at a door, first the one that runs most, as counted at a contact of both roles.
 * The names are those of the sources; one that a bundle lacks is passed over.
 */
export const HOT_FUNCTIONS: readonly string[] = [
  "assert",
  "sliceBytes",
  "writeHead",
  "isBytes",
  "argumentAt",
  "checkItem",
  "readItem",
  "readU32",
  "isArray",
  "writeU32",
  "recordBytes",
  "headBytesAt",
  "checkHead",
  "recordIn",
  "succeed",
  "fail",
  "isRetired",
  "checkCbor",
  "decodeCbor",
  "checkItems",
  "concatBytes",
  "equalBytes",
  "writeRecordAt",
  "hasContent",
  "readRecordAt",
  "addressOfSlot",
  "isErasedFrom",
  "contentOf",
  "idOf",
  "pageOfSequence",
  "hasClock",
  "mapGet",
  "isMap",
  "cborMap",
  "checkPairs",
  "isBefore",
  "writeUint",
  "uintBytes",
  "measure",
  "write",
  "headBytes",
  "argumentOf",
  "encodeCbor",
  "countAt",
  "readLogPage",
  "readSlot",
  "writeSlot",
  "decodeSlot",
  "usedBytes",
  "readPage",
  "recordsIn",
  "extract",
  "expand",
  "readFloors",
  "readCertified",
  "opOf",
];

/**
 * Comes before everything else: what the interpreter itself offers is put behind all names that are there
 * when it is first asked for, and found by walking past them from then on.
 */
export const EARLY_GLOBALS = "Uint8Array;Uint32Array;Math;E;";
