// SPDX-License-Identifier: EUPL-1.2
// Runs on the interpreter: pages inside one file of Storage, through the Flash module.

import { hexOf } from "@nyckelring/protocol";

import { openStorageFlash } from "../../src/espruino/flash-storage.ts";

const STORAGE_START = 0x10000000;
const wiring = {
  kind: "storage",
  name: "nyckel",
  pageBytes: 4096,
  pageCount: 8,
  storageStart: STORAGE_START,
} as const;

function report(name: string, value: string): void {
  print(`page ${name} ${value}`);
}

const storage = require("Storage");
storage.write("before", "first file", 0, 10);
const flash = openStorageFlash(wiring);
storage.write("after", "last file", 0, 9);
report("fresh", hexOf(flash.read(0, 4)));
for (let page = 0; page < wiring.pageCount; page += 1) {
  flash.erase(page);
}
flash.program(4096, new Uint8Array([1, 2, 3, 4]));
flash.program(4104, new Uint8Array([9, 9, 9, 9, 8, 8, 8, 8]));
report("programmed", hexOf(flash.read(4094, 20)));
flash.program(4096, new Uint8Array([0xff, 0xf0, 0xff, 0xff]));
report("cleared-bits", hexOf(flash.read(4096, 4)));
flash.program(7 * 4096 + 4092, new Uint8Array([5, 6, 7, 8]));
flash.erase(1);
report("erased", hexOf(flash.read(4096, 12)));
report("last-page", hexOf(flash.read(8 * 4096 - 4, 4)));
const again = openStorageFlash(wiring);
report("found-again", hexOf(again.read(8 * 4096 - 4, 4)));

// What was erased leaves trash behind. An area that only fits without it is refused: making room
// would mean a compaction.
storage.write("trash", "x", 0, 40_000);
storage.erase("trash");
const before = storage.getStats();
let refusal = "made";
try {
  openStorageFlash({
    kind: "storage",
    name: "second",
    pageBytes: 4096,
    pageCount: Math.floor(before.freeBytes / 4096),
    storageStart: STORAGE_START,
  });
} catch (error) {
  refusal = String(error);
}
const after = storage.getStats();
report("without-room", refusal);
report("compaction", after.trashBytes === before.trashBytes ? "none" : "some");
report("trash", before.trashBytes >= 40_000 ? "there" : "none");
report("neighbours", `${storage.read("before") ?? "lost"}/${storage.read("after") ?? "lost"}`);
print("pages-end");
