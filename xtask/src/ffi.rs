//! `cargo xtask ffi`: the C library as a C programmer meets it: installed, linked by pkg-config, under valgrind and sanitizers, and
//! with the ABI that was promised.
//!
//! That its functions do what the header says are tests of the package, which `cargo test` runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::run::{cargo, execute, installed, root, target};
use crate::{Failure, install};

/// Below valgrind a program ends with this code if there was anything to tell.
const VALGRIND: &str = "valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect";
/// One runtime, that of Rust: what is undefined in C traps, since gcc's runtime would be a second one.
const CHECKS: &str = "-fsanitize=address,undefined -fsanitize-undefined-trap-on-error";
const SANITIZED_TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also run the shared cases under valgrind, Rust and C together under sanitizers, and cargo-c
    #[arg(long)]
    pub(crate) full: bool,
    /// Write the ABI as it is now to ffi-c/abi, in place of comparing
    #[arg(long)]
    write_abi: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let prefix = target().join("ffi");
    install::run(&install::Options::to_try(&prefix))?;
    examples(&prefix)?;
    abi(&prefix, options.write_abi)?;
    valgrind(options.full)?;
    if options.full {
        cargo_c()?;
        sanitizers()?;
    }
    Ok(())
}

/// The examples, compiled and run by what was installed, as their head comments say.
fn examples(prefix: &Path) -> Result<(), Failure> {
    let policy = root().join("rules/policy/default.yaml");
    for (link, flags) in
        [("shared", &["--cflags", "--libs"][..]), ("static", &["--static", "--cflags", "--libs"])]
    {
        for (example, code) in [("inspect", 1), ("reload", 0)] {
            let program = prefix.join(format!("{example}-{link}"));
            let mut command = Command::new("cc");
            command.arg(root().join(format!("ffi-c/examples/{example}.c")));
            command.args(pkg_config(prefix, flags)?).arg("-pthread").arg("-o").arg(&program);
            if link == "static" {
                // In place of the shared one, which `-labatis` would prefer.
                command.arg(prefix.join("lib/libabatis.a"));
            }
            execute(&mut command)?;
            let mut command = Command::new(&program);
            command.env("LD_LIBRARY_PATH", prefix.join("lib")).stdin(Stdio::null());
            match example {
                "inspect" => command.args(["-", "GET", "/?id=1'+or+'1'='1"]),
                _ => command.arg(&policy).arg("3"),
            };
            let status = command.status().map_err(|error| format!("{example}: {error}"))?;
            if status.code() != Some(code) {
                return Err(format!("{example} ({link}) ended with {status}"));
            }
        }
    }
    Ok(())
}

