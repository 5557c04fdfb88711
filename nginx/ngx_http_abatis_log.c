/* One JSON object a line for each request that was flagged or blocked, or whose inspection failed:
 *
 *   {"time":"2026-01-31T12:00:00+00:00","request_id":"...","client":"192.0.2.7","server":"shop.example","method":"POST","status":403,
 *    "mode":"on","blocked":true,"action":"block","reason":"verdict","verdict":{...}}
 *
 * Payloads are not in it, nor is the target, which may be one: the request id leads to it in the access log. */
#include "ngx_http_abatis.h"

static ngx_int_t ngx_http_abatis_line(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, ngx_str_t *line);
static void ngx_http_abatis_write(ngx_http_request_t *r, ngx_http_abatis_log_t *log, ngx_str_t *line);

/* What most verdicts fit in. */
#define NGX_HTTP_ABATIS_VERDICT 4096

/* abatis_log FILE | syslog:... | off */
char *ngx_http_abatis_log_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
    ngx_http_abatis_loc_conf_t *loc = conf;
    ngx_str_t *words = cf->args->elts;

    if (loc->log != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }
    if (ngx_strcmp(words[1].data, "off") == 0) {
        loc->log = NULL;
        return NGX_CONF_OK;
    }
    loc->log = ngx_pcalloc(cf->pool, sizeof(ngx_http_abatis_log_t));
    if (loc->log == NULL) {
        return NGX_CONF_ERROR;
    }
    if (ngx_strncmp(words[1].data, "syslog:", 7) == 0) {
        loc->log->syslog = ngx_pcalloc(cf->pool, sizeof(ngx_syslog_peer_t));
        if (loc->log->syslog == NULL) {
            return NGX_CONF_ERROR;
        }
        return ngx_syslog_process_conf(cf, loc->log->syslog);
    }
    /* nginx opens it, gives it to the workers and opens it again on USR1. */
    loc->log->file = ngx_conf_open_file(cf->cycle, &words[1]);
    return loc->log->file == NULL ? NGX_CONF_ERROR : NGX_CONF_OK;
}

ngx_int_t ngx_http_abatis_log_handler(ngx_http_request_t *r) {
    ngx_http_abatis_ctx_t *ctx = r == r->main ? ngx_http_abatis_ctx(r) : NULL;
    ngx_str_t line;

    if (ctx == NULL) {
        return NGX_OK;
    }
    if (ctx->session) {
        /* The body ended early, or nobody read it. */
        ngx_http_abatis_stop(ctx);
    }
    if (ctx->action == ABATIS_ACTION_ALLOW && !ctx->blocked && !ctx->failed) {
        return NGX_OK;
    }
    if (ctx->conf->log == NULL) {
        abatis_str rule = abatis_finding_rule(ngx_http_abatis_finding(ctx));
        abatis_str class = abatis_verdict_class(ctx->verdict);
        ngx_log_error(NGX_LOG_WARN, r->connection->log, 0, "abatis: %s, rule \"%*s\", class \"%*s\", score %uD",
                      ctx->blocked ? "blocked" : "passed", rule.len, rule.data, class.len, class.data,
                      abatis_verdict_score(ctx->verdict));
        return NGX_OK;
    }
    if (ngx_http_abatis_line(r, ctx, &line) == NGX_OK) {
        ngx_http_abatis_write(r, ctx->conf->log, &line);
    }
    return NGX_OK;
}

static u_char *ngx_http_abatis_json_text(u_char *p, const char *key, ngx_str_t *text) {
    p = ngx_sprintf(p, "\"%s\":\"", key);
    p = (u_char *) ngx_escape_json(p, text->data, text->len);
    *p++ = '"';
    *p++ = ',';
    return p;
}

static const char *ngx_http_abatis_reason(ngx_http_abatis_ctx_t *ctx) {
    if (ctx->failed) {
        return "error";
    }
    return ctx->over_limit && ctx->action < ABATIS_ACTION_BLOCK ? "body_limit" : "verdict";
}

