//! `cargo xtask python`: the Python package built as a wheel, installed where nothing else is, and tried with the frameworks that it is for.
//!
//! What is checked stands in `python/tests`; what the tests use is pinned in `python/requirements`. The profile is that of the other steps
//! of `cargo xtask test`, so that what these compiled is not compiled again; with `--full` it is that of the wheels that are shipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, root, target};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// As shipped, and also the slow tests (a million inspections, five million rows in Spark), the source package, and wheels for
    /// other systems
    #[arg(long)]
    full: bool,
    /// In place of the tests: write the stubs to python/python/abatis
    #[arg(long)]
    write_stubs: bool,
    /// Only tests that this expression of pytest selects
    #[arg(long, value_name = "EXPRESSION")]
    only: Option<String>,
}

/// The oldest Python that the package is for.
const OLDEST: &str = "import sys, venv; sys.exit(sys.version_info < (3, 10))";
/// `python -m pytest`.
const PYTEST: [&str; 3] = ["-q", "-p", "no:cacheprovider"];
/// What the wheel for this system says it needs, if it is to be shipped: zig links it against a C library as old as that.
const HERE: &str = "manylinux2014";
/// Other systems that wheels are built for, and not tried on; each with what its wheel says it needs.
const OTHERS: [(&str, &str); 3] = [
    ("aarch64-unknown-linux-gnu", HERE),
    ("x86_64-unknown-linux-musl", "musllinux_1_2"),
    ("aarch64-unknown-linux-musl", "musllinux_1_2"),
];

/// What auditwheel tells of a wheel that needs musl and nothing else. zig calls it as musl does, auditwheel expects the name that Alpine gave it;
/// its loader takes both for itself.
const MUSL_ALONE: &str = "required by the wheel: { \"libc.so\": null }";

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let python = Environment::new("venv")?;
    python.install(&["--requirement", "requirements/test.txt"])?;
    stubs(&python, options.write_stubs)?;
    if options.write_stubs {
        return Ok(());
    }
    execute(
        &mut python.tool("ruff", &["format", "--check", "python", "tests", "bench", "examples"]),
    )?;
    execute(&mut python.tool("ruff", &["check", "python", "tests", "bench", "examples"]))?;
    let dist = target().join("python/dist");
    // What an earlier run left would be installed as well.
    let _ = fs::remove_dir_all(&dist);
    let (profile, shipped): (_, &[_]) = if options.full {
        python.install(&["--requirement", "requirements/full.txt"])?;
        ("release", &["--zig", "--compatibility", HERE])
    } else {
        ("dev", &[])
    };
    let wheel = wheel(&python, &[&["--profile", profile], shipped].concat(), &dist)?;
    python.install(&["--force-reinstall", "--no-deps", &wheel.display().to_string()])?;
    // Of the sources as they lie, and of the stubs against what was installed.
    execute(&mut python.tool("mypy", &["python/abatis"]))?;
    let mut stubtest = python.tool("mypy.stubtest", &["abatis._abatis"]);
    execute(stubtest.current_dir(&dist))?;
    tests(&python, options)?;
    panics(&python)?;
    if options.full {
        audit(&python, &wheel)?;
        source_package(&dist)?;
        others(&python, &dist)?;
    }
    Ok(())
}

/// What `cargo xtask python` would miss here: how to get it.
pub(crate) fn missing() -> Option<String> {
    let python = Command::new("python3").args(["-c", OLDEST]).status();
    (!python.is_ok_and(|status| status.success()))
        .then(|| "Python 3.10 or newer with venv: apt-get install python3-venv".to_owned())
}

/// A virtual environment.
struct Environment(PathBuf);

impl Environment {
    /// The environment of that name, made if it is not there.
    fn new(name: &str) -> Result<Environment, Failure> {
        if let Some(why) = missing() {
            return Err(format!("missing: {why}"));
        }
        let folder = target().join("python").join(name);
        if !folder.join("bin/python").exists() {
            execute(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        }
        Ok(Environment(folder))
    }

    /// A module run as a program, in the folder of the package.
    fn tool(&self, module: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.0.join("bin/python"));
        command.args(["-m", module]).args(arguments).current_dir(root().join("python"));
        // Maturin builds with the interpreter, and with the helpers, that it finds there.
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.0.join("bin").display()));
        command.env("VIRTUAL_ENV", &self.0).env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    fn install(&self, arguments: &[&str]) -> Result<(), Failure> {
        let quiet = ["install", "--quiet", "--disable-pip-version-check"];
        execute(self.tool("pip", &quiet).args(arguments))
    }
}

/// The stubs are made from the library; the committed ones must be these.
fn stubs(python: &Environment, write: bool) -> Result<(), Failure> {
    let folder = target().join("python/stubs");
    execute(python.tool("maturin", &["generate-stubs", "--out"]).arg(&folder))?;
    let committed = root().join("python/python/abatis/_abatis.pyi");
    let made = folder.join("abatis/_abatis.pyi");
    let read = |path: &Path| fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
    if write {
        fs::copy(&made, &committed).map_err(|e| format!("{}: {e}", committed.display()))?;
    } else if read(&made)? != read(&committed)? {
        return Err(
            "the stubs are not those of the library: cargo xtask python --write-stubs".into()
        );
    }
    Ok(())
}

