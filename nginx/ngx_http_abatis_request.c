/* One request: its head is inspected in the PREACCESS phase, its body in a filter that sees each piece as it arrives.
 *
 *   buffered  the phase handler asks for the body and waits for its end; nothing is passed on before the verdict
 *   stream    nobody is asked; the filter sees what the content handler reads, and ends it
 *   off       the body is not looked at
 *
 * A request is inspected once, by the first location that has `abatis on` or `detect`. Redirects inside of nginx clear the contexts of
 * modules, so the context is found again by its cleanup handler. */
#include "ngx_http_abatis.h"

static ngx_int_t ngx_http_abatis_head(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static ngx_int_t ngx_http_abatis_read(ngx_http_request_t *r);
static void ngx_http_abatis_read_done(ngx_http_request_t *r);
static ngx_int_t ngx_http_abatis_read_before(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static ngx_int_t ngx_http_abatis_feed(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len);
static ngx_int_t ngx_http_abatis_finish(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static ngx_int_t ngx_http_abatis_judge(ngx_http_abatis_ctx_t *ctx);
static ngx_int_t ngx_http_abatis_fail(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, abatis_status status);
static ngx_int_t ngx_http_abatis_refuse_body(ngx_http_request_t *r, ngx_int_t rc);
static void ngx_http_abatis_ctx_cleanup(void *data);

/* Bodies that another module read into a file before us are read back in pieces of this size. */
#define NGX_HTTP_ABATIS_PIECE 16384

ngx_http_request_body_filter_pt ngx_http_abatis_next_body_filter;

ngx_http_abatis_ctx_t *ngx_http_abatis_ctx(ngx_http_request_t *r) {
    ngx_http_abatis_ctx_t *ctx = ngx_http_get_module_ctx(r, ngx_http_abatis_module);

    if (ctx == NULL && (r->internal || r != r->main || r->filter_finalize)) {
        for (ngx_pool_cleanup_t *cleanup = r->pool->cleanup; cleanup; cleanup = cleanup->next) {
            if (cleanup->handler == ngx_http_abatis_ctx_cleanup) {
                ctx = cleanup->data;
                ngx_http_set_ctx(r, ctx, ngx_http_abatis_module);
                break;
            }
        }
    }
    return ctx;
}

static ngx_http_abatis_ctx_t *ngx_http_abatis_create_ctx(ngx_http_request_t *r) {
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_abatis_ctx_t));

    if (cleanup == NULL) {
        return NULL;
    }
    ngx_http_abatis_ctx_t *ctx = cleanup->data;
    ngx_memzero(ctx, sizeof(*ctx));
    cleanup->handler = ngx_http_abatis_ctx_cleanup;
    ngx_http_set_ctx(r, ctx, ngx_http_abatis_module);
    return ctx;
}

static void ngx_http_abatis_ctx_cleanup(void *data) {
    ngx_http_abatis_ctx_t *ctx = data;

    abatis_session_free(ctx->session);
    abatis_verdict_free(ctx->verdict);
    ctx->session = NULL;
    ctx->verdict = NULL;
}

static ngx_int_t ngx_http_abatis_has_body(ngx_http_request_t *r) {
    /* nginx counts a body of HTTP/2 without a length as chunked. */
    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}

/* The phase handler. It is called again when the body is read, and after redirects. */
ngx_int_t ngx_http_abatis_handler(ngx_http_request_t *r) {
    ngx_http_abatis_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_abatis_module);

    if (conf->mode == NGX_HTTP_ABATIS_OFF || r != r->main) {
        return NGX_DECLINED;
    }

    ngx_http_abatis_ctx_t *ctx = ngx_http_abatis_ctx(r);
    if (ctx == NULL) {
        ctx = ngx_http_abatis_create_ctx(r);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
        ctx->conf = conf;
        ngx_int_t rc = ngx_http_abatis_head(r, ctx);
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }
    if (ctx->blocked || ctx->failed) {
        /* Answered: this is the way to the error page. */
        return NGX_DECLINED;
    }
    /* A location that a redirect led to decides by its own directives. */
    ctx->conf = conf;
    if (ctx->session && ctx->action == ABATIS_ACTION_BLOCK && conf->mode == NGX_HTTP_ABATIS_ON) {
        ngx_http_abatis_stop(ctx);
    }
    if (ctx->session == NULL) {
        return ngx_http_abatis_judge(ctx);
    }
    if (ctx->reading || conf->body == NGX_HTTP_ABATIS_BODY_OFF || !ngx_http_abatis_has_body(r) || r->discard_body) {
        return ngx_http_abatis_finish(r, ctx);
    }
    if (r->request_body != NULL) {
        return ngx_http_abatis_read_before(r, ctx);
    }
    if (conf->body_limit && r->headers_in.content_length_n > conf->body_limit &&
        conf->past_limit == NGX_HTTP_ABATIS_BLOCK && conf->mode == NGX_HTTP_ABATIS_ON) {
        /* Said before it is sent. nginx itself sees to what the client sends all the same. */
        ctx->over_limit = 1;
        ctx->blocked = 1;
        ngx_http_abatis_stop(ctx);
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    if (conf->body == NGX_HTTP_ABATIS_BODY_STREAM) {
        return NGX_DECLINED;
    }
    ctx->reading = 1;
    return ngx_http_abatis_read(r);
}

/* Request line and headers, as they were sent. */
static ngx_int_t ngx_http_abatis_head(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
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

    ngx_list_part_t *part = &r->headers_in.headers.part;
    ngx_table_elt_t *header = part->elts;
    for (ngx_uint_t i = 0; status == ABATIS_STATUS_OK; i++) {
        if (progress == ABATIS_PROGRESS_BLOCK) {
            ctx->action = ABATIS_ACTION_BLOCK;
            if (ctx->conf->mode == NGX_HTTP_ABATIS_ON) {
                ngx_http_abatis_stop(ctx);
                return ngx_http_abatis_judge(ctx);
            }
        }
        if (i >= part->nelts) {
            if (part->next == NULL) {
                return NGX_DECLINED;
            }
            part = part->next;
            header = part->elts;
            i = 0;
        }
        status = abatis_session_header(ctx->session, header[i].key.data, header[i].key.len, header[i].value.data,
                                       header[i].value.len, &progress);
    }
    return ngx_http_abatis_fail(r, ctx, status);
}

/* --- the body */

/* Has nginx read the body, through the filter below, and calls the phase handler again when it is there. */
static ngx_int_t ngx_http_abatis_read(ngx_http_request_t *r) {
    ngx_int_t rc = ngx_http_read_client_request_body(r, ngx_http_abatis_read_done);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }
    ngx_http_finalize_request(r, NGX_DONE);
    return NGX_DONE;
}

