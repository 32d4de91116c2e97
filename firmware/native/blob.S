// SPDX-License-Identifier: EUPL-1.2
// Octet 0 of the blob: one branch for each entry, then the words that `bind` fills in. They lie in
// the code because a blob has no data section; so it must be loaded into RAM.

  .syntax unified
  .thumb
  .section .entry, "ax", %progbits
  .balign 4
  .global entry_table
  .hidden entry_table
entry_table:
#define ENTRY(name, arguments) b.w entry_##name
#include "entries.h"
#undef ENTRY

  .global binding
  .hidden binding
  .balign 4
binding:
  .word 0, 0, 0
