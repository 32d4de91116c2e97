// SPDX-License-Identifier: EUPL-1.2
import { type Bundle, filesOf } from "./build-bundle.ts";
import { readVariableBudget } from "./variable-budget.ts";

// MDBT42Q as the interpreter is built for it: internal Storage, and variables of 13 octets in RAM.
const STORAGE_BYTES = 40 * 1024;
const VARIABLES = 2950;
/** Octets of the blob, which lies in RAM as one string; what it has where it was not built here. */
const BLOB_BYTES = 28 * 1024;
/** Pages of records and of a log that holds anything at all. */
const PAGES_MIN = 6;
const PAGE_BYTES = 4096;
const FILE_HEADER_BYTES = 32;
/** Octets that one log entry takes in a page. */
const ENTRY_BYTES = 48;

/** Tells whether a lock fits a small board, and what is missing where it does not. */
export function judgeTrial(bundle: Bundle): string {
  const name = `${bundle.target.role}/${bundle.target.board.name}`;
  const scripts = filesOf(bundle).filter((file) => file.name !== "native");
  const program =
    scripts.reduce((sum, { content }) => sum + content.length + FILE_HEADER_BYTES, 0) +
    (bundle.native?.length ?? BLOB_BYTES) +
    FILE_HEADER_BYTES;
  const pages = PAGES_MIN * PAGE_BYTES;
  const missingStorage = program + pages - STORAGE_BYTES;
  // On the interpreter's Arm build, where code and blob lie in RAM; code in mapped flash takes fewer.
  const { session } = readVariableBudget().lock;
  const missingVariables = session - VARIABLES;
  const capacity = Math.max(0, Math.floor((STORAGE_BYTES - program) / PAGE_BYTES) - 2);
  const entries = capacity * Math.floor(PAGE_BYTES / ENTRY_BYTES);
  const isFit = missingStorage <= 0 && missingVariables <= 0;
  return [
    `${name}: ${isFit ? "fits" : "does not fit"}`,
    `Storage ${STORAGE_BYTES}, program ${program} and ${pages} of pages: ${missingStorage} octets missing`,
    `variables ${VARIABLES}, a session at most ${session}: ${missingVariables} missing`,
    `log of ${entries} entries, 10000 wanted`,
  ].join("; ");
}
