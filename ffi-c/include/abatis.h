/* abatis: input validation and attack detection for APIs. The guide is docs/guide/c.md.
 *
 * Made from ffi-c/src by `cargo xtask header`: do not edit.
 *
 * What holds for every function
 *
 * - Ownership is in the name. What `_new`, `_from_`, `_builtin`, `_begin`, `_clone`, `_load`, `_finish`, `_stop`, `_inspect_`, `_check_`
 *   and `_validate` set or return is yours, to be freed once with the `_free` of its type. All else is lent. Nothing that you give is
 *   kept, but counted references. On failure you keep what you gave.
 * - Text and bytes are a pointer and a length, never ended by NUL. NULL with length 0 is empty; NULL with another length is
 *   ABATIS_STATUS_NULL_POINTER. Every pointer to an object may be NULL and then fails so, or has an answer that is said there.
 * - Results are written through pointers, which are set on every return: on failure to NULL, or to what is said there. They may be NULL
 *   themselves only where it is said.
 * - Enums that you give are int32_t and checked. Enums that you get may have members in later versions that you do not know.
 * - Threads: an engine, a handle, a verdict and an error may be used by any number of threads at once. A policy, a scratch and a
 *   session are used by one thread at a time, which need not be the same one; sessions that share a scratch count as one.
 * - Nothing here starts a thread, takes a lock, sets a signal handler or writes to a stream. If the library panics, which is a
 *   defect of it, the call returns ABATIS_STATUS_PANIC; what then is printed to stderr comes from the runtime of Rust.
 */


#ifndef ABATIS_H
#define ABATIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


/**
 * The number that counts breaks of the ABI, which is also in the library's name (`libabatis.so.0`). Compare it with the result of
 * `abatis_abi_version()` if the library is loaded at run time.
 */
#define ABATIS_ABI_VERSION 0

/**
 * What a call returns. The numbers have ranges and are never given a second meaning; later versions may add some, so treat a
 * number that you do not know as its range says.
 *
 * - 0: it worked
 * - 100 to 199: the call was wrong, which is a mistake in the program
 * - 200 to 299: the policy, a rule file or a schema is wrong; an `abatis_error` says where
 * - 900 to 999: a defect of this library
 */
enum abatis_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * It worked.
   */
  ABATIS_STATUS_OK = 0,
  /**
   * A pointer is NULL that may not be.
   */
  ABATIS_STATUS_NULL_POINTER = 100,
  /**
   * A text is not UTF-8.
   */
  ABATIS_STATUS_BAD_UTF8 = 101,
  /**
   * A length is longer than any object can be.
   */
  ABATIS_STATUS_BAD_LENGTH = 102,
  /**
   * A number is none of its enum.
   */
  ABATIS_STATUS_BAD_ENUM = 103,
  /**
   * A `struct_size` is none that any version of the struct had.
   */
  ABATIS_STATUS_BAD_STRUCT_SIZE = 104,
  /**
   * An options struct asks for something that this version does not know.
   */
  ABATIS_STATUS_UNSUPPORTED = 105,
  /**
   * Nothing is called by this name.
   */
  ABATIS_STATUS_UNKNOWN_NAME = 106,
  /**
   * A buffer is too small; the length that is needed was told.
   */
  ABATIS_STATUS_BUFFER_TOO_SMALL = 107,
  /**
   * An object was in a call that panicked, and can only be freed.
   */
  ABATIS_STATUS_BROKEN = 108,
  /**
   * A file cannot be read, or a text is no policy or rule file.
   */
  ABATIS_STATUS_UNREADABLE = 200,
  /**
   * What was read cannot be compiled.
   */
  ABATIS_STATUS_INVALID = 201,
  /**
   * The compiled policy would be larger than its `limits.compiled_bytes`.
   */
  ABATIS_STATUS_TOO_LARGE = 202,
  /**
   * The library panicked. It is whole and can be used on; the objects in the call are `ABATIS_STATUS_BROKEN`. Please report it.
   */
  ABATIS_STATUS_PANIC = 900,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_status abatis_status;
#else
typedef int32_t abatis_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What to do with a request. A larger number is stronger.
 */
enum abatis_action
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Let it pass.
   */
  ABATIS_ACTION_ALLOW = 0,
  /**
   * Let it pass and report it.
   */
  ABATIS_ACTION_FLAG = 1,
  /**
   * Pass on what was rewritten.
   */
  ABATIS_ACTION_SANITIZE = 2,
  /**
   * Refuse it.
   */
  ABATIS_ACTION_BLOCK = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_action abatis_action;
#else
typedef int32_t abatis_action;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The kind of field that a value came from.
 */
