// SPDX-License-Identifier: EUPL-1.2
// A plugin for QEMU's translator that counts executed instructions by where they lie.
//
//   -plugin count.so,blob=<start>,bytes=<length>,marker=<offset>,out=<file>
//
// Each arrival at the marker, an entry of the blob, ends a phase. For each phase one line is written:
// instructions in the blob, instructions outside, instructions of the C library (`libc=<start>` and
// `libcend=<end>`, otherwise 0), a hash of the addresses run through in the blob. Counting goes by
// translated blocks: they begin and end where control flow does.

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

struct block {
  uint64_t start;
  uint64_t instructions;
  struct block *next;
};

static uint64_t blob_start, blob_bytes, marker, libc_start, libc_end;
static uint64_t in_blob, outside, in_libc, trace;
static FILE *out;
static struct block *blocks;

static void end_phase(void) {
  fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %016" PRIx64 "\n", in_blob, outside, in_libc,
          trace);
  in_blob = outside = in_libc = 0;
  trace = 0xcbf29ce484222325;
}

static void on_block(unsigned int cpu, void *data) {
  const struct block *block = data;
  (void)cpu;
  uint64_t offset = block->start - blob_start;
  if (block->start == blob_start + marker) end_phase();
  if (offset < blob_bytes) {
    in_blob += block->instructions;
    trace = (trace ^ offset) * 0x100000001b3;
  } else if (block->start >= libc_start && block->start < libc_end) {
    in_libc += block->instructions;
  } else {
    outside += block->instructions;
  }
}

static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *translated) {
  (void)id;
  uint64_t start = qemu_plugin_tb_vaddr(translated) & ~(uint64_t)1;
  size_t instructions = qemu_plugin_tb_n_insns(translated);
  struct block *block = malloc(sizeof *block);
  if (block == NULL) abort();
  block->start = start;
  block->instructions = instructions;
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

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int count,
                               char **arguments) {
  const char *path = NULL;
  (void)info;
  for (int index = 0; index < count; index += 1) {
    char *value = strchr(arguments[index], '=');
    if (value == NULL) return -1;
    value += 1;
    uint64_t number = strtoull(value, NULL, 0);
    if (strncmp(arguments[index], "blob=", 5) == 0) blob_start = number;
    else if (strncmp(arguments[index], "bytes=", 6) == 0) blob_bytes = number;
    else if (strncmp(arguments[index], "marker=", 7) == 0) marker = number;
    else if (strncmp(arguments[index], "libc=", 5) == 0) libc_start = number;
    else if (strncmp(arguments[index], "libcend=", 8) == 0) libc_end = number;
    else if (strncmp(arguments[index], "out=", 4) == 0) path = value;
    else return -1;
  }
  out = path == NULL ? NULL : fopen(path, "w");
  if (out == NULL) return -1;
  // The interpreter may crash at its end; what was counted before stays.
  setvbuf(out, NULL, _IOLBF, 0);
  trace = 0xcbf29ce484222325;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  qemu_plugin_register_atexit_cb(id, on_exit_of_guest, NULL);
  return 0;
}
