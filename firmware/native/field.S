// SPDX-License-Identifier: EUPL-1.2
// The arithmetic of field.h for Cortex-M4, eight words of 32 bits. `umaal lo, hi, x, y` puts
// x * y + lo + hi into hi:lo and cannot overflow, so a row of a product needs no separate carries
// (Arm v7-M Architecture Reference Manual, UMAAL). That 2^256 = 38 modulo p folds what lies above.
//
// No branch and no conditional instruction: the same steps whatever the numbers are. The result may
// lie where the operands do.

  .syntax unified
  .thumb

.macro FUNCTION name
  .section .text.\name, "ax", %progbits
  .balign 4
  .global \name
  .hidden \name
  .type \name, %function
  .thumb_func
\name:
.endm

// Words w0 to w7 += carry * 38, where carry * 38 is small; r2 holds 38. What runs over at the end
// leaves less than 38 * carry behind it, so the last addition ends in the lowest word.
.macro FOLD carry, w0, w1, w2, w3, w4, w5, w6, w7
  mul \carry, \carry, r2
  adds \w0, \w0, \carry
  adcs \w1, \w1, #0
  adcs \w2, \w2, #0
  adcs \w3, \w3, #0
  adcs \w4, \w4, #0
  adcs \w5, \w5, #0
  adcs \w6, \w6, #0
  adcs \w7, \w7, #0
  sbc \carry, \carry, \carry
  bic \carry, r2, \carry
  add \w0, \w0, \carry
.endm

