// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const bytes = new Uint8Array(6);
bytes[0] = 257;
bytes[1] = -1;
bytes.set([9, 8], 2);
bytes.set(bytes.subarray(0, 2), 4);
print(bytes[0], bytes[1], bytes.length, bytes.join());
const view = new Uint8Array(bytes.buffer, 2, 2);
view[0] = 77;
print(bytes[2], view.byteOffset, view.length, bytes.indexOf(77));
const doubles = new Float64Array(2);
doubles[1] = 4503599627370497;
print(doubles[1], doubles.length);
print(new Uint8Array([1, 2, 3]).fill(7).join(), new Uint32Array([4294967295])[0]);
print(new Uint8Array([3, 1, 2]).reverse().join());
