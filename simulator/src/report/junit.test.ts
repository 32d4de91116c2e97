// SPDX-License-Identifier: EUPL-1.2

import { expect, test } from "vitest";
import type { Violation } from "../oracle/evidence.ts";
import type { RunOutcome } from "../run.ts";
import { INVARIANTS, writeJunit } from "./junit.ts";

const REPLAY = "npx nyckel sim run pilot --seed 7";

function outcomeWith(violations: readonly Violation[]): RunOutcome {
  const result = { scenario: "pilot", seed: "7", virtualDays: 1, traceHash: "ab12" };
  // A JUnit file tells four of some thirty figures.
  return {
    result: result as unknown as RunOutcome["result"],
    violations,
    story: [],
    calendar: { startS: 0, days: 1, atUs: () => 0, labelOf: () => "07:31" },
  };
}

/** A small reader of well-formed XML: names and attributes in order, and an error for bad nesting. */
function readXml(text: string): { name: string; attributes: Record<string, string> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const open: string[] = [];
  const rest = text
    .replace(/^<\?xml [^?]*\?>\n/, "")
    .replace(
      /<(\/?)([a-z]+)((?: [a-zA-Z]+="[^"<]*")*)(\/?)>/g,
      (_tag, end: string, name: string, given: string, isEmpty: string) => {
        if (end === "/") {
          if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
          return "";
        }
        const pairs = [...given.matchAll(/ ([a-zA-Z]+)="([^"]*)"/g)];
        const attributes = Object.fromEntries(
          pairs.map(([, key = "", value = ""]) => [key, value]),
        );
        elements.push({ name, attributes });
        if (isEmpty === "") open.push(name);
        return "";
      },
    );
  if (open.length > 0) throw new Error(`<${open.at(-1)}> is not closed`);
  if (/[<>]|&(?!(amp|lt|gt|quot|#39);)/.test(rest)) throw new Error("a character is not escaped");
  return elements;
}

test("X6: each promise is a test case, with seed, hash and replay as properties", () => {
  const elements = readXml(writeJunit(outcomeWith([]), REPLAY, 3.5));
  const cases = elements.filter(({ name }) => name === "testcase");
  expect(cases.map(({ attributes }) => attributes["name"])).toEqual([...INVARIANTS]);
  const properties = elements.filter(({ name }) => name === "property");
  const byName = new Map(
    properties.map(({ attributes }) => [attributes["name"], attributes["value"]]),
  );
  expect(byName.get("seed")).toBe("7");
  expect(byName.get("traceHash")).toBe("ab12");
  expect(byName.get("replay")).toBe(REPLAY);
  const suite = elements.find(({ name }) => name === "testsuite");
  expect(suite?.attributes).toMatchObject({ tests: "7", failures: "0" });
});

test("X6: a broken promise is a failure with the line that repeats the run, escaped", () => {
  const hostile = 'lock-01 <opened> & "wide" \u0007';
  const text = writeJunit(
    outcomeWith([
      { invariant: "I1 no-unauth", atUs: 5, text: hostile },
      { invariant: "I1 no-unauth", atUs: 6, text: "again" },
    ]),
    REPLAY,
    3.5,
  );
  const elements = readXml(text);
  const failures = elements.filter(({ name }) => name === "failure");
  expect(failures).toHaveLength(1);
  expect(failures[0]?.attributes["message"]).toBe(`2 times broken; repro: ${REPLAY}`);
  expect(text).toContain("07:31 lock-01 &lt;opened&gt; &amp; &quot;wide&quot;");
  expect(text).toContain(`repro: ${REPLAY}</failure>`);
  const suite = elements.find(({ name }) => name === "testsuite");
  expect(suite?.attributes).toMatchObject({ tests: "7", failures: "1" });
});
