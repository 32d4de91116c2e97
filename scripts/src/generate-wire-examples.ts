// SPDX-License-Identifier: EUPL-1.2
// Fills the examples and sizes of docs/wire-format.md from the samples that the frozen vectors are
// made of. With --check it writes nothing and ends with 1 when the page is not up to date.

import { readFileSync, writeFileSync } from "node:fs";
import { decodeCbor } from "../../protocol/src/cbor/decode.ts";
import { credentialSamples } from "../../protocol/src/host/credential-samples.ts";
import { diagnose } from "../../protocol/src/host/diagnostic.ts";
import { createNodeCrypto } from "../../protocol/src/host/node-crypto.ts";
import { signedSamples } from "../../protocol/src/host/samples.ts";
import { unsignedSamples } from "../../protocol/src/host/unsigned-samples.ts";
import { encodeFrames } from "../../protocol/src/link/frame.ts";
import { LINK_HELLO } from "../../protocol/src/message/types.ts";

const HEX_OCTETS_A_LINE = 40;
const BLOCK = /<!-- (example|frame|sizes)(?:: ([^>]*))? -->\n[\s\S]*?<!-- end -->/g;

const crypto = createNodeCrypto();
const samples = new Map<string, Uint8Array>();
for (const { name, bytes } of signedSamples(crypto)) samples.set(name, bytes);
for (const { name, bytes } of unsignedSamples(crypto)) samples.set(name, bytes);
for (const { name, bytes } of credentialSamples(crypto)) samples.set(name, bytes);

function sampleOf(name: string): Uint8Array {
  const bytes = samples.get(name);
  if (bytes === undefined) throw new Error(`there is no sample ${name}`);
  return bytes;
}

function hexLines(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; from += HEX_OCTETS_A_LINE) {
    lines.push(Buffer.from(bytes.slice(from, from + HEX_OCTETS_A_LINE)).toString("hex"));
  }
  return lines.join("\n");
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function exampleOf(name: string): string {
  const bytes = sampleOf(name);
  const value = decodeCbor(bytes);
  if (!value.ok) throw new Error(`the sample ${name} does not pass the gate`);
  return fenced(`${bytes.length} octets:\n${hexLines(bytes)}\n\n${diagnose(value.value)}`);
}

function frameOf(name: string): string {
  return fenced(hexLines(encodeFrames(LINK_HELLO, sampleOf(name))));
}

function sizes(): string {
  const rows = [...samples].map(([name, bytes]) => `| ${name} | ${bytes.length} |`);
  return ["| sample | octets |", "|---|---|", ...rows].join("\n");
}

const page = new URL("../../docs/wire-format.md", import.meta.url);
const present = readFileSync(page, "utf8");
let count = 0;
const wanted = present.replace(BLOCK, (_block, kind: string, name: string | undefined) => {
  count += 1;
  const body =
    kind === "sizes" ? sizes() : kind === "frame" ? frameOf(name ?? "") : exampleOf(name ?? "");
  const label = name === undefined ? kind : `${kind}: ${name}`;
  return `<!-- ${label} -->\n${body}\n<!-- end -->`;
});

if (process.argv.includes("--check")) {
  if (present !== wanted) {
    process.stderr.write(
      "docs/wire-format.md differs: run scripts/src/generate-wire-examples.ts\n",
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(page, wanted);
}
process.stdout.write(`wire-format.md: ${count} blocks from ${samples.size} samples\n`);
