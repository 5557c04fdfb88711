//! `cargo xtask install`: the C library where C programs look for it.

use std::path::{Path, PathBuf};
use std::{env, fs};

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
    let mut build = cargo(build);
    build.arg(profile);
    if profile != "dev" {
        build.env("CARGO_ENCODED_RUSTFLAGS", flags());
    }
    execute(&mut build)?;
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
    if profile != "dev" {
        names_no_folder(&built.join("libabatis_ffi.so"))?;
        names_no_folder(&built.join("libabatis_ffi.a"))?;
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

/// Folders of this machine that a library must not tell of, and what stands for them. Messages of panics name source files.
fn private_folders() -> Vec<(PathBuf, &'static str)> {
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cargo"));
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or(home);
    cargo.map(|folder| (folder, "cargo")).into_iter().chain([(root(), "abatis")]).collect()
}

/// The flags for rustc that are set anyway, and those that keep folders of this machine out of what is built.
fn flags() -> String {
    let set = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_else(|_| {
        let plain = env::var("RUSTFLAGS").unwrap_or_default();
        plain.split_whitespace().collect::<Vec<_>>().join("\x1f")
    });
    let folders = private_folders();
    let remap = |(from, to): &(PathBuf, _)| format!("--remap-path-prefix={}={to}", from.display());
    let set = Some(set).filter(|set| !set.is_empty());
    set.into_iter().chain(folders.iter().map(remap)).collect::<Vec<_>>().join("\x1f")
}

/// That a library holds no folder of this machine.
fn names_no_folder(library: &Path) -> Result<(), Failure> {
    let bytes = fs::read(library).map_err(|e| format!("{}: {e}", library.display()))?;
    for (folder, _) in private_folders() {
        let name = folder.as_os_str().as_encoded_bytes();
        if bytes.windows(name.len()).any(|window| window == name) {
            let (library, folder) = (library.display(), folder.display());
            return Err(format!("{library} holds the name of the folder {folder}"));
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_this_machine_are_found_in_a_library() {
        let file = env::temp_dir().join(format!("abatis-install-{}", std::process::id()));
        for (folder, known) in [(root(), true), (PathBuf::from("abatis"), false)] {
            let message = format!("\0panicked at {}/core/src/lib.rs\0", folder.display());
            fs::write(&file, message).expect("a temporary file");
            assert_eq!(names_no_folder(&file).is_err(), known, "{}", folder.display());
        }
        let _ = fs::remove_file(file);
    }
}
