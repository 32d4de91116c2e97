// SPDX-License-Identifier: EUPL-1.2
// The subjects as a board would run them: lowered by the pipeline of the bundles, evaluated in a
// context that holds the language and nothing of Node.

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import { lowerBundle } from "../../../firmware/build/lower.ts";
import { checkScript } from "../../../firmware/dialect/gate.ts";

const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** A verdict and what it cost. */
export interface DeviceVerdict {
  readonly text: string;
  /** Octets of all typed arrays that were made on the way. */
  readonly allocatedBytes: number;
}

/** The subjects, lowered and evaluated. */
export interface DeviceCodec {
  readonly names: readonly string[];
  judge(subject: number, bytes: Uint8Array): DeviceVerdict;
}

/**
 * Lowers the subjects to the dialect of the interpreter.
 *
 * @param tail - statements of the script's end; they see `subjects` and `octets`, which reads
 * hexadecimal text
 */
export async function lowerSubjects(tail: string): Promise<string> {
  const entryText = `
    import { bytesOfHex as octets } from "./protocol/src/index.ts";
    import { createSubjects } from "./protocol/fuzz/subjects.ts";
    const subjects = createSubjects();
    ${tail}
  `;
  const { code } = await lowerBundle({ entryText, resolveDir: ROOT, root: ROOT });
  const refused = checkScript(code).violations.filter(({ text }) => !text.includes("register"));
  if (refused.length > 0) {
    const lines = refused.map(({ rule, text }) => `${rule}: ${text}`);
    throw new Error(`the dialect gate refuses the fuzzed code: ${lines.join("; ")}`);
  }
  return code;
}

/** Path of the repository, for those who start programs in it. */
export const REPOSITORY: string = join(ROOT);

/**
 * Evaluates the subjects in a bare context.
 *
 * @param code - a script of {@link lowerSubjects} whose tail calls `register(subjects, octets)`
 */
export function evaluateSubjects(code: string): DeviceCodec {
  const context = createContext({});
  // The constructors count, because a claimed length must never become an allocation; a view is none.
  runInContext(
    `
    var counted = 0, judged;
    function counting(type) {
      return new Proxy(type, {
        construct: function (target, args) {
          var made = Reflect.construct(target, args);
          if (!(args[0] instanceof ArrayBuffer)) counted += made.byteLength;
          return made;
        }
      });
    }
    Uint8Array = counting(Uint8Array);
    Uint32Array = counting(Uint32Array);
    function register(subjects, octets) { judged = { subjects: subjects, octets: octets }; }
    function names() {
      return judged.subjects.map(function (one) { return one.name; }).join("\\n");
    }
    function judge(index, hex) {
      var bytes = judged.octets(hex);
      counted = 0;
      try {
        return judged.subjects[index].judge(bytes);
      } catch (error) {
        return "throws " + error;
      }
    }
    `,
    context,
  );
  runInContext(code, context);
  const call = runInContext("judge", context) as (index: number, hex: string) => string;
  const names = (runInContext("names", context) as () => string)().split("\n");
  return {
    names,
    judge(subject, bytes) {
      const text = call(subject, Buffer.from(bytes).toString("hex"));
      return { text, allocatedBytes: Number(runInContext("counted", context)) };
    },
  };
}

/** The tail for {@link evaluateSubjects}. */
export const REGISTER_TAIL = "register(subjects, octets);";
