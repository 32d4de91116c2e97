// SPDX-License-Identifier: EUPL-1.2
// A plugin for QEMU's translator that counts executed instructions by where they lie.
//
//   -plugin count.so,blob=<start>,bytes=<length>,entries=<number>,marker=<entry>,out=<file>
//
// Each arrival at the marker, an entry of the blob, or at `address=` ends a phase. For each phase one line is written:
// instructions in the blob, instructions outside, instructions in the ranges of the file `apart=` (start
// and end in a line), a hash of the addresses run through in the blob, and for each entry that was
// called its number, calls and instructions. Counting goes by translated blocks: they begin and end
// where control flow does.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Declared here because Debian does not ship the header: QEMU 7.2, docs/devel/tcg-plugins.rst,
// interface version 1.
typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef struct qemu_info_t qemu_info_t;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
extern void qemu_plugin_register_vcpu_tb_trans_cb(
    qemu_plugin_id_t id, void (*callback)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block,
                                                 void (*callback)(unsigned int, void *),
                                                 enum qemu_plugin_cb_flags flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
extern void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id,
                                           void (*callback)(qemu_plugin_id_t, void *), void *data);
#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;

enum { ENTRIES_MAX = 96, RANGES_MAX = 4096 };

struct block {
  uint64_t start;
  uint64_t instructions;
  int is_apart;
  struct block *next;
};

static uint64_t blob_start, blob_bytes, entries;
static uint64_t marker = UINT64_MAX, marked_address = UINT64_MAX;
static uint64_t in_blob, outside, apart, trace;
static uint64_t calls[ENTRIES_MAX], instructions_of[ENTRIES_MAX];
static uint64_t current_entry, ranges[RANGES_MAX][2];
static size_t range_count;
static FILE *out;
static struct block *blocks;

static void end_phase(void) {
  fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %016" PRIx64, in_blob, outside, apart, trace);
  for (uint64_t entry = 0; entry < entries; entry += 1) {
    if (calls[entry] == 0) continue;
    fprintf(out, " %" PRIu64 ":%" PRIu64 ":%" PRIu64, entry, calls[entry], instructions_of[entry]);
    calls[entry] = instructions_of[entry] = 0;
  }
  fputc('\n', out);
  in_blob = outside = apart = 0;
  trace = 0xcbf29ce484222325;
}

static void on_block(unsigned int cpu, void *data) {
  const struct block *block = data;
  (void)cpu;
  uint64_t offset = block->start - blob_start;
  if (block->start == marked_address) end_phase();
  if (offset < blob_bytes) {
    if (offset == 4 * marker && marker < entries) end_phase();
    if (offset % 4 == 0 && offset < 4 * entries) {
      current_entry = offset / 4;
      calls[current_entry] += 1;
    }
    in_blob += block->instructions;
    instructions_of[current_entry] += block->instructions;
    trace = (trace ^ offset) * 0x100000001b3;
  } else if (block->is_apart) {
    apart += block->instructions;
  } else {
    outside += block->instructions;
  }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *translated) {
  (void)id;
  struct block *block = malloc(sizeof *block);
  if (block == NULL) abort();
  block->start = qemu_plugin_tb_vaddr(translated) & ~(uint64_t)1;
  block->instructions = qemu_plugin_tb_n_insns(translated);
  block->is_apart = 0;
  for (size_t index = 0; index < range_count; index += 1) {
    if (block->start >= ranges[index][0] && block->start < ranges[index][1]) block->is_apart = 1;
  }
  block->next = blocks;
  blocks = block;
  qemu_plugin_register_vcpu_tb_exec_cb(translated, on_block, QEMU_PLUGIN_CB_NO_REGS, block);
}

static void on_exit_of_guest(qemu_plugin_id_t id, void *data) {
  (void)id;
  (void)data;
  end_phase();
  fclose(out);
}

static int read_ranges(const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) return -1;
  while (range_count < RANGES_MAX &&
         fscanf(file, "%" SCNu64 " %" SCNu64, &ranges[range_count][0], &ranges[range_count][1]) == 2) {
    range_count += 1;
  }
  fclose(file);
  return 0;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count,
                               char **arguments) {
  const char *path = NULL;
  (void)info;
  current_entry = 0;
  for (int index = 0; index < count; index += 1) {
    char *value = strchr(arguments[index], '=');
    if (value == NULL) return -1;
    value += 1;
    uint64_t number = strtoull(value, NULL, 0);
    if (strncmp(arguments[index], "blob=", 5) == 0) blob_start = number;
    else if (strncmp(arguments[index], "bytes=", 6) == 0) blob_bytes = number;
    else if (strncmp(arguments[index], "marker=", 7) == 0) marker = number;
    else if (strncmp(arguments[index], "address=", 8) == 0) marked_address = number;
    else if (strncmp(arguments[index], "entries=", 8) == 0) entries = number;
    else if (strncmp(arguments[index], "apart=", 6) == 0) {
      if (read_ranges(value) != 0) return -1;
    }
    else if (strncmp(arguments[index], "out=", 4) == 0) path = value;
    else return -1;
  }
  out = path == NULL ? NULL : fopen(path, "w");
  if (out == NULL || entries > ENTRIES_MAX) return -1;
  // The interpreter may crash at its end; what was counted before stays.
  setvbuf(out, NULL, _IOLBF, 0);
  trace = 0xcbf29ce484222325;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_guest, NULL);
  return 0;
}
