/* Directives, variables, and where the module hooks into nginx. */
#include "ngx_http_abatis.h"

static ngx_int_t ngx_http_abatis_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_abatis_postconfiguration(ngx_conf_t *cf);
static void *ngx_http_abatis_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_abatis_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_abatis_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);
static char *ngx_http_abatis_body_limit_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf);

static ngx_conf_enum_t ngx_http_abatis_modes[] = {
    { ngx_string("off"), NGX_HTTP_ABATIS_OFF },
    { ngx_string("detect"), NGX_HTTP_ABATIS_DETECT },
    { ngx_string("on"), NGX_HTTP_ABATIS_ON },
    { ngx_null_string, 0 },
};

static ngx_conf_enum_t ngx_http_abatis_bodies[] = {
    { ngx_string("off"), NGX_HTTP_ABATIS_BODY_OFF },
    { ngx_string("stream"), NGX_HTTP_ABATIS_BODY_STREAM },
    { ngx_string("buffered"), NGX_HTTP_ABATIS_BODY_BUFFERED },
    { ngx_null_string, 0 },
};

static ngx_conf_enum_t ngx_http_abatis_choices[] = {
    { ngx_string("pass"), NGX_HTTP_ABATIS_PASS },
    { ngx_string("block"), NGX_HTTP_ABATIS_BLOCK },
    { ngx_null_string, 0 },
};

static ngx_conf_num_bounds_t ngx_http_abatis_statuses = { ngx_conf_check_num_bounds, 400, 599 };

#define NGX_HTTP_ABATIS_ANYWHERE (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF)