/// Builds a wheel, of which there must be but one in the folder then.
fn wheel(python: &Environment, options: &[&str], folder: &Path) -> Result<PathBuf, Failure> {
    let mut build = python.tool("maturin", &["build", "--strip"]);
    execute(build.args(options).arg("--out").arg(folder))?;
    only_file(folder)
}

fn tests(python: &Environment, options: &Options) -> Result<(), Failure> {
    let mut pytest = python.tool("pytest", &PYTEST);
    if options.full {
        execute(&mut cargo("build --release --package abatis-cli"))?;
        pytest.arg("--full").env("ABATIS_COMMAND", target().join("release/abatis"));
    }
    if let Some(only) = &options.only {
        pytest.args(["-k", only]);
    }
    execute(&mut pytest)
}

/// What becomes of panics, with a wheel that can be made to: it lies apart, so that nobody takes it for one to ship.
fn panics(python: &Environment) -> Result<(), Failure> {
    let folder = target().join("python/panics");
    let _ = fs::remove_dir_all(&folder);
    let options = ["--profile", "dev", "--features", "test-panic"];
    let wheel = wheel(python, &options, &folder.join("wheel"))?.display().to_string();
    let folder = folder.join("installed");
    python.install(&["--no-deps", "--target", &folder.display().to_string(), &wheel])?;
    let mut pytest = python.tool("pytest", &PYTEST);
    execute(pytest.args(["tests/test_panic.py"]).env("PYTHONPATH", folder))
}

/// The source package, built and installed as pip would on a system that there is no wheel for.
fn source_package(dist: &Path) -> Result<(), Failure> {
    let fresh = target().join("python/fresh");
    let _ = fs::remove_dir_all(&fresh);
    let python = Environment::new("fresh")?;
    python.install(&["maturin"])?;
    let folder = dist.join("source");
    execute(python.tool("maturin", &["sdist", "--out"]).arg(&folder))?;
    let package = only_file(&folder)?;
    python.install(&[&package.display().to_string()])?;
    let works =
        "import abatis; assert abatis.Engine().inspect_value(\"1' or '1'='1\").class_ == 'sqli'";
    execute(Command::new(python.0.join("bin/python")).args(["-c", works]))
}

/// Wheels for systems that this one is not: built, by zig as the linker, and not tried. What has no standard library here is left out.
fn others(python: &Environment, dist: &Path) -> Result<(), Failure> {
    for (system, needs) in OTHERS {
        if !has_standard_library(system)? {
            println!("NOT BUILT: the wheel for {system}, which needs `rustup target add {system}`");
            continue;
        }
        let options = ["--profile", "release", "--zig", "--target", system];
        let options = [&options[..], &["--compatibility", needs]].concat();
        let wheel = wheel(python, &options, &dist.join(system))?;
        audit(python, &wheel)?;
        println!("built, not tried: the wheel for {system}");
    }
    Ok(())
}

/// Whether the compiler can build for a system.
fn has_standard_library(system: &str) -> Result<bool, Failure> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let asked = Command::new(rustc).args(["--print", "target-libdir", "--target", system]).output();
    let folder = asked.map_err(|error| format!("rustc: {error}"))?.stdout;
    Ok(Path::new(String::from_utf8_lossy(&folder).trim()).is_dir())
}

/// A wheel uses nothing that its name does not say: of the C library, and of Python.
fn audit(python: &Environment, wheel: &Path) -> Result<(), Failure> {
    execute(python.tool("abi3audit", &["--strict", "--verbose"]).arg(wheel))?;
    // The libraries of this system say nothing of those where the wheel is for.
    let nowhere = target().join("python/nowhere").display().to_string();
    let told = python.tool("auditwheel", &["show", "--ldpaths", &nowhere]).arg(wheel).output();
    let told = told.map_err(|error| format!("auditwheel: {error}"))?.stdout;
    let told = String::from_utf8_lossy(&told).split_whitespace().collect::<Vec<_>>().join(" ");
    let name = wheel.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    if name.contains("-musllinux_") && told.contains(MUSL_ALONE) {
        return Ok(());
    }
    // One platform may stand there by its old name and by its new one.
    let mut tags = name.rsplit('-').next().unwrap_or_default().split('.');
    if tags.any(|tag| told.contains(&format!("platform tag: \"{tag}\""))) {
        Ok(())
    } else {
        Err(format!("{name} is not what it says: {told}"))
    }
}

/// The only file in a folder.
fn only_file(folder: &Path) -> Result<PathBuf, Failure> {
    let files = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let files: Vec<_> =
        files.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    match &files[..] {
        [file] => Ok(file.clone()),
        _ => Err(format!("expected one file in {}, found {}", folder.display(), files.len())),
    }
}