enum abatis_place
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * The path of the target.
   */
  ABATIS_PLACE_PATH = 0,
  /**
   * A query parameter.
   */
  ABATIS_PLACE_QUERY = 1,
  /**
   * A field of a form.
   */
  ABATIS_PLACE_FORM = 2,
  /**
   * A string or key of a JSON body.
   */
  ABATIS_PLACE_JSON = 3,
  /**
   * A header value.
   */
  ABATIS_PLACE_HEADER = 4,
  /**
   * A cookie.
   */
  ABATIS_PLACE_COOKIE = 5,
  /**
   * A body read as one text.
   */
  ABATIS_PLACE_BODY = 6,
  /**
   * A name, an attribute or the text of an element of an XML body.
   */
  ABATIS_PLACE_XML = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_place abatis_place;
#else
typedef int32_t abatis_place;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * The piece of a request that a span counts in.
 */
enum abatis_part
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * One that this version does not know.
   */
  ABATIS_PART_OTHER = 0,
  /**
   * The method.
   */
  ABATIS_PART_METHOD = 1,
  /**
   * The target as sent.
   */
  ABATIS_PART_TARGET = 2,
  /**
   * The value of a header.
   */
  ABATIS_PART_HEADER = 3,
  /**
   * The name of a header.
   */
  ABATIS_PART_HEADER_NAME = 4,
  /**
   * The body, from its first byte, over all chunks.
   */
  ABATIS_PART_BODY = 5,
  /**
   * A value that was inspected alone.
   */
  ABATIS_PART_VALUE = 6,
  /**
   * The body once its content coding and charset were removed.
   */
  ABATIS_PART_DECODED_BODY = 7,
  /**
   * The statement of a sink check.
   */
  ABATIS_PART_STATEMENT = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_part abatis_part;
#else
typedef int32_t abatis_part;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether more of a request is wanted.
 */
enum abatis_progress
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Go on.
   */
  ABATIS_PROGRESS_CONTINUE = 0,
  /**
   * The request will be blocked whatever comes, so it may be answered now.
   */
  ABATIS_PROGRESS_BLOCK = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_progress abatis_progress;
#else
typedef int32_t abatis_progress;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether all was inspected, and if not, why.
 */
enum abatis_coverage
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Every byte, under every reading.
   */
  ABATIS_COVERAGE_FULL = 0,
  /**
   * A binary body of a type that the policy lists as opaque.
   */
  ABATIS_COVERAGE_OPAQUE = 1,
  /**
   * The body was longer than `limits.body_bytes`.
   */
  ABATIS_COVERAGE_BODY_BYTES = 2,
  /**
   * More fields than `limits.fields`.
   */
  ABATIS_COVERAGE_FIELDS = 3,
  /**
   * Deeper than `limits.depth`.
   */
  ABATIS_COVERAGE_DEPTH = 4,
  /**
   * More readings than `limits.views` or `limits.decode_rounds` allow.
   */
  ABATIS_COVERAGE_DECODE = 5,
  /**
   * More work than `limits.steps`.
   */
  ABATIS_COVERAGE_STEPS = 6,
  /**
   * More or longer headers than the limits allow.
   */
  ABATIS_COVERAGE_HEADERS = 7,
  /**
   * A target longer than `limits.target_bytes`.
   */
  ABATIS_COVERAGE_TARGET = 8,
  /**
   * The session was ended before its request.
   */
  ABATIS_COVERAGE_STOPPED = 9,
  /**
   * The session was called out of order.
   */
  ABATIS_COVERAGE_MISUSE = 10,
  /**
   * For a reason that this version has no number for; `abatis_verdict_json` names it.
   */
  ABATIS_COVERAGE_OTHER = 99,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_coverage abatis_coverage;
#else
typedef int32_t abatis_coverage;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a statement goes, and so what it is made of.
 */
enum abatis_sink
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * `MySQL` or `MariaDB`.
   */
  ABATIS_SINK_MYSQL = 0,
  /**
   * `PostgreSQL` and its kin.
   */
  ABATIS_SINK_POSTGRES = 1,
  /**
   * SQL Server.
   */
  ABATIS_SINK_MSSQL = 2,
  /**
   * Oracle.
   */
  ABATIS_SINK_ORACLE = 3,
  /**
   * `SQLite`.
   */
  ABATIS_SINK_SQLITE = 4,
  /**
   * A command line for a POSIX shell.
   */
  ABATIS_SINK_SHELL = 5,
  /**
   * A path that has to stay below a base. A base with a drive (`C:\data`) makes it a path of Windows.
   */
  ABATIS_SINK_PATH = 6,
  /**
   * A URL that will be asked for.
   */
  ABATIS_SINK_URL = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_sink abatis_sink;
#else
typedef int32_t abatis_sink;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Whether bad requests are blocked or only reported.
 */
