// SPDX-License-Identifier: EUPL-1.2
import { crc32 } from "node:zlib";
import { FILE_DIFFERS } from "@nyckelring/protocol";
import type { BoardConsoleClient } from "./board-console.ts";
import { BoardFault } from "./board-fault.ts";
import type { Chain, ChainEntry, RoomStep } from "./storage-room.ts";

/** Address of the first header of Storage, by the name of the interpreter. */
const STORAGE_START: Readonly<Record<string, number>> = {
  XIAOBLE: 0x60000000,
  ESP32S3_IDF4: 0x320000,
  LINUX: 0x10000000,
  VIRTUAL: 0x60000000,
};
const HEADERS_AT_ONCE = 20;
/** Name of a file that is none of ours and stays where it is. */
const FOREIGN = "?";

/**
 * Reads the chain of headers in a board's Storage.
 *
 * @param bytes - Size of Storage and what the interpreter says is free of it.
 * @returns undefined where the place of Storage is not known, or where the chain is not what the
 *   interpreter sees: then nothing may be planned on it.
 */
export async function readChain(
  board: BoardConsoleClient,
  bytes: { readonly total: number; readonly free: number },
): Promise<Chain | undefined> {
  const start = STORAGE_START[board.identity.boardName];
  if (start === undefined) {
    return undefined;
  }
  const end = start + bytes.total;
  const page = await board.evaluate(
    `(function(p){return p?p.addr+" "+p.length:""})(require("Flash").getPage(${start}))`,
  );
  const [pageAddress = -1, pageBytes = 0] = page.split(" ").map(Number);
  const entries: ChainEntry[] = [];
  let address = start;
  for (;;) {
    const rows = await readHeaders(board, address, end);
    for (const [size, flags, name] of rows) {
      entries.push({ address, size, name: flags === 0 ? name : FOREIGN });
      address += 32 + ((size + 3) & ~3);
    }
    if (rows.length < HEADERS_AT_ONCE) {
      break;
    }
  }
  const isSeenAlike = end - address === bytes.free && pageAddress === start && pageBytes > 0;
  return isSeenAlike ? { entries, pageBytes, freeAt: address, end } : undefined;
}

/** Size, flags and name of some headers; a deleted file has an empty name. */
async function readHeaders(
  board: BoardConsoleClient,
  address: number,
  end: number,
): Promise<readonly (readonly [size: number, flags: number, name: string])[]> {
  const text = await board.evaluate(
    `(function(f,a,r,h,s,n,i){while(r.length<${HEADERS_AT_ONCE}&&a+32<=${end}){h=f.read(32,a);s=h[0]+256*h[1]+65536*h[2];if(!s||s==0xffffff)break;n="";if(h[4]|h[5]|h[6]|h[7])for(i=4;i<32&&h[i];i++)n+=String.fromCharCode(h[i]);r.push(s+" "+h[3]+" "+n);a+=32+((s+3)&~3)}return r.join("\\n")})(require("Flash"),${address},[])`,
  );
  return text
    .split("\n")
    .filter((row) => row !== "")
    .map((row) => {
      const [size = "", flags = "", ...name] = row.split(" ");
      return [Number(size), Number(flags), name.join(" ")] as const;
    });
}

/**
 * Does what was planned, and reads each step back before the next one.
 *
 * @throws BoardFault `FILE_DIFFERS` where the flash did not take a step.
 */
export async function makeRoom(
  board: BoardConsoleClient,
  steps: readonly RoomStep[],
  pageBytes: number,
  onStep: () => void,
): Promise<void> {
  const blank = crc32(new Uint8Array(pageBytes).fill(0xff));
  for (const step of steps) {
    onStep();
    const [code, wanted] =
      step.kind === "erase"
        ? [
            `(function(f,a){f.erasePage(a);return ""+(E.CRC32(f.read(${pageBytes},a))>>>0)})(require("Flash"),${step.address})`,
            String(blank),
          ]
        : [
            `(function(f,a,b){f.write(b,a);return f.read(b.length,a).join()})(require("Flash"),${step.address},new Uint8Array([${step.octets.join()}]))`,
            step.octets.join(),
          ];
    const found = await board.evaluate(code);
    if (found !== wanted) {
      throw new BoardFault({
        code: FILE_DIFFERS,
        message: `${board.name}: the flash at ${step.address} did not take what was written`,
        details: { address: step.address },
      });
    }
  }
}