// One word of g times four words of f in r4 to r7, added to w0 to w3 and to c, which counts as much
// as w0. The lowest word is finished; c holds the new highest.
.macro ROW g, w0, w1, w2, w3, c, place
  ldr r3, [r2, #4 * \g]
  umaal \w0, \c, r4, r3
  umaal \w1, \c, r5, r3
  umaal \w2, \c, r6, r3
  umaal \w3, \c, r7, r3
  str \w0, [sp, #4 * \place]
.endm

// The product of sixteen words is made in two passes, over the lower and the upper half of f. The
// window of four words turns through five registers. The first pass leaves words 0 to 11 on the
// stack, the second adds to words 4 to 11 and keeps words 12 to 15 in registers.
FUNCTION fe25519_mul
  push {r0, r4-r11, lr}
  sub sp, sp, #64
  ldm r1!, {r4-r7}
  mov r8, #0
  mov r9, #0
  mov r10, #0
  mov r11, #0
  mov r12, #0
  ROW 0, r8, r9, r10, r11, r12, 0
  mov r8, #0
  ROW 1, r9, r10, r11, r12, r8, 1
  mov r9, #0
  ROW 2, r10, r11, r12, r8, r9, 2
  mov r10, #0
  ROW 3, r11, r12, r8, r9, r10, 3
  mov r11, #0
  ROW 4, r12, r8, r9, r10, r11, 4
  mov r12, #0
  ROW 5, r8, r9, r10, r11, r12, 5
  mov r8, #0
  ROW 6, r9, r10, r11, r12, r8, 6
  mov r9, #0
  ROW 7, r10, r11, r12, r8, r9, 7
  str r11, [sp, #32]
  str r12, [sp, #36]
  str r8, [sp, #40]
  str r9, [sp, #44]

  ldm r1, {r4-r7}
  add r1, sp, #16
  ldm r1, {r8-r11}
  mov r12, #0
  ROW 0, r8, r9, r10, r11, r12, 4
  mov r8, #0
  ROW 1, r9, r10, r11, r12, r8, 5
  mov r9, #0
  ROW 2, r10, r11, r12, r8, r9, 6
  mov r10, #0
  ROW 3, r11, r12, r8, r9, r10, 7
  ldr r11, [sp, #32]
  ROW 4, r12, r8, r9, r10, r11, 8
  ldr r12, [sp, #36]
  ROW 5, r8, r9, r10, r11, r12, 9
  ldr r8, [sp, #40]
  ROW 6, r9, r10, r11, r12, r8, 10
  ldr r9, [sp, #44]
  ROW 7, r10, r11, r12, r8, r9, 11

  // Words 12 to 15 are in r11, r12, r8, r9.
  mov r2, #38
  mov r1, #0
  ldm sp, {r4-r7}
  ldr r3, [sp, #32]
  umaal r4, r1, r3, r2
  ldr r3, [sp, #36]
  umaal r5, r1, r3, r2
  ldr r3, [sp, #40]
  umaal r6, r1, r3, r2
  ldr r3, [sp, #44]
  umaal r7, r1, r3, r2
  ldr r10, [sp, #16]
  umaal r10, r1, r11, r2
  ldr r11, [sp, #20]
  umaal r11, r1, r12, r2
  ldr r12, [sp, #24]
  umaal r12, r1, r8, r2
  ldr lr, [sp, #28]
  umaal lr, r1, r9, r2
  FOLD r1, r4, r5, r6, r7, r10, r11, r12, lr
  add sp, sp, #64
  pop {r0}
  stm r0, {r4-r7, r10-r12, lr}
  pop {r4-r11, pc}

FUNCTION fe25519_sq
  mov r2, r1
  b.w fe25519_mul

FUNCTION fe25519_add
  push {r4-r11, lr}
  ldm r1, {r3-r10}
  ldm r2!, {r1, r11, r12, lr}
  adds r3, r3, r1
  adcs r4, r4, r11
  adcs r5, r5, r12
  adcs r6, r6, lr
  ldm r2, {r1, r11, r12, lr}
  adcs r7, r7, r1
  adcs r8, r8, r11
  adcs r9, r9, r12
  adcs r10, r10, lr
  mov r2, #38
  mov r1, #0
  adc r1, r1, r1
  FOLD r1, r3, r4, r5, r6, r7, r8, r9, r10
  stm r0, {r3-r10}
  pop {r4-r11, pc}

// A borrow of 2^256 is 38 too much; where that borrows again, it leaves a number near 2^256, and the
// last subtraction ends in the lowest word.
FUNCTION fe25519_sub
  push {r4-r11, lr}
  ldm r1, {r3-r10}
  ldm r2!, {r1, r11, r12, lr}
  subs r3, r3, r1
  sbcs r4, r4, r11
  sbcs r5, r5, r12
  sbcs r6, r6, lr
  ldm r2, {r1, r11, r12, lr}
  sbcs r7, r7, r1
  sbcs r8, r8, r11
  sbcs r9, r9, r12
  sbcs r10, r10, lr
  mov r2, #38
  sbc r1, r1, r1
  and r1, r1, r2
  subs r3, r3, r1
  sbcs r4, r4, #0
  sbcs r5, r5, #0
  sbcs r6, r6, #0
  sbcs r7, r7, #0
  sbcs r8, r8, #0
  sbcs r9, r9, #0
  sbcs r10, r10, #0
  sbc r1, r1, r1
  and r1, r1, r2
  sub r3, r3, r1
  stm r0, {r3-r10}
  pop {r4-r11, pc}

// A word times n is the word itself more than the word times n - 1, which umaal adds.
FUNCTION fe25519_scalar_product
  push {r4-r11, lr}
  ldm r1, {r3-r10}
  sub r12, r2, #1
  mov r1, #0
  umaal r3, r1, r3, r12
  umaal r4, r1, r4, r12
  umaal r5, r1, r5, r12
  umaal r6, r1, r6, r12
  umaal r7, r1, r7, r12
  umaal r8, r1, r8, r12
  umaal r9, r1, r9, r12
  umaal r10, r1, r10, r12
  mov r2, #38
  FOLD r1, r3, r4, r5, r6, r7, r8, r9, r10
  stm r0, {r3-r10}
  pop {r4-r11, pc}
