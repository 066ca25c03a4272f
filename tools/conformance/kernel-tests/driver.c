/* Prints the tables of the kernel's own tests of BTF as JSON lines; texts and bytes in hex. */
#include "prog_tests/btf.c"
static void hex(const char *key, const void *data, size_t size) {
  const unsigned char *bytes = data;
  printf(",\"%s\":\"", key);
  for (size_t i = 0; i < size; i++) printf("%02x", bytes[i]);
  printf("\"");
}
static void text(const char *key, const char *value) { hex(key, value ? value : "", value ? strlen(value) : 0); }
int main(void) {
  unsigned int size; const char *next;
  for (size_t i = 0; i < sizeof raw_tests / sizeof *raw_tests; i++) {
    struct btf_raw_test *t = &raw_tests[i];
    struct btf_header *h = btf_raw_create(&hdr_tmpl, t->raw_types, t->str_sec, t->str_sec_size, &size, &next);
    if (!h) return 2;
    h->hdr_len += t->hdr_len_delta; h->type_off += t->type_off_delta; h->str_off += t->str_off_delta; h->str_len += t->str_len_delta;
    printf("{\"table\":\"raw\",\"refused\":%d,\"mapRefused\":%d,\"map\":[%u,%u,%u,%u,%u,%u]", t->btf_load_err, t->map_create_err, t->map_type, t->key_size, t->value_size, t->max_entries, t->key_type_id, t->value_type_id);
    text("descr", t->descr); text("message", t->err_str); hex("blob", h, size); puts("}");
  }
  for (size_t i = 0; i < sizeof info_raw_tests / sizeof *info_raw_tests; i++) {
    struct prog_info_raw_test *t = &info_raw_tests[i];
    void *b = btf_raw_create(&hdr_tmpl, t->raw_types, t->str_sec, t->str_sec_size, &size, &next);
    if (!b) return 3;
    unsigned int lines = 0;
    void *l = patch_name_tbd(t->line_info, t->str_sec, next ? next - t->str_sec : 0, t->str_sec_size, &lines);
    if ((long)l < 0 && (long)l > -4096) return 4;
    printf("{\"table\":\"info\",\"refused\":%d,\"type\":%u,\"funcRec\":%u,\"lineRec\":%u", t->expected_prog_load_failure, t->prog_type, t->func_info_rec_size, t->line_info_rec_size);
    text("descr", t->descr); text("message", t->err_str); hex("blob", b, size);
    hex("insns", t->insns, probe_prog_length(t->insns) * 8);
    hex("funcInfo", t->func_info, (size_t)t->func_info_cnt * t->func_info_rec_size); hex("lineInfo", lines ? l : 0, lines); puts("}");
  }
  for (size_t i = 0; i < sizeof dedup_tests / sizeof *dedup_tests; i++) {
    struct btf_dedup_test *t = &dedup_tests[i];
    printf("{\"table\":\"dedup\",\"refused\":0"); text("descr", t->descr);
    void *b = btf_raw_create(&hdr_tmpl, t->input.raw_types, t->input.str_sec, t->input.str_sec_size, &size, &next);
    if (!b) return 5;
    hex("blob", b, size);
    b = btf_raw_create(&hdr_tmpl, t->expect.raw_types, t->expect.str_sec, t->expect.str_sec_size, &size, &next);
    if (!b) return 6;
    hex("expected", b, size); puts("}");
  }
  return 0;
}
