// SPDX-License-Identifier: EUPL-1.2
// The entry table: entry i lies at octet 4 * i of the blob. Append only; a change of meaning raises
// NATIVE_ABI. Every entry takes integers alone, at most four, and gives an integer.
//
// ENTRY(name, number of arguments)

#define NATIVE_ABI 1

ENTRY(bind, 3)
ENTRY(stack_pointer, 0)
// Over absolute addresses, for the crypto port.
ENTRY(sha256, 3)
ENTRY(sha512, 3)
ENTRY(hmac, 4)
ENTRY(hkdf_expand, 4)
ENTRY(ccm_seal, 4)
ENTRY(ccm_open, 4)
ENTRY(signing_key, 2)
ENTRY(sign, 4)
ENTRY(verify, 4)
ENTRY(x25519_base, 2)
ENTRY(x25519, 3)
ENTRY(crc16, 2)
ENTRY(crc32, 2)
ENTRY(leaf_hashes, 4)
ENTRY(fold, 2)
ENTRY(subtree, 4)
ENTRY(unhex, 3)
// Over offsets into the bound arena: the operations of the door path.
ENTRY(arena_dh_base, 2)
ENTRY(arena_dh, 3)
ENTRY(arena_verify, 4)
ENTRY(arena_hash, 3)
ENTRY(arena_extract, 3)
ENTRY(arena_kdf, 4)
ENTRY(arena_seal, 4)
ENTRY(arena_open, 4)
ENTRY(arena_counter_key, 3)
ENTRY(arena_gate, 4)
ENTRY(arena_shape, 3)
ENTRY(arena_put_head, 3)
ENTRY(arena_unwrap, 2)
ENTRY(arena_hash_leaf, 3)
ENTRY(arena_tree_root, 4)
ENTRY(arena_find, 4)
ENTRY(arena_copy, 3)
ENTRY(arena_xor, 3)
ENTRY(arena_compare, 3)
ENTRY(arena_wipe, 2)
ENTRY(arena_crc, 2)
// For interpreters that know no function of four integers: calls an entry with words from memory.
ENTRY(apply, 2)
ENTRY(usable_key, 1)
