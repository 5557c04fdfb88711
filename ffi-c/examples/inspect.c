/* Judges one request, its body read from standard input in chunks: exit code 1 if it is to be blocked.
 *
 *   cc inspect.c $(pkg-config --cflags --libs abatis) -o inspect
 *   echo '{"user": "admin'"'"' or 1=1--"}' | ./inspect policy.yaml POST /login Content-Type application/json
 *
 * The policy may be `-` for the built-in one.
 */
#include <abatis.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const char *label, abatis_str text) {
  printf("  %-9s%.*s\n", label, (int)text.len, text.data);
}

static abatis_engine *build(const char *path) {
  abatis_policy *policy = NULL;
  abatis_engine *engine = NULL;
  abatis_error *error = NULL;
  abatis_status status = strcmp(path, "-") == 0
                             ? abatis_policy_builtin("default", strlen("default"), &policy, &error)
                             : abatis_policy_from_file(path, strlen(path), &policy, &error);
  if (status == ABATIS_STATUS_OK) status = abatis_engine_new(policy, NULL, &engine, &error);
  if (status != ABATIS_STATUS_OK) {
    abatis_str message = abatis_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.len, message.data);
    abatis_error_free(error);
  }
  abatis_policy_free(policy);
  return engine;
}

static void show(const abatis_verdict *verdict) {
  for (size_t i = 0; i < abatis_verdict_count(verdict); i++) {
    const abatis_finding *finding = abatis_verdict_finding(verdict, i);
    print("rule", abatis_finding_rule(finding));
    print("class", abatis_finding_class(finding));
    print("field", abatis_finding_pointer(finding));
    printf("  %-9s%zu..%zu\n", "bytes", abatis_finding_start(finding), abatis_finding_end(finding));
    for (size_t step = 0; step < abatis_finding_decoded_count(finding); step++)
      print("decoded", abatis_finding_decoded(finding, step));
    print("why", abatis_finding_message(finding));
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: %s POLICY METHOD TARGET [NAME VALUE]... < body\n", argv[0]);
    return 2;
  }
  abatis_engine *engine = build(argv[1]);
  if (engine == NULL) return 2;

  /* A server has one scratch for each worker, and begins a session in it for each request. */
  abatis_scratch *scratch = NULL;
  abatis_session *session = NULL;
  if (abatis_scratch_new(&scratch) != ABATIS_STATUS_OK ||
      abatis_session_begin(engine, scratch, &session) != ABATIS_STATUS_OK)
    return 2;

  abatis_progress progress;
  abatis_session_request_line(session, argv[2], strlen(argv[2]), argv[3], strlen(argv[3]), &progress);
  for (int i = 4; i + 1 < argc; i += 2)
    abatis_session_header(session, argv[i], strlen(argv[i]), argv[i + 1], strlen(argv[i + 1]), &progress);

  char chunk[4096];
  size_t len;
  while (progress == ABATIS_PROGRESS_CONTINUE && (len = fread(chunk, 1, sizeof chunk, stdin)) > 0)
    abatis_session_body(session, chunk, len, &progress);

  /* A verdict that could not be had is NULL, and reads as block. */
  abatis_verdict *verdict = NULL;
  abatis_session_finish(session, &verdict);
  int blocked = abatis_verdict_action(verdict) == ABATIS_ACTION_BLOCK;
  printf("%s, score %u\n", blocked ? "block" : "pass", (unsigned)abatis_verdict_score(verdict));
  show(verdict);

  abatis_verdict_free(verdict);
  abatis_session_free(session);
  abatis_scratch_free(scratch);
  abatis_engine_free(engine);
  return blocked;
}
