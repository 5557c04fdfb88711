//! `cargo xtask nginx` and `cargo xtask peers`: the nginx module, built against Debian's nginx and tried in it on loopback.
//!
//! What is checked stands in `nginx/tests/run.py`, what is compared in `nginx/tests/peers.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::run::{cargo, execute, root, target};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// 1,000 reloads in place of 200
    #[arg(long)]
    full: bool,
    /// Only tests whose name holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// In place of the tests: attacks and ordinary requests from wrk, with a reload each second
    #[arg(long, value_name = "SECONDS")]
    soak: Option<u32>,
    /// First install what is missing, by apt-get, and grpcio by pip
    #[arg(long)]
    install: bool,
    /// Profile of the library
    #[arg(long, value_name = "NAME", default_value = "dev")]
    profile: String,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Peers {
    /// What to compare
    #[arg(value_parser = ["nginx"])]
    what: String,
    /// First install what is missing, by apt-get
    #[arg(long)]
    install: bool,
    /// Do not write benches/record/nginx.md
    #[arg(long)]
    no_record: bool,
}

/// What building and testing needs: a file that shows whether it is there, and the package that it is in.
const NEEDS: [(&str, &str); 6] = [
    ("/usr/sbin/nginx", "nginx-core"),
    ("/usr/share/nginx/src/conf_flags", "nginx-dev"),
    ("/usr/bin/cc", "gcc"),
    ("/usr/bin/make", "make"),
    ("/usr/bin/curl", "curl"),
    ("/usr/bin/python3", "python3"),
];

const PEERS: [(&str, &str); 3] = [
    ("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so", "libnginx-mod-http-modsecurity"),
    ("/usr/share/modsecurity-crs", "modsecurity-crs"),
    ("/usr/bin/wrk", "wrk"),
];

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    provide(&NEEDS, options.install)?;
    if options.install {
        provide_grpc()?;
    }
    // Its feature lets a test see what the module does when the library fails.
    let mut build =
        cargo("rustc --package abatis-ffi --lib --crate-type staticlib --features test-panic");
    build.args(["--profile", &options.profile]);
    execute(&mut build)?;
    let folder = if options.profile == "dev" { "debug" } else { &options.profile };
    let module = module(&target().join(folder), "test")?;
    let mut test = script("run.py", &module);
    test.args(options.full.then_some("--full"));
    if let Some(only) = &options.only {
        test.args(["--only", only]);
    }
    if let Some(seconds) = options.soak {
        test.args(["--soak", &seconds.to_string()]);
    }
    execute(&mut test)
}

pub(crate) fn peers(options: &Peers) -> Result<(), Failure> {
    provide(&NEEDS, options.install)?;
    provide(&PEERS, options.install)?;
    execute(&mut cargo(
        "rustc --package abatis-ffi --lib --crate-type staticlib --profile release",
    ))?;
    let module = module(&target().join("release"), "release")?;
    let mut compare = script("peers.py", &module);
    if !options.no_record {
        compare
            .arg("--record")
            .arg(root().join("benches/record").join(format!("{}.md", options.what)));
    }
    execute(&mut compare)
}

/// What `cargo xtask nginx` would miss here: how to get it.
pub(crate) fn missing() -> Option<String> {
    lacking(&NEEDS).map(|packages| format!("apt-get install {packages}"))
}

/// The packages that are missing, blank-separated.
fn lacking(needs: &[(&str, &str)]) -> Option<String> {
    let lacking = needs.iter().filter(|(path, _)| !Path::new(path).exists());
    let packages = lacking.map(|(_, package)| *package).collect::<Vec<_>>();
    (!packages.is_empty()).then(|| packages.join(" "))
}

fn provide(needs: &[(&str, &str)], install: bool) -> Result<(), Failure> {
    if let Some(packages) = lacking(needs).filter(|_| install) {
        execute(Command::new("apt-get").arg("update"))?;
        let mut command = Command::new("apt-get");
        command.args(["install", "--yes", "--no-install-recommends"]).args(packages.split(' '));
        execute(command.env("DEBIAN_FRONTEND", "noninteractive"))?;
    }
    match lacking(needs) {
        Some(packages) => {
            Err(format!("missing: apt-get install {packages}, or the option --install"))
        }
        None => Ok(()),
    }
}

/// A Python of our own, with what distributions have only for theirs; the tests that need it are left out without it.
fn python() -> PathBuf {
    target().join("nginx/python/bin/python")
}

/// The client and the server that `nginx/tests/rpc.py` tries gRPC with.
fn provide_grpc() -> Result<(), Failure> {
    let mut create = Command::new("python3");
    execute(create.args(["-m", "venv"]).arg(target().join("nginx/python")))?;
    execute(Command::new(python()).args(["-m", "pip", "install", "--quiet", "grpcio==1.*"]))
}

/// Builds the module with the library that stands in `library`.
fn module(library: &Path, name: &str) -> Result<PathBuf, Failure> {
    let folder = target().join("nginx").join(name);
    let mut build = Command::new(root().join("nginx/build.sh"));
    build.arg(&folder).env("ABATIS_INC", root().join("ffi-c/include"));
    execute(build.env("ABATIS_LIB", library.join("libabatis_ffi.a")))?;
    Ok(folder.join("ngx_http_abatis_module.so"))
}

fn script(name: &str, module: &Path) -> Command {
    let own = python();
    let mut command = Command::new(if own.exists() { own } else { "python3".into() });
    command.arg(root().join("nginx/tests").join(name)).arg(module);
    // Debian has nginx where only administrators look for programs.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{path}:/usr/sbin")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