enum abatis_mode
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * Report: the strongest action is flag.
   */
  ABATIS_MODE_DETECT = 0,
  /**
   * Block what reaches the sensitivity.
   */
  ABATIS_MODE_BLOCK = 1,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_mode abatis_mode;
#else
typedef int32_t abatis_mode;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much evidence it takes: a score from which a finding counts.
 */
enum abatis_sensitivity
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * 900: only what is beyond doubt.
   */
  ABATIS_SENSITIVITY_LOW = 0,
  /**
   * 700: the best balance for most.
   */
  ABATIS_SENSITIVITY_DEFAULT = 1,
  /**
   * 500: for fields that hold no prose or code.
   */
  ABATIS_SENSITIVITY_HIGH = 2,
  /**
   * 300: everything that looks odd.
   */
  ABATIS_SENSITIVITY_PARANOID = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_sensitivity abatis_sensitivity;
#else
typedef int32_t abatis_sensitivity;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How important a line is. A smaller number is more important.
 */
enum abatis_log_level
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
  /**
   * A verdict that blocks.
   */
  ABATIS_LOG_LEVEL_WARN = 20,
  /**
   * A verdict that flags; an engine that was built or swapped in.
   */
  ABATIS_LOG_LEVEL_INFO = 30,
  /**
   * Every other verdict.
   */
  ABATIS_LOG_LEVEL_DEBUG = 40,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum abatis_log_level abatis_log_level;
#else
typedef int32_t abatis_log_level;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * A compiled policy: immutable, and used by any number of threads at once. Each pointer to it is a counted reference, to be freed with
 * `abatis_engine_free`; sessions and handles hold references of their own. Building one starts no threads and holds no locks, so
 * a process may fork afterwards and share it.
 */
typedef struct abatis_engine abatis_engine;

/**
 * Why a call failed: a message, and for policies every single thing that is wrong, with its place. Immutable: any number of threads
 * may read it. Free it with `abatis_error_free`.
 */
typedef struct abatis_error abatis_error;

/**
 * One piece of evidence. It is part of its verdict: lives as long, is read by any number of threads, and is not freed.
 */
typedef struct abatis_finding abatis_finding;

/**
 * A place for the engine of the day: threads take references out of it while another thread puts a new engine in.
 *
 * Doing this with a plain pointer is wrong, atomic or not, and fails rarely enough to pass tests:
 *
 * ```c
 * static _Atomic(abatis_engine *) current;
 *
 * // worker                                           // reload
 * abatis_engine *e = atomic_load(&current);
 *                                                     abatis_engine *old = atomic_exchange(&current, fresh);
 *                                                     abatis_engine_free(old);        // the last reference
 * e = abatis_engine_clone(e);                         // reads a count that is freed memory
 * ```
 *
 * Between the load and the clone the worker holds no reference. `abatis_handle_load` does both in one step that a swap cannot come
 * between. Neither waits for the other, and no thread that reads is ever held up.
 *
 * Free it with `abatis_handle_free` when no thread uses it any more; references that were taken out of it live on.
 */
typedef struct abatis_handle abatis_handle;

/**
 * A policy that was read: engines are built from it (`abatis_engine_new`), as many as you like. One thread at a time. Free it with
 * `abatis_policy_free`; engines do not need it any more.
 */
typedef struct abatis_policy abatis_policy;

/**
 * The memory that inspections work in: one for each thread that inspects, kept between requests. The first requests in a new one
 * are slower, since its tables are filled; after that a clean request allocates next to nothing.
 *
 * A scratch and all sessions that share it are used by one thread at a time. Free it with `abatis_scratch_free`; its sessions may
 * outlive it.
 */
typedef struct abatis_scratch abatis_scratch;

/**
 * A request that comes in pieces: `abatis_session_begin`, `_request_line`, `_header` for each line, `_body` for each chunk, `_trailer` for
 * each line behind them, `_finish`, `_free`. It keeps its engine, so a reload does not touch it, and nothing that is given to it. One thread at a time, which need
 * not be the same one; sessions that share a scratch are one in this.
 *
 * A call out of order changes nothing but the coverage of the verdict, which becomes `ABATIS_COVERAGE_MISUSE` and in mode block
 * blocks.
 */
typedef struct abatis_session abatis_session;

/**
 * Values to be looked for in a statement, where no session kept them. One thread at a time.
 */
typedef struct abatis_values abatis_values;

/**
 * What came out of one inspection, strongest findings first. Immutable: any number of threads may read it. It needs nothing else to live.
 * Free it with `abatis_verdict_free`.
 */
typedef struct abatis_verdict abatis_verdict;

