/* The header alone, twice, in every dialect that tests/c.rs compiles it in. */
#include <abatis.h>
#include <abatis.h>

int main(void) {
  abatis_options options = {sizeof options, NULL, NULL, 0, 0};
  (void)options;
  return abatis_abi_version() == ABATIS_ABI_VERSION ? 0 : 1;
}
