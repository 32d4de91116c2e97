// SPDX-License-Identifier: EUPL-1.2
// The frozen session, each side of it on an interpreter of its own.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";

import { playStored } from "./arm-interpreter.ts";
import type { DoorScript } from "./programs/door-side.ts";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What is read of `protocol/vectors/session.json`. */
interface FrozenSession {
  readonly inputs: {
    readonly x: string;
    readonly y: string;
    readonly initiatorSecret: string;
    readonly responderSecret: string;
    readonly ringHead: string;
    readonly lockCertificate: string;
    readonly ringKey: string;
    readonly deviceKey: string;
    readonly op: number;
    readonly index: number;
    readonly leaf: string;
    readonly path: string;
    readonly code: number;
    readonly lockseq: number;
    readonly tS: number;
    readonly wants: readonly number[];
  };
  readonly claims: { readonly door: number };
  readonly message1: string;
  readonly message2: string;
  readonly message3: string;
  readonly message4: string;
  readonly records: readonly {
    readonly type: number;
    readonly body: string;
    readonly sent: string;
  }[];
}

/** The frozen session. */
export const FROZEN: FrozenSession = JSON.parse(
  readFileSync(join(ROOT, "protocol/vectors/session.json"), "utf8"),
);

/** The group of the session's lock; its certificate says so too. */
const GROUP = 7;

/** One of the two sides. */
export type Side = "Lock" | "Key";

/**
 * Plays one side from Storage, as a board runs its application, and returns the console.
 *
 * @param folder - Made where it is not there.
 * @param plugin - Options of QEMU for the run that counts.
 */
export async function playSide(
  side: Side,
  folder: string,
  blobFile: string,
  plugin: readonly string[] = [],
): Promise<string> {
  return playStored(
    {
      entryText: `import { play${side} } from "./test/programs/door-side.ts";\nplay${side}();\n`,
      script: scriptOf(side),
      shortFields: true,
      files: [{ name: "native", content: readFileSync(blobFile) }],
    },
    folder,
    plugin,
  );
}

/** What `door-side.ts` reads. */
function scriptOf(side: Side): string {
  const { inputs, claims } = FROZEN;
  const crypto = createNodeCrypto();
  const own =
    side === "Lock"
      ? { ephemeral: inputs.y, secret: inputs.responderSecret, signer: inputs.ringKey }
      : { ephemeral: inputs.x, secret: inputs.initiatorSecret, signer: inputs.deviceKey };
  const kid = hexOf(crypto.hash(bytesOfHex(own.signer)).slice(0, 4));
  const script: DoorScript = [
    [own.ephemeral, own.secret],
    [inputs.ringHead, inputs.lockCertificate, kid, own.signer],
    [claims.door, GROUP, inputs.tS - 60],
    [inputs.op, inputs.index, inputs.leaf, inputs.path],
    [inputs.code, inputs.lockseq, inputs.tS, inputs.wants],
    [FROZEN.message1, FROZEN.message2, FROZEN.message3, FROZEN.message4],
    FROZEN.records.map(({ type, body, sent }) => [type, body, sent] as const),
  ];
  return JSON.stringify(script);
}