/**
 * Text that belongs to another object: UTF-8, **not** ended by NUL, to be printed with `"%.*s", (int)text.len, text.data`. How long it
 * lives stands at the function that returns it. `data` is never NULL.
 */
typedef struct {
  /**
   * Its first byte.
   */
  const char *data;
  /**
   * How many bytes.
   */
  size_t len;
} abatis_str;

/**
 * Takes a line: one JSON object without line ends, `message` of `len` bytes and a NUL after them. A verdict is logged as
 * `abatis_verdict_json` gives it, an event as `{"event": ...}`. Payloads are never in it; names of fields that a client chose are.
 *
 * It is called on the thread, and before the end, of the call that it tells about; so if threads share an engine, it is called by
 * several at once. It must return (no `longjmp`, no C++ exception) and may not use the session, scratch or handle of that call.
 * `message` lives until it returns.
 */
typedef void (*abatis_log_fn)(void *data, int32_t level, const char *message, size_t len);

/**
 * How an engine is built. Fill it with zeros, then set `struct_size`; zero is every field's default:
 * `abatis_options options = {sizeof options};`.
 *
 * Later versions add fields at the end. A program built with an older header gives a smaller `struct_size`, and what is missing
 * has its default; one built with a newer header is refused by an older library (`ABATIS_STATUS_UNSUPPORTED`), unless
 * what the library does not know is zero.
 */
typedef struct {
  /**
   * `sizeof(abatis_options)`.
   */
  size_t struct_size;
  /**
   * Called with what is worth a line in a log; NULL for silence.
   */
  abatis_log_fn log;
  /**
   * Handed to `log`. Must live as long as the engine: until each of its references is freed, those of handles and sessions too.
   */
  void *log_data;
  /**
   * The least important `abatis_log_level` that is logged; 0 means `ABATIS_LOG_LEVEL_INFO`.
   */
  int32_t log_level;
  /**
   * 0.
   */
  uint32_t reserved;
} abatis_options;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The `ABATIS_ABI_VERSION` that this library was built with. Any thread.
 */
uint32_t abatis_abi_version(void);

/**
 * The version of this library, such as `0.1.0`. Static. Any thread.
 */
abatis_str abatis_version(void);

/**
 * Compiles a policy with the files that it names. Takes milliseconds, and reads those files.
 *
 * - `policy`: stays yours.
 * - `options`: NULL for the defaults.
 * - `engine`: set to a reference that is yours to free; NULL on failure.
 * - `error`: set to everything that is wrong, yours to free, or to NULL; may be NULL itself.
 *
 * `ABATIS_STATUS_UNREADABLE`, `ABATIS_STATUS_INVALID` or `ABATIS_STATUS_TOO_LARGE` if the policy is wrong. Any thread; nobody may change
 * the policy meanwhile.
 */
abatis_status abatis_engine_new(const abatis_policy *policy,
                                const abatis_options *options,
                                abatis_engine **engine,
                                abatis_error **error);

/**
 * Reads and compiles a policy file: `abatis_policy_from_file` and `abatis_engine_new` in one.
 *
 * - `path`: of `path_len` bytes.
 * - `options`, `engine`, `error`: as for `abatis_engine_new`.
 *
 * Any thread.
 */
abatis_status abatis_engine_from_file(const char *path,
                                      size_t path_len,
                                      const abatis_options *options,
                                      abatis_engine **engine,
                                      abatis_error **error);

/**
 * Another reference to the same engine, yours to free. Costs one atomic addition. Of NULL: NULL. Any thread, as long as the reference
 * that is given lives; where another thread may free it meanwhile, use an `abatis_handle`.
 */
abatis_engine *abatis_engine_clone(const abatis_engine *engine);

/**
 * Frees a reference; the last one frees the engine. NULL is ignored. Any thread.
 */
void abatis_engine_free(abatis_engine *engine);

/**
 * Digest of the rules and weights, 16 hexadecimal digits, as verdicts carry it. Of NULL: empty. Any thread; lives as long as the
 * engine.
 */
abatis_str abatis_engine_ruleset(const abatis_engine *engine);

/**
 * Bytes of memory that the compiled rules take. Of NULL: 0. Any thread.
 */
size_t abatis_engine_memory_usage(const abatis_engine *engine);

/**
 * Frees an error. NULL is ignored.
 */
void abatis_error_free(abatis_error *error);

/**
 * The status that the call returned. Of NULL: `ABATIS_STATUS_OK`. Any thread.
 */
abatis_status abatis_error_status(const abatis_error *error);

/**
 * The whole message, a line for each thing that is wrong: `policy.yaml:3:7: unknown key ...`. Of NULL: empty. Any thread; lives as
 * long as the error.
 */
abatis_str abatis_error_message(const abatis_error *error);

