/* JSON text for the native judges: everything printed is valid UTF-8, whatever bytes a name or a log line holds. */
#ifndef BTF_FIX_JUDGE_JSON_H
#define BTF_FIX_JUDGE_JSON_H

#include <stdio.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at s (never past n bytes), or 0 if there is none. */
static inline size_t json_utf8(const unsigned char *s, size_t n)
{
	size_t len, i;

	if (s[0] < 0x80)
		return 1;
	len = s[0] >= 0xf0 && s[0] <= 0xf4 ? 4 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : 0;
	if (len == 0 || len > n)
		return 0;
	for (i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates and code points past U+10FFFF show in the second byte. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
	    (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return len;
}

/* Prints n bytes as a JSON string; a byte that is not UTF-8 is written as the four characters \xNN. */
static inline void json_bytes(FILE *out, const char *text, size_t n)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t i = 0;

	fputc('"', out);
	while (i < n) {
		size_t len = json_utf8(s + i, n - i);

		if (len == 0)
			fprintf(out, "\\\\x%02x", s[i]);
		else if (s[i] == '"' || s[i] == '\\')
			fprintf(out, "\\%c", s[i]);
		else if (s[i] < 0x20 || s[i] == 0x7f)
			fprintf(out, "\\u%04x", s[i]);
		else
			fwrite(s + i, 1, len, out);
		i += len == 0 ? 1 : len;
	}
	fputc('"', out);
}

/* The same for a NUL-terminated string; NULL prints null. */
static inline void json_string(FILE *out, const char *text)
{
	if (text == NULL)
		fputs("null", out);
	else
		json_bytes(out, text, strlen(text));
}

/* Prints at most the last `limit` bytes: the kernel puts the reason of a refusal at the end of its log. */
static inline void json_tail(FILE *out, const char *text, size_t limit)
{
	size_t n = strlen(text);

	json_bytes(out, n > limit ? text + (n - limit) : text, n > limit ? limit : n);
}

#endif