static ngx_command_t ngx_http_abatis_commands[] = {
    { ngx_string("abatis"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_abatis_loc_conf_t, mode), &ngx_http_abatis_modes },

    { ngx_string("abatis_policy"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_http_abatis_policy_directive,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("abatis_log"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_http_abatis_log_directive,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("abatis_block_status"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_conf_set_num_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_abatis_loc_conf_t, block_status), &ngx_http_abatis_statuses },

    { ngx_string("abatis_body"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_abatis_loc_conf_t, body), &ngx_http_abatis_bodies },

    { ngx_string("abatis_body_limit"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE12, ngx_http_abatis_body_limit_directive,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("abatis_on_error"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_conf_set_enum_slot, NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_abatis_loc_conf_t, on_error), &ngx_http_abatis_choices },

    { ngx_string("abatis_thread_pool"), NGX_HTTP_ABATIS_ANYWHERE|NGX_CONF_TAKE1, ngx_http_abatis_thread_pool_directive,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    ngx_null_command
};

static ngx_http_module_t ngx_http_abatis_hooks = {
    ngx_http_abatis_preconfiguration,
    ngx_http_abatis_postconfiguration,
    ngx_http_abatis_create_main_conf,
    NULL,
    NULL,
    NULL,
    ngx_http_abatis_create_loc_conf,
    ngx_http_abatis_merge_loc_conf,
};

ngx_module_t ngx_http_abatis_module = {
    NGX_MODULE_V1,
    &ngx_http_abatis_hooks,
    ngx_http_abatis_commands,
    NGX_HTTP_MODULE,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NGX_MODULE_V1_PADDING
};

/* --- variables */

enum { NGX_HTTP_ABATIS_VAR_ACTION, NGX_HTTP_ABATIS_VAR_SCORE, NGX_HTTP_ABATIS_VAR_RULE, NGX_HTTP_ABATIS_VAR_CLASS };

static const char *ngx_http_abatis_action_name(ngx_http_abatis_ctx_t *ctx) {
    if (ctx->failed) {
        return "error";
    }
    switch (ctx->action) {
    case ABATIS_ACTION_ALLOW: return "allow";
    case ABATIS_ACTION_FLAG: return "flag";
    case ABATIS_ACTION_SANITIZE: return "sanitize";
    default: return "block";
    }
}

/* Empty until there is a verdict, and for requests that were not inspected. */
static ngx_int_t ngx_http_abatis_variable(ngx_http_request_t *r, ngx_http_variable_value_t *value, uintptr_t which) {
    ngx_http_abatis_ctx_t *ctx = ngx_http_abatis_ctx(r);

    if (ctx == NULL || (ctx->verdict == NULL && !ctx->failed)) {
        value->not_found = 1;
        return NGX_OK;
    }

    abatis_str text = { "", 0 };
    u_char score[NGX_INT32_LEN];
    switch (which) {
    case NGX_HTTP_ABATIS_VAR_ACTION:
        text.data = ngx_http_abatis_action_name(ctx);
        text.len = ngx_strlen(text.data);
        break;
    case NGX_HTTP_ABATIS_VAR_SCORE:
        text.data = (char *) score;
        text.len = ngx_sprintf(score, "%uD", abatis_verdict_score(ctx->verdict)) - score;
        break;
    case NGX_HTTP_ABATIS_VAR_RULE:
        text = abatis_finding_rule(ngx_http_abatis_finding(ctx));
        break;
    default:
        text = abatis_verdict_class(ctx->verdict);
    }

    /* Copied: a variable may outlive the verdict, which is freed before the pool is. */
    u_char *copy = ngx_pnalloc(r->pool, text.len);
    if (copy == NULL) {
        return NGX_ERROR;
    }
    ngx_memcpy(copy, text.data, text.len);
    value->data = copy;
    value->len = text.len;
    value->valid = 1;
    value->no_cacheable = 1;
    value->not_found = text.len == 0;
    return NGX_OK;
}

static ngx_int_t ngx_http_abatis_preconfiguration(ngx_conf_t *cf) {
    static ngx_str_t names[] = {
        ngx_string("abatis_action"), ngx_string("abatis_score"), ngx_string("abatis_rule"), ngx_string("abatis_class"),
    };
    static ngx_str_t request_id = ngx_string("request_id");

    for (ngx_uint_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ngx_http_variable_t *variable = ngx_http_add_variable(cf, &names[i], NGX_HTTP_VAR_NOCACHEABLE);
        if (variable == NULL) {
            return NGX_ERROR;
        }
        variable->get_handler = ngx_http_abatis_variable;
        variable->data = i;
    }

    ngx_http_abatis_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_abatis_module);
    main->request_id = ngx_http_get_variable_index(cf, &request_id);
    return main->request_id == NGX_ERROR ? NGX_ERROR : NGX_OK;
}

/* --- configuration */

static void *ngx_http_abatis_create_main_conf(ngx_conf_t *cf) {
    ngx_http_abatis_main_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

    if (conf == NULL || ngx_array_init(&conf->policies, cf->pool, 4, sizeof(ngx_http_abatis_policy_t *)) != NGX_OK) {
        return NULL;
    }
    return conf;
}

static void *ngx_http_abatis_create_loc_conf(ngx_conf_t *cf) {
    ngx_http_abatis_loc_conf_t *conf = ngx_pcalloc(cf->pool, sizeof(*conf));

    if (conf == NULL) {
        return NULL;
    }
    conf->mode = NGX_CONF_UNSET_UINT;
    conf->policy = NGX_CONF_UNSET_PTR;
    conf->log = NGX_CONF_UNSET_PTR;
    conf->block_status = NGX_CONF_UNSET_UINT;
    conf->body = NGX_CONF_UNSET_UINT;
    conf->body_limit = NGX_CONF_UNSET;
    conf->past_limit = NGX_CONF_UNSET_UINT;
    conf->on_error = NGX_CONF_UNSET_UINT;
    conf->threads = NGX_CONF_UNSET_PTR;
    return conf;
}

static char *ngx_http_abatis_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) {
    static ngx_str_t usual = ngx_string("default");
    ngx_http_abatis_loc_conf_t *prev = parent;
    ngx_http_abatis_loc_conf_t *conf = child;

    ngx_conf_merge_uint_value(conf->mode, prev->mode, NGX_HTTP_ABATIS_OFF);
    ngx_conf_merge_ptr_value(conf->policy, prev->policy, NULL);
    ngx_conf_merge_ptr_value(conf->log, prev->log, NULL);
    ngx_conf_merge_uint_value(conf->block_status, prev->block_status, NGX_HTTP_FORBIDDEN);
    ngx_conf_merge_uint_value(conf->body, prev->body, NGX_HTTP_ABATIS_BODY_BUFFERED);
    ngx_conf_merge_off_value(conf->body_limit, prev->body_limit, 0);
    ngx_conf_merge_uint_value(conf->past_limit, prev->past_limit, NGX_HTTP_ABATIS_BLOCK);
    ngx_conf_merge_uint_value(conf->on_error, prev->on_error, NGX_HTTP_ABATIS_BLOCK);

    if (conf->mode != NGX_HTTP_ABATIS_OFF && conf->policy == NULL) {
        conf->policy = ngx_http_abatis_policy(cf, &usual);
        if (conf->policy == NULL) {
            return NGX_CONF_ERROR;
        }
    }
    return ngx_http_abatis_merge_threads(cf, prev, conf);
}

/* abatis_body_limit SIZE [pass|block] */
static char *ngx_http_abatis_body_limit_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
    ngx_http_abatis_loc_conf_t *loc = conf;
    ngx_str_t *words = cf->args->elts;

    if (loc->body_limit != NGX_CONF_UNSET) {
        return "is duplicate";
    }
    loc->body_limit = ngx_parse_offset(&words[1]);
    if (loc->body_limit == (off_t) NGX_ERROR) {
        return "has an invalid size";
    }
    if (cf->args->nelts == 2 || ngx_strcmp(words[2].data, "block") == 0) {
        loc->past_limit = NGX_HTTP_ABATIS_BLOCK;
    } else if (ngx_strcmp(words[2].data, "pass") == 0) {
        loc->past_limit = NGX_HTTP_ABATIS_PASS;
    } else {
        return "takes \"pass\" or \"block\" after the size";
    }
    return NGX_CONF_OK;
}

/* A handler in front of those that are there. */
static ngx_int_t ngx_http_abatis_add_handler(ngx_conf_t *cf, ngx_http_phases phase, ngx_http_handler_pt handler) {
    ngx_http_core_main_conf_t *core = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);
    ngx_array_t *handlers = &core->phases[phase].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }
    ngx_http_handler_pt *first = handlers->elts;
    ngx_memmove(first + 1, first, (handlers->nelts - 1) * sizeof(*first));
    *first = handler;
    return NGX_OK;
}

static ngx_int_t ngx_http_abatis_postconfiguration(ngx_conf_t *cf) {
    /* PREACCESS: `satisfy any` does not skip it. Handlers of that phase run from the last one to the first, so that limit_req and
     * limit_conn, which cost less, come before this one. Those of the log phase run from the first one on, so that
     * the verdict is there when the access log is written. */
    if (ngx_http_abatis_add_handler(cf, NGX_HTTP_PREACCESS_PHASE, ngx_http_abatis_handler) != NGX_OK ||
        ngx_http_abatis_add_handler(cf, NGX_HTTP_LOG_PHASE, ngx_http_abatis_log_handler) != NGX_OK) {
        return NGX_ERROR;
    }
    ngx_http_abatis_next_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_abatis_body_filter;
    return NGX_OK;
}
