/* Judges the shared cases as a C program does: orders on standard input, a verdict a line on standard output.
 *
 *   policy YAML
 *   value PLACE VALUE
 *   request METHOD TARGET BODY SPLIT [NAME VALUE]... | [NAME VALUE]...
 *
 * Texts are hexadecimal, `-` for the empty one. Each is handed in as a heap block of its exact length, so that a byte read beyond it
 * shows under a sanitizer.
 */
#include <abatis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(call) must((call), #call)

typedef struct {
  char *data;
  size_t len;
} block;

static void must(abatis_status status, const char *call) {
  if (status != ABATIS_STATUS_OK) {
    fprintf(stderr, "%s: %s\n", call, abatis_status_message(status));
    exit(2);
  }
}

static char *next(void) { return strtok(NULL, " \n"); }

static int digit(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

static block text(const char *hex) {
  block b = {NULL, 0};
  if (hex == NULL) {
    fputs("an order ends early\n", stderr);
    exit(2);
  }
  if (strcmp(hex, "-") == 0) return b;
  b.len = strlen(hex) / 2;
  b.data = malloc(b.len);
  if (b.data == NULL) abort();
  for (size_t i = 0; i < b.len; i++) b.data[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
  return b;
}

static void put(abatis_verdict *verdict) {
  size_t len = 0;
  if (abatis_verdict_json(verdict, NULL, 0, &len) != ABATIS_STATUS_BUFFER_TOO_SMALL) exit(2);
  char *json = malloc(len + 1);
  if (json == NULL) abort();
  MUST(abatis_verdict_json(verdict, json, len + 1, &len));
  puts(json);
  free(json);
  abatis_verdict_free(verdict);
}

static abatis_engine *build(void) {
  abatis_policy *policy;
  abatis_engine *engine;
  abatis_error *error;
  block yaml = text(next());
  MUST(abatis_policy_from_memory("case", 4, yaml.data, yaml.len, NULL, 0, &policy, NULL));
  if (abatis_engine_new(policy, NULL, &engine, &error) != ABATIS_STATUS_OK) {
    abatis_str message = abatis_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.len, message.data);
    exit(2);
  }
  abatis_policy_free(policy);
  free(yaml.data);
  return engine;
}

static void value(const abatis_engine *engine, abatis_scratch *scratch) {
  abatis_verdict *verdict;
  int place = atoi(next());
  block b = text(next());
  MUST(abatis_inspect_value(engine, scratch, place, b.data, b.len, &verdict));
  free(b.data);
  put(verdict);
}

static void request(const abatis_engine *engine, abatis_scratch *scratch) {
  abatis_session *session;
  abatis_verdict *verdict;
  MUST(abatis_session_begin(engine, scratch, &session));
  block method = text(next()), target = text(next()), body = text(next());
  size_t split = (size_t)atoi(next());
  MUST(abatis_session_request_line(session, method.data, method.len, target.data, target.len, NULL));
  for (char *name = next(); name != NULL && strcmp(name, "|") != 0; name = next()) {
    block n = text(name), v = text(next());
    MUST(abatis_session_header(session, n.data, n.len, v.data, v.len, NULL));
    free(n.data);
    free(v.data);
  }
  for (size_t from = 0; from < body.len;) {
    size_t to = from < split ? split : body.len;
    char *chunk = malloc(to - from);
    if (chunk == NULL) abort();
    memcpy(chunk, body.data + from, to - from);
    MUST(abatis_session_body(session, chunk, to - from, NULL));
    free(chunk);
    from = to;
  }
  for (char *name = next(); name != NULL; name = next()) {
    block n = text(name), v = text(next());
    MUST(abatis_session_trailer(session, n.data, n.len, v.data, v.len, NULL));
    free(n.data);
    free(v.data);
  }
  MUST(abatis_session_finish(session, &verdict));
  abatis_session_free(session);
  free(method.data);
  free(target.data);
  free(body.data);
  put(verdict);
}

int main(void) {
  static char line[1 << 20];
  abatis_engine *engine = NULL;
  abatis_scratch *scratch;
  MUST(abatis_scratch_new(&scratch));
  while (fgets(line, sizeof line, stdin) != NULL) {
    const char *order = strtok(line, " \n");
    if (order == NULL) continue;
    if (strcmp(order, "policy") == 0) {
      abatis_engine_free(engine);
      engine = build();
    } else if (strcmp(order, "value") == 0) {
      value(engine, scratch);
    } else if (strcmp(order, "request") == 0) {
      request(engine, scratch);
    } else {
      fprintf(stderr, "unknown order %s\n", order);
      return 2;
    }
  }
  abatis_scratch_free(scratch);
  abatis_engine_free(engine);
  return 0;
}
