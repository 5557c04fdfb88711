#!/usr/bin/env bash
# Builds the module for the nginx that Debian and Ubuntu ship: nginx/build.sh [FOLDER]
#
# Gives FOLDER/ngx_http_abatis_module.so (FOLDER: target/nginx). Needs `apt-get install nginx-core nginx-dev`, a C compiler, and the library:
# `cargo xtask install`, or ABATIS_INC and ABATIS_LIB as nginx/config says. A module fits the nginx that it was built for, and those
# that are binary compatible with it (`--with-compat`, same version).
set -euo pipefail

module=$(cd "$(dirname "$0")" && pwd)
mkdir -p "${1:-$module/../target/nginx}"
folder=$(cd "${1:-$module/../target/nginx}" && pwd)

if [ ! -f /usr/share/nginx/src/conf_flags ]; then
    echo "$0: the sources of nginx are missing: apt-get install nginx-core nginx-dev" >&2
    exit 1
fi
# As Debian's own modules are built, in a folder outside of the sources.
cd /usr/share/nginx/src
# shellcheck disable=SC1091
. ./conf_flags
# Debug information names no folder of this machine.
flags="-ffile-prefix-map=$module=nginx -ffile-prefix-map=$folder=objs -g -O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wall -Wextra -Wno-unused-parameter -Werror"
./configure --with-cc-opt="${CFLAGS:-$flags} -fPIC ${CPPFLAGS:-}" --with-ld-opt="${LDFLAGS:--Wl,-z,relro -Wl,-z,now} -fPIC" \
    "${NGX_CONF_FLAGS[@]}" --add-dynamic-module="$module" --builddir="$folder" >"$folder/configure.log" ||
    { tail -20 "$folder/configure.log" >&2; exit 1; }
# configure does not see whether the library itself is another one.
rm -f "$folder/ngx_http_abatis_module.so"
make --silent -f "$folder/Makefile" -C /usr/share/nginx/src modules
echo "built $folder/ngx_http_abatis_module.so"
