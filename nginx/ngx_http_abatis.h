/* What the files of the module share.
 *
 *   ngx_http_abatis_module.c   directives, variables, where the module hooks in
 *   ngx_http_abatis_policy.c   policies, compiled once in the master
 *   ngx_http_abatis_request.c  one request: phase handler, body filter, what is answered
 *   ngx_http_abatis_inspect.c  what the library is asked about it
 *   ngx_http_abatis_thread.c   the rest of large bodies, in a thread
 *   ngx_http_abatis_log.c      one line for each verdict that matters
 */
#ifndef NGX_HTTP_ABATIS_H
#define NGX_HTTP_ABATIS_H

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <abatis.h>

/* Nothing of it is seen outside of the module. */
#pragma GCC visibility push(hidden)

enum { NGX_HTTP_ABATIS_OFF, NGX_HTTP_ABATIS_DETECT, NGX_HTTP_ABATIS_ON };
enum { NGX_HTTP_ABATIS_BODY_OFF, NGX_HTTP_ABATIS_BODY_STREAM, NGX_HTTP_ABATIS_BODY_BUFFERED };
enum { NGX_HTTP_ABATIS_PASS, NGX_HTTP_ABATIS_BLOCK };

/* A compiled policy. The engine is shared by all workers; the scratch is made by each worker when it first needs it, in its own copy
 * of this memory. A scratch keeps the caches of one engine, so there is one for each policy. */
typedef struct {
    ngx_str_t name;
    abatis_engine *engine;
    abatis_scratch *scratch;
} ngx_http_abatis_policy_t;

/* Where lines go: a file, or a syslog server. */
typedef struct {
    ngx_open_file_t *file;
    ngx_syslog_peer_t *syslog;
} ngx_http_abatis_log_t;

typedef struct {
    ngx_array_t policies; /* of ngx_http_abatis_policy_t * */
    ngx_int_t request_id; /* index of the variable */
} ngx_http_abatis_main_conf_t;

typedef struct {
    ngx_uint_t mode;
    ngx_http_abatis_policy_t *policy;
    ngx_http_abatis_log_t *log; /* NULL: the error log */
    ngx_uint_t block_status;
    ngx_uint_t body;
    off_t body_limit; /* 0: that of the policy */
    ngx_uint_t past_limit;
    ngx_uint_t on_error;
    struct ngx_thread_pool_s *threads; /* NULL: none */
} ngx_http_abatis_loc_conf_t;

/* What is known of a request, from its first location to its log line. */
typedef struct {
    ngx_http_abatis_loc_conf_t *conf; /* that of the location that inspects, or blocked */
    abatis_session *session;          /* as long as more may come */
    abatis_verdict *verdict;          /* after it */
    abatis_action action;             /* of the verdict */
    off_t fed;                        /* bytes of the body that the session got */
    off_t deferred;                   /* bytes that came after them, and wait where nginx keeps them */
    const char *failure;              /* that was not told yet */
    ngx_err_t failure_error;
    unsigned reading:1;               /* this module asked for the body */
    unsigned blocked:1;               /* refused by this module */
    unsigned over_limit:1;            /* the body is longer than abatis_body_limit */
    unsigned failed:1;                /* the library failed */
} ngx_http_abatis_ctx_t;

extern ngx_module_t ngx_http_abatis_module;

/* policy.c */
char *ngx_http_abatis_policy_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf);
ngx_http_abatis_policy_t *ngx_http_abatis_policy(ngx_conf_t *cf, ngx_str_t *value);

/* request.c */
ngx_int_t ngx_http_abatis_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_abatis_body_filter(ngx_http_request_t *r, ngx_chain_t *in);
extern ngx_http_request_body_filter_pt ngx_http_abatis_next_body_filter;
/* NULL if the request was not inspected. */
ngx_http_abatis_ctx_t *ngx_http_abatis_ctx(ngx_http_request_t *r);

/* inspect.c */
void ngx_http_abatis_head(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
void ngx_http_abatis_feed(ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len);
void ngx_http_abatis_rest(ngx_http_abatis_ctx_t *ctx, ngx_chain_t *kept);
void ngx_http_abatis_finish(ngx_http_abatis_ctx_t *ctx);
/* Ends the session before the end of its request. */
void ngx_http_abatis_stop(ngx_http_abatis_ctx_t *ctx);
/* The strongest finding that asks for more than allow, or NULL. */
const abatis_finding *ngx_http_abatis_finding(ngx_http_abatis_ctx_t *ctx);

/* thread.c */
char *ngx_http_abatis_thread_pool_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf);
char *ngx_http_abatis_merge_threads(ngx_conf_t *cf, ngx_http_abatis_loc_conf_t *prev, ngx_http_abatis_loc_conf_t *conf);
/* Leaves the rest of the body, which nginx has read, to a thread; the phases go on after it. NGX_DECLINED if there is none. */
ngx_int_t ngx_http_abatis_post(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);

/* log.c */
char *ngx_http_abatis_log_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf);
ngx_int_t ngx_http_abatis_log_handler(ngx_http_request_t *r);

#pragma GCC visibility pop

#endif