static void ngx_http_abatis_read_done(ngx_http_request_t *r) {
    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}

ngx_int_t ngx_http_abatis_body_filter(ngx_http_request_t *r, ngx_chain_t *in) {
    ngx_http_abatis_loc_conf_t *conf = ngx_http_get_module_loc_conf(r, ngx_http_abatis_module);

    if (conf->mode == NGX_HTTP_ABATIS_OFF || conf->body == NGX_HTTP_ABATIS_BODY_OFF) {
        return ngx_http_abatis_next_body_filter(r, in);
    }
    ngx_http_abatis_ctx_t *ctx = ngx_http_abatis_ctx(r);
    if (ctx == NULL) {
        return ngx_http_abatis_next_body_filter(r, in);
    }
    for (ngx_chain_t *link = in; link && ctx->session; link = link->next) {
        ngx_int_t rc = NGX_DECLINED;

        if (ngx_buf_in_memory(link->buf) && link->buf->pos < link->buf->last) {
            rc = ngx_http_abatis_feed(r, ctx, link->buf->pos, link->buf->last - link->buf->pos);
        }
        /* The last piece is not passed on before it was judged, so that no upstream takes the request for a whole one. */
        if (rc == NGX_DECLINED && link->buf->last_buf && ctx->session) {
            rc = ngx_http_abatis_finish(r, ctx);
        }
        if (rc != NGX_DECLINED) {
            return ngx_http_abatis_refuse_body(r, rc);
        }
    }
    return ngx_http_abatis_next_body_filter(r, in);
}