/**
 * How many things are wrong, each with its place; 0 if the error is not about a policy. Of NULL: 0. Any thread.
 */
size_t abatis_error_count(const abatis_error *error);

/**
 * The file that thing number `index` is in, as it was named; `builtin:...` for those in the library. Past the end, or of NULL: empty.
 * Any thread; lives as long as the error.
 */
abatis_str abatis_error_file(const abatis_error *error,
                             size_t index);

/**
 * Its line, counted from 1; 0 if it is about the whole file. Any thread.
 */
uint32_t abatis_error_line(const abatis_error *error, size_t index);

/**
 * Its column in characters, counted from 1; 0 if it is about the whole file. Any thread.
 */
uint32_t abatis_error_column(const abatis_error *error, size_t index);

/**
 * Where in the document it is, as a JSON Pointer: `/routes/0/body`. Any thread; lives as long as the error.
 */
abatis_str abatis_error_pointer(const abatis_error *error, size_t index);

/**
 * The rule it is about; empty if it is about none. Any thread; lives as long as the error.
 */
abatis_str abatis_error_rule(const abatis_error *error, size_t index);

/**
 * What is wrong, and what would be right. Any thread; lives as long as the error.
 */
abatis_str abatis_error_reason(const abatis_error *error, size_t index);

/**
 * The rule that found it: `sql.injection`. Of NULL: empty. Any thread; lives as long as the verdict.
 */
abatis_str abatis_finding_rule(const abatis_finding *finding);

/**
 * What an attack would be after: `sqli`, `xss`, ... Of NULL: empty. Static. Any thread.
 */
abatis_str abatis_finding_class(const abatis_finding *finding);

/**
 * Its score, 0 to 1000. Of NULL: 0. Any thread.
 */
uint32_t abatis_finding_score(const abatis_finding *finding);

/**
 * What this finding alone asks for. Of NULL: `ABATIS_ACTION_ALLOW`. Any thread.
 */
abatis_action abatis_finding_action(const abatis_finding *finding);

/**
 * The kind of field that it stands in. Of NULL: `ABATIS_PLACE_BODY`. Any thread.
 */
abatis_place abatis_finding_place(const abatis_finding *finding);

/**
 * Whether it stands in the field's name rather than in its value. Of NULL: false. Any thread.
 */
bool abatis_finding_in_name(const abatis_finding *finding);

/**
 * The field as a JSON Pointer: `/items/0/name`, `/q`. A client chose the names in it. Of NULL: empty. Any thread; lives as long
 * as the verdict.
 */
abatis_str abatis_finding_pointer(const abatis_finding *finding);

/**
 * The field as a pattern, as exclusions in a policy name it: `items[*].name`, `q`. A client chose the names in it. Of NULL: empty.
 * Any thread; lives as long as the verdict.
 */
abatis_str abatis_finding_pattern(const abatis_finding *finding);

/**
 * The piece of the request that the span counts in. Of NULL: `ABATIS_PART_OTHER`. Any thread.
 */
abatis_part abatis_finding_part(const abatis_finding *finding);

/**
 * The number of the header line, counted from 0, if the part is a header or its name; else 0. Any thread.
 */
uint32_t abatis_finding_part_index(const abatis_finding *finding);

/**
 * The first byte of the evidence in its part as it was received. Of NULL: 0. Any thread.
 */
size_t abatis_finding_start(const abatis_finding *finding);

/**
 * The byte after the last one of the evidence. Of NULL: 0. Any thread.
 */
size_t abatis_finding_end(const abatis_finding *finding);

/**
 * In how many steps the bytes were decoded to what was judged. Of NULL: 0. Any thread.
 */
size_t abatis_finding_decoded_count(const abatis_finding *finding);

/**
 * Step number `index`, outermost first: `form`, `base64`, ... Past the end, or of NULL: empty. Static. Any thread.
 */
abatis_str abatis_finding_decoded(const abatis_finding *finding,
                                  size_t index);

/**
 * What the value was read as, if the detector tells contexts apart: `single-quote`; else empty. Static. Any thread.
 */
abatis_str abatis_finding_context(const abatis_finding *finding);

/**
 * One sentence for people, which never holds bytes of the request. Of NULL: empty. Any thread; lives as long as the verdict.
 */
abatis_str abatis_finding_message(const abatis_finding *finding);

/**
 * A handle that holds `engine`.
 *
 * - `engine`: the handle takes a reference of its own; yours stays yours.
 * - `handle`: set to the new handle, yours to free; NULL on failure.
 *
 * Any thread.
 */
abatis_status abatis_handle_new(const abatis_engine *engine, abatis_handle **handle);

/**
 * The engine that is in the handle now.
 *
 * - `engine`: set to a reference that is yours to free; NULL on failure. It stays what it is when the handle gets another.
 *
 * Any thread, at any time, beside any `abatis_handle_load` and `abatis_handle_swap`.
 */
