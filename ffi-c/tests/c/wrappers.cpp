// The C++ wrappers: what they own is freed once, what fails is thrown.
#include <abatis.hpp>
#include <abatis.hpp>

#include <cassert>
#include <iostream>
#include <optional>

#undef NDEBUG
#include <cassert>

int main() {
  auto made = abatis::policy::from_memory("p.yaml", "schemas: {age: {type: integer, minimum: 0}}");
  made.sensitivity(ABATIS_SENSITIVITY_HIGH).mode(ABATIS_MODE_BLOCK).add_rules("r.yaml", "rules: []");
  std::optional<abatis::engine> engine(made);
  abatis::scratch scratch;

  abatis::verdict verdict = abatis::inspect_value(*engine, scratch, ABATIS_PLACE_QUERY, "1' or '1'='1");
  assert(verdict.blocks() && verdict.size() == 1 && verdict[0].rule() == "sql.injection");
  assert(verdict[0].part() == ABATIS_PART_VALUE && verdict[0].end() <= 12);
  assert(verdict[1].rule().empty() && verdict.json().front() == '{');
  assert(verdict.attack_class() == "sqli" && verdict.coverage() == ABATIS_COVERAGE_FULL);
  assert(!abatis::validate(*engine, scratch, "age", "7").blocks());
  assert(abatis::validate(*engine, scratch, "age", "-7")[0].rule() == "schema.minimum");

  abatis::values values;
  values.add(ABATIS_PLACE_QUERY, "id", "1 or true");
  assert(abatis::check_sink(*engine, ABATIS_SINK_SQLITE, "select 1 or true", values).blocks());
  assert(!abatis::check_sink(*engine, ABATIS_SINK_SQLITE, "select '1 or true'", values).blocks());
  abatis::session keeper(*engine, scratch);
  keeper.keep_values().request_line("GET", "/?file=..%2Fkey");
  assert(keeper.check_sink(ABATIS_SINK_PATH, "/srv/files/../key", "/srv/files")[0].rule() == "sink.path.left");

  abatis::handle handle(*engine);
  abatis::engine other(abatis::policy::builtin("strict"));
  abatis::engine copy = other;
  abatis::session session(handle.load(), scratch);
  abatis::engine old = handle.swap(other);
  assert(old.get() == engine->get() && handle.load().get() == other.get() && copy.get() == other.get());
  engine.reset();
  session.request_line("POST", "/p");
  session.header("Content-Type", "application/json");
  assert(session.body("{\"text\": \"<script>ale") == ABATIS_PROGRESS_CONTINUE);
  assert(session.pending() == sizeof "\"<script>ale" - 1);
  session.use_own_scratch();
  assert(session.body("rt(1)</script>\"}") == ABATIS_PROGRESS_BLOCK);
  assert(session.trailer("X-Checksum", "7") == ABATIS_PROGRESS_BLOCK);
  abatis::session moved(std::move(session));
  moved.use(scratch);
  verdict = moved.stop();
  assert(verdict.blocks() && verdict.coverage() == ABATIS_COVERAGE_STOPPED);

  try {
    abatis::policy::from_memory("p.yaml", "mod: block");
    return 1;
  } catch (const abatis::failure &failure) {
    assert(failure.status() == ABATIS_STATUS_UNREADABLE);
    assert(std::string_view(failure.what()).find("did you mean `mode`?") != std::string_view::npos);
  }
  try {
    abatis::session empty = std::move(moved);
    moved.body("x");
    return 1;
  } catch (const abatis::failure &failure) {
    assert(failure.status() == ABATIS_STATUS_NULL_POINTER);
  }
  std::cout << "ok\n";
}
