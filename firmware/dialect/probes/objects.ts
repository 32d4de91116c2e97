// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const base: Record<string, number> = { a: 1 };
const merged: Record<string, number> = { ...base, b: 2 };
const key = "c";
merged[key] = 3;
delete merged["a"];
print(Object.keys(merged).join(), merged["a"] === undefined, "b" in merged, base["a"]);
let seen = "";
for (const name in merged) seen += name;
print(seen, JSON.stringify({ x: [1, { y: null }] }), JSON.parse('{"z":[1,2]}').z[1]);
const methods = { delete: () => "d", default: 4 };
print(methods.delete(), methods.default);
