// SPDX-License-Identifier: EUPL-1.2

import { englishOf, type TextName } from "./texts.ts";

const ENTITIES: { readonly [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as content or attribute of HTML or XML; control characters that XML 1.0 forbids go. */
export function escapeMarkup(text: string): string {
  return [...text]
    .filter((character) => character >= " " || "\t\n\r".includes(character))
    .map((character) => ENTITIES[character] ?? character)
    .join("");
}

/** Plain data as JSON that may stand inside a script element. */
export function embedJson(value: unknown): string {
  const marks: { readonly [character: string]: string } = { "<": "3c", ">": "3e", "&": "26" };
  return JSON.stringify(value).replace(/[<>&]/g, (character) => `\\u00${marks[character]}`);
}

/** Attributes by which the page finds a text and puts the other language in its place. */
export function textAttributes(name: TextName, ...values: readonly (string | number)[]): string {
  const given = values.length === 0 ? "" : ` data-v="${escapeMarkup(JSON.stringify(values))}"`;
  return `data-t="${name}"${given}`;
}

/** An element that holds one text. */
export function textElement(
  tag: string,
  attributes: string,
  name: TextName,
  ...values: readonly (string | number)[]
): string {
  const all = `${attributes === "" ? "" : ` ${attributes}`} ${textAttributes(name, ...values)}`;
  return `<${tag}${all}>${escapeMarkup(englishOf(name, ...values))}</${tag}>`;
}
