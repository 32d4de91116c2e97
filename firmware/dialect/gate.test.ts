// SPDX-License-Identifier: EUPL-1.2
import { describe, expect, test } from "vitest";

import { checkScript } from "./gate.ts";

/** One planted violation per rule; the script is otherwise clean. */
const PLANTED: readonly (readonly [rule: string, script: string])[] = [
  ["syntax", "var f=()=>1;"],
  ["syntax", "let a=1;"],
  ["syntax", "const a=1;"],
  ["syntax", "class A{}"],
  ["syntax", "function* f(){yield 1}"],
  ["syntax", "async function f(){}"],
  ["syntax", "function f(a=1){return a}"],
  ["syntax", "function f(...a){return a}"],
  ["syntax", "var a=[1];var b=[...a];"],
  ["syntax", "var o={};var a=o?.b;"],
  ["syntax", "var a=`x`;"],
  ["syntax", "for(var a of [1]){print(a)}"],
  ["syntax", "var k='a';var o={[k]:1};"],
  ["syntax", "var o={m(){return 1}};"],
  ["syntax", "var a=1;var o={a};"],
  ["syntax", "with({}){print(1)}"],
  ["syntax", "debugger;"],
  ["syntax", "a:for(;;){break a}"],
  ["label", "a:for(;;){break a}"],
  ["operator", "var a=2**3;"],
  ["operator", "var a=null;var b=a??1;"],
  ["array-hole", "var a=[1,,2];"],
  ["regex", "var a=/x/;"],
  ["bigint", "var a=1n;"],
  ["ascii", 'var a="\\u00e5";'],
  ["ascii", "var a='å';"],
  ["getter", "var o={get a(){return 1}};"],
  ["getter", "var o={set a(v){}};"],
  ["default-last", "switch(process.a){default:print(1);case 2:print(2)}"],
  ["function-in-branch", "if(process.a){function f(){}}"],
  ["function-in-branch", "function g(){for(;;){function f(){}}}"],
  ["static-member", "var a=Number.isInteger(1);"],
  ["static-member", "var a=Array.from([1]);"],
  ["static-member", "var a=Object.freeze({});"],
  ["static-member", "var a=Math.imul(1,2);"],
  ["static-member", "var a=Math.pow(2,52);"],
  ["static-member", "Object.defineProperty({},'a',{get:function(){return 1}});"],
  ["static-member", "var a=Uint8Array['from']([1]);"],
  ["method", "var a=[1].at(0);"],
  ["method", "var a=[1].flat();"],
  ["method", "var a=[1].entries();"],
  ["method", "var a='x'.match('x');"],
  ["method", "var a='x'['search']('x');"],
  ["unknown-method", "var a=[1].toGrouped();"],
  ["unknown-method", "var o={};o.go();"],
  ["member", "var a=new Uint8Array(1).BYTES_PER_ELEMENT;"],
  ["delete-name", "var a=1;delete a;"],
  ["argument-count", `print(${new Array(256).fill("1").join(",")});`],
  ["helper", "var a=__spreadArray([],[1],true);"],
  ["global", "var a=new Map();"],
  ["global", "var a=Symbol();"],
  ["global", "var a=new TextEncoder();"],
  ["global", "var a=Promise;"],
  ["global", "eval('1');"],
  ["global", "function f(){leaked=1}"],
  ["function-order", "f();function f(){}"],
  ["function-order", "function g(){f();function f(){}}"],
  ["variable-order", "function f(){a=1;var a}"],
  ["variable-order", "function f(b){if(b){var a=1}return a}"],
  ["variable-order", "function f(b){for(;b;){var a=1}return a}"],
  ["variable-order", "function f(b){switch(b){case 1:var a=1;break;case 2:a=2}}"],
  ["variable-order", "function f(b){b&&(a=1);if(b){var a}}"],
  ["variable-order", "function f(){try{var a=1}catch(e){}return a}"],
  ["variable-order", "function f(b){function g(){return a}if(b){var a=1}return g()}"],
  ["variable-order", "(function(){return a})();var a=1;"],
];

const CLEAN: readonly string[] = [
  "var a=1;function f(){return a}f();",
  "function f(){return g()}function g(){return 1}f();",
  "function f(b){var a;if(b){a=1}return a}",
  "function f(b){if(b){var a=1}else{var a=2}return a}",
  "function f(b){if(!b)return 0;var a=1;return a}",
  "function f(){for(var i=0;i<3;i++){var k=i;print(k)}return i}",
  "function f(){for(var k in {a:1}){print(k)}return k}",
  "switch(process.a){case 1:print(1);break;default:print(2)}",
  "try{throw new Error('x')}catch(e){print(e)}",
  "var f=function g(n){return n?g(n-1):0};",
  "var o={entries:[1],keys:2};print(o.entries,o.keys,Object.keys(o));",
  "var k='a';var o={};o[k]=1;",
  "function f(){return arguments.length}",
  "var o={go:function(){return 1}};o.go();[1].push(2);",
];

describe("the dialect gate", () => {
  const titled = PLANTED.map(([rule, script]) => [rule, script.slice(0, 60), script] as const);
  test.each(titled)("refuses by rule %s: %s", (rule, _title, script) => {
    const found = checkScript(script).violations.map((one) => one.rule);
    expect(found).toContain(rule);
  });

  test.each(CLEAN)("accepts %s", (script) => {
    expect(checkScript(script).violations).toEqual([]);
  });

  test("tells the place of a violation", () => {
    const script = "var a=1;var b=[1].at(0);";
    expect(checkScript(script).violations).toMatchObject([{ offset: script.indexOf("[1].at") }]);
  });

  test("counts the nodes that it looked at", () => {
    expect(checkScript("var a=1;").nodes).toBe(5);
  });
});
