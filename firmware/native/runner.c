// SPDX-License-Identifier: EUPL-1.2
// Runs a script of commands on the entries, so that one suite serves the processor and the host.
// On the board of QEMU (mps2-an386, Cortex-M4) it loads the finished blob and speaks by semihosting;
// on a host it is linked with the same sources.
//
// The script is a row of words, little endian; octets are padded to words. Answers are a row alike.
//   0                                          end
//   1 offset length octets                     write into the memory
//   2 entry placed a0 a1 a2 a3                 call; answers the result
//   3 offset length                            answers octets of the memory
//   4 entry placed a0 a1 a2 a3                 call on a painted stack; answers result and peak
//   5 octet                                    load the blob anew, this many octets off alignment
// Bit i of `placed` says that a_i is an offset into the memory and not a number.

#include <stdint.h>

#define MEMORY_BYTES (256 * 1024)
#define SCRIPT_BYTES (2 * 1024 * 1024)
#define ANSWER_BYTES (1024 * 1024)
#define STACK_PROBE 12288
#define PAINT 0xa5

typedef uint8_t u8;
typedef uint32_t u32;
typedef int (*entry)(u32, u32, u32, u32);

static u8 memory[MEMORY_BYTES] __attribute__((aligned(16)));
static u8 script[SCRIPT_BYTES] __attribute__((aligned(16)));
static u8 answer[ANSWER_BYTES] __attribute__((aligned(16)));

#ifdef NATIVE_HOST

#include <stdio.h>
#include <stdlib.h>

#define ENTRY(name, arguments) int entry_##name();
#include "entries.h"
#undef ENTRY
static const entry ENTRIES[] = {
#define ENTRY(name, arguments) (entry)entry_##name,
#include "entries.h"
#undef ENTRY
};

static u32 read_all(const char *name, u8 *to, u32 room) {
  FILE *file = fopen(name, "rb");
  if (file == NULL) exit(3);
  u32 bytes = (u32)fread(to, 1, room, file);
  fclose(file);
  return bytes;
}

static void write_all(const char *name, const u8 *from, u32 bytes) {
  FILE *file = fopen(name, "wb");
  if (file == NULL || fwrite(from, 1, bytes, file) != bytes) exit(3);
  fclose(file);
}

static void load_blob(u32 off) { (void)off; }
static entry entry_of(u32 number) { return ENTRIES[number]; }

#else

// Where the blob lies; a trace tells the instructions of the blob by it.
static u8 *const BLOB = (u8 *)0x21000000;
#define BLOB_BYTES 65536
static u32 blob_off;

// Arm semihosting, https://github.com/ARM-software/abi-aa/blob/main/semihosting/semihosting.rst
static u32 host_call(u32 operation, const void *arguments) {
  register u32 r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = arguments;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

static void stop(u32 code) {
  u32 arguments[2] = {0x20026, code};
  host_call(0x20, arguments);
  for (;;) {
  }
}

static u32 open_file(const char *name, u32 mode) {
  u32 bytes = 0;
  while (name[bytes] != 0) bytes += 1;
  u32 arguments[3] = {(u32)name, mode, bytes};
  u32 handle = host_call(0x01, arguments);
  if (handle == 0xffffffff) stop(3);
  return handle;
}

static u32 read_all(const char *name, u8 *to, u32 room) {
  u32 handle = open_file(name, 1);
  u32 arguments[3] = {handle, (u32)to, room};
  u32 missing = host_call(0x06, arguments);
  host_call(0x02, &handle);
  return room - missing;
}

static void write_all(const char *name, const u8 *from, u32 bytes) {
  u32 handle = open_file(name, 5);
  u32 arguments[3] = {handle, (u32)from, bytes};
  if (host_call(0x05, arguments) != 0) stop(3);
  host_call(0x02, &handle);
}

static void load_blob(u32 off) {
  blob_off = off;
  read_all("native.bin", BLOB + off, BLOB_BYTES);
  __asm__ volatile("dsb; isb" ::: "memory");
}

static entry entry_of(u32 number) { return (entry)(BLOB + blob_off + 4 * number + 1); }

#endif

static u32 word_at(const u8 *octets) {
  return (u32)octets[0] | (u32)octets[1] << 8 | (u32)octets[2] << 16 | (u32)octets[3] << 24;
}

static u8 *put_word(u8 *to, u32 word) {
  for (int octet = 0; octet < 4; octet += 1) *to++ = (u8)(word >> (8 * octet));
  return to;
}

static u32 call(const u8 *words) {
  u32 placed = word_at(words + 4);
  u32 a[4];
  for (u32 index = 0; index < 4; index += 1) {
    a[index] = word_at(words + 8 + 4 * index);
    if ((placed >> index & 1) != 0) a[index] += (u32)(uintptr_t)memory;
  }
  return (u32)entry_of(word_at(words))(a[0], a[1], a[2], a[3]);
}

// Paints what lies below, calls, and looks how far the paint is gone. Not inlined, so that the frame
// of the painter is gone again before the call.
static __attribute__((noinline)) void paint(volatile u8 *below) {
  for (u32 index = 64; index < STACK_PROBE; index += 1) below[-(int)index] = PAINT;
}

static __attribute__((noinline)) u32 painted_call(const u8 *words, u32 *result) {
  volatile u8 *here = (volatile u8 *)__builtin_frame_address(0);
  paint(here - 256);
  *result = call(words);
  u32 depth = STACK_PROBE + 256;
  while (depth > 0 && here[-(int)depth + 1] == PAINT) depth -= 1;
  return depth;
}

static void run(void) {
  u32 script_bytes = read_all("script.bin", script, SCRIPT_BYTES);
  u8 *to = answer;
  load_blob(0);
  for (const u8 *at = script; at + 4 <= script + script_bytes;) {
    u32 command = word_at(at);
    u32 offset = word_at(at + 4);
    u32 bytes = word_at(at + 8);
    if (command == 0) break;
    if (command == 1) {
      for (u32 index = 0; index < bytes; index += 1) memory[offset + index] = at[12 + index];
      at += 12 + (bytes + 3) / 4 * 4;
    } else if (command == 2) {
      to = put_word(to, call(at + 4));
      at += 28;
    } else if (command == 3) {
      for (u32 index = 0; index < (bytes + 3) / 4 * 4; index += 1) *to++ = memory[offset + index];
      at += 12;
    } else if (command == 4) {
      u32 result;
      u32 peak = painted_call(at + 4, &result);
      to = put_word(put_word(to, result), peak);
      at += 28;
    } else if (command == 5) {
      load_blob(offset);
      at += 8;
    } else {
      break;
    }
  }
  write_all("answer.bin", answer, (u32)(to - answer));
}

#ifdef NATIVE_HOST

int main(void) {
  run();
  return 0;
}

#else

extern u32 bss_start, bss_end;

void start(void) {
  for (u32 *word = &bss_start; word < &bss_end; word += 1) *word = 0;
  run();
  stop(0);
}

// Any exception ends the run with a code of its own.
static void fault(void) { stop(4); }

__attribute__((section(".vectors"), used)) static const uintptr_t VECTORS[] = {
    0x203ffff0,       (uintptr_t)start, (uintptr_t)fault, (uintptr_t)fault,
    (uintptr_t)fault, (uintptr_t)fault, (uintptr_t)fault};

#endif