/* The body was read in an earlier phase, by another module: it is in memory, or in a file. */
static ngx_int_t ngx_http_abatis_read_before(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    u_char *piece = NULL;

    for (ngx_chain_t *link = r->request_body->bufs; link && ctx->session; link = link->next) {
        ngx_buf_t *buf = link->buf;
        ngx_int_t rc = NGX_DECLINED;

        if (ngx_buf_in_memory(buf)) {
            rc = ngx_http_abatis_feed(r, ctx, buf->pos, buf->last - buf->pos);
        } else if (buf->in_file) {
            if (piece == NULL && (piece = ngx_palloc(r->pool, NGX_HTTP_ABATIS_PIECE)) == NULL) {
                return NGX_HTTP_INTERNAL_SERVER_ERROR;
            }
            for (off_t at = buf->file_pos; at < buf->file_last && rc == NGX_DECLINED && ctx->session;) {
                ssize_t n = ngx_read_file(buf->file, piece, ngx_min(NGX_HTTP_ABATIS_PIECE, buf->file_last - at), at);
                if (n <= 0) {
                    return NGX_HTTP_INTERNAL_SERVER_ERROR;
                }
                rc = ngx_http_abatis_feed(r, ctx, piece, n);
                at += n;
            }
        }
        if (rc != NGX_DECLINED) {
            return rc;
        }
    }
    return ctx->session ? ngx_http_abatis_finish(r, ctx) : NGX_DECLINED;
}

/* The next bytes of the body: NGX_DECLINED to go on, or the status to answer with. */
static ngx_int_t ngx_http_abatis_feed(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len) {
    ngx_http_abatis_loc_conf_t *conf = ctx->conf;
    abatis_progress progress = ABATIS_PROGRESS_BLOCK;

    if (conf->body_limit && ctx->fed + (off_t) len > conf->body_limit) {
        ctx->over_limit = 1;
        len = conf->body_limit > ctx->fed ? (size_t) (conf->body_limit - ctx->fed) : 0;
    }
    abatis_status status = abatis_session_body(ctx->session, data, len, &progress);
    if (status != ABATIS_STATUS_OK) {
        return ngx_http_abatis_fail(r, ctx, status);
    }
    ctx->fed += len;

    if (progress == ABATIS_PROGRESS_BLOCK) {
        ctx->action = ABATIS_ACTION_BLOCK;
        if (conf->mode == NGX_HTTP_ABATIS_ON) {
            ngx_http_abatis_stop(ctx);
            return ngx_http_abatis_judge(ctx);
        }
    }
    if (ctx->over_limit) {
        ngx_http_abatis_stop(ctx);
        if (conf->past_limit == NGX_HTTP_ABATIS_BLOCK && conf->mode == NGX_HTTP_ABATIS_ON) {
            ctx->blocked = 1;
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
    }
    return NGX_DECLINED;
}

/* Answers in the middle of a body. What comes after must not be read as the next request: the connection is not kept, and read
 * empty before it is closed. An error page that asks another server must not promise it a body of which the rest never comes. */
static ngx_int_t ngx_http_abatis_refuse_body(ngx_http_request_t *r, ngx_int_t rc) {
    r->keepalive = 0;
    r->lingering_close = 1;
    r->headers_in.content_length_n = 0;
    r->headers_in.chunked = 0;
    if (r->request_body) {
        r->request_body->bufs = NULL;
    }
    return rc;
}

/* --- the verdict */

/* The end of the request. */
static ngx_int_t ngx_http_abatis_finish(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    abatis_status status = abatis_session_finish(ctx->session, &ctx->verdict);

    if (status != ABATIS_STATUS_OK) {
        return ngx_http_abatis_fail(r, ctx, status);
    }
    abatis_session_free(ctx->session);
    ctx->session = NULL;
    ctx->action = abatis_verdict_action(ctx->verdict);
    return ngx_http_abatis_judge(ctx);
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
    abatis_session_free(ctx->session);
    ctx->session = NULL;
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

static ngx_int_t ngx_http_abatis_judge(ngx_http_abatis_ctx_t *ctx) {
    if (ctx->action < ABATIS_ACTION_BLOCK || ctx->conf->mode != NGX_HTTP_ABATIS_ON) {
        return NGX_DECLINED;
    }
    ctx->blocked = 1;
    return ctx->conf->block_status;
}

static ngx_int_t ngx_http_abatis_fail(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, abatis_status status) {
    ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0, "abatis: the request was not inspected: %s (%d)",
                  abatis_status_message(status), (int) status);
    abatis_session_free(ctx->session);
    ctx->session = NULL;
    ctx->failed = 1;
    if (ctx->conf->mode != NGX_HTTP_ABATIS_ON || ctx->conf->on_error == NGX_HTTP_ABATIS_PASS) {
        return NGX_DECLINED;
    }
    ctx->blocked = 1;
    return NGX_HTTP_INTERNAL_SERVER_ERROR;
}
