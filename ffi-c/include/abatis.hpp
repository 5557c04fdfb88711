/* abatis for C++17: thin wrappers of abatis.h that own what they hold and throw what fails. Header only.
 *
 * Each class holds one object of abatis.h, moves and does not copy (but `engine`, whose copy is another counted reference), and
 * gives it as `get()`. What abatis.h says of threads and lifetimes holds. Results that lend text (`std::string_view`) live as long
 * as the object that they came from.
 */
#ifndef ABATIS_HPP
#define ABATIS_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "abatis.h"

namespace abatis {

/** A call that failed. `what()` is every thing that is wrong, a line each. */
class failure : public std::runtime_error {
public:
  failure(abatis_status status, const std::string &what)
      : std::runtime_error(what), status_(status) {}
  abatis_status status() const noexcept { return status_; }

private:
  abatis_status status_;
};

namespace detail {

inline std::string_view view(abatis_str text) noexcept { return {text.data, text.len}; }

/** Throws what a call says. */
inline void check(abatis_status status, abatis_error *error = nullptr) {
  if (status == ABATIS_STATUS_OK) return;
  std::unique_ptr<abatis_error, decltype(&abatis_error_free)> owned(error, &abatis_error_free);
  throw failure(status, error ? std::string(view(abatis_error_message(error)))
                              : std::string(abatis_status_message(status)));
}

/** Owns an object. */
template <typename T, void (*Free)(T *)> class owner {
public:
  T *get() const noexcept { return object_.get(); }

protected:
  owner() noexcept = default;
  explicit owner(T *object) noexcept : object_(object) {}
  void reset(T *object) noexcept { object_.reset(object); }

private:
  struct release {
    void operator()(T *object) const noexcept { Free(object); }
  };
  std::unique_ptr<T, release> object_;
};

} // namespace detail

class policy : public detail::owner<abatis_policy, abatis_policy_free> {
public:
  static policy from_file(std::string_view path) {
    abatis_policy *made;
    abatis_error *error;
    const auto status = abatis_policy_from_file(path.data(), path.size(), &made, &error);
    detail::check(status, error);
    return policy(made);
  }
  static policy from_memory(std::string_view name, std::string_view yaml, std::string_view folder = {}) {
    abatis_policy *made;
    abatis_error *error;
    const auto status = abatis_policy_from_memory(name.data(), name.size(), yaml.data(), yaml.size(),
                                                  folder.data(), folder.size(), &made, &error);
    detail::check(status, error);
    return policy(made);
  }
  static policy builtin(std::string_view name = "default") {
    abatis_policy *made;
    abatis_error *error;
    const auto status = abatis_policy_builtin(name.data(), name.size(), &made, &error);
    detail::check(status, error);
    return policy(made);
  }
  policy &add_rules(std::string_view name, std::string_view yaml) {
    abatis_error *error;
    const auto status = abatis_policy_add_rules(get(), name.data(), name.size(), yaml.data(), yaml.size(), &error);
    detail::check(status, error);
    return *this;
  }
  policy &mode(abatis_mode mode) {
    detail::check(abatis_policy_set_mode(get(), mode));
    return *this;
  }
  policy &sensitivity(abatis_sensitivity sensitivity) {
    detail::check(abatis_policy_set_sensitivity(get(), sensitivity));
    return *this;
  }

private:
  explicit policy(abatis_policy *made) noexcept : owner(made) {}
};

class engine : public detail::owner<abatis_engine, abatis_engine_free> {
public:
  explicit engine(const policy &of, const abatis_options *options = nullptr) {
    abatis_engine *made;
    abatis_error *error;
    const auto status = abatis_engine_new(of.get(), options, &made, &error);
    detail::check(status, error);
    reset(made);
  }
  /** Takes a reference that is the caller's. */
  static engine adopt(abatis_engine *reference) noexcept { return engine(reference); }
  engine(const engine &other) noexcept : owner(abatis_engine_clone(other.get())) {}
  engine(engine &&) noexcept = default;
  engine &operator=(engine other) noexcept {
    owner::operator=(std::move(other));
    return *this;
  }
  std::string_view ruleset() const noexcept { return detail::view(abatis_engine_ruleset(get())); }
  std::size_t memory_usage() const noexcept { return abatis_engine_memory_usage(get()); }

private:
  explicit engine(abatis_engine *reference) noexcept : owner(reference) {}
};

class handle : public detail::owner<abatis_handle, abatis_handle_free> {
public:
  explicit handle(const engine &first) {
    abatis_handle *made;
    detail::check(abatis_handle_new(first.get(), &made));
    reset(made);
  }
  engine load() const {
    abatis_engine *now;
    detail::check(abatis_handle_load(get(), &now));
    return engine::adopt(now);
  }
  engine swap(const engine &next) const {
    abatis_engine *old;
    detail::check(abatis_handle_swap(get(), next.get(), &old));
    return engine::adopt(old);
  }
};

class scratch : public detail::owner<abatis_scratch, abatis_scratch_free> {
public:
  scratch() {
    abatis_scratch *made;
    detail::check(abatis_scratch_new(&made));
    reset(made);
  }
};

/** Lent by a verdict. */
class finding {
public:
  explicit finding(const abatis_finding *lent) noexcept : lent_(lent) {}
  const abatis_finding *get() const noexcept { return lent_; }
  std::string_view rule() const noexcept { return detail::view(abatis_finding_rule(lent_)); }
  /** `class` is a word of C++. */
  std::string_view attack_class() const noexcept { return detail::view(abatis_finding_class(lent_)); }
  unsigned score() const noexcept { return abatis_finding_score(lent_); }
  abatis_action action() const noexcept { return abatis_finding_action(lent_); }
  abatis_place place() const noexcept { return abatis_finding_place(lent_); }
  bool in_name() const noexcept { return abatis_finding_in_name(lent_); }
  std::string_view pointer() const noexcept { return detail::view(abatis_finding_pointer(lent_)); }
  std::string_view pattern() const noexcept { return detail::view(abatis_finding_pattern(lent_)); }
  abatis_part part() const noexcept { return abatis_finding_part(lent_); }
  unsigned part_index() const noexcept { return abatis_finding_part_index(lent_); }
  std::size_t start() const noexcept { return abatis_finding_start(lent_); }
  std::size_t end() const noexcept { return abatis_finding_end(lent_); }
  std::size_t decoded_count() const noexcept { return abatis_finding_decoded_count(lent_); }
  std::string_view decoded(std::size_t index) const noexcept {
    return detail::view(abatis_finding_decoded(lent_, index));
  }
  std::string_view context() const noexcept { return detail::view(abatis_finding_context(lent_)); }
  std::string_view message() const noexcept { return detail::view(abatis_finding_message(lent_)); }

private:
  const abatis_finding *lent_;
};

class verdict : public detail::owner<abatis_verdict, abatis_verdict_free> {
public:
  /** Takes a verdict that is the caller's. */
  explicit verdict(abatis_verdict *made) noexcept : owner(made) {}
  abatis_action action() const noexcept { return abatis_verdict_action(get()); }
  bool blocks() const noexcept { return action() >= ABATIS_ACTION_BLOCK; }
  unsigned score() const noexcept { return abatis_verdict_score(get()); }
  std::string_view attack_class() const noexcept { return detail::view(abatis_verdict_class(get())); }
  abatis_coverage coverage() const noexcept { return abatis_verdict_coverage(get()); }
  std::string_view ruleset() const noexcept { return detail::view(abatis_verdict_ruleset(get())); }
  std::size_t size() const noexcept { return abatis_verdict_count(get()); }
  unsigned dropped() const noexcept { return abatis_verdict_dropped(get()); }
  finding operator[](std::size_t index) const noexcept { return finding(abatis_verdict_finding(get(), index)); }
  std::string json() const {
    std::size_t len = 0;
    abatis_verdict_json(get(), nullptr, 0, &len);
    std::string text(len + 1, '\0');
    detail::check(abatis_verdict_json(get(), text.data(), text.size(), &len));
    text.resize(len);
    return text;
  }
};

class session : public detail::owner<abatis_session, abatis_session_free> {
public:
  explicit session(const engine &by) { begin(by, nullptr); }
  session(const engine &by, scratch &memory) { begin(by, memory.get()); }
  /** Keeps the values of the request for `check_sink`: call it first. */
  session &keep_values() {
    detail::check(abatis_session_keep_values(get()));
    return *this;
  }
  verdict check_sink(abatis_sink sink, std::string_view statement, std::string_view base = {}) {
    abatis_verdict *made;
    detail::check(abatis_session_check_sink(get(), sink, base.data(), base.size(), statement.data(),
                                            statement.size(), &made));
    return verdict(made);
  }
  abatis_progress request_line(std::string_view method, std::string_view target) {
    abatis_progress progress;
    detail::check(abatis_session_request_line(get(), method.data(), method.size(), target.data(), target.size(),
                                              &progress));
    return progress;
  }
  abatis_progress header(std::string_view name, std::string_view value) {
    abatis_progress progress;
    detail::check(abatis_session_header(get(), name.data(), name.size(), value.data(), value.size(), &progress));
    return progress;
  }
  abatis_progress body(std::string_view chunk) {
    abatis_progress progress;
    detail::check(abatis_session_body(get(), chunk.data(), chunk.size(), &progress));
    return progress;
  }
  abatis_progress trailer(std::string_view name, std::string_view value) {
    abatis_progress progress;
    detail::check(abatis_session_trailer(get(), name.data(), name.size(), value.data(), value.size(), &progress));
    return progress;
  }
  /* Bytes of the body that wait for what follows. */
  std::size_t pending() const noexcept { return abatis_session_pending(get()); }
  /* Goes on in this memory, or in memory of its own: see abatis_session_use_scratch. */
  void use(scratch &memory) { detail::check(abatis_session_use_scratch(get(), memory.get())); }
  void use_own_scratch() { detail::check(abatis_session_use_scratch(get(), nullptr)); }
  verdict finish() {
    abatis_verdict *made;
    detail::check(abatis_session_finish(get(), &made));
    return verdict(made);
  }
  verdict stop() {
    abatis_verdict *made;
    detail::check(abatis_session_stop(get(), &made));
    return verdict(made);
  }

private:
  void begin(const engine &by, abatis_scratch *memory) {
    abatis_session *made;
    detail::check(abatis_session_begin(by.get(), memory, &made));
    reset(made);
  }
};

inline verdict inspect_value(const engine &by, scratch &memory, abatis_place place, std::string_view value) {
  abatis_verdict *made;
  detail::check(abatis_inspect_value(by.get(), memory.get(), place, value.data(), value.size(), &made));
  return verdict(made);
}

inline verdict validate(const engine &by, scratch &memory, std::string_view schema, std::string_view json) {
  abatis_verdict *made;
  detail::check(abatis_validate(by.get(), memory.get(), schema.data(), schema.size(), json.data(), json.size(), &made));
  return verdict(made);
}

/** Values to be looked for in a statement. */
class values : public detail::owner<abatis_values, abatis_values_free> {
public:
  values() {
    abatis_values *made;
    detail::check(abatis_values_new(&made));
    reset(made);
  }

  values &add(abatis_place place, std::string_view name, std::string_view value) {
    detail::check(abatis_values_add(get(), place, name.data(), name.size(), value.data(), value.size()));
    return *this;
  }
};

inline verdict check_sink(const engine &by, abatis_sink sink, std::string_view statement, const values &of,
                          std::string_view base = {}) {
  abatis_verdict *made;
  detail::check(abatis_check_sink(by.get(), sink, base.data(), base.size(), statement.data(), statement.size(),
                                  of.get(), &made));
  return verdict(made);
}

} // namespace abatis

#endif /* ABATIS_HPP */
