// SPDX-License-Identifier: EUPL-1.2
// The frozen session as what each side of it is given.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { bytesOfHex, hexOf } from "@nyckelring/protocol";
import { createNodeCrypto } from "@nyckelring/protocol/host";

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
  readFileSync(resolve("protocol/vectors/session.json"), "utf8"),
);

/** The group of the session's lock; its certificate says so too. */
const GROUP = 7;

/** Arguments of `playLock` and `playKey` as program text. */
export function doorScripts(): { readonly Lock: string; readonly Key: string } {
  const { inputs, claims } = FROZEN;
  const crypto = createNodeCrypto();
  const kidOf = (key: string) => hexOf(crypto.hash(bytesOfHex(key)).slice(0, 4));
  const common = {
    ringHead: inputs.ringHead,
    certificate: inputs.lockCertificate,
    door: claims.door,
    group: GROUP,
    nowS: inputs.tS - 60,
    op: inputs.op,
    index: inputs.index,
    leaf: inputs.leaf,
    path: inputs.path,
    code: inputs.code,
    lockseq: inputs.lockseq,
    tS: inputs.tS,
    wants: inputs.wants,
    messages: [FROZEN.message1, FROZEN.message2, FROZEN.message3, FROZEN.message4],
    records: FROZEN.records,
  };
  return {
    Lock: JSON.stringify({
      ...common,
      ephemeral: inputs.y,
      agreementSecret: inputs.responderSecret,
      kid: kidOf(inputs.ringKey),
      publicKey: inputs.ringKey,
    }),
    Key: JSON.stringify({
      ...common,
      ephemeral: inputs.x,
      agreementSecret: inputs.initiatorSecret,
      kid: kidOf(inputs.deviceKey),
      publicKey: inputs.deviceKey,
    }),
  };
}
