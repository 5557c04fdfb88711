/* Policies: compiled in the master when the configuration is read, each file once however many locations name it, and freed with
 * that configuration. The workers, which are forked later, share them. */
#include "ngx_http_abatis.h"

static abatis_engine *ngx_http_abatis_compile(ngx_conf_t *cf, ngx_str_t *name);
static void ngx_http_abatis_policy_cleanup(void *data);

/* `strict` is a built-in policy, `strict.yaml` and `./strict` are files. */
static ngx_int_t ngx_http_abatis_is_builtin(ngx_str_t *name) {
    for (size_t i = 0; i < name->len; i++) {
        if (name->data[i] == '/' || name->data[i] == '.') {
            return 0;
        }
    }
    return 1;
}

/* abatis_policy FILE | NAME */
char *ngx_http_abatis_policy_directive(ngx_conf_t *cf, ngx_command_t *command, void *conf) {
    ngx_http_abatis_loc_conf_t *loc = conf;
    ngx_str_t *words = cf->args->elts;

    if (loc->policy != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }
    loc->policy = ngx_http_abatis_policy(cf, &words[1]);
    return loc->policy == NULL ? NGX_CONF_ERROR : NGX_CONF_OK;
}

/* The policy of this name, compiled if it is the first that asks for it; NULL after telling what is wrong. */
ngx_http_abatis_policy_t *ngx_http_abatis_policy(ngx_conf_t *cf, ngx_str_t *value) {
    ngx_http_abatis_main_conf_t *main = ngx_http_conf_get_module_main_conf(cf, ngx_http_abatis_module);
    ngx_http_abatis_policy_t **known = main->policies.elts;
    ngx_str_t name = *value;

    if (!ngx_http_abatis_is_builtin(&name) && ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NULL;
    }
    for (ngx_uint_t i = 0; i < main->policies.nelts; i++) {
        if (known[i]->name.len == name.len && ngx_memcmp(known[i]->name.data, name.data, name.len) == 0) {
            return known[i];
        }
    }

    ngx_http_abatis_policy_t **slot = ngx_array_push(&main->policies);
    ngx_pool_cleanup_t *cleanup = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_abatis_policy_t));
    if (slot == NULL || cleanup == NULL) {
        return NULL;
    }
    ngx_http_abatis_policy_t *policy = cleanup->data;
    policy->name = name;
    policy->scratch = NULL;
    policy->engine = ngx_http_abatis_compile(cf, &name);
    cleanup->handler = ngx_http_abatis_policy_cleanup;
    *slot = policy;
    return policy->engine == NULL ? NULL : policy;
}

static abatis_engine *ngx_http_abatis_compile(ngx_conf_t *cf, ngx_str_t *name) {
    const char *text = (const char *) name->data;
    abatis_policy *policy = NULL;
    abatis_engine *engine = NULL;
    abatis_error *error = NULL;

    abatis_status status = ngx_http_abatis_is_builtin(name)
                               ? abatis_policy_builtin(text, name->len, &policy, &error)
                               : abatis_policy_from_file(text, name->len, &policy, &error);
    if (status == ABATIS_STATUS_OK) {
        status = abatis_engine_new(policy, NULL, &engine, &error);
    }
    abatis_policy_free(policy);
    if (status == ABATIS_STATUS_OK) {
        return engine;
    }

    /* A line for each thing that is wrong, with its place: nginx cuts what is longer than one of its own lines. */
    abatis_str message = abatis_error_message(error);
    if (message.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "abatis: \"%V\": %s", name, abatis_status_message(status));
    }
    const char *line = message.data, *end = message.data + message.len;
    while (line < end) {
        const char *stop = memchr(line, '\n', end - line);
        size_t len = (stop ? stop : end) - line;
        if (len > 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "abatis: %*s", len, line);
        }
        line += len + 1;
    }
    abatis_error_free(error);
    return NULL;
}

static void ngx_http_abatis_policy_cleanup(void *data) {
    ngx_http_abatis_policy_t *policy = data;

    abatis_scratch_free(policy->scratch);
    abatis_engine_free(policy->engine);
}