/* The verdict as JSON, `null` if there is none. */
static ngx_int_t ngx_http_abatis_verdict_json(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, ngx_str_t *json) {
    size_t size = NGX_HTTP_ABATIS_VERDICT;

    if (ctx->verdict == NULL) {
        ngx_str_set(json, "null");
        return NGX_OK;
    }
    for (;;) {
        json->data = ngx_pnalloc(r->pool, size);
        if (json->data == NULL) {
            return NGX_ERROR;
        }
        abatis_status status = abatis_verdict_json(ctx->verdict, (char *) json->data, size, &json->len);
        if (status != ABATIS_STATUS_BUFFER_TOO_SMALL) {
            return status == ABATIS_STATUS_OK ? NGX_OK : NGX_ERROR;
        }
        size = json->len + 1;
    }
}

static ngx_int_t ngx_http_abatis_line(ngx_http_request_t *r, ngx_http_abatis_ctx_t *ctx, ngx_str_t *line) {
    static const char *actions[] = { "allow", "flag", "sanitize", "block" };
    ngx_http_abatis_main_conf_t *main = ngx_http_get_module_main_conf(r, ngx_http_abatis_module);
    ngx_http_core_srv_conf_t *server = ngx_http_get_module_srv_conf(r, ngx_http_core_module);
    ngx_http_variable_value_t *variable = ngx_http_get_indexed_variable(r, main->request_id);
    ngx_str_t *client = &r->connection->addr_text;
    ngx_str_t id = ngx_null_string, json;
    ngx_uint_t status = r->err_status ? r->err_status : r->headers_out.status;

    if (ngx_http_abatis_verdict_json(r, ctx, &json) != NGX_OK) {
        return NGX_ERROR;
    }
    if (variable && variable->valid && !variable->not_found) {
        id.data = variable->data;
        id.len = variable->len;
    }
    /* A byte takes six at most when it is escaped. */
    size_t size = 512 + 6 * (id.len + client->len + server->server_name.len + r->method_name.len) + json.len;
    line->data = ngx_pnalloc(r->pool, size);
    if (line->data == NULL) {
        return NGX_ERROR;
    }
    u_char *p = ngx_sprintf(line->data, "{\"time\":\"%V\",", &ngx_cached_http_log_iso8601);
    p = ngx_http_abatis_json_text(p, "request_id", &id);
    p = ngx_http_abatis_json_text(p, "client", client);
    p = ngx_http_abatis_json_text(p, "server", &server->server_name);
    p = ngx_http_abatis_json_text(p, "method", &r->method_name);
    p = ngx_sprintf(p, "\"status\":%ui,\"mode\":\"%s\",\"blocked\":%s,\"action\":\"%s\",\"reason\":\"%s\",\"verdict\":%V}\n", status,
                    ctx->conf->mode == NGX_HTTP_ABATIS_ON ? "on" : "detect", ctx->blocked ? "true" : "false",
                    ctx->failed ? "error" : actions[ngx_min(ctx->action, ABATIS_ACTION_BLOCK)],
                    ngx_http_abatis_reason(ctx), &json);
    line->len = p - line->data;
    return NGX_OK;
}

static void ngx_http_abatis_write(ngx_http_request_t *r, ngx_http_abatis_log_t *log, ngx_str_t *line) {
    static time_t complained;

    if (log->syslog) {
        /* The header is a priority, a time, the host and a tag, which have bounds of their own. */
        u_char *message = ngx_pnalloc(r->pool, NGX_MAX_ERROR_STR + line->len);
        if (message) {
            u_char *p = ngx_syslog_add_header(log->syslog, message);
            p = ngx_cpymem(p, line->data, line->len - 1);
            ngx_syslog_send(log->syslog, message, p - message);
        }
        return;
    }
    ssize_t n = ngx_write_fd(log->file->fd, line->data, line->len);
    if (n != (ssize_t) line->len && ngx_time() - complained > 59) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, n == -1 ? ngx_errno : 0, "abatis: could not write to \"%V\"",
                      &log->file->name);
        complained = ngx_time();
    }
}
