/* The program of `btf_inode_storage` in C: a struct for each inode whose entries are unlinked. */

struct touched {
  unsigned long long times;
};

struct {
  int (*type)[28]; /* BPF_MAP_TYPE_INODE_STORAGE */
  int *key;
  struct touched *value;
  int (*max_entries)[0];
  int (*map_flags)[1]; /* BPF_F_NO_PREALLOC */
} touched_inodes __attribute__((section(".maps"), used));

static void *(*inode_storage_get)(void *map, void *inode, void *value, unsigned long long flags) = (void *)145;

__attribute__((section("lsm/inode_unlink"), used)) int unlink(unsigned long long *context) {
  struct touched fresh = {0};
  struct touched *found = inode_storage_get(&touched_inodes, (void *)context[0], &fresh, 1);
  if (found) found->times++;
  return 0;
}

char license_text[] __attribute__((section("license"), used)) = "GPL";
