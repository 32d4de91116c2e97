// SPDX-License-Identifier: EUPL-1.2

import { posix } from "node:path";
import type { Gate } from "../run-gates.ts";

const LINK = /\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** The anchor that a heading gets on the usual forges. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[`*_]/g, "")
    .replace(/[^\p{L}\p{N}\s-]/gu, "")
    .replace(/\s/g, "-");
}

function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of text.split("\n")) {
    const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) {
      anchors.add(anchorOf(heading));
    }
    for (const [, id = ""] of line.matchAll(/<a id="([^"]+)"/g)) {
      anchors.add(id);
    }
  }
  return anchors;
}

/** Every relative link in a document leads to a file, and to a heading where it names one. */
export const linksGate: Gate = {
  name: "links",
  floor: 50,
  inspect: ({ paths, read }) => {
    const present = new Set(paths);
    for (const path of paths) {
      for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) {
        present.add(folder);
      }
    }
    const findings: string[] = [];
    let looked = 0;
    for (const path of paths.filter((file) => file.endsWith(".md"))) {
      const text = (read(path) ?? "").replace(/```[\s\S]*?```/g, "");
      for (const [, target = ""] of text.matchAll(LINK)) {
        if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
          continue;
        }
        looked += 1;
        const [file = "", anchor] = target.split("#", 2);
        const resolved =
          file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file));
        const trimmed = resolved.replace(/\/$/, "");
        if (!present.has(trimmed)) {
          findings.push(`${path}: ${target} leads nowhere`);
        } else if (
          anchor !== undefined &&
          trimmed.endsWith(".md") &&
          !anchorsOf(read(trimmed) ?? "").has(anchor)
        ) {
          findings.push(`${path}: ${target} names a heading that is not there`);
        }
      }
    }
    return { looked, unit: "relative links", findings };
  },
};