abatis_status abatis_handle_load(const abatis_handle *handle,
                                 abatis_engine **engine);

/**
 * Puts another engine in. From then on `abatis_handle_load` gives that one; sessions go on with the one they began with.
 *
 * - `engine`: the handle takes a reference of its own; yours stays yours.
 * - `old`: set to the reference that was in the handle, yours to free; NULL on failure. May be NULL itself: then it is freed.
 *
 * Any thread, at any time, beside any `abatis_handle_load` and `abatis_handle_swap`.
 */
abatis_status abatis_handle_swap(const abatis_handle *handle,
                                 const abatis_engine *engine,
                                 abatis_engine **old);

/**
 * Frees a handle and its reference. NULL is ignored. No thread may use the handle any more.
 */
void abatis_handle_free(abatis_handle *handle);

/**
 * Reads a policy file (YAML or JSON). Paths in it are relative to its folder and may not leave it.
 *
 * - `path`: of `path_len` bytes.
 * - `policy`: set to the new policy, yours to free; NULL on failure.
 * - `error`: set to what is wrong, yours to free, or to NULL; may be NULL itself.
 *
 * `ABATIS_STATUS_UNREADABLE` if it cannot be read. Reads files. Any thread.
 */
abatis_status abatis_policy_from_file(const char *path,
                                      size_t path_len,
                                      abatis_policy **policy,
                                      abatis_error **error);

/**
 * Reads a policy (YAML or JSON) from memory.
 *
 * - `name`: what messages call it, of `name_len` bytes; UTF-8.
 * - `yaml`: its text, of `yaml_len` bytes; UTF-8. Empty text is the built-in default policy.
 * - `folder`: what paths in it are relative to, and may not leave; NULL and 0 if it names no files.
 * - `policy`, `error`: as for `abatis_policy_from_file`.
 *
 * Nothing of what is given is kept. Any thread.
 */
abatis_status abatis_policy_from_memory(const char *name,
                                        size_t name_len,
                                        const char *yaml,
                                        size_t yaml_len,
                                        const char *folder,
                                        size_t folder_len,
                                        abatis_policy **policy,
                                        abatis_error **error);

/**
 * A policy that ships with the library: `default`, `strict`, `monitor` or `api-json`.
 *
 * - `name`: of `name_len` bytes.
 * - `policy`, `error`: as for `abatis_policy_from_file`.
 *
 * Any thread.
 */
abatis_status abatis_policy_builtin(const char *name,
                                    size_t name_len,
                                    abatis_policy **policy,
                                    abatis_error **error);

/**
 * Adds a rule file from memory to those that the policy names.
 *
 * - `name`: what messages call it, of `name_len` bytes; UTF-8.
 * - `yaml`: its text, of `yaml_len` bytes; UTF-8.
 * - `error`: set to what is wrong, yours to free, or to NULL; may be NULL itself.
 *
 * Nothing of what is given is kept. On failure the policy is as before.
 */
abatis_status abatis_policy_add_rules(abatis_policy *policy,
                                      const char *name,
                                      size_t name_len,
                                      const char *yaml,
                                      size_t yaml_len,
                                      abatis_error **error);

/**
 * Sets whether bad requests are blocked or only reported, in place of what the policy says: an `abatis_mode`. Routes that set their
 * own keep it.
 */
abatis_status abatis_policy_set_mode(abatis_policy *policy,
                                     int32_t mode);

/**
 * Sets how much evidence it takes, in place of what the policy says: an `abatis_sensitivity`. Routes that set their own keep it.
 */
abatis_status abatis_policy_set_sensitivity(abatis_policy *policy,
                                            int32_t sensitivity);

/**
 * Frees a policy. NULL is ignored. Engines that were built from it stay.
 */
void abatis_policy_free(abatis_policy *policy);

/**
 * New memory.
 *
 * - `scratch`: set to the new scratch, yours to free; NULL on failure.
 *
 * Any thread.
 */
abatis_status abatis_scratch_new(abatis_scratch **scratch);

/**
 * Frees a scratch. NULL is ignored. Sessions that share its memory keep it until they are freed.
 */
void abatis_scratch_free(abatis_scratch *scratch);

/**
 * Begins a request.
 *
 * - `engine`: the session takes a reference of its own; yours stays yours.
 * - `scratch`: memory that the session shares, see `abatis_scratch`; NULL for memory of its own, which costs what the first
 *   request in a new scratch costs.
 * - `session`: set to the new session, yours to free; NULL on failure.
 *
 * Any thread that may use the scratch.
 */
abatis_status abatis_session_begin(const abatis_engine *engine,
                                   abatis_scratch *scratch,
                                   abatis_session **session);

