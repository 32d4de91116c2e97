// SPDX-License-Identifier: EUPL-1.2

import { describe, expect, test } from "vitest";
import { readScenarioFile } from "./run-script.ts";
import { SCENARIO_SHAPE } from "./scenario-shape.ts";
import { jsonSchemaOf, nearest } from "./shape.ts";

const HEAD = "title: t\ndoors: { flat: {} }\nkeys: { anna: {} }\nsteps:\n";

function problemsOf(text: string): string[] {
  const reading = readScenarioFile(text);
  return reading.ok
    ? []
    : reading.problems.map(({ line, column, text: words }) => `${line}:${column}: ${words}`);
}

describe("reading of scenario files", () => {
  test("takes a good file, with spans, times and the places of its parts", () => {
    const reading = readScenarioFile(
      `${HEAD}  - { at: "07:20:30", insert: { key: anna, door: flat, hold: 1.5 s } }\n`,
    );
    if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
    const [step] = reading.value.steps;
    expect(step?.at).toBe((7 * 3600 + 20 * 60 + 30) * 1_000_000);
    expect(step?.insert?.hold).toBe(1_500_000);
    expect(step?.place).toEqual({ line: 5, column: 5 });
  });

  test("names place, allowed keys and what was probably meant for each unknown key", () => {
    const problems = problemsOf(`${HEAD}  - insert: { kye: anna, door: flat }\nexpcet: {}\n`);
    expect(problems).toHaveLength(3);
    expect(problems[0]).toMatch(/^5:13: steps\[1\]\.insert lacks key/);
    expect(problems[1]).toMatch(
      /^5:15: steps\[1\]\.insert has no "kye"; did you mean "key"\? \(allowed: key, door, way, hold, pull\)$/,
    );
    expect(problems[2]).toMatch(/^6:1: the file has no "expcet"; did you mean "expect"\?/);
  });

  test.each([
    ["  - wait: 5\n", /^5:11: steps\[1\]\.wait is 5, but must be a span such as 800 ms/],
    ["  - wait: 5 parsecs\n", /must be a span/],
    ['  - { at: "7.20", wait: 1 s }\n', /must be a time such as "07:20"/],
    ['  - { at: "72:00", wait: 1 s }\n', /must be a time/],
    ["  - jam: { door: flat, at: 101 }\n", /must be a number from 0 to 100 \(percent\)/],
    ["  - turn: { door: flat, to: lokked }\n", /is "lokked"; did you mean "locked"\?/],
    [
      "  - insert: { key: ana, door: flat }\n",
      /^5:20: there is no key "ana"; did you mean "anna"\?/,
    ],
    ["  - open: { door: cellar }\n", /there is no door "cellar"; known: flat/],
    ["  - { wait: 1 s, say: hello }\n", /has wait and say of these, and needs exactly one/],
    ['  - { at: "07:00" }\n', /has none of these, and needs exactly one/],
    ["  - [1, 2]\n", /is a list, but must be a table/],
    ["  - check: { bolts: { flat: ajar } }\n", /must be one of locked, unlocked, between/],
    ["  - check: { bolts: { falt: locked } }\n", /there is no door "falt"; did you mean "flat"\?/],
    ["  - clock: { key: anna, ahead: 1 h, behind: 1 h }\n", /ahead and behind of these/],
    ["  - wait: 1 s\n    wait: 2 s\n", /must be unique/],
  ])("refuses %j", (steps, says) => {
    const problems = problemsOf(HEAD + steps);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.join("\n")).toMatch(says);
  });

  test.each(["", "title: [\n", "just words", "title: t\n"])("refuses %j as a whole", (text) => {
    expect(problemsOf(text).length).toBeGreaterThan(0);
  });

  test("never throws, whatever octet of a file is changed", () => {
    const text = `${HEAD}  - insert: { key: anna, door: flat }\n    expect: { opens: yes }\n`;
    let refused = 0;
    for (let at = 0; at < text.length; at += 1) {
      for (const replaced of ["", "{", ":", "\t", "%", "- ", "&a ", "\u0000"]) {
        if (problemsOf(text.slice(0, at) + replaced + text.slice(at + 1)).length > 0) refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(text.length);
  });

  test("a near word is found, and a far one is not guessed", () => {
    expect(nearest("isnert", ["insert", "sync"])).toBe("insert");
    expect(nearest("ab", ["insert", "sync"])).toBeUndefined();
    expect(nearest("batery", ["battery", "bolts"])).toBe("battery");
  });

  test("the JSON Schema closes every object and knows every field", () => {
    const schema = jsonSchemaOf(SCENARIO_SHAPE) as {
      additionalProperties: boolean;
      properties: Record<string, unknown>;
      $defs: { steps: { items: { properties: Record<string, unknown> } } };
    };
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toContain("steps");
    expect(Object.keys(schema.$defs.steps.items.properties)).toContain("insert");
    let objects = 0;
    JSON.stringify(schema, (_key, value: unknown) => {
      if (value !== null && typeof value === "object" && "properties" in value) {
        objects += 1;
        expect(value).toHaveProperty("additionalProperties", false);
      }
      return value;
    });
    expect(objects).toBeGreaterThan(20);
  });
});
