// SPDX-License-Identifier: EUPL-1.2
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const COMMAND_LINE_TOOL = createRequire(import.meta.url).resolve("espruino/bin/espruino-cli.js");
const BOOT_FILE = ".bootcde";
// The console takes 384 octets a line and answers before the next.
const UPLOAD_MS_MAX = 240_000;

/** What to load, and where. */
export interface Upload {
  /** Device file of the board's console, or `tcp://host:port` of an interpreter behind a socket. */
  readonly port: string;
  /** Bundle on this computer; on the board it keeps its file name. */
  readonly bundlePath: string;
  /** Whether the board shall run the bundle from now on at every start. */
  readonly startsAtBoot: boolean;
}

/** What the board said of the file that it has now. */
export interface UploadReceipt {
  readonly fileName: string;
  readonly bytes: number;
  /** SHA-256 as the board computed it over its own flash, in hexadecimal. */
  readonly sha256: string;
}

/**
 * Loads a bundle into the Storage of a board and proves that it has arrived.
 *
 * The command-line tool of Espruino ends with 0 when it could not connect, so its exit code says
 * nothing: the board itself is asked for the digest of the file, and that answer decides.
 *
 * @throws when the board did not answer, or has another file than was sent.
 */
export async function uploadBundle(upload: Upload): Promise<UploadReceipt> {
  const fileName = basename(upload.bundlePath);
  const content = await readFile(upload.bundlePath);
  const expected = createHash("sha256").update(content).digest("hex");
  const folder = await mkdtemp(join(tmpdir(), "nyckelring-upload-"));
  try {
    const boot = join(folder, "boot.js");
    await writeFile(boot, `eval(require("Storage").read(${JSON.stringify(fileName)}));\n`);
    const storage = ["--storage", `${fileName}:${upload.bundlePath}`];
    const startup = upload.startsAtBoot ? ["--storage", `${BOOT_FILE}:${boot}`] : [];
    const output = await runTool([
      ...["--no-ble", "-q", "-p", upload.port],
      ...storage,
      ...startup,
      ...["-e", digestExpression(fileName)],
    ]);
    const answer = /nyckel-digest (\d+) ([\d,]+);/.exec(output);
    if (answer?.[1] === undefined || answer[2] === undefined) {
      throw new Error(`${upload.port}: the board gave no digest of ${fileName}:\n${output}`);
    }
    const sha256 = Buffer.from(answer[2].split(",").map(Number)).toString("hex");
    if (sha256 !== expected) {
      throw new Error(`${upload.port}: ${fileName} has digest ${sha256} there, ${expected} here`);
    }
    return { fileName, bytes: Number(answer[1]), sha256 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function digestExpression(fileName: string): string {
  const file = `require("Storage").read(${JSON.stringify(fileName)})`;
  const digest = `new Uint8Array(require("crypto").SHA256(${file})).join()`;
  return `print("nyckel-digest "+${file}.length+" "+${digest}+";")`;
}

/** Runs the tool until it has printed the digest or its time is over: it does not always end. */
function runTool(options: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND_LINE_TOOL, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const timer = setTimeout(() => child.kill(), UPLOAD_MS_MAX);
    const collect = (part: Buffer): void => {
      output += part.toString("latin1");
      if (/nyckel-digest [\d ]+[\d,]+;/.test(output)) {
        child.kill();
      }
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(timer);
      resolve(output);
    });
  });
}
