/* What the library is asked about one request.
 *
 * After the head nothing here touches the request, its pool or its log, so that it may run in a thread, which then has the context for
 * itself. An inspection that is over has no session any more; why is in the context. */
#include "ngx_http_abatis.h"

static void ngx_http_abatis_step(ngx_http_abatis_ctx_t *ctx, abatis_status status, abatis_progress progress);
static void ngx_http_abatis_rest_of_file(ngx_http_abatis_ctx_t *ctx, ngx_buf_t *buf, off_t at);
static void ngx_http_abatis_fail(ngx_http_abatis_ctx_t *ctx, const char *why, ngx_err_t error);
static void ngx_http_abatis_end(ngx_http_abatis_ctx_t *ctx);

/* Bodies that went to a file are read back in pieces of this size. */
#define NGX_HTTP_ABATIS_PIECE 16384

/* Request line and headers, as they were sent. */
void ngx_http_abatis_head(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    ngx_http_abatis_policy_t *policy = ctx->conf->policy;
    abatis_progress progress = ABATIS_PROGRESS_CONTINUE;
    abatis_status status = ABATIS_STATUS_OK;

    if (policy->scratch == NULL) {
        status = abatis_scratch_new(&policy->scratch);
    }
    if (status == ABATIS_STATUS_OK) {
        status = abatis_session_begin(policy->engine, policy->scratch, &ctx->session);
    }
    if (status == ABATIS_STATUS_OK) {
        status = abatis_session_request_line(ctx->session, r->method_name.data, r->method_name.len, r->unparsed_uri.data,
                                             r->unparsed_uri.len, &progress);
    }
    ngx_http_abatis_step(ctx, status, progress);

    for (ngx_list_part_t *part = &r->headers_in.headers.part; part; part = part->next) {
        ngx_table_elt_t *header = part->elts;
        for (ngx_uint_t i = 0; i < part->nelts && ctx->session; i++) {
            status = abatis_session_header(ctx->session, header[i].key.data, header[i].key.len, header[i].value.data,
                                           header[i].value.len, &progress);
            ngx_http_abatis_step(ctx, status, progress);
        }
    }
}

/* The next bytes of the body. */
void ngx_http_abatis_feed(ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len) {
    off_t limit = ctx->conf->body_limit;
    abatis_progress progress;

    if (limit && ctx->fed + (off_t) len > limit) {
        ctx->over_limit = 1;
        len = limit > ctx->fed ? (size_t) (limit - ctx->fed) : 0;
    }
    abatis_status status = abatis_session_body(ctx->session, data, len, &progress);
    ctx->fed += len;
    ngx_http_abatis_step(ctx, status, progress);
    if (ctx->over_limit && ctx->session) {
        ngx_http_abatis_stop(ctx);
    }
}

/* The whole body is kept here, in memory or in a file: what was not fed yet, and the end. No filter of nginx's own changes bodies, so
 * these are the bytes that came. */
void ngx_http_abatis_rest(ngx_http_abatis_ctx_t *ctx, ngx_chain_t *kept) {
    off_t skip = ctx->fed;

    for (ngx_chain_t *link = kept; link && ctx->session; link = link->next) {
        ngx_buf_t *buf = link->buf;
        off_t size = ngx_buf_size(buf);

        if (size <= skip) {
            skip -= size;
            continue;
        }
        if (ngx_buf_in_memory(buf)) {
            ngx_http_abatis_feed(ctx, buf->pos + skip, size - skip);
        } else {
            ngx_http_abatis_rest_of_file(ctx, buf, buf->file_pos + skip);
        }
        skip = 0;
    }
    if (ctx->session) {
        ngx_http_abatis_finish(ctx);
    }
}

static void ngx_http_abatis_rest_of_file(ngx_http_abatis_ctx_t *ctx, ngx_buf_t *buf, off_t at) {
    u_char piece[NGX_HTTP_ABATIS_PIECE];

    while (at < buf->file_last && ctx->session) {
        /* ngx_read_file would write to the log of the request. */
        ssize_t n = pread(buf->file->fd, piece, ngx_min(NGX_HTTP_ABATIS_PIECE, buf->file_last - at), at);
        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }
        if (n <= 0) {
            ngx_http_abatis_fail(ctx, "its body cannot be read back", n == 0 ? EIO : ngx_errno);
            return;
        }
        ngx_http_abatis_feed(ctx, piece, n);
        at += n;
    }
}

static void ngx_http_abatis_end(ngx_http_abatis_ctx_t *ctx) {
    abatis_session_free(ctx->session);
    ctx->session = NULL;
}

/* `why` is static text. */
static void ngx_http_abatis_fail(ngx_http_abatis_ctx_t *ctx, const char *why, ngx_err_t error) {
    ctx->failed = 1;
    ctx->failure = why;
    ctx->failure_error = error;
    ngx_http_abatis_end(ctx);
}

/* After each call of the library. */
static void ngx_http_abatis_step(ngx_http_abatis_ctx_t *ctx, abatis_status status, abatis_progress progress) {
    if (status != ABATIS_STATUS_OK) {
        ngx_http_abatis_fail(ctx, abatis_status_message(status), 0);
    } else if (progress == ABATIS_PROGRESS_BLOCK) {
        ctx->action = ABATIS_ACTION_BLOCK;
        if (ctx->conf->mode == NGX_HTTP_ABATIS_ON) {
            ngx_http_abatis_stop(ctx);
        }
    }
}

/* The end of the request. */
void ngx_http_abatis_finish(ngx_http_abatis_ctx_t *ctx) {
    abatis_status status = abatis_session_finish(ctx->session, &ctx->verdict);

    ngx_http_abatis_step(ctx, status, ABATIS_PROGRESS_CONTINUE);
    if (status == ABATIS_STATUS_OK) {
        ngx_http_abatis_end(ctx);
        ctx->action = abatis_verdict_action(ctx->verdict);
    }
}

/* That we stop is our choice and no fault of the request: it is blocked if it was to be blocked already, whether for a finding or
 * for a limit, and else its action is the strongest that a finding asks for. */
void ngx_http_abatis_stop(ngx_http_abatis_ctx_t *ctx) {
    if (abatis_session_stop(ctx->session, &ctx->verdict) != ABATIS_STATUS_OK) {
        ctx->failed = 1;
        ctx->action = ABATIS_ACTION_BLOCK;
    }
    for (size_t i = 0; i < abatis_verdict_count(ctx->verdict); i++) {
        ctx->action = ngx_max(ctx->action, abatis_finding_action(abatis_verdict_finding(ctx->verdict, i)));
    }
    ngx_http_abatis_end(ctx);
}

const abatis_finding *ngx_http_abatis_finding(ngx_http_abatis_ctx_t *ctx) {
    for (size_t i = 0; i < abatis_verdict_count(ctx->verdict); i++) {
        const abatis_finding *finding = abatis_verdict_finding(ctx->verdict, i);
        if (abatis_finding_action(finding) > ABATIS_ACTION_ALLOW) {
            return finding;
        }
    }
    return NULL;
}
