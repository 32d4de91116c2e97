// SPDX-License-Identifier: EUPL-1.2
import { print } from "./print.ts";

const big = 4294967295;
print(big + 1, big >>> 0, big | 0, -1 >>> 0, (big + big) >>> 0, 1 << 31, (1 << 31) >>> 0);
print(Math.floor(-1.5), -7 % 3, 7 % -3, 2147483647 + 1, 0xffff * 0xffff, 1e15 + 1);
print(0x5a5a ^ 0xffff, ~5, 5 & 3, 5 | 3, -8 >> 1, -8 >>> 28, Math.floor(281474976710655 / 256));
print(Math.max(1, 5, 3), Math.min(4, 2), Math.abs(-3), Math.ceil(1.2), Math.round(2.5));
