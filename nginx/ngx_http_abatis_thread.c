/* The rest of a large body, inspected in a thread, so that the other requests of the worker do not wait for it.
 *
 * As nginx reads files in threads: while `blocked` counts it, a request is not freed, whatever becomes of its client; the timer keeps a
 * worker alive that is to shut down gracefully. Until then the context belongs to the thread, and who comes by looks at `r->aio` only. */
#include "ngx_http_abatis.h"

/* After so long the error log tells. */
#define NGX_HTTP_ABATIS_TOO_LONG 60000

#if (NGX_THREADS)

typedef struct {
    ngx_http_abatis_ctx_t *ctx;
    ngx_chain_t *kept;
} ngx_http_abatis_work_t;

static void ngx_http_abatis_work(void *data, ngx_log_t *log) {
    ngx_http_abatis_work_t *work = data;

    ngx_http_abatis_rest(work->ctx, work->kept);
}

/* In the event loop again. */
static void ngx_http_abatis_worked(ngx_event_t *event) {
    ngx_http_request_t *r = event->data;
    ngx_connection_t *c = r->connection;

    ngx_http_set_log_request(c->log, r);
    if (event->timedout) {
        ngx_log_error(NGX_LOG_ALERT, c->log, 0, "abatis: the inspection of a body takes too long");
        event->timedout = 0;
        return;
    }
    if (event->timer_set) {
        ngx_del_timer(event);
    }
    r->main->blocked--;
    r->aio = 0;
    /* The phases go on, or what is left of a request that was given up meanwhile is freed. */
    r->write_event_handler(r);
    ngx_http_run_posted_requests(c);
}

ngx_int_t ngx_http_abatis_post(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    struct ngx_thread_pool_s *threads = ctx->conf->threads;

    if (threads == NULL) {
        return NGX_DECLINED;
    }
    ngx_thread_task_t *task = ngx_thread_task_alloc(r->pool, sizeof(ngx_http_abatis_work_t));
    /* The scratch that it has goes on with other requests. */
    if (task == NULL || abatis_session_use_scratch(ctx->session, NULL) != ABATIS_STATUS_OK) {
        return NGX_DECLINED;
    }
    ngx_http_abatis_work_t *work = task->ctx;
    work->ctx = ctx;
    work->kept = r->request_body->bufs;
    task->handler = ngx_http_abatis_work;
    task->event.handler = ngx_http_abatis_worked;
    task->event.data = r;
    task->event.log = r->connection->log;
    if (ngx_thread_task_post(threads, task) != NGX_OK) {
        return NGX_DECLINED;
    }
    ngx_add_timer(&task->event, NGX_HTTP_ABATIS_TOO_LONG);
    r->main->blocked++;
    r->aio = 1;
    return NGX_OK;
}

#else

ngx_int_t ngx_http_abatis_post(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx) {
    return NGX_DECLINED;
}

#endif

/* abatis_thread_pool NAME | off */
char *ngx_http_abatis_thread_pool_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
    ngx_http_abatis_loc_conf_t *loc = conf;
    ngx_str_t *words = cf->args->elts;

    if (loc->threads != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }
    if (ngx_strcmp(words[1].data, "off") == 0) {
        loc->threads = NULL;
        return NGX_CONF_OK;
    }
#if (NGX_THREADS)
    loc->threads = ngx_thread_pool_add(cf, &words[1]);
    return loc->threads == NULL ? NGX_CONF_ERROR : NGX_CONF_OK;
#else
    return "needs an nginx that was built --with-threads";
#endif
}

/* What holds where the directive is not given: the pool `default`, which nginx has without being told. */
char *ngx_http_abatis_merge_threads(ngx_conf_t *cf, ngx_http_abatis_loc_conf_t *prev, ngx_http_abatis_loc_conf_t *conf) {
    if (conf->threads == NGX_CONF_UNSET_PTR) {
        conf->threads = prev->threads;
    }
    /* Not asked for where nothing is inspected: each worker would start its threads. */
    if (conf->threads != NGX_CONF_UNSET_PTR || conf->mode == NGX_HTTP_ABATIS_OFF) {
        return NGX_CONF_OK;
    }
#if (NGX_THREADS)
    conf->threads = ngx_thread_pool_add(cf, NULL);
    return conf->threads == NULL ? NGX_CONF_ERROR : NGX_CONF_OK;
#else
    conf->threads = NULL;
    return NGX_CONF_OK;
#endif
}