fn pkg_config(prefix: &Path, flags: &[&str]) -> Result<Vec<String>, Failure> {
    let mut command = Command::new("pkg-config");
    command.args(flags).arg("abatis").env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
    let output = command.output().map_err(|error| format!("pkg-config: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.split_whitespace().map(str::to_owned).collect())
}

/// The ABI as a C compiler sees it, against the committed one: nothing may go or change, and what is new is written down.
fn abi(prefix: &Path, write: bool) -> Result<(), Failure> {
    let committed = root().join("ffi-c/abi/abatis.abi");
    if !on_path("abidw") {
        println!("abidw is missing, the ABI is not compared: apt-get install abigail-tools");
        return Ok(());
    }
    let now = prefix.join("abatis.abi");
    let stub = stub(prefix)?;
    let mut dump = Command::new("abidw");
    dump.args(["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--out-file"]);
    execute(dump.arg(&now).arg(stub))?;
    if write {
        fs::copy(&now, &committed).map_err(|error| format!("{}: {error}", committed.display()))?;
        return Ok(());
    }
    execute(Command::new("abidiff").arg(&committed).arg(&now)).map_err(|failure| {
        format!("{failure}\nif the change is meant and breaks nothing: cargo xtask ffi --write-abi")
    })
}

/// A library of empty functions compiled from the header: the debug information of the real one is Rust's, and as large as it.
fn stub(prefix: &Path) -> Result<PathBuf, Failure> {
    let header = prefix.join("include/abatis.h");
    let text = fs::read_to_string(&header).map_err(|e| format!("{}: {e}", header.display()))?;
    // From the first declaration on, each `;` at the end of a line ends one.
    let declared = text.split_once("extern \"C\" {").map_or("", |(_, rest)| rest);
    let declared = declared.split("#ifdef __cplusplus").next().unwrap_or_default();
    let (_, declared) = declared.split_once("#endif // __cplusplus").unwrap_or_default();
    // A variable of each enum, so that its numbers are compared: functions have them as int32_t.
    let enums = text.lines().filter_map(|line| line.strip_prefix("enum "));
    let enums =
        enums.fold(String::new(), |all, name| all + "enum " + name + " numbers_of_" + name + ";\n");
    let functions = declared.replace(");\n", ") { __builtin_trap(); }\n");
    let source = format!("#include \"abatis.h\"\n{enums}{functions}");
    let path = prefix.join("stub.c");
    fs::write(&path, source).map_err(|error| format!("{}: {error}", path.display()))?;
    // Compiled from within, so that the dump holds no path of this machine.
    let mut command = Command::new("cc");
    command.args(["-g", "-shared", "-fPIC", "-Wl,-soname,libabatis.so.0", "-I", "include"]);
    execute(command.args(["stub.c", "-o", "stub.so"]).current_dir(prefix))?;
    Ok(prefix.join("stub.so"))
}

fn valgrind(full: bool) -> Result<(), Failure> {
    if !on_path("valgrind") {
        println!("valgrind is missing, leaks are not looked for: apt-get install valgrind");
        return Ok(());
    }
    let mut command = cargo("test --quiet --package abatis-ffi --test c --");
    if !full {
        command.args(["wrappers", "guide"]);
    }
    let known = root().join("ffi-c/tests/c/valgrind.supp");
    let runner = format!("{VALGRIND} --suppressions={}", known.display());
    execute(command.env("ABATIS_TEST_RUNNER", runner))
}

/// Rust and C under one sanitizer: `AddressSanitizer`, with traps where C is undefined, then `ThreadSanitizer`.
fn sanitizers() -> Result<(), Failure> {
    let libs = sanitized("asan", "-Zsanitizer=address")?;
    let mut test =
        cargo("test --quiet --package abatis-ffi --test c -- shared_cases examples guide wrappers");
    execute(test.env("ABATIS_TEST_LIBS", libs).env("ABATIS_TEST_CFLAGS", CHECKS))?;

    // The standard library is not compiled for it: what comes of that stands in the file.
    let libs = sanitized("tsan", "-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer")?;
    let mut test = cargo("test --quiet --package abatis-ffi --test c -- examples");
    test.env("ABATIS_TEST_LIBS", libs).env("ABATIS_TEST_CFLAGS", "-fsanitize=thread");
    let known = root().join("ffi-c/tests/c/thread-sanitizer.supp");
    execute(test.env("TSAN_OPTIONS", format!("suppressions={}", known.display())))
}

/// The library built for a sanitizer, in a folder of that name: what to link in its place.
fn sanitized(sanitizer: &str, flags: &str) -> Result<String, Failure> {
    let folder = target().join(sanitizer);
    let mut build = cargo("build --package abatis-ffi --target");
    build.arg(SANITIZED_TARGET).arg("--target-dir").arg(&folder);
    // Stable compilers take the flag only so. Line numbers are enough, and the archive is a third as large.
    build.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
    execute(build.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only"))?;

    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map_err(|error| format!("rustc: {error}"))?.stdout;
    let sysroot = String::from_utf8_lossy(&sysroot).trim().to_owned();
    let runtime =
        format!("{sysroot}/lib/rustlib/{SANITIZED_TARGET}/lib/librustc-stable_rt.{sanitizer}.a");
    let library = folder.join(SANITIZED_TARGET).join("debug/libabatis_ffi.a");
    Ok(format!(
        "{} -Wl,--whole-archive {runtime} -Wl,--no-whole-archive -lstdc++ -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc",
        library.display()
    ))
}

/// The files of cargo-c, and the examples with them, where it is installed.
fn cargo_c() -> Result<(), Failure> {
    if !installed("cinstall") {
        println!("cargo-c is missing, its way is not tried: cargo install --locked cargo-c");
        return Ok(());
    }
    let prefix = target().join("ffi-cargo-c");
    let mut install = cargo("cinstall --package abatis-ffi --debug --prefix");
    execute(install.arg(&prefix).arg("--libdir").arg(prefix.join("lib")))?;
    examples(&prefix)
}

fn on_path(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}
