// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const text = "nyckelring";
print(text.length, text.charAt(2), text.charCodeAt(0), text.slice(1, 3), text.slice(-2));
print(text.indexOf("k"), text.split("e").join("-"), text.toUpperCase(), text.substring(3));
print(String.fromCharCode(65, 66), `${text}:${1 + 1}`, "b" < "c", (255).toString(16));
print(text.charAt(99) === "", text.includes("ring"), text.startsWith("ny"), "7".padStart(3, "0"));
