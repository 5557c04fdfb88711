//! C and C++ programs against the shared library: the header in every dialect, the shared cases, the examples, the guide.
//!
//! `cargo xtask ffi` runs them again under valgrind and sanitizers, through these variables:
//!
//! - `ABATIS_TEST_RUNNER`: a command that runs each program;
//! - `ABATIS_TEST_CFLAGS`: more arguments for compiling, not for linking;
//! - `ABATIS_TEST_LIBS`: what to link in place of the library that was built with this test.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]
#![allow(clippy::print_stderr, reason = "a test says what it skips")]

mod cases;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

const FOLDER: &str = env!("CARGO_MANIFEST_DIR");

/// A folder with the library under the names that it is installed by.
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("c");
    fs::create_dir_all(&folder).unwrap();
    let built = std::env::current_exe().unwrap().with_file_name("libabatis_ffi.so");
    for name in ["libabatis.so", "libabatis.so.0"] {
        // Another test may have been first, with the same.
        let _ = symlink(&built, folder.join(name));
        assert!(folder.join(name).is_file(), "{}", built.display());
    }
    folder
});

fn words(variable: &str) -> Vec<String> {
    let text = std::env::var(variable).unwrap_or_default();
    text.split_whitespace().map(str::to_owned).collect()
}

fn installed(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// Compiles and links a program; its file.
fn compile(compiler: &str, standard: &str, source: &Path, name: &str) -> PathBuf {
    let program = LIBRARY.join(name);
    let object = program.with_extension("o");
    let mut compile = Command::new(compiler);
    compile.args(["-c", &format!("-std={standard}"), "-g", "-pthread", "-I"]);
    compile.arg(Path::new(FOLDER).join("include"));
    compile.args(["-pedantic", "-Wall", "-Wextra", "-Werror"]);
    compile.args(words("ABATIS_TEST_CFLAGS")).arg(source).arg("-o").arg(&object);
    succeed(&mut compile);
    let mut link = Command::new(compiler);
    link.arg(&object).arg("-o").arg(&program);
    let libs = words("ABATIS_TEST_LIBS");
    if libs.is_empty() {
        let folder = LIBRARY.display();
        link.args([format!("-L{folder}"), "-labatis".into(), format!("-Wl,-rpath,{folder}")]);
    } else {
        link.args(libs);
    }
    succeed(link.arg("-pthread"));
    program
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs a program, as `ABATIS_TEST_RUNNER` says.
fn run(program: &Path, arguments: &[&str], input: Stdio) -> Output {
    let mut runner = words("ABATIS_TEST_RUNNER");
    runner.push(program.display().to_string());
    Command::new(&runner[0]).args(&runner[1..]).args(arguments).stdin(input).output().unwrap()
}

/// The output of a program that must end with this code.
fn output(program: &Path, arguments: &[&str], input: Stdio, code: i32) -> String {
    let output = run(program, arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{}: {errors}", program.display());
    String::from_utf8(output.stdout).unwrap()
}

fn source(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name)
}

#[test]
fn header_compiles_in_every_dialect() {
    let twice = source("tests/c/twice.c");
    for (c, cpp) in [("gcc", "g++"), ("clang", "clang++")] {
        if !installed(c) {
            eprintln!("{c} is missing: the header is not tried with it");
            continue;
        }
        let cpp = installed(cpp).then_some(cpp);
        let dialects = [
            (Some(c), "c99"),
            (Some(c), "c11"),
            (Some(c), "c17"),
            (Some(c), "c2x"),
            (cpp, "c++17"),
        ];
        for (at, (compiler, standard)) in dialects.into_iter().enumerate() {
            let Some(compiler) = compiler else { continue };
            // As C++ even where the name says C.
            let copy = LIBRARY
                .join(format!("twice-{at}.{}", if standard == "c++17" { "cpp" } else { "c" }));
            fs::copy(&twice, &copy).unwrap();
            let program = compile(compiler, standard, &copy, &format!("twice-{c}-{at}"));
            output(&program, &[], Stdio::null(), 0);
        }
    }
}

#[test]
fn wrappers_for_cpp_own_and_throw() {
    for compiler in ["g++", "clang++"] {
        if !installed(compiler) {
            eprintln!("{compiler} is missing: the wrappers are not tried with it");
            continue;
        }
        let name = format!("wrappers-{compiler}");
        let program = compile(compiler, "c++17", &source("tests/c/wrappers.cpp"), &name);
        assert_eq!(output(&program, &[], Stdio::null(), 0), "ok\n");
    }
}

#[test]
fn shared_cases_are_judged_as_by_the_engine() {
    let program = compile("cc", "c99", &source("tests/c/suite.c"), "suite");
    let orders = cases::orders();
    let path = LIBRARY.join("orders");
    fs::write(&path, orders.iter().map(|order| order.line.as_str()).collect::<String>()).unwrap();
    let said = output(&program, &[], File::open(&path).unwrap().into(), 0);
    let expected: Vec<_> = orders.iter().filter_map(|order| order.verdict.as_ref()).collect();
    assert!(expected.len() > 1000, "{}", expected.len());
    assert_eq!(said.lines().count(), expected.len());
    for (said, expected) in said.lines().zip(expected) {
        assert_eq!(said, expected);
    }
}

#[test]
fn examples_do_as_they_say() {
    let policy = LIBRARY.join("policy.yaml");
    fs::write(&policy, "mode: block\n").unwrap();
    let inspect = compile("cc", "c99", &source("examples/inspect.c"), "inspect");
    let request = ["-", "POST", "/login", "Content-Type", "application/json"];
    let body = LIBRARY.join("body");
    fs::write(&body, r#"{"user": "admin\u0027 or 1=1--"}"#).unwrap();
    let said = output(&inspect, &request, File::open(&body).unwrap().into(), 1);
    for part in [
        "block, score ",
        "  rule     sql.injection\n",
        "  field    /user\n",
        "  decoded  json-string\n",
    ] {
        assert!(said.contains(part), "{said}");
    }
    fs::write(&body, r#"{"user": "Conan O'Brien"}"#).unwrap();
    let said = output(&inspect, &request, File::open(&body).unwrap().into(), 0);
    assert_eq!(said, "pass, score 0\n");

    let reload = compile("cc", "c11", &source("examples/reload.c"), "reload");
    let said = output(&reload, &[policy.to_str().unwrap(), "5"], Stdio::null(), 0);
    let numbers: Vec<u64> =
        said.split([' ', ',', '\n']).filter_map(|word| word.parse().ok()).collect();
    // Each worker blocks every second value.
    assert!(numbers[1] > 0 && numbers[0].abs_diff(numbers[1] * 2) <= 8, "{said}");
}

#[test]
fn the_guide_compiles_and_runs() {
    let guide = fs::read_to_string(source("../docs/guide/c.md")).unwrap();
    let programs: Vec<&str> = guide
        .split("```c\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|code| code.contains("int main("))
        .collect();
    assert!(!programs.is_empty());
    for (at, program) in programs.into_iter().enumerate() {
        let path = LIBRARY.join(format!("guide-{at}.c"));
        fs::write(&path, program).unwrap();
        let program = compile("cc", "c99", &path, &format!("guide-{at}"));
        let said = output(&program, &[], Stdio::null(), 0);
        let shown = guide.contains(&format!("```text\n{said}```"));
        assert!(shown, "the guide does not show what its program says:\n{said}");
    }
}

#[test]
fn only_the_functions_of_the_header_are_exported() {
    let library = LIBRARY.join("libabatis.so");
    let said = |program: &str, option: &[&str]| {
        let output = Command::new(program).args(option).arg(&library).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let symbols = said("nm", &["-D", "--defined-only"]);
    let exported: BTreeSet<&str> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .filter(|name| !cfg!(feature = "test-panic") || *name != "abatis_test_panic_next")
        .collect();
    let header = fs::read_to_string(source("include/abatis.h")).unwrap();
    let declared: BTreeSet<&str> = header
        .lines()
        .filter(|line| !line.starts_with([' ', '/', '#']))
        .filter_map(|line| line.split_once('(')?.0.rsplit([' ', '*']).next())
        .filter(|name| name.starts_with("abatis_"))
        .collect();
    assert!(declared.len() > 50, "{declared:?}");
    assert_eq!(exported, declared);
    assert!(said("readelf", &["-d"]).contains("soname: [libabatis.so.0]"));
}
