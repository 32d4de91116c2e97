// SPDX-License-Identifier: EUPL-1.2

import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BoardBuild } from "@nyckelring/hil-tests";
import {
  bytesOfHex,
  encodeAnchorFile,
  FILE_UNREADABLE,
  hexOf,
  kidOf,
  LEVEL_FIRMWARE,
  type Signer,
  signFirmwarePermit,
  signIssuerCertificate,
  USAGE,
} from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";
import { chooseBuild, type FlashCommandOptions } from "./device-flash.ts";
import { choosePort, explainFaults, settingsOf, withBoard } from "./device-port.ts";
import { readOctets } from "./files.ts";
import { makeDirectory } from "./make-directory.ts";
import { readNumber } from "./numbers.ts";
import type { Output } from "./output.ts";
import { ToolError } from "./tool-error.ts";
import { isoOf, readTime } from "./utc-time.ts";

const SEED_BYTES = 32;
const AUTHORITY_MAX = 65_535;
const CERTIFICATE_LIFE_S = 10 * 31_536_000;
const NOTHING = "nothing was written";

/** Options of `device permit`. */
export type PermitOptions = FlashCommandOptions & {
  readonly serial?: string;
  readonly key: string;
  readonly until: string;
  readonly out: string;
};

/** Options of `device permit-key`. */
export type PermitKeyOptions = {
  readonly out: string;
  readonly root?: string;
  readonly authority: string;
  readonly json?: boolean;
};

/**
 * Signs a permit for one build on one board although its security version is lower.
 *
 * The board is named by the serial number of its chip, or asked for it at its port.
 *
 * @throws ToolError `USAGE`, `FILE_UNREADABLE`, or what is wrong with the board or the build.
 */
export async function signPermit(
  folder: string | undefined,
  options: PermitOptions,
  output: Output,
): Promise<number> {
  return explainFaults(NOTHING, async () => {
    const untilS = readTime("--until", options.until);
    const signer = readSigner(options.key);
    const { serial, build } = await nameBoard(folder, options);
    const { permitBoardOf } = await import("@nyckelring/hil-tests");
    const manifest = bytesOfHex(build.manifest.sha256);
    const permit = signFirmwarePermit({ board: permitBoardOf(serial), manifest, untilS }, signer);
    writeNew(options.out, permit);
    const { role, version, securityVersion } = build;
    const until = isoOf(untilS);
    output.out(
      options.json === true
        ? `${JSON.stringify({ type: "result", ok: true, serial, role, version, securityVersion, until, out: options.out })}\n`
        : `${options.out}: ${role} ${version} (security version ${securityVersion}) may go on the board ${serial} until ${until}\n` +
            `use: nyckel device flash … --permit ${options.out} --anchor anchor.cbor\n`,
    );
    return 0;
  });
}

async function nameBoard(
  folder: string | undefined,
  options: PermitOptions,
): Promise<{ readonly serial: string; readonly build: BoardBuild }> {
  const settings = settingsOf(options);
  if (options.serial !== undefined && folder !== undefined) {
    const { readBoardBuild } = await import("@nyckelring/hil-tests");
    return { serial: options.serial, build: readBoardBuild(folder) };
  }
  if (options.serial !== undefined) {
    throw new ToolError({
      code: USAGE,
      message: "a board that is not here needs the folder of the build",
      state: NOTHING,
      hint: "for example: nyckel device permit firmware/dist/lock/xiao-nrf52840 --serial …",
    });
  }
  const { role, buildFor } = await chooseBuild(folder, options, settings);
  const port = await choosePort({ ...options, role }, settings);
  return await withBoard(port, async (board) => ({
    serial: board.identity.serialNumber,
    build: await buildFor(board),
  }));
}

/**
 * Makes a firmware key: the secret that signs permits, and the anchor file that they are checked with.
 *
 * The root that certifies it is that of `--root`, or a new one whose secret is written as well.
 *
 * @throws ToolError `USAGE`, `FILE_UNREADABLE`.
 */
export function makePermitKey(options: PermitKeyOptions, output: Output): number {
  const crypto = createNodeCrypto();
  const authority = readNumber("--authority", options.authority, 1, AUTHORITY_MAX);
  const rootSeed = options.root === undefined ? undefined : readSeed(options.root);
  const newRoot = rootSeed ?? randomBytes(SEED_BYTES);
  const root = crypto.importSigningKey(newRoot);
  const seed = randomBytes(SEED_BYTES);
  const { publicKey } = crypto.importSigningKey(seed);
  const nowS = readTime("now", "now");
  const certificate = signIssuerCertificate(
    {
      expS: nowS + CERTIFICATE_LIFE_S,
      iatS: nowS,
      issuer: { kid: kidOf(crypto, publicKey), publicKey },
      level: LEVEL_FIRMWARE,
      issuerEpoch: 1,
      authority,
    },
    { kid: kidOf(crypto, root.publicKey), key: root },
  );
  makeDirectory(options.out);
  const file = (name: string): string => join(options.out, name);
  writeNew(file("firmware.key"), `${hexOf(seed)}\n`);
  if (rootSeed === undefined) {
    writeNew(file("root.key"), `${hexOf(newRoot)}\n`);
  }
  writeNew(
    file("anchor.cbor"),
    encodeAnchorFile({ rootKey: root.publicKey, certificates: [certificate] }),
  );
  const secrets = ["firmware.key", ...(rootSeed === undefined ? ["root.key"] : [])].map(file);
  output.out(
    options.json === true
      ? `${JSON.stringify({ type: "result", ok: true, authority, anchor: file("anchor.cbor"), secrets })}\n`
      : `${file("anchor.cbor")}: permits of authority ${authority} are checked with it\n` +
          `${secrets.join(" and ")}: secret; keep them off this computer\n`,
  );
  return 0;
}

function readSigner(path: string): Signer {
  const crypto = createNodeCrypto();
  const key = crypto.importSigningKey(readSeed(path));
  return { kid: kidOf(crypto, key.publicKey), key };
}

function readSeed(path: string): Uint8Array {
  const text = Buffer.from(readOctets(path)).toString("latin1").trim();
  if (/^[0-9a-f]{64}$/.test(text)) {
    return bytesOfHex(text);
  }
  throw new ToolError({
    code: USAGE,
    message: `"${path}" is no key: it must hold 64 hexadecimal digits`,
    state: NOTHING,
    hint: "nyckel device permit-key makes one",
    details: { path },
  });
}

/** Nobody else may read it, and nothing is ever overwritten. */
function writeNew(path: string, content: Uint8Array | string): void {
  try {
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
  } catch (error) {
    throw new ToolError({
      code: FILE_UNREADABLE,
      message: `"${path}" cannot be written: ${error instanceof Error ? error.message : error}`,
      state: "what stood there is unchanged",
      hint: "give a path where nothing is yet",
      details: { path },
    });
  }
}
