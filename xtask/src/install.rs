//! `cargo xtask install`: the C library where C programs look for it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::run::{cargo, execute, root, target};

/// The number in the name that programs are linked to: `ABATIS_ABI_VERSION`.
const ABI: &str = "0";
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cargo xtask install --prefix /usr/local
  cargo xtask install --prefix /usr --libdir /usr/lib/x86_64-linux-gnu --destdir debian/tmp")]
pub(crate) struct Options {
    /// Where programs will find it
    #[arg(long, value_name = "DIR", default_value = "/usr/local")]
    prefix: PathBuf,
    /// Where libraries go
    #[arg(long, value_name = "DIR", default_value = "PREFIX/lib")]
    libdir: PathBuf,
    /// Write below this folder, as packages do
    #[arg(long, value_name = "DIR")]
    destdir: Option<PathBuf>,
    /// Profile of the build
    #[arg(long, value_name = "NAME", default_value = "release")]
    profile: String,
}

impl Options {
    /// An installation to try things with.
    pub(crate) fn to_try(prefix: &Path) -> Options {
        Options {
            prefix: prefix.to_owned(),
            libdir: prefix.join("lib"),
            destdir: None,
            profile: "dev".to_owned(),
        }
    }
}

pub(crate) fn run(options: &Options) -> Result<(), Failure> {
    let Options { prefix, destdir, profile, .. } = options;
    // Without the rlib, which tests link: beside one, cargo leaves link-time optimisation out.
    let build = match profile.as_str() {
        "dev" => "build --package abatis-ffi --profile",
        _ => "rustc --package abatis-ffi --lib --crate-type cdylib,staticlib --profile",
    };
    execute(cargo(build).arg(profile))?;
    let built = target().join(if profile == "dev" { "debug" } else { profile });

    let libdir = match options.libdir.strip_prefix("PREFIX") {
        Ok(folder) => prefix.join(folder),
        Err(_) => options.libdir.clone(),
    };
    if !prefix.is_absolute() || !libdir.is_absolute() {
        return Err("--prefix and --libdir are absolute paths: programs will look there".to_owned());
    }
    let place = |folder: &Path| match destdir {
        Some(destdir) => destdir.join(folder.strip_prefix("/").unwrap_or(folder)),
        None => folder.to_owned(),
    };
    let (include, lib) = (place(&prefix.join("include")), place(&libdir));
    let library = format!("libabatis.so.{VERSION}");
    for header in ["abatis.h", "abatis.hpp"] {
        copy(&root().join("ffi-c/include").join(header), &include.join(header))?;
    }
    copy(&built.join("libabatis_ffi.so"), &lib.join(&library))?;
    copy(&built.join("libabatis_ffi.a"), &lib.join("libabatis.a"))?;
    link(&library, &lib.join(format!("libabatis.so.{ABI}")))?;
    link(&format!("libabatis.so.{ABI}"), &lib.join("libabatis.so"))?;

    let template = root().join("ffi-c/abatis.pc.in");
    let text = fs::read_to_string(&template).map_err(|e| format!("{}: {e}", template.display()))?;
    let text = text
        .replace("@prefix@", &prefix.display().to_string())
        .replace("@libdir@", &libdir.display().to_string())
        .replace("@version@", VERSION);
    write(&lib.join("pkgconfig/abatis.pc"), |path| fs::write(path, text))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    // Removed first: a program that runs keeps the library that it began with.
    let _ = fs::remove_file(to);
    write(to, |to| fs::copy(from, to).map(|_| ()))
}

fn link(name: &str, to: &Path) -> Result<(), Failure> {
    let _ = fs::remove_file(to);
    #[cfg(unix)]
    return write(to, |to| std::os::unix::fs::symlink(name, to));
    #[cfg(not(unix))]
    Err(format!("{}: cannot be linked to {name} on this system", to.display()))
}

/// Writes a file in a folder that may not be there yet, and says so.
fn write(path: &Path, write: impl FnOnce(&Path) -> std::io::Result<()>) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)
        .and_then(|()| write(path))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    println!("installed {}", path.display());
    Ok(())
}
