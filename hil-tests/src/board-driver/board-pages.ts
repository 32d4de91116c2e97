// SPDX-License-Identifier: EUPL-1.2
import { crc32 } from "node:zlib";
import type { FlashWiring } from "@nyckelring/firmware/boards/board";
import type { BoardConsoleClient } from "../board-console.ts";
import type { FlashPages } from "./rig-device.ts";

const HEADER_BYTES = 32;
const PART_BYTES = 1024;
const PAGES_MS_MAX = 15_000;

/** The pages of a role's area on a board, through its console; the program there must rest. */
export interface BoardPages {
  /** What lies there now; `known` spares reading what has not changed. */
  read(known: FlashPages): Promise<FlashPages>;
  /** Writes what differs. @returns Whether anything did. */
  write(pages: FlashPages): Promise<boolean>;
}

/**
 * Finds the area of a role in the Storage of a board, as the firmware does.
 *
 * @throws Error when the board has no such area: its firmware has never run.
 * @throws BoardFault of the console.
 */
export async function openBoardPages(
  board: BoardConsoleClient,
  wiring: FlashWiring,
): Promise<BoardPages> {
  const { name, pageBytes, pageCount, storageStart } = wiring;
  const bytes = (pageCount + 1) * pageBytes;
  const found = await board.evaluate(
    `(function(f,a){var h,s,n,i;for(;;){h=f.read(${HEADER_BYTES},a);s=h[0]+256*h[1]+65536*h[2];if(s==0xffffff)return"";n="";for(i=4;i<32&&h[i];i++)n+=String.fromCharCode(h[i]);a+=${HEADER_BYTES};if(s==${bytes}&&n==${JSON.stringify(name)})return""+a;a+=(s+3)&~3}})(require("Flash"),${storageStart})`,
  );
  if (found === "") throw new Error(`the board has no area "${name}" of ${pageCount} pages`);
  const first = Math.ceil(Number(found) / pageBytes) * pageBytes;
  const blank = crc32(new Uint8Array(pageBytes).fill(0xff));

  async function sums(): Promise<number[]> {
    const text = await board.evaluate(
      `(function(f,a,r,i){for(i=0;i<${pageCount};i++)r.push(E.CRC32(f.read(${pageBytes},a+i*${pageBytes})));return r.join()})(require("Flash"),${first},[])`,
      PAGES_MS_MAX,
    );
    return text.split(",").map((sum) => Number(sum) >>> 0);
  }

  async function readPage(page: number): Promise<Uint8Array> {
    const parts: Buffer[] = [];
    for (let offset = 0; offset < pageBytes; offset += PART_BYTES) {
      const address = first + page * pageBytes + offset;
      const text = await board.evaluate(
        `btoa(E.toString(require("Flash").read(${PART_BYTES},${address})))`,
      );
      parts.push(Buffer.from(text, "base64"));
    }
    return Uint8Array.from(Buffer.concat(parts));
  }

  async function writePage(page: number, content: Uint8Array): Promise<void> {
    const start = first + page * pageBytes;
    await board.evaluate(
      `(function(f,a,e,p){for(;a<e;){p=f.getPage(a);f.erasePage(a);a=p.addr+p.length}return""})(require("Flash"),${start},${start + pageBytes})`,
    );
    for (let offset = 0; offset < pageBytes; offset += PART_BYTES) {
      const part = Buffer.from(content.subarray(offset, offset + PART_BYTES));
      if (part.every((octet) => octet === 0xff)) continue;
      await board.evaluate(
        `(require("Flash").write(E.toUint8Array(atob("${part.toString("base64")}")),${start + offset}),"")`,
      );
    }
  }

  return {
    read: async (known) => {
      const pages = new Map<number, Uint8Array>();
      for (const [page, sum] of (await sums()).entries()) {
        if (sum === blank) continue;
        const before = known.get(page);
        const isSame = before !== undefined && crc32(before) === sum;
        pages.set(page, isSame ? before : await readPage(page));
      }
      return pages;
    },
    write: async (pages) => {
      let hasChanged = false;
      const blankPage = new Uint8Array(pageBytes).fill(0xff);
      for (const [page, sum] of (await sums()).entries()) {
        const wanted = pages.get(page) ?? blankPage;
        if (crc32(wanted) === sum) continue;
        await writePage(page, wanted);
        hasChanged = true;
      }
      return hasChanged;
    },
  };
}