/**
 * From now on the session works in another memory. What it learned so far is its own and goes with it.
 *
 * This is how a session goes on in another thread while its scratch goes on working for others: give it new memory in the thread that
 * it is in, then hand it over.
 *
 * - `scratch`: memory that the session shares, or NULL for memory of its own; as for `abatis_session_begin`.
 *
 * Any thread that may use both the scratch that it has and the one that it gets.
 */
abatis_status abatis_session_use_scratch(abatis_session *session,
                                         abatis_scratch *scratch);

/**
 * Bytes of the body that wait for what follows: of a text, a part, a long string. They are inspected in one go when that is complete,
 * in `abatis_session_finish` at the latest, which takes up to 35 us a KiB; so a server that must not wait can tell what to leave to a
 * thread. 0 without a session.
 *
 * Any thread, one at a time.
 */
size_t abatis_session_pending(const abatis_session *session);

/**
 * Method and target as they were sent, undecoded. Inspects the target.
 *
 * - `progress`: set to `ABATIS_PROGRESS_BLOCK` if the request will be blocked whatever comes, and on failure; may be NULL.
 */
abatis_status abatis_session_request_line(abatis_session *session,
                                          const void *method,
                                          size_t method_len,
                                          const void *target,
                                          size_t target_len,
                                          abatis_progress *progress);

/**
 * One header line: repeated names as often and in the order as they came.
 *
 * - `progress`: as for `abatis_session_request_line`.
 */
abatis_status abatis_session_header(abatis_session *session,
                                    const void *name,
                                    size_t name_len,
                                    const void *value,
                                    size_t value_len,
                                    abatis_progress *progress);

/**
 * The next bytes of the body, cut anywhere. The verdict is the same however it is cut.
 *
 * - `progress`: as for `abatis_session_request_line`.
 */
abatis_status abatis_session_body(abatis_session *session,
                                  const void *data,
                                  size_t len,
                                  abatis_progress *progress);

/**
 * One trailer line, which came behind the body (RFC 9110, 6.5). Inspected as a header line; a name that may not stand there is the finding
 * `protocol.trailer`. Findings count trailer lines on from the header lines.
 *
 * - `progress`: as for `abatis_session_request_line`.
 */
abatis_status abatis_session_trailer(abatis_session *session,
                                     const void *name,
                                     size_t name_len,
                                     const void *value,
                                     size_t value_len,
                                     abatis_progress *progress);

/**
 * The end of the request: what waited for it is inspected, and schemas are settled. Later calls change nothing.
 *
 * - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
 */
abatis_status abatis_session_finish(abatis_session *session,
                                    abatis_verdict **verdict);

/**
 * Gives up before the end of the request, as after `ABATIS_PROGRESS_BLOCK`: the verdict on what came so far, whose coverage is
 * `ABATIS_COVERAGE_STOPPED`. After `abatis_session_finish` it is the verdict of that.
 *
 * - `verdict`: as for `abatis_session_finish`.
 */
abatis_status abatis_session_stop(abatis_session *session,
                                  abatis_verdict **verdict);

/**
 * Frees a session, finished or not. NULL is ignored. Verdicts that came from it stay.
 */
void abatis_session_free(abatis_session *session);

/**
 * No values yet.
 *
 * - `values`: set to them, yours to free; NULL on failure.
 */
abatis_status abatis_values_new(abatis_values **values);

/**
 * Adds a value as the application gets it, decoded once by its format. It is copied.
 *
 * - `place`: the `abatis_place` that it came from.
 * - `name`: of the parameter, header or cookie, of `name_len` bytes.
 * - `value`: of `len` bytes.
 */
abatis_status abatis_values_add(abatis_values *values,
                                int32_t place,
                                const void *name,
                                size_t name_len,
                                const void *value,
                                size_t len);

/**
 * Frees values. NULL is ignored.
 */
void abatis_values_free(abatis_values *values);

/**
 * Looks for values of a request in a statement that was made with them, and finds those that cross a token boundary of it: `1 or true` where a
 * number was meant, and nothing that stays inside of one string. The guide is `docs/sink.md`.
 *
 * - `engine`, `values`: any number of threads at once, as long as nobody adds to the values.
 * - `sink`: the `abatis_sink` that the statement is for.
 * - `base`: for `ABATIS_SINK_PATH` the folder that the path must stay below, of `base_len` bytes; else not looked at.
 * - `statement`: of `len` bytes. Spans of findings count in it.
 * - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
 */
abatis_status abatis_check_sink(const abatis_engine *engine,
                                int32_t sink,
                                const void *base,
                                size_t base_len,
                                const void *statement,
                                size_t len,
                                const abatis_values *values,
                                abatis_verdict **verdict);

