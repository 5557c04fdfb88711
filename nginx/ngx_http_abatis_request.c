/* One request: its head is inspected in the PREACCESS phase, its body in a filter that sees each piece as it arrives.
 *
 *   buffered  the phase handler asks for the body and waits for its end; nothing is passed on before the verdict. What a large body has
 *             beyond its first bytes is inspected when it is there, in a thread
 *   stream    nobody is asked; the filter sees what the content handler reads, and ends it
 *   off       the body is not looked at
 *
 * A request is inspected once, by the first location that has `abatis on` or `detect`. Redirects inside of nginx clear the contexts of
 * modules, so the context is found again by its cleanup handler. */
#include "ngx_http_abatis.h"

static ngx_int_t ngx_http_abatis_read(ngx_http_request_t *r);
static void ngx_http_abatis_read_done(ngx_http_request_t *r);
static ngx_int_t ngx_http_abatis_kept(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static void ngx_http_abatis_take(ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len);
static ngx_int_t ngx_http_abatis_judged(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static ngx_int_t ngx_http_abatis_answer(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx);
static void ngx_http_abatis_drop_body(ngx_http_request_t *r);
static void ngx_http_abatis_ctx_cleanup(void *data);

/* So much is inspected at once in the event loop: the densest attacks cost 0.3 to 1.1 ms in so many bytes, ordinary text 10 us. The way to a
 * thread and back costs some 50 us. */
#define NGX_HTTP_ABATIS_INLINE 8192

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
        ngx_http_abatis_head(r, ctx);
    } else if (r->aio) {
        /* A thread has the context. */
        return NGX_DONE;
    }
    if (ctx->blocked) {
        /* Answered: this is the way to the error page. */
        return NGX_DECLINED;
    }
    /* A location that a redirect led to decides by its own directives. */
    ctx->conf = conf;
    if (ctx->session && ctx->action == ABATIS_ACTION_BLOCK && conf->mode == NGX_HTTP_ABATIS_ON) {
        ngx_http_abatis_stop(ctx);
    }
    if (ctx->session == NULL) {
        return ngx_http_abatis_judged(r, ctx);
    }
    if (conf->body == NGX_HTTP_ABATIS_BODY_OFF || !ngx_http_abatis_has_body(r) || r->discard_body) {
        ngx_http_abatis_finish(ctx);
        return ngx_http_abatis_answer(r, ctx);
    }
    if (r->request_body != NULL) {
        return ngx_http_abatis_kept(r, ctx);
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
        ngx_buf_t *buf = link->buf;

        if (ngx_buf_in_memory(buf) && buf->pos < buf->last) {
            ngx_http_abatis_take(ctx, buf->pos, buf->last - buf->pos);
        }
        /* The last piece is not passed on before it was judged, so that no upstream takes the request for a whole one. */
        if (buf->last_buf && ctx->session && !ctx->deferred) {
            ngx_http_abatis_finish(ctx);
        }
        ngx_int_t rc = ngx_http_abatis_answer(r, ctx);
        if (rc != NGX_DECLINED) {
            /* In the middle of a body. What comes after must not be read as the next request: the connection is not kept, and read
             * empty before it is closed. */
            r->keepalive = 0;
            r->lingering_close = 1;
            ngx_http_abatis_drop_body(r);
            return rc;
        }
    }
    return ngx_http_abatis_next_body_filter(r, in);
}

/* Bytes as they come. They are inspected at once until too much waits for its end, to be inspected then in one go: in a body that is kept
 * until it is there, that and what follows is left to a thread. */
static void ngx_http_abatis_take(ngx_http_abatis_ctx_t *ctx, u_char *data, size_t len) {
    ngx_http_abatis_loc_conf_t *conf = ctx->conf;

    if (!ctx->reading || conf->threads == NULL) {
        ngx_http_abatis_feed(ctx, data, len);
        return;
    }
    while (len && ctx->session) {
        size_t pending = abatis_session_pending(ctx->session);
        size_t now = pending < NGX_HTTP_ABATIS_INLINE ? ngx_min(len, NGX_HTTP_ABATIS_INLINE - pending) : 0;

        if (ctx->deferred || now == 0) {
            ctx->deferred += len;
            if (conf->body_limit && ctx->fed + ctx->deferred > conf->body_limit && conf->past_limit == NGX_HTTP_ABATIS_BLOCK &&
                conf->mode == NGX_HTTP_ABATIS_ON) {
                ctx->over_limit = 1;
                ngx_http_abatis_stop(ctx);
            }
            return;
        }
        ngx_http_abatis_feed(ctx, data, now);
        data += now;
        len -= now;
    }
}

/* The body is there, in memory or in a file; another module may have read it, in an earlier phase. */
static ngx_int_t ngx_http_abatis_kept(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    off_t size = (off_t) abatis_session_pending(ctx->session) - ctx->fed;

    for (ngx_chain_t *link = r->request_body->bufs; link; link = link->next) {
        size += ngx_buf_size(link->buf);
    }
    if (size > NGX_HTTP_ABATIS_INLINE && ngx_http_abatis_post(r, ctx) == NGX_OK) {
        return NGX_DONE;
    }
    ngx_http_abatis_rest(ctx, r->request_body->bufs);
    return ngx_http_abatis_judged(r, ctx);
}

/* The inspection is over, and nothing of the body is on its way. */
static ngx_int_t ngx_http_abatis_judged(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    ngx_int_t rc = ngx_http_abatis_answer(r, ctx);

    if (rc != NGX_DECLINED && r->request_body) {
        ngx_http_abatis_drop_body(r);
    }
    return rc;
}

/* What the inspection asks for so far: NGX_DECLINED to go on, or the status to answer with. */
static ngx_int_t ngx_http_abatis_answer(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    ngx_http_abatis_loc_conf_t *conf = ctx->conf;
    ngx_int_t status;

    if (ctx->failure) {
        ngx_log_error(NGX_LOG_CRIT, r->connection->log, ctx->failure_error, "abatis: the request was not inspected: %s", ctx->failure);
        ctx->failure = NULL;
    }
    if (conf->mode != NGX_HTTP_ABATIS_ON) {
        return NGX_DECLINED;
    }
    if (ctx->action == ABATIS_ACTION_BLOCK) {
        status = conf->block_status;
    } else if (ctx->over_limit && conf->past_limit == NGX_HTTP_ABATIS_BLOCK) {
        status = NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    } else if (ctx->failed && conf->on_error == NGX_HTTP_ABATIS_BLOCK) {
        status = NGX_HTTP_INTERNAL_SERVER_ERROR;
    } else {
        return NGX_DECLINED;
    }
    ctx->blocked = 1;
    return status;
}

/* An error page that asks another server must not give it a body that was blocked, nor promise one of which the rest never comes. */
static void ngx_http_abatis_drop_body(ngx_http_request_t *r) {
    r->headers_in.content_length_n = 0;
    r->headers_in.chunked = 0;
    if (r->request_body) {
        r->request_body->bufs = NULL;
    }
}
