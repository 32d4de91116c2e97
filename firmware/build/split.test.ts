// SPDX-License-Identifier: EUPL-1.2
import { dirname } from "node:path";
import { createContext, runInContext } from "node:vm";
import {
  RECORD_LOG_REQUEST,
  RECORD_OBJECT,
  RECORD_TIME_ASK,
  RECORD_WANT,
  signFloorList,
} from "@nyckelring/protocol";
import { describe, expect, test } from "vitest";

import type { createLock } from "../src/lock/lock.ts";
import { createRig, issuingOf, keyOf, plug, SHIFT_S } from "../test/lock-rig.ts";
import { lowerBundle } from "./lower.ts";
import { LAZY_FUNCTIONS } from "./modules.ts";
import { type ScriptModule, splitScript } from "./split.ts";

const FIRMWARE = dirname(import.meta.dirname);

/** Runs modules as a board does: the entry at the top, the others when the loader is asked. */
function load(modules: readonly ScriptModule[], globals: object = {}) {
  const loaded: string[] = [];
  const nk = {
    use(name: string) {
      if (loaded.includes(name)) return;
      loaded.push(name);
      const module = modules.find((one) => one.name === name);
      if (module === undefined) throw new Error(`no module ${name}`);
      runInContext(module.code, context);
    },
  };
  const shared = { Array, Error, Math, Object, Uint8Array, Uint16Array, Uint32Array };
  const context = createContext({ ...shared, ...globals, nk });
  runInContext(modules[0]?.code ?? "", context);
  return { loaded, context };
}

describe("a script in parts", () => {
  const script = [
    "function rare(a,b){return helper(a)+b}",
    "function helper(a){return a*TEN}",
    "function other(a){return helper(a)-1}",
    "function often(a){return a+1}",
    "var TEN=10;",
    "out(often(1));",
    "later=function(){return[rare(1,2),rare(3,4),other(1),often(5)]};",
  ].join("");

  test("loads a part at the first call of a function of it, once", () => {
    const modules = splitScript(script, "role", { one: ["rare"], two: ["other"] });
    expect(modules.map(({ name }) => name)).toEqual(["role", "shared", "one", "two"]);
    const printed: unknown[] = [];
    const { loaded, context } = load(modules, { out: (value: unknown) => printed.push(value) });
    expect(printed).toEqual([2]);
    expect(loaded).toEqual([]);
    expect(runInContext("later().join()", context)).toBe("12,34,9,6");
    expect(loaded).toEqual(["one", "shared", "two"]);
    expect(runInContext("later().join()", context)).toBe("12,34,9,6");
    expect(loaded).toHaveLength(3);
  });

  test("declares a variable of a part that has no value yet", () => {
    const counting = "var seen;function count(){seen=seen===undefined?1:seen+1;return seen}";
    const modules = splitScript(`${counting}out=function(){return count()};`, "role", {
      one: ["count"],
    });
    const { context } = load(modules);
    expect(runInContext("[out(),out()].join()", context)).toBe("1,2");
  });

  test("is refused where a lazy function is none at the top", () => {
    expect(() => splitScript(script, "role", { one: ["TEN"] })).toThrow("TEN of module one");
  });
});

describe("the lock in parts", () => {
  async function lockInParts() {
    const lowered = await lowerBundle({
      entryText: 'import { createLock } from "./src/lock/lock.ts";\nexpose(createLock);\n',
      resolveDir: FIRMWARE,
      root: dirname(FIRMWARE),
    });
    const lazy: Record<string, readonly string[]> = {};
    for (const [module, roots] of Object.entries(LAZY_FUNCTIONS.lock)) {
      lazy[module] = roots.flatMap((root) => lowered.names.get(root) ?? []);
    }
    let create: typeof createLock | undefined;
    const parts = load(splitScript(lowered.code, "lock", lazy), {
      expose(value: typeof createLock) {
        create = value;
      },
    });
    if (create === undefined) throw new Error("no lock");
    return { createLock: create, loaded: parts.loaded };
  }

  /** Opens, delivers, asks for the log, and is refused; everything that leaves the lock. */
  function play(create: typeof createLock | undefined, loaded: readonly string[]) {
    const issuing = issuingOf();
    const rig = createRig({ issuing, ...(create === undefined ? {} : { createLock: create }) });
    const key = keyOf("carer", issuing);
    const contact = plug(rig, key);
    contact.hello();
    const atGreeting = [...loaded];
    const decision = contact.open();
    const atDecision = [...loaded];
    rig.pass(8000);
    const list = { listseq: 1, iatS: SHIFT_S, expS: SHIFT_S + 86_400, ringfloor: 0, floors: [] };
    const answers = [
      contact.record(RECORD_WANT, []),
      contact.record(RECORD_OBJECT, signFloorList(list, issuing.ring)),
      contact.record(RECORD_TIME_ASK, []),
      contact.record(RECORD_LOG_REQUEST, [0]),
    ];
    const refusal = plug(rig, keyOf("stranger", issuingOf("elsewhere")), "other").open();
    return {
      atGreeting,
      atDecision,
      told: { decision, answers, refusal, events: rig.events },
      sent: contact.received,
      flash: rig.flash.read(0, rig.flash.pageBytes * rig.flash.pageCount),
    };
  }

  test("does octet for octet what the sources do, and loads its decision behind message_2 and nothing else before the bolt", async () => {
    const parts = await lockInParts();
    const whole = play(undefined, []);
    const split = play(parts.createLock, parts.loaded);
    expect(whole.told.decision).toMatchObject({ code: 0 });
    expect(whole.told.events).toContain("unlock");
    expect(split.told).toEqual(whole.told);
    expect(split.sent).toEqual(whole.sent);
    expect(Buffer.from(split.flash).equals(Buffer.from(whole.flash))).toBe(true);
    // Operations in JavaScript stand in for the native code, which this lock does not have.
    expect(split.atGreeting).toEqual(["operations", "shared"]);
    expect(split.atDecision).toEqual(["operations", "shared", "decision"]);
    expect(parts.loaded).toContain("records");
    expect(parts.loaded).toContain("objects");
  });
});
