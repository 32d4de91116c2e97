// SPDX-License-Identifier: EUPL-1.2
// Forms say how a value is built and what its parts are called, so that people can read it.

import { hexOf } from "../../bytes.ts";
import { decodeCbor } from "../../cbor/decode.ts";
import { type CborValue, isArray, isBytes, isMap, mapGet } from "../../cbor/value.ts";

/** A value with its name, as people read it. @public */
export interface Field {
  readonly name: string;
  /** Numbers and texts as they are, octets in hexadecimal; absent where there are members. */
  readonly value?: number | string | boolean | null;
  /** What the value means, for example the time of a number of seconds. */
  readonly note?: string;
  readonly members?: readonly Field[];
}

/** Reads a value under a name; undefined for a value that has not the form. @internal */
export type Form = (name: string, value: CborValue) => Field | undefined;

/** A number, with what it means. @internal */
export function number(note?: (value: number) => string | undefined): Form {
  return (name, value) => {
    if (typeof value !== "number") return undefined;
    const meaning = note?.(value);
    return meaning === undefined ? { name, value } : { name, value, note: meaning };
  };
}

/** A number that is one of a few. @internal */
export function oneOf(names: Readonly<Record<number, string>>): Form {
  return (name, value) => {
    if (typeof value !== "number") return undefined;
    const note = names[value];
    return note === undefined ? undefined : { name, value, note };
  };
}

/** An octet string of a length, or of any. @internal */
export function octets(length?: number): Form {
  return (name, value) => {
    if (!isBytes(value) || (length !== undefined && value.length !== length)) return undefined;
    return { name, value: hexOf(value), note: `${value.length} octets` };
  };
}

/** Null, or the form. @internal */
export function orNothing(form: Form): Form {
  return (name, value) => (value === null ? { name, value } : form(name, value));
}

/** The first form that fits. @internal */
export function either(...forms: readonly Form[]): Form {
  return (name, value) => {
    for (const form of forms) {
      const field = form(name, value);
      if (field !== undefined) return field;
    }
    return undefined;
  };
}

/** An array with one named form per place; the last `optional` ones may be absent. @internal */
export function tuple(parts: readonly (readonly [string, Form])[], optional = 0): Form {
  return (name, value) => {
    if (!isArray(value) || value.length > parts.length) return undefined;
    if (value.length < parts.length - optional) return undefined;
    const members: Field[] = [];
    for (const [index, item] of value.entries()) {
      const part = parts[index];
      const field = part?.[1](part[0], item);
      if (field === undefined) return undefined;
      members.push(field);
    }
    return { name, members };
  };
}

/** An array of items of one form. @internal */
export function list(item: string, form: Form): Form {
  return (name, value) => {
    if (!isArray(value)) return undefined;
    const members: Field[] = [];
    for (const [index, one] of value.entries()) {
      const field = form(`${item} ${index}`, one);
      if (field === undefined) return undefined;
      members.push(field);
    }
    return { name, note: `${value.length}`, members };
  };
}

/** A map with exactly these keys. @internal */
export function map(parts: readonly (readonly [number, string, Form])[]): Form {
  return (name, value) => {
    if (!isMap(value) || value.entries.length !== parts.length) return undefined;
    const members: Field[] = [];
    for (const [key, label, form] of parts) {
      const item = mapGet(value, key);
      const field = item === undefined ? undefined : form(`${label} (${key})`, item);
      if (field === undefined) return undefined;
      members.push(field);
    }
    return { name, members };
  };
}

/** An octet string that holds an encoded value of a form. @internal */
export function encoded(form: Form): Form {
  return (name, value) => {
    if (!isBytes(value)) return undefined;
    const inner = decodeCbor(value);
    return inner.ok ? form(name, inner.value) : undefined;
  };
}
