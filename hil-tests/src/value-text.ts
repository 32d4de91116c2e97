// SPDX-License-Identifier: EUPL-1.2

/** A string as the interpreter writes it: octets outside ASCII as `\xNN`. */
function quote(text: string): string {
  const escaped = text.replace(/[^\x20-\x7e]|[\\"]/g, (octet) => {
    const short: Readonly<Record<string, string>> = {
      "\\": "\\\\",
      '"': '\\"',
      "\n": "\\n",
      "\r": "\\r",
      "\t": "\\t",
    };
    return short[octet] ?? `\\x${octet.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

/** A value as text that reads back as the same value: the interpreter's `E.toJS`. */
export function toSource(value: unknown): string {
  if (typeof value === "string") {
    return quote(value);
  }
  if (typeof value === "function") {
    return "function () {[native code]}";
  }
  if (typeof value !== "object" || value === null) {
    return String(value);
  }
  if (value instanceof Error || Object.prototype.toString.call(value) === "[object Error]") {
    return String(value);
  }
  if (ArrayBuffer.isView(value)) {
    const list = Array.from(value as unknown as ArrayLike<number>);
    return `new ${value.constructor.name}([${list.join(",")}])`;
  }
  if (Array.isArray(value)) {
    return `[${value.map(toSource).join(",")}]`;
  }
  const fields = Object.entries(value).map(
    ([name, field]) => `${IDENTIFIER.test(name) ? name : quote(name)}:${toSource(field)}`,
  );
  return `{${fields.join(",")}}`;
}

/** A value as `print` shows it: strings bare, everything else as source. */
export function toPrinted(value: unknown): string {
  return typeof value === "string" ? value : toSource(value);
}

/** What the console says of something thrown. */
export function toUncaught(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) {
    const name = "name" in error ? String(error.name) : "Error";
    return `Uncaught ${name}: ${String(error.message)}`;
  }
  return `Uncaught ${toPrinted(error)}`;
}

/**
 * Reads a string literal of the interpreter.
 *
 * @returns the text, one character for each octet; undefined where it is no string literal.
 */
export function readStringLiteral(source: string): string | undefined {
  const quoted = /^(["'])([\s\S]*)\1$/.exec(source.trim());
  if (quoted?.[2] === undefined) {
    return undefined;
  }
  const names: Readonly<Record<string, string>> = {
    n: "\n",
    r: "\r",
    t: "\t",
    b: "\b",
    f: "\f",
    v: "\v",
  };
  return quoted[2].replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (_all, code: string) => {
    if (code.startsWith("x") && code.length === 3) {
      return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    }
    return /^[0-7]/.test(code)
      ? String.fromCharCode(Number.parseInt(code, 8))
      : (names[code] ?? code);
  });
}
