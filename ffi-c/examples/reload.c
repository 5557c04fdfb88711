/* Threads inspect while the policy is reloaded under them.
 *
 *   cc reload.c $(pkg-config --cflags --libs abatis) -pthread -o reload
 *   ./reload policy.yaml 100
 *
 * Reloads the policy that often; a server would do it when it gets SIGHUP. A policy that is wrong leaves the old one running.
 */
#include <abatis.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORKERS = 4 };

static abatis_handle *handle;
static atomic_bool done;
static atomic_ulong inspected, blocked;

static void *work(void *unused) {
  (void)unused;
  abatis_scratch *scratch = NULL;
  if (abatis_scratch_new(&scratch) != ABATIS_STATUS_OK) return NULL;
  for (unsigned turn = 0; !atomic_load(&done); turn++) {
    const char *value = turn % 2 == 0 ? "oak table" : "1' or '1'='1";
    /* A reference of our own, whatever is swapped meanwhile. Never keep the pointer and take the reference later: in between
     * it may have been freed. */
    abatis_engine *engine = NULL;
    abatis_verdict *verdict = NULL;
    abatis_handle_load(handle, &engine);
    abatis_inspect_value(engine, scratch, ABATIS_PLACE_QUERY, value, strlen(value), &verdict);
    if (abatis_verdict_action(verdict) == ABATIS_ACTION_BLOCK) atomic_fetch_add(&blocked, 1);
    atomic_fetch_add(&inspected, 1);
    abatis_verdict_free(verdict);
    abatis_engine_free(engine);
  }
  abatis_scratch_free(scratch);
  return NULL;
}

static abatis_engine *build(const char *path) {
  abatis_engine *engine = NULL;
  abatis_error *error = NULL;
  if (abatis_engine_from_file(path, strlen(path), NULL, &engine, &error) != ABATIS_STATUS_OK) {
    abatis_str message = abatis_error_message(error);
    fprintf(stderr, "%.*s\n", (int)message.len, message.data);
    abatis_error_free(error);
  }
  return engine;
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s POLICY TIMES\n", argv[0]);
    return 2;
  }
  abatis_engine *engine = build(argv[1]);
  if (engine == NULL || abatis_handle_new(engine, &handle) != ABATIS_STATUS_OK) return 2;
  abatis_engine_free(engine); /* the handle has its own reference */

  pthread_t workers[WORKERS];
  for (int i = 0; i < WORKERS; i++)
    if (pthread_create(&workers[i], NULL, work, NULL) != 0) return 2;

  for (int turn = 0; turn < atoi(argv[2]); turn++) {
    engine = build(argv[1]);
    if (engine == NULL) continue;
    abatis_handle_swap(handle, engine, NULL); /* the old one is freed when its last user is done */
    abatis_engine_free(engine);
  }

  atomic_store(&done, true);
  for (int i = 0; i < WORKERS; i++) pthread_join(workers[i], NULL);
  abatis_handle_free(handle);
  printf("inspected %lu, blocked %lu\n", atomic_load(&inspected), atomic_load(&blocked));
  return 0;
}