/**
 * Keeps the values that the session inspects from here on, for `abatis_session_check_sink`. Call it before
 * `abatis_session_request_line`. They are copied, and live as long as the session.
 */
abatis_status abatis_session_keep_values(abatis_session *session);

/**
 * As `abatis_check_sink`, with the values that the session kept, and under the policy of its route. The verdict on the request stays as
 * it is. At any time while the session lives, finished or not.
 */
abatis_status abatis_session_check_sink(abatis_session *session,
                                        int32_t sink,
                                        const void *base,
                                        size_t base_len,
                                        const void *statement,
                                        size_t len,
                                        abatis_verdict **verdict);

/**
 * One sentence about a status, ended by NUL. Static, never NULL; any number may be asked about. Any thread.
 */
const char *abatis_status_message(int32_t status);

/**
 * Inspects one value as the application would get it, decoded once by its format: a parameter, a column, a line of a log.
 *
 * - `engine`: any number of threads at once.
 * - `scratch`: of this thread; NULL for memory that lives as long as the call, which is slow.
 * - `place`: the `abatis_place` that it counts as.
 * - `value`: of `len` bytes.
 * - `verdict`: set to the verdict, yours to free; NULL on failure, and NULL reads as block.
 */
abatis_status abatis_inspect_value(const abatis_engine *engine,
                                   abatis_scratch *scratch,
                                   int32_t place,
                                   const void *value,
                                   size_t len,
                                   abatis_verdict **verdict);

/**
 * Holds a JSON document against a schema of the policy, as the body of a route that asks for it would be: its values are inspected
 * too, and what the schema refuses are findings of class `schema`.
 *
 * - `engine`, `scratch`, `verdict`: as for `abatis_inspect_value`.
 * - `schema`: its name under `schemas` in the policy, of `schema_len` bytes; UTF-8.
 * - `json`: the document, of `len` bytes.
 *
 * `ABATIS_STATUS_UNKNOWN_NAME` if the policy has no such schema.
 */
abatis_status abatis_validate(const abatis_engine *engine,
                              abatis_scratch *scratch,
                              const char *schema,
                              size_t schema_len,
                              const void *json,
                              size_t len,
                              abatis_verdict **verdict);

/**
 * Frees a verdict and with it its findings. NULL is ignored.
 */
void abatis_verdict_free(abatis_verdict *verdict);

/**
 * What to do. Of NULL: `ABATIS_ACTION_BLOCK`. Any thread.
 */
abatis_action abatis_verdict_action(const abatis_verdict *verdict);

/**
 * The highest score of all findings, 0 to 1000. Of NULL: 0. Any thread.
 */
uint32_t abatis_verdict_score(const abatis_verdict *verdict);

/**
 * The class of the strongest finding that asks for more than allow: `sqli`, `xss`, ...; empty if there is none. Static. Any thread.
 */
abatis_str abatis_verdict_class(const abatis_verdict *verdict);

/**
 * Whether all was inspected. Of NULL: `ABATIS_COVERAGE_OTHER`. Any thread.
 */
abatis_coverage abatis_verdict_coverage(const abatis_verdict *verdict);

/**
 * Digest of the rules and weights that spoke, 16 hexadecimal digits. Of NULL: empty. Any thread; lives as long as the verdict.
 */
abatis_str abatis_verdict_ruleset(const abatis_verdict *verdict);

/**
 * How many findings there are. Of NULL: 0. Any thread.
 */
size_t abatis_verdict_count(const abatis_verdict *verdict);

/**
 * How many more there were than the policy's `limits.findings_max`. Of NULL: 0. Any thread.
 */
uint32_t abatis_verdict_dropped(const abatis_verdict *verdict);

/**
 * Finding number `index`, counted from 0, strongest first. Past the end, or of NULL: NULL, which each `abatis_finding_` function
 * takes. Any thread; lives as long as the verdict, and is not freed.
 */
const abatis_finding *abatis_verdict_finding(const abatis_verdict *verdict,
                                             size_t index);

/**
 * The whole verdict as JSON: what `abatis inspect --json` says of it.
 *
 * - `buffer`: of `size` bytes; gets the text and a NUL. NULL and 0 to ask for the length. If it is too small it gets an empty text.
 * - `len`: set to the length of the text without the NUL, 0 if `verdict` is NULL; may be NULL.
 *
 * `ABATIS_STATUS_BUFFER_TOO_SMALL` if `size` is not larger than the length. Payloads are never in it; names of fields that a client
 * chose are. Any thread.
 */
abatis_status abatis_verdict_json(const abatis_verdict *verdict,
                                  char *buffer,
                                  size_t size,
                                  size_t *len);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* ABATIS_H */
